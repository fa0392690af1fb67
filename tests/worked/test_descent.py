import json

import numpy as np
import pytest

from backprop import Figure
from backprop.worked import descent

MOMENTUM = descent.momentum([8, 3], [1, 4], rate=0.25, momentum=0.5)
ADAM = descent.adam([8, 3], [1, 4], rate=1, beta1=0.5, beta2=0.75)


def test_each_gradient_is_the_derivative_of_the_loss_at_its_point():
    for sheet, suffixes in ((MOMENTUM, ("", "a", "b")), (ADAM, ("", "a"))):
        for suffix in suffixes:
            sheet.prove(f"d{suffix}", of=f"L{suffix}", wrt=f"w{suffix}")


def test_momentum_carries_a_weight_on_where_its_gradient_is_0():
    v = MOMENTUM.values()
    assert [v[name].tolist() for name in ("w", "wa", "wb", "wc")] == [
        *([8, 3], [6, 0], [3.5, -1.5], [1.375, -0.75]),
    ]
    assert [v[name].tolist() for name in ("d", "da", "v", "va")] == [
        *([8, 12], [6, 0], [8, 12], [10, 6]),
    ]
    assert (v["L"], v["La"], v["Lb"]) == (50, 18, 10.625)


def test_the_first_step_of_adam_has_the_length_of_its_rate_however_steep_the_valley():
    for c in ([1, 4], [0.3, 700]):
        v = ADAM.values(c=c, eta=0.5)
        np.testing.assert_allclose(v["wa"], [7.5, 2.5], rtol=1e-6)
    v = ADAM.values()
    assert (v["m"].tolist(), v["s"].tolist()) == ([4, 6], [16, 36])
    assert (v["n"].tolist(), v["q"].tolist()) == ([8, 12], [64, 144])


def test_a_point_is_written_with_its_primes():
    assert MOMENTUM.latex("va", 0) == r"v^{\prime}_{1} = \mu \cdot v_{1} + dw^{\prime}_{1}"
    assert ADAM.latex("n", 1, numbers=True) == r"\hat m_{2} = \frac{6}{1 - 0.5} = 12"


@pytest.mark.parametrize("steps", [0, 4])
def test_there_are_names_for_three_steps(steps):
    with pytest.raises(ValueError, match=f"steps must be 1 to 3: {steps}"):
        descent.momentum([8, 3], [1, 4], rate=0.25, momentum=0.5, steps=steps)


def test_every_step_shows_what_it_is_made_of():
    for sheet in (MOMENTUM, ADAM):
        owner = {str(cell): name for name, grid in sheet.grids.items() for cell in grid.cells.flat}
        for step in sheet.steps:
            sources = {str(s) for t in step.targets for s in sheet.grids[owner[t]].sources}
            shown = set(step.show) | {"eps"}
            assert {owner[source] for source in sources} <= shown


def test_the_figure_is_light():
    spec = Figure({"Momentum": MOMENTUM, "Adam": ADAM}).spec
    assert len(json.dumps(spec, ensure_ascii=False, separators=(",", ":")).encode()) <= 12 * 1024

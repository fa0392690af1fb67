import itertools

import numpy as np
import pytest

from backprop import conv2d, conv2d_backward
from backprop.worked import conv
from backprop.worksheet import ProofError

X, F, DY = [[5, 8, 3], [6, 4, 0], [9, 2, 1]], [[-3, 1], [4, 2]], [[2, -3], [1, 4]]
GEOMETRIES = [
    {"stride": s, "padding": p, "dilation": d}
    for s, p, d in itertools.product([1, 2, 3], [0, 1, ((0, 2), (1, 0)), 3], [1, 2])
]
INPUT_GRADIENTS = [
    conv.input_gradient,
    conv.input_gradient_scattered,
    conv.input_gradient_turned,
]


@pytest.fixture(params=GEOMETRIES, ids=str)
def case(request):
    """Random x (5,6), F (2,3) and a dy that fits, with one way to stride, pad and dilate."""
    rng, geometry = np.random.default_rng(0), request.param
    x, f = rng.integers(-9, 10, (5, 6)), rng.integers(-9, 10, (2, 3))
    y = conv2d(x[None, None], f[None, None], None, **geometry)[0, 0]
    return x, f, rng.integers(-9, 10, y.shape), y, geometry


def test_forward_equals_the_op(case):
    x, f, _, y, geometry = case
    np.testing.assert_array_equal(conv.forward(x, f, **geometry).values()["y"], y)


def test_the_kernels_gradient_is_proved_and_equals_the_op(case):
    x, f, dy, _, geometry = case
    sheet = conv.kernel_gradient(x, f, dy, **geometry)
    sheet.prove("dF", of="y", wrt="F", upstream="dy")
    grads = conv2d_backward(dy[None, None], x[None, None], f[None, None], None, **geometry)
    np.testing.assert_array_equal(sheet.values()["dF"], grads.dw[0, 0])


@pytest.mark.parametrize("build", INPUT_GRADIENTS)
def test_the_inputs_gradient_is_proved_and_equals_the_op(case, build):
    x, f, dy, _, geometry = case
    sheet = build(x, f, dy, **geometry)
    sheet.prove("dx", of="y", wrt="x", upstream="dy")
    grads = conv2d_backward(dy[None, None], x[None, None], f[None, None], None, **geometry)
    np.testing.assert_array_equal(sheet.values()["dx"], grads.dx[0, 0])


def test_a_scattered_step_names_the_output_that_saw_the_patch():
    notes = [step.note for step in conv.input_gradient_scattered(X, F, DY).steps]
    assert notes[1] == "dy₁₂ pushes into the patch of x that y₁₂ saw."


@pytest.mark.parametrize("turn", ["rows", "columns", "none"])
def test_any_other_turn_is_refused_by_the_proof_and_shown_as_an_error(turn):
    sheet = conv.input_gradient_turned(X, F, DY, turn=turn)
    with pytest.raises(ProofError, match="dx11 = "):
        sheet.prove("dx", of="y", wrt="x", upstream="dy")
    values = sheet.values()
    np.testing.assert_array_equal(values["e"], values["dx"] - values["t"])
    assert np.count_nonzero(values["e"]) >= 7


def test_a_symmetric_kernel_hides_the_missing_turn():
    sheet = conv.input_gradient_turned(X, [[1, 2], [2, 1]], DY, turn="none")
    assert not sheet.values()["e"].any()


def test_every_step_computes_what_its_grid_holds():
    counts = {conv.input_gradient: 9, conv.input_gradient_scattered: 4}
    for build, count in counts.items():
        assert len(build(X, F, DY).steps) == count
    turned = conv.input_gradient_turned(X, F, DY)
    assert [len(step.targets) for step in turned.steps] == [4, 4] + [1] * 9


def test_each_turn_comes_to_a_cell_at_the_same_step_with_the_inputs_in_sight():
    for turn, letters in conv.TURNS.items():
        steps = conv.input_gradient_turned(X, F, DY, turn=turn).steps
        assert [len(step.targets) for step in steps[:2]] == [4 * (k in letters) for k in "RT"]
        cells = [(f"dx{i}{j}",) for i in "123" for j in "123"]
        assert [step.targets for step in steps[2:]] == cells
        assert all({"F", "dy"} <= set(step.show) for step in steps)


def test_the_scattered_patches_grow_into_dx():
    values = conv.input_gradient_scattered(X, F, DY).values()
    np.testing.assert_array_equal(values["dx_a"], [[-6, 2, 0], [8, 4, 0], [0, 0, 0]])
    np.testing.assert_array_equal(values["dx"], conv.input_gradient(X, F, DY).values()["dx"])


def test_a_kernel_that_does_not_fit_is_named():
    with pytest.raises(ValueError, match=r"kernel \(2, 2\) does not fit x \(1, 3\)"):
        conv.forward([[1, 2, 3]], F)

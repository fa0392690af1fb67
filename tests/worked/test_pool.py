import itertools

import numpy as np
import pytest

from backprop import avg_pool2d, avg_pool2d_backward, max_pool2d, max_pool2d_backward
from backprop.worked import pool
from backprop.worksheet import ProofError

Y = [[-3, 7, 3, -4], [-1, 4, 2, 2], [11, -1, -3, 4], [9, -5, 6, 0]]
DM = [[2, -3], [1, 4]]
GEOMETRIES = [
    {"kernel_size": k, "stride": s, "padding": p}
    for (k, s), p in itertools.product(
        [(2, None), (2, 1), (3, 2), (3, 1)], [0, 1, ((1, 0), (0, 1))]
    )
]
TIES = ["first", "shared", "all"]


@pytest.fixture(params=GEOMETRIES, ids=str)
def geometry(request):
    return request.param


def distinct(seed=0):
    """m map (4,5) of distinct integers, below 0 and above, and their order."""
    return np.random.default_rng(seed).permutation(20).reshape(4, 5) - 12.0


def upstream(op, y, geometry):
    return np.random.default_rng(1).integers(-9, 10, op(y[None, None], **geometry)[0, 0].shape)


def backward(op, dm, y, **options):
    return op(np.asarray(dm)[None, None], np.asarray(y)[None, None], **options).dx[0, 0]


def test_the_maxima_equal_the_op(geometry):
    y = distinct()
    m = pool.max_forward(y, **geometry).values()["m"]
    np.testing.assert_array_equal(m, max_pool2d(y[None, None], **geometry)[0, 0])


@pytest.mark.parametrize("count_include_pad", [True, False])
def test_the_averages_equal_the_op(geometry, count_include_pad):
    y, options = distinct(), geometry | {"count_include_pad": count_include_pad}
    m = pool.average_forward(y, **options).values()["m"]
    np.testing.assert_allclose(m, avg_pool2d(y[None, None], **options)[0, 0], rtol=1e-14)


@pytest.mark.parametrize("ties", TIES)
def test_without_a_tie_every_rule_equals_the_op(geometry, ties):
    for y in (distinct(0), distinct(1)):
        dm = upstream(max_pool2d, y, geometry)
        dy = pool.max_gradient(y, dm, ties=ties, **geometry).values()["dy"]
        np.testing.assert_array_equal(dy, backward(max_pool2d_backward, dm, y, **geometry))


@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize("geometry", [GEOMETRIES[0], GEOMETRIES[4]], ids=str)
def test_every_rule_is_proved(ties, geometry):
    y = distinct()[:3, :4]
    dm = upstream(max_pool2d, y, geometry)
    sheet = pool.max_gradient(y, dm, ties=ties, **geometry)
    assert sheet.prove("dy", of="m", wrt="y", upstream="dm").by_cases


@pytest.mark.parametrize("count_include_pad", [True, False])
def test_the_average_gradient_is_proved_and_equals_the_op(geometry, count_include_pad):
    y, options = distinct(), geometry | {"count_include_pad": count_include_pad}
    dm = upstream(avg_pool2d, y, options)
    sheet = pool.average_gradient(y, dm, **options)
    assert not sheet.prove("dy", of="m", wrt="y", upstream="dm").by_cases
    expected = backward(avg_pool2d_backward, dm, y, **options)
    np.testing.assert_allclose(sheet.values()["dy"], expected, rtol=1e-14)


def test_ties_by_all_three_rules():
    y = np.array(Y)
    y[0, 2] = 2  # now three 2s are the maximum of their window
    dy = {ties: pool.max_gradient(y, DM, ties=ties).values()["dy"] for ties in TIES}
    np.testing.assert_array_equal(dy["first"][:2, 2:], [[-3, 0], [0, 0]])
    np.testing.assert_array_equal(dy["shared"][:2, 2:], [[-1, 0], [-1, -1]])
    np.testing.assert_array_equal(dy["all"][:2, 2:], [[-3, 0], [-3, -3]])
    np.testing.assert_array_equal(dy["first"], backward(max_pool2d_backward, DM, y, kernel_size=2))


def test_the_first_maximum_is_the_ops_under_many_ties(geometry):
    rng = np.random.default_rng(2)
    for _ in range(5):
        y = rng.integers(-1, 2, (4, 5)).astype(float)
        dm = upstream(max_pool2d, y, geometry)
        dy = pool.max_gradient(y, dm, **geometry).values()["dy"]
        np.testing.assert_array_equal(dy, backward(max_pool2d_backward, dm, y, **geometry))


def test_a_divisor_of_its_own_is_refused_by_the_proof_and_shown_as_an_error():
    sheet = pool.average_gradient_misjudged(Y, np.ones((3, 3)), padding=1)
    with pytest.raises(ProofError, match="dy11 = dm11/4, but the derivative is dm11"):
        sheet.prove("dy", of="m", wrt="y", upstream="dm")
    values = sheet.values()
    np.testing.assert_array_equal(values["dy"], np.full((4, 4), 0.25))
    right = pool.average_gradient(Y, np.ones((3, 3)), padding=1, count_include_pad=False)
    np.testing.assert_array_equal(values["e"], values["dy"] - right.values()["dy"])
    assert np.count_nonzero(values["e"]) == 12
    agreed = pool.average_gradient_misjudged(Y, DM)
    assert agreed.prove("dy", of="m", wrt="y", upstream="dm"), "without padding there is no error"


def test_each_step_fills_a_window_and_the_last_what_is_left_over():
    assert [len(step.targets) for step in pool.max_forward(Y).steps] == [1] * 4
    for ties in TIES:
        assert [len(step.targets) for step in pool.max_gradient(Y, DM, ties=ties).steps] == [4] * 4
    assert [len(step.targets) for step in pool.average_gradient(distinct(), DM).steps] == [
        4
    ] * 4 + [4]
    overlapping = pool.max_gradient(Y, np.ones((3, 3)), ties="all", stride=1)
    assert [len(step.targets) for step in overlapping.steps] == [1] * 16
    assert overlapping.steps[5].note == "y₂₂ lies in 4 windows."


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="ties must be one of first, shared, all: 'last'"):
        pool.max_gradient(Y, DM, ties="last")
    with pytest.raises(
        ValueError, match=r"window \(5, 5\) must hold at least one cell of y \(4, 4\)"
    ):
        pool.max_forward(Y, kernel_size=5)
    with pytest.raises(ValueError, match="at least one cell"):
        pool.average_forward(Y, padding=2)


def test_pytorch_gives_a_tie_to_the_first_in_pooling_and_shares_it_in_amax(torch):
    tied = torch.tensor([[2.0, -4.0], [2.0, 2.0]], dtype=torch.float64, requires_grad=True)
    for pooled, ties in (
        (torch.nn.functional.max_pool2d(tied[None, None], 2), "first"),
        (tied.amax(), "shared"),
    ):
        (received,) = torch.autograd.grad(pooled.sum(), tied)
        dy = pool.max_gradient(tied.detach().numpy(), [[1]], ties=ties).values()["dy"]
        np.testing.assert_allclose(received, dy)


@pytest.mark.parametrize(
    ("ties", "said"), [("first", "the first"), ("shared", "shared among"), ("all", "every")]
)
def test_each_step_says_what_its_rule_does_with_a_tie(ties, said):
    steps = pool.max_gradient(Y, DM, ties=ties).steps
    assert len(steps) == 4
    assert all(said in step.note for step in steps)

import numpy as np
import pytest
from hypothesis import given

from backprop import (
    avg_pool2d,
    avg_pool2d_backward,
    check_gradients,
    conv2d,
    max_pool2d,
    max_pool2d_backward,
)
from backprop.ops import _arrays
from tests.ops.cases import SEEDS, dy_for, random_pool
from tests.ops.oracles import agree_with_torch, windows_of


@given(SEEDS)
def test_max_pooling_equals_its_definition_written_as_loops(seed):
    rng = np.random.default_rng(seed)
    x, options = random_pool(rng)
    y = max_pool2d(x, **options)
    dy, dx = rng.standard_normal(y.shape), np.zeros(x.shape)
    for place, cells in windows_of(x.shape, y.shape, **options):
        winner = max(cells, key=lambda cell: x[cell])
        assert y[place] == x[winner]
        dx[winner] += dy[place]
    np.testing.assert_allclose(max_pool2d_backward(dy, x, **options).dx, dx, atol=1e-12)


@pytest.mark.parametrize("count_include_pad", [True, False])
@given(seed=SEEDS)
def test_average_pooling_equals_its_definition_written_as_loops(count_include_pad, seed):
    rng = np.random.default_rng(seed)
    x, options = random_pool(rng)
    y = avg_pool2d(x, count_include_pad=count_include_pad, **options)
    dy, dx = rng.standard_normal(y.shape), np.zeros(x.shape)
    for place, cells in windows_of(x.shape, y.shape, **options):
        divisor = np.prod(options["kernel_size"]) if count_include_pad else len(cells)
        np.testing.assert_allclose(y[place], sum(x[c] for c in cells) / divisor, atol=1e-12)
        for cell in cells:
            dx[cell] += dy[place] / divisor
    ours = avg_pool2d_backward(dy, x, count_include_pad=count_include_pad, **options).dx
    np.testing.assert_allclose(ours, dx, atol=1e-12)


@pytest.mark.parametrize("seed", range(200))
def test_max_pool2d_agrees_with_pytorch(torch, seed):
    rng = np.random.default_rng(seed)
    x, options = random_pool(rng)
    if seed % 4 == 0:
        x = np.round(x / x.size * 4)  # many ties
    (top, bottom), (left, right) = options["padding"]

    def theirs(x):
        padded = torch.nn.functional.pad(x, (left, right, top, bottom), value=-np.inf)
        return torch.nn.functional.max_pool2d(padded, options["kernel_size"], options["stride"])

    dy = dy_for(rng, max_pool2d, x, **options)
    agree_with_torch(torch, max_pool2d, max_pool2d_backward, theirs, (x,), dy, **options)


@pytest.mark.parametrize("count_include_pad", [True, False])
@pytest.mark.parametrize("seed", range(200))
def test_avg_pool2d_agrees_with_pytorch(torch, seed, count_include_pad):
    rng = np.random.default_rng(seed)
    x, options = random_pool(rng)
    options["padding"] = tuple((p, p) for p, _ in options["padding"])  # PyTorch's are symmetric
    x = np.pad(x / x.size, ((0, 0), (0, 0), (0, 3), (0, 3)))  # the kernel still fits
    options["count_include_pad"] = count_include_pad
    paddings = tuple(p for p, _ in options["padding"])

    def theirs(x):
        return torch.nn.functional.avg_pool2d(
            x,
            options["kernel_size"],
            options["stride"],
            paddings,
            count_include_pad=count_include_pad,
        )

    dy = dy_for(rng, avg_pool2d, x, **options)
    agree_with_torch(torch, avg_pool2d, avg_pool2d_backward, theirs, (x,), dy, **options)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("op", [max_pool2d, avg_pool2d])
def test_pool_gradients_agree_with_finite_differences(op, seed):
    rng = np.random.default_rng(seed)
    x, options = random_pool(rng)
    check_gradients(op, x, rng=rng, **options)


def test_a_tie_goes_to_the_first_maximum_in_row_major_order():
    x = np.array([[[[1.0, 7, 7], [7, 2, 7]]]])
    dy = np.array([[[[3.0, 5]]]])
    dx = max_pool2d_backward(dy, x, kernel_size=2, stride=1).dx
    assert dx[0, 0].tolist() == [[0, 8, 0], [0, 0, 0]]


def test_padding_never_wins_not_even_against_minus_infinity():
    x = np.full((1, 1, 3, 2), -np.inf)
    options = dict(kernel_size=2, stride=2, padding=1)
    assert np.all(max_pool2d(-np.ones((1, 1, 3, 2)), **options) == -1)
    assert np.all(max_pool2d(x, **options) == -np.inf)
    dy = np.array([[[[1.0, 2], [3, 4]]]])
    dx = max_pool2d_backward(dy, x, **options).dx
    assert dx[0, 0].tolist() == [[1, 2], [3, 4], [0, 0]]


def test_nan_and_infinities_travel_as_in_pytorch(torch):
    rng = np.random.default_rng(0)
    for _ in range(50):
        values = [np.nan, np.inf, -np.inf, 1.0, 2.0]
        x = rng.choice(values, size=(2, 3, 5, 6))
        options = dict(kernel_size=(3, 2), stride=(1, 2), padding=1)

        def theirs(x, options=options):
            return torch.nn.functional.max_pool2d(x, **options)

        dy = dy_for(rng, max_pool2d, x, **options)
        agree_with_torch(torch, max_pool2d, max_pool2d_backward, theirs, (x,), dy, **options)


def test_cells_that_no_window_reaches_get_exactly_zero():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((2, 3, 5, 8))
    for op, backward in ((max_pool2d, max_pool2d_backward), (avg_pool2d, avg_pool2d_backward)):
        dy = dy_for(rng, op, x, kernel_size=2, stride=3)
        dx = backward(dy, x, kernel_size=2, stride=3).dx
        assert dy.shape == (2, 3, 2, 3)
        assert np.all(dx[:, :, [2], :] == 0)
        assert np.all(dx[:, :, :, [2, 5]] == 0)
        assert np.isclose(dx.sum(), dy.sum())  # all that went in came out


@given(SEEDS)
def test_average_pooling_is_a_convolution_with_a_constant_kernel(seed):
    x, options = random_pool(np.random.default_rng(seed))
    kernel = options.pop("kernel_size")
    C = x.shape[1]
    w = np.full((C, 1, *kernel), 1 / np.prod(kernel))
    np.testing.assert_allclose(
        avg_pool2d(x, kernel_size=kernel, **options),
        conv2d(x, w, None, groups=C, **options),
        atol=1e-12,
    )


def test_the_stride_is_the_kernel_size_unless_it_is_given():
    x = np.random.default_rng(0).standard_normal((2, 3, 7, 9))
    for op in (max_pool2d, avg_pool2d):
        short, full = op(x, kernel_size=(2, 3)), op(x, kernel_size=(2, 3), stride=(2, 3))
        assert np.array_equal(short, full)


@pytest.mark.parametrize("op", [max_pool2d, avg_pool2d])
def test_the_size_of_a_block_does_not_change_the_result(monkeypatch, op):
    rng = np.random.default_rng(0)
    x, options = random_pool(rng)
    dy = dy_for(rng, op, x, **options)
    backward = {max_pool2d: max_pool2d_backward, avg_pool2d: avg_pool2d_backward}[op]
    whole = op(x, **options), backward(dy, x, **options).dx
    monkeypatch.setattr(_arrays, "BLOCK_BYTES", 1)
    blocks = op(x, **options), backward(dy, x, **options).dx
    for a, b in zip(whole, blocks, strict=True):
        assert np.array_equal(a, b)


X = np.ones((4, 2, 5, 6))


@pytest.mark.parametrize("op", [max_pool2d, avg_pool2d])
@pytest.mark.parametrize(
    ("x", "options", "error", "message"),
    [
        (X[0], dict(kernel_size=2), ValueError, "x must have 4 axes (N,C,H,W): x (2, 5, 6)"),
        (
            X,
            dict(kernel_size=(6, 2)),
            ValueError,
            "the kernel covers 6×2 cells, the padded input has 5×6: x (4, 2, 5, 6)",
        ),
        (
            X,
            dict(kernel_size=(3, 2), padding=(0, (1, 2))),
            ValueError,
            "padding ((0, 0), (1, 2)) is over half the kernel 3×2: x (4, 2, 5, 6)",
        ),
        (
            X[:, :, :0],
            dict(kernel_size=2, padding=1),
            ValueError,
            "there are no cells to pool: x (4, 2, 0, 6)",
        ),
        (X, dict(kernel_size=0), ValueError, "kernel_size must be at least 1: 0"),
        (X, dict(kernel_size=2.0), TypeError, "kernel_size must be a whole number: 2.0"),
        (X, dict(kernel_size=2, stride=0), ValueError, "stride must be at least 1: 0"),
        (X, dict(kernel_size=2, padding=-1), ValueError, "padding must be at least 0: -1"),
    ],
)
def test_pooling_names_the_rule_that_is_broken(op, x, options, error, message):
    with pytest.raises(error) as raised:
        op(x, **options)
    assert str(raised.value) == f"{op.__name__}: {message}"

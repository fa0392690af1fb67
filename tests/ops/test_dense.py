import numpy as np
import pytest

from backprop import check_gradients, flatten, flatten_backward, linear, linear_backward
from tests.ops.cases import dy_for
from tests.ops.oracles import agree_with_torch


@pytest.mark.parametrize("seed", range(200))
def test_linear_agrees_with_pytorch(torch, seed):
    rng = np.random.default_rng(seed)
    N, D, M = (int(k) for k in rng.integers(0 if seed % 10 == 0 else 1, 9, 3))
    x, w, b = (rng.standard_normal(shape) for shape in ((N, D), (D, M), (M,)))

    def theirs(x, w, b):
        return torch.nn.functional.linear(x, w.T, b)

    dy = dy_for(rng, linear, x, w, b)
    agree_with_torch(torch, linear, linear_backward, theirs, (x, w, b), dy)


def test_linear_by_hand():
    x, w, b = np.array([[1.0, 2], [3, 4]]), np.array([[5.0, 6, 7], [8, 9, 10]]), np.ones(3)
    dy = np.array([[1.0, 0, 2], [0, 3, 0]])
    assert linear(x, w, b).tolist() == [[22, 25, 28], [48, 55, 62]]
    dx, dw, db = linear_backward(dy, x, w, b)
    assert dx.tolist() == [[5 + 14, 8 + 20], [18, 27]]
    assert dw.tolist() == [[1, 9, 2], [2, 12, 4]]
    assert db.tolist() == [1, 3, 2]


def test_linear_gradients_agree_with_finite_differences():
    rng = np.random.default_rng(0)
    check_gradients(linear, *(rng.standard_normal(s) for s in ((3, 4), (4, 2), (2,))))


X, W, B = np.ones((4, 2)), np.ones((2, 5)), np.ones(5)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (
            (X, np.ones((3, 5)), B),
            "linear: w expects 3 features, x has 2: x (4, 2), w (3, 5), b (5,)",
        ),
        (
            (X, W, np.ones(1)),  # would broadcast
            "linear: b needs one entry for each of 5 outputs: x (4, 2), w (2, 5), b (1,)",
        ),
        ((X[0], W, B), "linear: x must have 2 axes (N,D): x (2,)"),
        ((X, B, B), "linear: w must have 2 axes (D,M): w (5,)"),
    ],
)
def test_linear_names_the_rule_that_is_broken(args, message):
    for run in (lambda: linear(*args), lambda: linear_backward(np.ones((4, 5)), *args)):
        with pytest.raises(ValueError, match=r"^linear: ") as raised:
            run()
        assert str(raised.value) == message


@pytest.mark.parametrize("shape", [(3, 2, 4, 5), (3, 4), (3,), (0, 2, 3), (2, 0, 3)])
def test_flatten_agrees_with_pytorch(torch, shape):
    rng = np.random.default_rng(0)
    x = rng.standard_normal(shape)

    def theirs(x):
        return x.reshape(len(x), 1) if x.ndim == 1 else torch.flatten(x, start_dim=1)

    agree_with_torch(torch, flatten, flatten_backward, theirs, (x,), dy_for(rng, flatten, x))


def test_flatten_by_hand():
    x = np.arange(12).reshape(2, 1, 2, 3)
    assert flatten(x).tolist() == [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]]
    dx = flatten_backward([[1, 2, 3, 4, 5, 6], [7, 8, 9, 10, 11, 12]], x).dx
    assert dx.tolist() == [[[[1, 2, 3], [4, 5, 6]]], [[[7, 8, 9], [10, 11, 12]]]]


def test_flatten_needs_an_axis_for_the_batch():
    for run in (lambda: flatten(3.0), lambda: flatten_backward(1.0, 3.0)):
        with pytest.raises(
            ValueError, match=r"^flatten: x must have an axis for the batch: x \(\)$"
        ):
            run()

import numpy as np
import pytest

from backprop import ops, relu, relu_backward, sigmoid, sigmoid_backward, tanh, tanh_backward
from tests.ops.oracles import agree_with_torch

NAMES = ["relu", "sigmoid", "tanh"]


@pytest.mark.parametrize("seed", range(70))
@pytest.mark.parametrize("name", NAMES)
def test_activations_agree_with_pytorch(torch, name, seed):
    rng = np.random.default_rng(seed)
    x = 10 ** rng.uniform(-3, 3) * rng.standard_normal(rng.integers(0, 5, rng.integers(0, 5)))
    x, dy = np.asarray(x), np.asarray(rng.standard_normal(x.shape))
    op, backward = getattr(ops, name), getattr(ops, f"{name}_backward")
    agree_with_torch(torch, op, backward, getattr(torch, name), (x,), dy)


def test_relu_keeps_what_is_positive_and_has_gradient_zero_at_zero():
    x, dy = np.array([-2.0, 0, 3, np.inf, -np.inf]), np.arange(1.0, 6)
    assert relu(x).tolist() == [0, 0, 3, np.inf, 0]
    assert relu_backward(dy, x).dx.tolist() == [0, 0, 3, 4, 0]
    assert relu_backward(np.full(5, np.inf), x).dx.tolist() == [0, 0, np.inf, np.inf, 0]
    assert np.isnan(relu(np.array([np.nan, 1]))).tolist() == [True, False]


def test_sigmoid_and_tanh_far_from_zero_neither_overflow_nor_lose_their_gradient():
    far = np.array([-1000.0, -40, 40, 1000])
    np.testing.assert_allclose(sigmoid(far), [0, np.exp(-40), 1, 1], rtol=1e-12)
    # y * (1 - y) is exp(-|x|) to within its square, on both sides
    gradient = sigmoid_backward(np.ones(4), far).dx
    np.testing.assert_allclose(gradient, [0, np.exp(-40), np.exp(-40), 0], rtol=1e-12)
    assert tanh(far).tolist() == [-1, -1, 1, 1]
    assert tanh_backward(np.ones(4), far).dx.tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("name", NAMES)
def test_a_single_number_is_a_shape_too(name):
    op, backward = getattr(ops, name), getattr(ops, f"{name}_backward")
    assert np.shape(op(0.5)) == np.shape(backward(1.0, 0.5).dx) == ()

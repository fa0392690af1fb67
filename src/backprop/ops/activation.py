"""Activations and their gradients: each entry of x by itself, in any shape."""

from typing import NamedTuple

import numpy as np

from backprop.ops._arrays import floats, keep, upstream


class ReluGrads(NamedTuple):
    """The gradient of `relu`."""

    dx: np.ndarray


class SigmoidGrads(NamedTuple):
    """The gradient of `sigmoid`."""

    dx: np.ndarray


class TanhGrads(NamedTuple):
    """The gradient of `tanh`."""

    dx: np.ndarray


def relu(x):
    """Keep what is positive, entry by entry: any shape -> the same shape.

    y = max(x, 0); NaN stays NaN.
    Raises TypeError where x is not real. Its kink is met in chapter 00.
    """
    (x,) = floats("relu", x=x)
    return np.maximum(x, 0)


def relu_backward(dy, x):
    """Return the gradient of `relu`: dx = dy where x is positive, else 0.

    At x = 0 there is no derivative; 0 is chosen, as in PyTorch.
    Raises ValueError where dy is not of x's shape, TypeError where x is not real.
    """
    (x,) = floats("relu", x=x)
    dy = upstream("relu_backward", dy, x.shape, x.dtype)
    return ReluGrads(keep(~(x <= 0), dy))


def sigmoid(x):
    """Squash every entry into 0 … 1: any shape -> the same shape.

    y = 1 / (1 + exp(-x)).
    Raises TypeError where x is not real.
    """
    (x,) = floats("sigmoid", x=x)
    small = np.exp(-np.abs(x))  # at most 1: exp(-x) would overflow for x far below 0
    return np.where(x >= 0, x.dtype.type(1), small) / (1 + small)


def sigmoid_backward(dy, x):
    """Return the gradient of `sigmoid`: dx = dy * y * (1 - y), where 1 - y = sigmoid(-x).

    Raises ValueError where dy is not of x's shape, TypeError where x is not real.
    """
    (x,) = floats("sigmoid", x=x)
    dy = upstream("sigmoid_backward", dy, x.shape, x.dtype)
    return SigmoidGrads(dy * sigmoid(x) * sigmoid(-x))  # 1 - y would lose its digits near 0


def tanh(x):
    """Squash every entry into -1 … 1: any shape -> the same shape.

    y = (exp(x) - exp(-x)) / (exp(x) + exp(-x)).
    Raises TypeError where x is not real.
    """
    (x,) = floats("tanh", x=x)
    return np.tanh(x)


def tanh_backward(dy, x):
    """Return the gradient of `tanh`: dx = dy * (1 - y²).

    Raises ValueError where dy is not of x's shape, TypeError where x is not real.
    """
    (x,) = floats("tanh", x=x)
    dy = upstream("tanh_backward", dy, x.shape, x.dtype)
    y = np.tanh(x)
    return TanhGrads(dy * (1 - y) * (1 + y))

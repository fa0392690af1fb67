"""The dense layer, x (N,D), w (D,M), b (M,) -> y (N,M), and the row that maps become before it."""

import math
from typing import NamedTuple

import numpy as np

from backprop.ops._arrays import axes, floats, shapes, upstream


class LinearGrads(NamedTuple):
    """The gradients of `linear`, each of its argument's shape."""

    dx: np.ndarray
    dw: np.ndarray
    db: np.ndarray


class FlattenGrads(NamedTuple):
    """The gradient of `flatten`."""

    dx: np.ndarray


def flatten(x):
    """Write all that a sample has in one row: (N,…) -> (N,D).

    D is the product of the other axes; the last one runs fastest.
    Raises ValueError where there is no axis for the batch, TypeError where x is not real.
    Derived in chapter 02.
    """
    x = _batch(x)
    return x.reshape(len(x), math.prod(x.shape[1:])).copy()


def flatten_backward(dy, x):
    """Return the gradient of `flatten`: dy (N,D) folded back into the shape of x.

    Raises ValueError where dy is not of y's shape, and whatever `flatten` raises.
    Derived in chapter 02.
    """
    x = _batch(x)
    dy = upstream("flatten_backward", dy, (len(x), math.prod(x.shape[1:])), x.dtype)
    return FlattenGrads(dy.reshape(x.shape).copy())


def linear(x, w, b):
    """Weigh and add all features: (N,D), (D,M), (M,) -> (N,M).

    y = x @ w + b. PyTorch keeps the weights the other way round, as (M,D).
    Raises ValueError where features or shapes disagree, TypeError where an array is not real.
    Derived in chapter 02.
    """
    x, w, b = _prepare(x, w, b)
    return x @ w + b


def linear_backward(dy, x, w, b):
    """Return the gradients of `linear`: dy (N,M) -> dx (N,D), dw (D,M), db (M,).

    dx = dy @ w.T, dw = x.T @ dy (the product sums over the batch), db = dy summed over the batch.
    Raises ValueError where dy is not of y's shape, and whatever `linear` raises.
    Derived in chapter 02.
    """
    x, w, b = _prepare(x, w, b)
    dy = upstream("linear_backward", dy, (len(x), len(b)), x.dtype)
    return LinearGrads(dx=dy @ w.T, dw=x.T @ dy, db=dy.sum(axis=0))


def _batch(x):
    """Check one call of flatten: x in a float type, with an axis for the samples."""
    (x,) = floats("flatten", x=x)
    if x.ndim == 0:
        raise ValueError(f"flatten: x must have an axis for the batch: {shapes(x=x)}")
    return x


def _prepare(x, w, b):
    """Check one call of linear: its arrays in one float type, features that fit."""
    x, w, b = floats("linear", x=x, w=w, b=b)
    axes("linear", "x", x, "ND")
    axes("linear", "w", w, "DM")
    seen = shapes(x=x, w=w, b=b)
    if w.shape[0] != x.shape[1]:
        raise ValueError(f"linear: w expects {w.shape[0]} features, x has {x.shape[1]}: {seen}")
    if b.shape != w.shape[1:]:
        raise ValueError(f"linear: b needs one entry for each of {w.shape[1]} outputs: {seen}")
    return x, w, b

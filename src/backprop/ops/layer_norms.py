"""Norms over the features of each sample: layer norm and RMS norm, with their gradients."""

from typing import NamedTuple

import numpy as np

from backprop.ops._arrays import blocks, floats, row_by_row, shapes, upstream
from backprop.ops._standard import check_eps, products, require_values, standardise


class LayerNormGrads(NamedTuple):
    """The gradients of `layer_norm`, each of its argument's shape."""

    dx: np.ndarray
    dgamma: np.ndarray
    dbeta: np.ndarray


class RmsNormGrads(NamedTuple):
    """The gradients of `rms_norm`, each of its argument's shape."""

    dx: np.ndarray
    dgamma: np.ndarray


def layer_norm(x, gamma, beta, *, eps=1e-5):
    """Standardise each sample over its last axes: (…,D), (D,), (D,) -> (…,D), D one axis or more.

    y = gamma * (x - mean) / sqrt(var + eps) + beta; mean and biased variance are taken over the
    trailing axes that gamma has.
    Raises ValueError where gamma's shape is not that of x's last axes, beta's is not gamma's or eps
    is negative, TypeError where an array is not real. Derived in chapter 09.
    """
    x, gamma, beta, _ = _prepare("layer_norm", eps, x, gamma, beta)
    rows, gamma, beta = (a.reshape(-1, gamma.size) for a in (x, gamma, beta))
    y = np.empty(rows.shape, dtype=x.dtype)
    for block in blocks(range(len(rows)), 2 * rows[:1].nbytes):
        with row_by_row(gamma.size):
            deviations = y[block]  # they become y in place
            left, inverse_std = standardise(_sets(rows[block]), eps, out=_sets(deviations))
            deviations -= left
            deviations *= inverse_std
            deviations *= gamma
            deviations += beta
    return y.reshape(x.shape)


def layer_norm_backward(dy, x, gamma, beta, *, eps=1e-5):
    """Return the gradients of `layer_norm`: dy (…,D) -> dx (…,D), dgamma (D,), dbeta (D,).

    With g = dy * gamma, and means over the normalised axes:
    dx = (g - mean(g) - x_hat * mean(g * x_hat)) / std.
    dgamma = dy * x_hat and dbeta = dy, each summed over the samples.
    Raises ValueError where dy is not of x's shape, and whatever `layer_norm` raises.
    Derived in chapter 09.
    """
    x, gamma, beta, _ = _prepare("layer_norm", eps, x, gamma, beta)
    dy = upstream("layer_norm_backward", dy, x.shape, x.dtype)
    dy, rows, scale = (a.reshape(-1, gamma.size) for a in (dy, x, gamma))
    dx = np.empty(rows.shape, dtype=x.dtype)
    dgamma, dbeta = np.zeros((2, gamma.size), dtype=x.dtype)
    for block in blocks(range(len(rows)), 2 * rows[:1].nbytes):
        with row_by_row(gamma.size):
            x_hat = np.empty(rows[block].shape, dtype=x.dtype)
            left, inverse_std = standardise(_sets(rows[block]), eps, out=_sets(x_hat))
            x_hat -= left
            x_hat *= inverse_std
            dgamma += np.einsum("nd,nd->d", dy[block], x_hat)
            dbeta += np.einsum("nd->d", dy[block])
            g = np.multiply(dy[block], scale, out=dx[block])  # it becomes dx in place
            x_hat *= products(_sets(g), _sets(x_hat)) / gamma.size
            g -= np.einsum("nd->n", g)[:, None] / gamma.size
            g -= x_hat
            g *= inverse_std
    return LayerNormGrads(dx.reshape(x.shape), *(a.reshape(gamma.shape) for a in (dgamma, dbeta)))


def rms_norm(x, gamma, *, eps=1e-5):
    """Divide each sample by its root mean square: (…,D), (D,) -> (…,D), D one axis or more.

    y = gamma * x / sqrt(mean(x²) + eps); the mean is taken over the trailing axes that gamma has,
    and nothing is subtracted.
    Raises ValueError where gamma's shape is not that of x's last axes or eps is negative, TypeError
    where an array is not real. Derived in chapter 11.
    """
    x, gamma, axes = _prepare("rms_norm", eps, x, gamma)
    return gamma * (x * _inverse_rms(x, axes, eps))


def rms_norm_backward(dy, x, gamma, *, eps=1e-5):
    """Return the gradients of `rms_norm`: dy (…,D) -> dx (…,D), dgamma (D,).

    With g = dy * gamma and x_hat = x / rms: dx = (g - x_hat * mean(g * x_hat)) / rms: layer norm
    without the path through the mean. dgamma = dy * x_hat, summed over the samples.
    Raises ValueError where dy is not of x's shape, and whatever `rms_norm` raises.
    Derived in chapter 11.
    """
    x, gamma, axes = _prepare("rms_norm", eps, x, gamma)
    dy = upstream("rms_norm_backward", dy, x.shape, x.dtype)
    inverse_rms = _inverse_rms(x, axes, eps)
    x_hat = x * inverse_rms
    g = dy * gamma
    through_square = x_hat * (g * x_hat).mean(axis=axes, keepdims=True)
    return RmsNormGrads(
        dx=(g - through_square) * inverse_rms,
        dgamma=(dy * x_hat).sum(axis=tuple(range(x.ndim - gamma.ndim))),
    )


def _sets(rows):
    """Return rows (n,D) as (1,n,1,D), a view: a set for each row."""
    return rows[None, :, None]


def _inverse_rms(x, axes, eps):
    """Return 1 / sqrt(mean(x²) + eps) over the axes."""
    return 1 / np.sqrt(np.square(x).mean(axis=axes, keepdims=True) + eps)


def _prepare(op, eps, x, gamma, *beta):
    """Check one call: arrays in one float type, and gamma's axes, counted from the end of x."""
    arrays = dict(zip(("x", "gamma", "beta"), (x, gamma, *beta), strict=False))
    x, gamma, *beta = floats(op, **arrays)
    check_eps(op, eps)
    seen = shapes(**dict(zip(arrays, (x, gamma, *beta), strict=True)))
    if gamma.ndim == 0 or gamma.shape != x.shape[-gamma.ndim :]:
        raise ValueError(f"{op}: gamma must have the shape of x's last axes: {seen}")
    if any(a.shape != gamma.shape for a in beta):
        raise ValueError(f"{op}: beta must have gamma's shape: {seen}")
    axes = tuple(range(-gamma.ndim, 0))
    require_values(op, x, gamma.size)
    return x, gamma, *beta, axes

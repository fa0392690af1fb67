"""What all norms share: standardise sets of numbers, and carry a gradient back through that.

Here x is (A,S,B,P): there are S sets, and each is standardised over its A·B·P entries. gamma and
beta are (S,B), one number for each of the B parts of a set.
"""

import math

import numpy as np

from backprop.ops._arrays import LONG, blocks, row_by_row, shapes


def normalise(x, gamma, beta, eps):
    """Return gamma * x_hat + beta: (A,S,B,P), (S,B), (S,B) -> (A,S,B,P)."""
    y = np.empty(x.shape, dtype=x.dtype)
    for sets in blocks(range(x.shape[1]), 2 * x[:, :1].nbytes):
        with row_by_row(x.shape[-1]):
            deviations = y[:, sets]  # they become y in place
            left, inverse_std = standardise(x[:, sets], eps, out=deviations)
            scale = gamma[sets] * inverse_std
            deviations *= _spread(scale)
            deviations += _spread(beta[sets] - left * scale)
    return y


def normalise_backward(dy, x, gamma, eps):
    """Return the gradients of `normalise`: dx (A,S,B,P), dgamma (S,B), dbeta (S,B).

    Three paths lead from x to x_hat. Direct: dx_hat / std. Through the mean: all entries of a set
    share - mean(dx_hat) / std. Through the variance: - x_hat * mean(dx_hat * x_hat) / std. Derived
    in chapter 09. dx_hat = gamma * dy, and gamma leaves the sums, so that each is taken once.
    """
    dx = np.empty(x.shape, dtype=x.dtype)
    dgamma, dbeta = np.empty((2, *gamma.shape), dtype=x.dtype)
    values = x[:, :1].size
    for sets in blocks(range(x.shape[1]), 2 * x[:, :1].nbytes):
        with row_by_row(x.shape[-1]):
            deviations = np.empty(x[:, sets].shape, dtype=x.dtype)
            left, inverse_std = standardise(x[:, sets], eps, out=deviations)
            dbeta[sets] = np.einsum("asbp->sb", dy[:, sets])
            along = products(dy[:, sets], deviations) - left * dbeta[sets]
            dgamma[sets] = along * inverse_std
            through_mean = _weighted(gamma[sets], dbeta[sets]) / values * inverse_std
            through_variance = _weighted(gamma[sets], dgamma[sets]) / values * inverse_std**2
            np.multiply(dy[:, sets], _spread(gamma[sets] * inverse_std), out=dx[:, sets])
            deviations *= _spread(through_variance)
            deviations += _spread(through_mean - left * through_variance)
            dx[:, sets] -= deviations
    return dx, dgamma, dbeta


def standardise(x, eps, out):
    """Write x - offset into `out`, return left and 1/std, both (S,1), of each set.

    (out - left) / std has mean 0 and variance 1. The offset is the mean of some of the set's
    numbers, one in sixteen, and lies near the mean of all: at most 4 std away (by Cauchy-Schwarz).
    So the variance, mean(out²) - left², keeps its digits however large the mean is; E[x²] - E[x]²
    would be a difference of two large numbers.
    """
    values = x[:, :1].size
    some = x[..., : math.ceil(x.shape[-1] / 16)]
    offset = np.einsum("asbp->s", some)[:, None] / some[:, :1].size
    np.subtract(x, _spread(offset), out=out)
    left = np.einsum("asbp->s", out)[:, None] / values
    squares = products(out, out).sum(axis=1, keepdims=True)
    variance = np.maximum(squares / values - left**2, 0)
    return left, 1 / np.sqrt(variance + eps)


def products(a, b):
    """Multiply entry by entry and add up: (A,S,B,P) twice -> (S,B)."""
    if a.shape[-1] < LONG:
        return np.einsum("asbp,asbp->sb", a, b)
    return (a[..., None, :] @ b[..., None])[..., 0, 0].sum(axis=0)  # BLAS, a row at a time


def _weighted(gamma, sums):
    """Add up what the parts of each set were sent: (S,B), (S,B) -> (S,1)."""
    return (gamma * sums).sum(axis=1, keepdims=True)


def _spread(a):
    """Lay numbers (S,B) or (S,1) along the entries of (A,S,B,P), a view."""
    return a[:, :, None]


def require_values(op, x, values):
    """Refuse a mean over no values."""
    if values == 0:
        raise ValueError(f"{op}: there are no values to average: {shapes(x=x)}")


def check_eps(op, eps):
    """Refuse an eps under which the square root or the division would fail."""
    if not 0 <= eps < math.inf:
        raise ValueError(f"{op}: eps must be a number that is not negative: {eps!r}")


def channel_axes(op, x):
    """Return all axes of x (N,C,…) but the channels."""
    if x.ndim < 2:
        raise ValueError(f"{op}: x must have at least 2 axes (N,C,…): {shapes(x=x)}")
    return (0, *range(2, x.ndim))


def along_channels(a, x):
    """Lay one number for each channel along x's channels, a view: (C,) -> (1,C,1,…)."""
    return a.reshape(1, -1, *(1,) * (x.ndim - 2))


def check_channels(op, x, **arrays):
    """Refuse parameters that are not one number for each channel of x (N,C,…)."""
    for name, a in arrays.items():
        if a.shape != x.shape[1:2]:
            raise ValueError(
                f"{op}: {name} needs one entry for each of {x.shape[1]} channels: "
                f"{shapes(x=x, **arrays)}"
            )

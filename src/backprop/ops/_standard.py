"""What all norms share: standardise along some axes, and carry a gradient back through that.

Here gamma and beta have as many axes as x, of length 1 where they are the same for all of x.
"""

import math
import string

import numpy as np

from backprop.ops._arrays import blocks, in_blocks, in_parallel, shapes


def normalise(op, x, gamma, beta, axes, eps):
    """Return gamma * x_hat + beta, x_hat standardised over the axes."""
    require_values(op, x, axes)
    y = np.empty(x.shape, dtype=x.dtype)
    part, sets = _sets(x, axes)

    def forward(block):
        x_hat, _ = _standardise(part(x, block), axes, eps)
        x_hat *= part(gamma, block)
        np.add(x_hat, part(beta, block), out=part(y, block))

    in_blocks(forward, *sets)
    return y


def normalise_backward(op, dy, x, gamma, axes, eps):
    """Return the gradients of `normalise`: dx, dgamma, dbeta."""
    require_values(op, x, axes)
    dx = np.empty(x.shape, dtype=x.dtype)
    part, sets = _sets(x, axes)
    alike = tuple(axis for axis, length in enumerate(gamma.shape) if length == 1)

    def backward(share):
        dgamma, dbeta = np.zeros_like(gamma), np.zeros_like(gamma)
        for block in blocks(share, sets[1]):
            x_hat, inverse_std = _standardise(part(x, block), axes, eps)
            dy_part = part(dy, block)
            part(dgamma, block)[...] += _total(alike, dy_part, x_hat)
            part(dbeta, block)[...] += _total(alike, dy_part)
            dx_hat = dy_part * part(gamma, block)
            part(dx, block)[...] = _standardise_backward(dx_hat, x_hat, inverse_std, axes)
        return dgamma, dbeta

    dgamma, dbeta = map(sum, zip(*in_parallel(backward, *sets), strict=True))
    return dx, dgamma, dbeta


def _standardise(x, axes, eps):
    """Return x-hat and 1/std: x-hat has mean 0 and (up to eps) variance 1 over the axes.

    The variance is the mean of the squared deviations, never E[x²] - E[x]²: where the mean is large
    that difference of two large numbers has no digits left.
    """
    deviations = x - _mean(axes, x)
    # a large mean is rounded when it is stored; what is left of it shows in the deviations
    deviations -= _mean(axes, deviations)
    inverse_std = 1 / np.sqrt(_mean(axes, deviations, deviations) + eps)
    deviations *= inverse_std
    return deviations, inverse_std


def _standardise_backward(dx_hat, x_hat, inverse_std, axes):
    """Return dx from the gradient of x-hat: three paths lead from x to x-hat.

    Direct: dx_hat / std. Through the mean: all entries of a set share - mean(dx_hat) / std. Through
    the variance: - x_hat * mean(dx_hat * x_hat) / std. Derived in chapter 09.
    """
    through_variance = x_hat * _mean(axes, dx_hat, x_hat)
    dx_hat -= _mean(axes, dx_hat)
    dx_hat -= through_variance
    dx_hat *= inverse_std
    return dx_hat


def _total(axes, *factors):
    """Sum a product over the axes, which stay, of length 1; the product itself is not stored."""
    letters = string.ascii_lowercase[: factors[0].ndim]
    kept = "".join(letter for axis, letter in enumerate(letters) if axis not in axes)
    total = np.einsum(f"{','.join([letters] * len(factors))}->{kept}", *factors)
    return np.expand_dims(total, axes)


def _mean(axes, *factors):
    """Average a product over the axes, which stay, of length 1."""
    return _total(axes, *factors) / math.prod(factors[0].shape[axis] for axis in axes)


def _sets(x, axes):
    """Return how to cut x into sets that are averaged apart, and (their number, bytes of one)."""
    free = [axis for axis in range(x.ndim) if axis not in axes]
    along = max(free, key=lambda axis: x.shape[axis])

    def part(a, block):
        """Take some sets of a, a view; what is the same for all sets is not cut."""
        return a if a.shape[along] == 1 else a[(slice(None),) * along + (block,)]

    return part, (x.shape[along], x.nbytes // max(1, x.shape[along]))


def require_values(op, x, axes):
    """Refuse a mean over nothing."""
    if 0 in (x.shape[axis] for axis in axes):
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

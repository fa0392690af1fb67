"""What all norms share: standardise along some axes, and carry a gradient back through that."""

import math

import numpy as np

from backprop.ops._arrays import shapes


def standardise(op, x, axes, eps):
    """Return x-hat and 1/std: x-hat has mean 0 and (up to eps) variance 1 over the axes.

    The variance is the mean of the squared deviations, never E[x²] - E[x]²: where the mean is large
    that difference of two large numbers has no digits left.
    """
    require_values(op, x, axes)
    deviations = x - x.mean(axis=axes, keepdims=True)
    # a large mean is rounded when it is stored; what is left of it shows in the deviations
    deviations -= deviations.mean(axis=axes, keepdims=True)
    variance = np.square(deviations).mean(axis=axes, keepdims=True)
    inverse_std = 1 / np.sqrt(variance + eps)
    deviations *= inverse_std
    return deviations, inverse_std


def standardise_backward(dx_hat, x_hat, inverse_std, axes):
    """Return dx from the gradient of x-hat: three paths lead from x to x-hat.

    Direct: dx_hat / std. Through the mean: all entries of a set share - mean(dx_hat) / std. Through
    the variance: - x_hat * mean(dx_hat * x_hat) / std. Derived in chapter 09.
    """
    through_mean = dx_hat.mean(axis=axes, keepdims=True)
    through_variance = x_hat * (dx_hat * x_hat).mean(axis=axes, keepdims=True)
    return (dx_hat - through_mean - through_variance) * inverse_std


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
    """Lay one number for each channel along x's channels, a view: (C,) -> (C,1,…)."""
    return a.reshape(-1, *(1,) * (x.ndim - 2))


def check_channels(op, x, **arrays):
    """Refuse parameters that are not one number for each channel of x (N,C,…)."""
    for name, a in arrays.items():
        if a.shape != x.shape[1:2]:
            raise ValueError(
                f"{op}: {name} needs one entry for each of {x.shape[1]} channels: "
                f"{shapes(x=x, **arrays)}"
            )

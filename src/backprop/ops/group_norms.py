"""Norms over groups of channels of each sample: group norm and instance norm."""

from typing import NamedTuple

import numpy as np

from backprop.ops._arrays import floats, shapes, upstream
from backprop.ops._standard import (
    channel_axes,
    check_channels,
    check_eps,
    normalise,
    normalise_backward,
    require_values,
)
from backprop.windows import whole


class GroupNormGrads(NamedTuple):
    """The gradients of `group_norm`, each of its argument's shape."""

    dx: np.ndarray
    dgamma: np.ndarray
    dbeta: np.ndarray


class InstanceNormGrads(NamedTuple):
    """The gradients of `instance_norm`, each of its argument's shape."""

    dx: np.ndarray
    dgamma: np.ndarray
    dbeta: np.ndarray


def group_norm(x, gamma, beta, *, groups, eps=1e-5):
    """Standardise each group of channels of each sample: (N,C,…), (C,), (C,) -> (N,C,…).

    y = gamma * (x - mean) / sqrt(var + eps) + beta; mean and biased variance over the C/groups
    channels of a group and all positions. gamma and beta: one number for each channel.
    Raises ValueError where groups do not divide the channels, gamma or beta is not (C,) or eps is
    negative, TypeError where groups is not whole or an array not real. Derived in chapter 11.
    """
    return _forward("group_norm", x, gamma, beta, groups, eps)


def group_norm_backward(dy, x, gamma, beta, *, groups, eps=1e-5):
    """Return the gradients of `group_norm`: dy (N,C,…) -> dx (N,C,…), dgamma (C,), dbeta (C,).

    With g = dy * gamma, and means over each group of each sample:
    dx = (g - mean(g) - x_hat * mean(g * x_hat)) / std.
    dgamma = dy * x_hat and dbeta = dy, each summed over all axes but the channels.
    Raises ValueError where dy is not of x's shape, and whatever `group_norm` raises.
    Derived in chapter 11.
    """
    return GroupNormGrads(*_backward("group_norm", dy, x, gamma, beta, groups, eps))


def instance_norm(x, gamma, beta, *, eps=1e-5):
    """Standardise each channel of each sample: (N,C,…), (C,), (C,) -> (N,C,…).

    It is `group_norm` with as many groups as channels.
    Raises ValueError where a channel of a sample has fewer than two values (one value is its own
    mean), and whatever `group_norm` raises. Derived in chapter 11.
    """
    return _forward("instance_norm", x, gamma, beta, None, eps)


def instance_norm_backward(dy, x, gamma, beta, *, eps=1e-5):
    """Return the gradients of `instance_norm`: dy (N,C,…) -> dx (N,C,…), dgamma (C,), dbeta (C,).

    They are those of `group_norm` with as many groups as channels.
    Raises ValueError where dy is not of x's shape, and whatever `instance_norm` raises.
    Derived in chapter 11.
    """
    return InstanceNormGrads(*_backward("instance_norm", dy, x, gamma, beta, None, eps))


def _forward(op, x, gamma, beta, groups, eps):
    """Return y."""
    sets, gamma, beta = _prepare(op, x, gamma, beta, groups, eps)
    return normalise(sets, gamma, beta, eps).reshape(np.shape(x))


def _backward(op, dy, x, gamma, beta, groups, eps):
    """Return dx, dgamma, dbeta: what the samples send to one channel is added up."""
    sets, scale, _ = _prepare(op, x, gamma, beta, groups, eps)
    dy = upstream(f"{op}_backward", dy, np.shape(x), sets.dtype)
    dx, *sums = normalise_backward(dy.reshape(sets.shape), sets, scale, eps)
    channels = np.shape(gamma)
    return dx.reshape(dy.shape), *(a.reshape(-1, *channels).sum(axis=0) for a in sums)


def _prepare(op, x, gamma, beta, groups, eps):
    """Check one call; return x as (1,N·G,C/G,P), gamma and beta as (N·G,C/G), in one float type."""
    x, gamma, beta = floats(op, x=x, gamma=gamma, beta=beta)
    channel_axes(op, x)
    check_channels(op, x, gamma=gamma, beta=beta)
    check_eps(op, eps)
    N, C, *positions = x.shape
    groups = C if op == "instance_norm" else whole(f"{op}: groups", groups, 1)
    if C == 0 or C % groups:
        raise ValueError(f"{op}: {groups} groups do not divide {C} channels: {shapes(x=x)}")
    values = int(np.prod(positions))
    if op == "instance_norm" and values < 2:
        rule = "each channel of a sample needs at least two values"
        raise ValueError(f"{op}: {rule}, it has {values}: {shapes(x=x)}")
    require_values(op, x, values)
    per_set = (np.broadcast_to(a, (N, C)).reshape(N * groups, C // groups) for a in (gamma, beta))
    return x.reshape(1, N * groups, C // groups, values), *per_set

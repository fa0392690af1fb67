"""Batch norm in training and in use, with its gradients and its running statistics."""

import math
from typing import NamedTuple

import numpy as np

from backprop.ops._arrays import floats, shapes, upstream
from backprop.ops._standard import (
    along_channels,
    channel_axes,
    check_channels,
    check_eps,
    normalise,
    normalise_backward,
)


class BatchNormGrads(NamedTuple):
    """The gradients of `batch_norm`, each of its argument's shape."""

    dx: np.ndarray
    dgamma: np.ndarray
    dbeta: np.ndarray


class BatchNormInferenceGrads(NamedTuple):
    """The gradients of `batch_norm_inference`, each of its argument's shape."""

    dx: np.ndarray
    dgamma: np.ndarray
    dbeta: np.ndarray
    dmean: np.ndarray
    dvar: np.ndarray


class RunningStatistics(NamedTuple):
    """What `batch_norm_inference` is given for mean and var, one number for each channel."""

    mean: np.ndarray
    var: np.ndarray


def batch_norm(x, gamma, beta, *, eps=1e-5):
    """Standardise each channel over the batch: (N,C,…), (C,), (C,) -> (N,C,…).

    y = gamma * (x - mean) / sqrt(var + eps) + beta; this batch's mean and biased variance, over all
    axes but the channels.
    Raises ValueError where gamma or beta is not (C,), eps is negative or a channel has fewer than
    two values (one value is its own mean: all that is left of it is beta), TypeError where an array
    is not real. Derived in chapter 10.
    """
    x, *each = _prepare(x, gamma, beta, eps)
    return normalise(_sets(x), *(a[:, None] for a in each), eps).reshape(x.shape)


def batch_norm_backward(dy, x, gamma, beta, *, eps=1e-5):
    """Return the gradients of `batch_norm`: dy (N,C,…) -> dx (N,C,…), dgamma (C,), dbeta (C,).

    With g = dy * gamma, and means over all axes but the channels:
    dx = (g - mean(g) - x_hat * mean(g * x_hat)) / std.
    dgamma = dy * x_hat and dbeta = dy, each summed over the same axes.
    Raises ValueError where dy is not of x's shape, and whatever `batch_norm` raises.
    Derived in chapter 10.
    """
    x, gamma, beta = _prepare(x, gamma, beta, eps)
    dy = upstream("batch_norm_backward", dy, x.shape, x.dtype)
    dx, *sums = normalise_backward(_sets(dy), _sets(x), gamma[:, None], eps)
    return BatchNormGrads(dx.reshape(x.shape), *(a[:, 0] for a in sums))


def batch_norm_inference(x, gamma, beta, mean, var, *, eps=1e-5):
    """Standardise each channel with given statistics: (N,C,…), four times (C,) -> (N,C,…).

    y = gamma * (x - mean) / sqrt(var + eps) + beta; x has no part in mean and var.
    Raises ValueError where gamma, beta, mean or var is not (C,), or var or eps is negative,
    TypeError where an array is not real. Derived in chapter 10.
    """
    x, gamma, beta, mean, var, _ = _prepare_inference(x, gamma, beta, mean, var, eps)
    x_hat, _ = _standardise_with(x, mean, var, eps)
    return along_channels(gamma, x) * x_hat + along_channels(beta, x)


def batch_norm_inference_backward(dy, x, gamma, beta, mean, var, *, eps=1e-5):
    """Return the gradients of `batch_norm_inference`: dx (N,C,…), dgamma, dbeta, dmean, dvar (C,).

    With g = dy * gamma: dx = g / std, the direct path alone; dmean = -sum(g) / std and
    dvar = -sum(g * x_hat) / (2 std²), each summed over all axes but the channels.
    Raises ValueError where dy is not of x's shape, and whatever `batch_norm_inference` raises.
    Derived in chapter 10.
    """
    x, gamma, beta, mean, var, axes = _prepare_inference(x, gamma, beta, mean, var, eps)
    dy = upstream("batch_norm_inference_backward", dy, x.shape, x.dtype)
    x_hat, inverse_std = _standardise_with(x, mean, var, eps)
    dx = dy * along_channels(gamma * inverse_std, x)
    dgamma, dbeta = (dy * x_hat).sum(axis=axes), dy.sum(axis=axes)
    return BatchNormInferenceGrads(
        dx=dx,
        dgamma=dgamma,
        dbeta=dbeta,
        dmean=-gamma * dbeta * inverse_std,  # gamma leaves the sums: it is one number for each
        dvar=-gamma * dgamma * inverse_std**2 / 2,
    )


def update_running_statistics(
    mean, var, x, *, momentum=0.1, momentum_weighs="batch", variance="unbiased"
):
    """Move running statistics towards those of a batch: (C,), (C,), (N,C,…) -> two new (C,).

    `momentum_weighs="batch"`:   new = (1 - momentum) * running + momentum * batch, as in PyTorch;
    `momentum_weighs="running"`: new = momentum * running + (1 - momentum) * batch, as in Keras.
    `variance="unbiased"` divides the batch's squared deviations by one less than their number, as
    PyTorch does; `"biased"` divides by their number, as `batch_norm` itself does.
    Raises ValueError where a shape, a name or momentum (0 … 1) is wrong or a channel has fewer than
    two values, TypeError where an array is not real. Explained in chapter 10.
    """
    op = "update_running_statistics"
    mean, var, x = floats(op, mean=mean, var=var, x=x)
    axes = channel_axes(op, x)
    check_channels(op, x, mean=mean, var=var)
    _require_two_values(op, x)
    if momentum_weighs not in ("batch", "running"):
        raise ValueError(f'{op}: momentum_weighs is "batch" or "running": {momentum_weighs!r}')
    if variance not in ("unbiased", "biased"):
        raise ValueError(f'{op}: variance is "unbiased" or "biased": {variance!r}')
    if not 0 <= momentum <= 1:
        raise ValueError(f"{op}: momentum must lie in 0 … 1: {momentum!r}")
    new = momentum if momentum_weighs == "batch" else 1 - momentum
    batch_var = x.var(axis=axes, ddof=1 if variance == "unbiased" else 0)
    return RunningStatistics(
        mean=(1 - new) * mean + new * x.mean(axis=axes), var=(1 - new) * var + new * batch_var
    )


def _standardise_with(x, mean, var, eps):
    """Return x-hat (N,C,…) and 1/std (C,) for statistics that are given."""
    inverse_std = 1 / np.sqrt(var + eps)
    return (x - along_channels(mean, x)) * along_channels(inverse_std, x), inverse_std


def _sets(x):
    """Return x (N,C,…) as (N,C,1,P): a set for each channel."""
    return x.reshape(*x.shape[:2], 1, math.prod(x.shape[2:]))


def _prepare(x, gamma, beta, eps):
    """Check one call of batch_norm; return its arrays in one float type."""
    x, gamma, beta = floats("batch_norm", x=x, gamma=gamma, beta=beta)
    channel_axes("batch_norm", x)
    check_channels("batch_norm", x, gamma=gamma, beta=beta)
    check_eps("batch_norm", eps)
    _require_two_values("batch_norm", x)
    return x, gamma, beta


def _prepare_inference(x, gamma, beta, mean, var, eps):
    """Check one call of batch_norm_inference, as `_prepare` does for batch_norm."""
    op = "batch_norm_inference"
    x, gamma, beta, mean, var = floats(op, x=x, gamma=gamma, beta=beta, mean=mean, var=var)
    axes = channel_axes(op, x)
    check_channels(op, x, gamma=gamma, beta=beta, mean=mean, var=var)
    check_eps(op, eps)
    if np.any(var < 0):
        first = int(np.flatnonzero(var < 0)[0])
        raise ValueError(f"{op}: var must not be negative, var[{first}] is {var[first]}")
    return x, gamma, beta, mean, var, axes


def _require_two_values(op, x):
    """Refuse a batch whose channels have no variance: a lone value is its own mean."""
    values = x[:, :1].size
    if x.shape[1] and values < 2:
        raise ValueError(
            f"{op}: each channel needs at least two values, it has {values}: {shapes(x=x)}"
        )

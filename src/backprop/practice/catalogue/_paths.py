"""The three paths of a norm, whole or spoiled, along any axes (chapter 09)."""

import numpy as np


def paths(
    dy,
    x,
    gamma,
    axes,
    *,
    eps=1e-5,
    keep="dvm",
    ddof=0,
    outside=False,
    reduce=np.mean,
    power=1,
    turned="",
):
    """Add up the paths from x to the loss: d direct, v through the variance, m through the mean.

    With g = dy * gamma and s = sqrt(var + eps): g / s, -x_hat * mean(g * x_hat) / s, -mean(g) / s.
    ddof: what is subtracted from the count in the variance; outside: eps is added to s;
    reduce: what stands for the mean on the way back; power: how often all is divided by s;
    turned: the paths whose sign is turned.
    """
    deviations = x - x.mean(axis=axes, keepdims=True)
    variance = x.var(axis=axes, keepdims=True, ddof=ddof)
    s = np.sqrt(variance) + eps if outside else np.sqrt(variance + eps)
    x_hat, g = deviations / s, dy * gamma
    found = {
        "d": g,
        "v": -x_hat * reduce(g * x_hat, axis=axes, keepdims=True),
        "m": -reduce(g, axis=axes, keepdims=True) + np.zeros_like(x),
    }
    return sum(-found[path] if path in turned else found[path] for path in keep) / s**power


def normalised(x, axes, *, eps=1e-5):
    """Return x_hat."""
    s = np.sqrt(x.var(axis=axes, keepdims=True) + eps)
    return (x - x.mean(axis=axes, keepdims=True)) / s


def along(axes, **spoiled):
    """Make paths(dy, x, gamma, eps=…) along the axes, spoiled or not."""
    return lambda dy, x, gamma, *, eps=1e-5: paths(dy, x, gamma, axes, eps=eps, **spoiled)


def without_gamma(gradient):
    """Forget gamma."""
    return lambda dy, x, gamma, *rest, **how: gradient(dy, x, np.ones_like(gamma), *rest, **how)

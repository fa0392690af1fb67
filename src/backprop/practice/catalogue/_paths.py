"""The three paths of a norm, whole or spoiled, along any axes; what goes wrong in every norm."""

import numpy as np

from backprop.practice.exercise import Mistake

NO_GAMMA = "gamma is missing: it scaled x-hat, so what arrives at x-hat is dy·gamma."
DDOF = (
    "The variance was divided by one less than the count (ddof=1). A norm divides by the count: it "
    "describes these numbers, it does not estimate others."
)
NO_EPS = "eps is not in it. It is added to the variance, under the root."
OUTSIDE = "eps was added to the standard deviation. It is added to the variance, under the root."
SQUARED = "This is divided by the variance. It should be divided by its root, the deviation s."
TURNED = {
    "v": "The sign of the path through the variance is turned: a larger deviation s makes x-hat "
    "smaller, so this path takes off.",
    "m": "The sign of the path through the mean is turned: the mean is subtracted, so this path "
    "takes off.",
    "vm": "The signs of the two indirect paths are turned. Both take off from the direct one.",
}
UNDIVIDED = "The last division by the standard deviation s is missing."
_NO_VARIANCE = (
    "The path through the variance is missing: each x also moves the deviation of its group."
)
_NO_MEAN = "The path through the mean is missing: each x also moves the mean of its group."
_DIRECT_ONLY = (
    "Only the direct path is there, as if mean and variance were fixed. That is batch norm when a "
    "network is used, not when it is trained."
)
_SUMS = "Sums stand where the two means should: each x has only a share in mean and variance."


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


def in_any_norm(section, spoil):
    """List what goes wrong in any norm; spoil(**how) makes its gradient of x, spoiled.

    section: where its chapter has the whole formula.
    """
    return (
        Mistake("the variance's path missing", spoil(keep="dm"), _NO_VARIANCE, section=section),
        Mistake("the mean's path missing", spoil(keep="dv"), _NO_MEAN, section=section),
        Mistake(
            "the direct path only", spoil(keep="d"), _DIRECT_ONLY, "10", "In use: given statistics"
        ),
        Mistake("the variance's sign", spoil(turned="v"), TURNED["v"], section=section),
        Mistake("the mean's sign", spoil(turned="m"), TURNED["m"], section=section),
        Mistake("both signs", spoil(turned="vm"), TURNED["vm"], section=section),
        Mistake("sum for mean", spoil(reduce=np.sum), _SUMS, section=section),
        Mistake("ddof=1", spoil(ddof=1), DDOF, "10", "Running statistics"),
        Mistake("eps outside the root", spoil(outside=True), OUTSIDE, "09", "Where eps goes"),
        Mistake("not divided", spoil(power=0), UNDIVIDED, section=section),
        Mistake("divided by the variance", spoil(power=2), SQUARED, section=section),
    )

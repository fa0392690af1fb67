"""BatchNorm and GroupNorm: the same three paths along other axes (chapters 10 and 11)."""

import numpy as np

from backprop.ops.batch_norms import batch_norm_backward
from backprop.ops.group_norms import group_norm_backward
from backprop.practice.catalogue._paths import along, normalised, paths, without_gamma
from backprop.practice.catalogue._tools import distinct, instead, whole
from backprop.practice.catalogue.norm import (
    DDOF,
    NO_GAMMA,
    OUTSIDE,
    SQUARED,
    TURNED,
    UNDIVIDED,
)
from backprop.practice.exercise import Exercise, Mistake

_VARIANCE = "The path through the variance is missing: each x also moves its set's deviation."
_MEAN = "The path through the mean is missing: each x also moves the mean of its set."
_DIRECT = (
    "Only the direct path is there, as if mean and variance were fixed. That is batch norm when a "
    "network is used, not when it is trained."
)
_SUM = "Sums stand where the two means should: each x has only a share in mean and variance."


def _common(section, spoil):
    """List what goes wrong in any norm; spoil(**how) makes its gradient of x, spoiled.

    section: where its chapter has the whole formula.
    """
    return (
        Mistake("the variance's path missing", spoil(keep="dm"), _VARIANCE, section=section),
        Mistake("the mean's path missing", spoil(keep="dv"), _MEAN, section=section),
        Mistake("the direct path only", spoil(keep="d"), _DIRECT, "10", "In use: given statistics"),
        Mistake("the variance's sign", spoil(turned="v"), TURNED["v"], section=section),
        Mistake("the mean's sign", spoil(turned="m"), TURNED["m"], section=section),
        Mistake("both signs", spoil(turned="vm"), TURNED["vm"], section=section),
        Mistake("sum for mean", spoil(reduce=np.sum), _SUM, section=section),
        Mistake("ddof=1", spoil(ddof=1), DDOF, "10", "Running statistics"),
        Mistake("eps outside the root", spoil(outside=True), OUTSIDE, "09", "Where eps goes"),
        Mistake("not divided", spoil(power=0), UNDIVIDED, section=section),
        Mistake("divided by the variance", spoil(power=2), SQUARED, section=section),
    )


_NOTHING = (
    "dx is 0 everywhere. That is right for a batch of one and for an upstream of ones, and for "
    "hardly another."
)


def _column_cases(rng):
    yield (whole(rng, 3, 2), np.array([[1.0, 4], [2, 0], [6, 5]]), whole(rng, 2)), {}
    yield (whole(rng, 5, 4), whole(rng, 5, 4), whole(rng, 4)), {"eps": 0.5}


BATCH_DX = Exercise(
    name="batch_norm.dx",
    signature="my_dx(dy, x, gamma, *, eps=1e-5)",
    returns=("dx",),
    answer=along(0),
    cases=_column_cases,
    chapter="10",
    mistakes=(
        *_common("The way back", lambda **how: along(0, **how)),
        Mistake(
            "nothing",
            lambda dy, x, *_, **how: np.zeros_like(x),
            _NOTHING,
            section="What usually goes wrong",
        ),
        Mistake("gamma forgotten", without_gamma(along(0)), NO_GAMMA, section="The way back"),
        Mistake(
            "over the features",
            along(-1),
            "You averaged over the features of a sample, as LayerNorm does. BatchNorm averages "
            "over the samples, axis 0.",
            section="The smallest example",
        ),
        Mistake(
            "over everything",
            along((0, 1)),
            "You averaged over the whole array. Every channel has a mean and a variance of its "
            "own.",
            section="The smallest example",
        ),
        Mistake(
            "divided by the batch again",
            lambda dy, x, gamma, *, eps=1e-5: along(0)(dy, x, gamma, eps=eps) / len(x),
            "dx is divided by the number of samples. If the loss is a mean, that division is in dy "
            "already.",
            section="The closed form",
        ),
    ),
)


def _image_cases(rng):
    """Give images that are not as wide as they have channels: gamma alone does not fit to them."""
    for shape, eps in [((2, 3, 1, 2), 1e-5), ((4, 3, 2, 5), 0.5)]:
        channels = (whole(rng, shape[1]), whole(rng, shape[1]))  # gamma and beta
        # two values in a channel would leave no gradient, so no two numbers are the same
        yield (whole(rng, *shape), distinct(rng, *shape), *channels), {"eps": eps}


def _backward(dy, x, gamma, beta, *, eps=1e-5):
    return tuple(batch_norm_backward(dy, x, gamma, beta, eps=eps))


def _images(axes, **spoiled):
    """Make the gradients of batch norm with dx along other axes, or spoiled."""
    return instead(
        _backward,
        0,
        lambda dy, x, gamma, beta, *, eps=1e-5: paths(
            dy, x, gamma[:, None, None], axes, eps=eps, **spoiled
        ),
    )


def _over_samples(cells, *, axis, keepdims):
    return cells.sum(axis=axis, keepdims=keepdims) / len(cells)


def _sums(place, make):
    """Make the gradients of batch norm with another dgamma (1) or dbeta (2)."""
    return instead(
        _backward,
        place,
        lambda dy, x, gamma, beta, *, eps=1e-5: make(dy, normalised(x, (0, 2, 3), eps=eps), x),
    )


BATCH = Exercise(
    name="batch_norm_backward",
    signature="my_batch_norm_backward(dy, x, gamma, beta, *, eps=1e-5)",
    returns=("dx", "dgamma", "dbeta"),
    answer=_backward,
    cases=_image_cases,
    chapter="10",
    mistakes=(
        *_common("The way back", lambda **how: _images((0, 2, 3), **how)),
        Mistake(
            "nothing",
            instead(_backward, 0, lambda dy, x, *_, **how: np.zeros_like(x)),
            _NOTHING,
            section="What usually goes wrong",
        ),
        Mistake(
            "divided by N alone",
            _images((0, 2, 3), reduce=_over_samples),
            "The two sums are divided by N. A group has N·H·W cells, and each has one share of "
            "that many in mean and variance.",
            section="Images: several axes",
        ),
        Mistake(
            "gamma forgotten",
            instead(
                _backward,
                0,
                lambda dy, x, gamma, beta, *, eps=1e-5: _backward(
                    dy, x, np.ones_like(gamma), beta, eps=eps
                )[0],
            ),
            NO_GAMMA,
            section="The way back",
        ),
        Mistake(
            "over the batch only",
            _images(0),
            "Mean and variance run over the batch alone. For images BatchNorm takes them over the "
            "batch and all positions: axes 0, 2 and 3.",
            section="Images: several axes",
        ),
        Mistake(
            "over the positions only",
            _images((2, 3)),
            "Mean and variance run over the positions of one image; that is instance norm. "
            "BatchNorm takes in the batch as well: axes 0, 2 and 3.",
            "11",
            "One function for all",
        ),
        Mistake(
            "over the sample",
            _images((1, 2, 3)),
            "Mean and variance run over all of a sample, as in LayerNorm. BatchNorm takes them "
            "over axes 0, 2 and 3, and keeps the channels apart.",
            "11",
            "One function for all",
        ),
        Mistake(
            "over everything",
            _images((0, 1, 2, 3)),
            "You averaged over the whole array. Every channel has a mean and a variance of its "
            "own.",
            section="Images: several axes",
        ),
        Mistake(
            "dgamma without x-hat",
            _sums(1, lambda dy, x_hat, x: dy.sum(axis=(0, 2, 3))),
            "dgamma is dbeta here. gamma is multiplied with x-hat: dy·x-hat is added up.",
            section="The closed form",
        ),
        Mistake(
            "dgamma with x",
            _sums(1, lambda dy, x_hat, x: (dy * x).sum(axis=(0, 2, 3))),
            "dgamma was made with x. gamma is multiplied with x-hat, the normalised x.",
            section="The closed form",
        ),
        Mistake(
            "dgamma averaged",
            _sums(1, lambda dy, x_hat, x: (dy * x_hat).mean(axis=(0, 2, 3))),
            "dgamma is averaged. gamma is used at every position of every sample: the terms add "
            "up.",
            section="The closed form",
        ),
        Mistake(
            "dgamma with the positions left",
            _sums(1, lambda dy, x_hat, x: (dy * x_hat).sum(axis=0)),
            "dgamma still has a map for each channel. One gamma serves all positions: add up axes "
            "2 and 3.",
            section="Images: several axes",
        ),
        Mistake(
            "dbeta averaged",
            _sums(2, lambda dy, x_hat, x: dy.mean(axis=(0, 2, 3))),
            "dbeta is averaged. beta is used at every position of every sample: the terms add up.",
            section="The closed form",
        ),
        Mistake(
            "dbeta with the positions left",
            _sums(2, lambda dy, x_hat, x: dy.sum(axis=0)),
            "dbeta still has a map for each channel. One beta serves all positions: add up axes 2 "
            "and 3.",
            section="Images: several axes",
        ),
    ),
)


def _group_cases(rng):
    for shape, groups in [((1, 4, 1, 2), 2), ((3, 6, 2, 3), 3)]:
        arrays = (whole(rng, *shape), whole(rng, *shape), whole(rng, shape[1]))
        yield (*arrays, groups, 0.5), {}


def _grouped(split=None, *, gamma_at_the_end=False, **spoiled):
    """Make group norm's gradient with spoiled paths, or with split(C, groups) groups."""

    def gradient(dy, x, gamma, groups, eps):
        N, C, *positions = x.shape
        groups = split(C, groups) if split else groups
        shape = (N, groups, C // groups, *positions)
        scale = gamma[:, None, None]
        g = dy if gamma_at_the_end else dy * scale
        axes = (2, 3, 4)
        dx = paths(g.reshape(shape), x.reshape(shape), 1, axes, eps=eps, **spoiled).reshape(x.shape)
        return dx * scale if gamma_at_the_end else dx

    return gradient


def _neighbours(dy, x, gamma, groups, eps):
    """Put channels c, c + groups, c + 2·groups … into one group."""
    C = x.shape[1]
    order = np.arange(C).reshape(-1, groups).T.ravel()
    back = np.argsort(order)
    return _grouped()(dy[:, order], x[:, order], gamma[order], groups, eps)[:, back]


def _across_samples(dy, x, gamma, groups, eps):
    """Let all samples share the mean and the variance of a group."""
    N, C, *positions = x.shape
    shape = (N, groups, C // groups, *positions)
    g = (dy * gamma[:, None, None]).reshape(shape)
    return paths(g, x.reshape(shape), 1, (0, 2, 3, 4), eps=eps).reshape(x.shape)


GROUP = Exercise(
    name="group_norm.dx",
    signature="my_group_norm_gradient(dy, x, gamma, groups, eps)",
    returns=("dx",),
    answer=lambda dy, x, gamma, groups, eps: (
        group_norm_backward(dy, x, gamma, np.zeros_like(gamma), groups=groups, eps=eps).dx
    ),
    cases=_group_cases,
    chapter="11",
    mistakes=(
        *_common("One gradient for all", lambda **how: _grouped(**how)),
        Mistake(
            "gamma forgotten", without_gamma(_grouped()), NO_GAMMA, section="One gradient for all"
        ),
        Mistake(
            "gamma at the end",
            _grouped(gamma_at_the_end=True),
            "gamma was multiplied at the end. It differs within a group, so it belongs to dy "
            "before the means are taken.",
            section="One gradient for all",
        ),
        Mistake(
            "one group",
            _grouped(lambda C, groups: 1),
            "All channels of a sample share one mean, as in LayerNorm. Each group has its own.",
            section="Limits",
        ),
        Mistake(
            "a group for each channel",
            _grouped(lambda C, groups: C),
            "Every channel has a mean of its own: that is instance norm. The channels of a group "
            "share it.",
            section="Limits",
        ),
        Mistake(
            "group size for groups",
            _grouped(lambda C, groups: C // groups),
            "`groups` was taken for the number of channels in a group. It is the number of groups.",
            section="One function for all",
        ),
        Mistake(
            "every so many channels",
            _neighbours,
            "The groups are made of every so many channels. A group is a run of neighbours: "
            "reshape (N, C, …) to (N, groups, C/groups, …).",
            section="What usually goes wrong",
        ),
        Mistake(
            "over the batch",
            lambda dy, x, gamma, groups, eps: paths(
                dy, x, gamma[:, None, None], (0, 2, 3), eps=eps
            ),
            "Mean and variance run over the batch, as in BatchNorm. GroupNorm stays inside of one "
            "sample.",
            section="One function for all",
        ),
        Mistake(
            "groups across the batch",
            _across_samples,
            "The groups are right, but all samples share them. Each sample has groups of its own.",
            section="A block of 32 numbers",
        ),
        Mistake(
            "eps left out",
            lambda dy, x, gamma, groups, eps: _grouped()(dy, x, gamma, groups, 0),
            "eps is missing: s is the root of the variance plus eps.",
            section="One function for all",
        ),
    ),
)

EXERCISES = (BATCH_DX, BATCH, GROUP)

"""GroupNorm's gradient (chapter 11)."""

import numpy as np

from backprop.ops.group_norms import group_norm_backward
from backprop.practice.catalogue._paths import NO_EPS, NO_GAMMA, in_any_norm, paths, without_gamma
from backprop.practice.catalogue._tools import whole
from backprop.practice.exercise import Exercise, Mistake


def _group_cases(rng):
    for shape, groups in [((1, 4, 1, 2), 2), ((3, 6, 2, 3), 3)]:
        arrays = (whole(rng, *shape), whole(rng, *shape), whole(rng, shape[1]))
        yield (*arrays, groups, 0.5), {}


def _grouped(split=None, *, axes=(2, 3, 4), gamma_at_the_end=False, **spoiled):
    """Make group norm's gradient with spoiled paths, other axes, or split(C, groups) groups."""

    def gradient(dy, x, gamma, groups, eps):
        N, C, *positions = x.shape
        groups = split(C, groups) if split else groups
        shape = (N, groups, C // groups, *positions)
        scale = gamma[:, None, None]
        g = dy if gamma_at_the_end else dy * scale
        dx = paths(g.reshape(shape), x.reshape(shape), 1, axes, eps=eps, **spoiled).reshape(x.shape)
        return dx * scale if gamma_at_the_end else dx

    return gradient


def _neighbours(dy, x, gamma, groups, eps):
    """Put channels c, c + groups, c + 2·groups … into one group."""
    C = x.shape[1]
    order = np.arange(C).reshape(-1, groups).T.ravel()
    back = np.argsort(order)
    return _grouped()(dy[:, order], x[:, order], gamma[order], groups, eps)[:, back]


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
        *in_any_norm("One gradient for all", _grouped),
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
            _grouped(axes=(0, 2, 3, 4)),
            "The groups are right, but all samples share them. Each sample has groups of its own.",
            section="A block of 32 numbers",
        ),
        Mistake(
            "eps forgotten",
            lambda dy, x, gamma, groups, eps: _grouped()(dy, x, gamma, groups, 0),
            NO_EPS,
            section="One function for all",
        ),
    ),
)

EXERCISES = (GROUP,)

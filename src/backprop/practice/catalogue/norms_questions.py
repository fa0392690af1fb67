"""Short questions about all norms: how many means, and an upstream for RMS norm (chapter 11)."""

import numpy as np

from backprop.practice.catalogue._tools import whole
from backprop.practice.exercise import Exercise, Mistake


def _numbers(**wrong):
    """Give the four numbers of means, some of them wrong."""
    right = {
        "batch": lambda N, C, H, W, G: C,
        "layer": lambda N, C, H, W, G: N,
        "instance": lambda N, C, H, W, G: N * C,
        "group": lambda N, C, H, W, G: N * G,
    }
    return lambda *sizes: tuple(count(*sizes) for count in (right | wrong).values())


NUMBERS = Exercise(
    name="norms.numbers_of_means",
    signature="my_numbers_of_means(N, C, H, W, G)",
    returns=("batch", "layer", "instance", "group"),
    answer=_numbers(),
    cases=lambda rng: [((2, 6, 3, 5, 3), {}), ((8, 12, 5, 5, 3), {})],
    chapter="11",
    mistakes=(
        Mistake(
            "cells of a group",
            _numbers(batch=lambda N, C, H, W, G: N * H * W),
            "For batch norm you counted the cells of one group. Asked is how many groups there "
            "are.",
            section="A block of 32 numbers",
        ),
        Mistake(
            "batch and layer exchanged",
            _numbers(batch=lambda N, C, H, W, G: N),
            "Batch norm has one mean for each channel, not for each sample.",
            section="A block of 32 numbers",
        ),
        Mistake(
            "layer by position",
            _numbers(layer=lambda N, C, H, W, G: N * H * W),
            "For layer norm you counted the positions of all samples. Here it averages a whole "
            "sample.",
            section="One function for all",
        ),
        Mistake(
            "one layer",
            _numbers(layer=lambda N, C, H, W, G: 1),
            "For layer norm you counted one mean for the whole block. Every sample has its own.",
            section="A block of 32 numbers",
        ),
        Mistake(
            "instance by channel",
            _numbers(instance=lambda N, C, H, W, G: C),
            "For instance norm you counted the channels of one sample. Every sample has its own "
            "means.",
            section="A block of 32 numbers",
        ),
        Mistake(
            "group in one sample",
            _numbers(group=lambda N, C, H, W, G: G),
            "For group norm you counted the groups of one sample. There are N samples.",
            section="A block of 32 numbers",
        ),
        Mistake(
            "group size for groups",
            _numbers(group=lambda N, C, H, W, G: N * C // G),
            "For group norm you took the size of a group, C/G, for the number of groups, G.",
            section="One function for all",
        ),
    ),
)


UPSTREAM = Exercise(
    name="rms_norm.same_gradient",
    signature="my_upstream(dy)",
    returns=("dy",),
    answer=lambda dy: dy - dy.mean(),
    cases=lambda rng: [((whole(rng, 3),), {}), ((whole(rng, 4),), {})],
    chapter="11",
    mistakes=(
        Mistake(
            "as it was",
            lambda dy: dy.copy(),
            "This is dy as it was. Layer norm's path through the mean carries the mean of dy, and "
            "RMS norm has no such path.",
            section="RMS norm: two paths",
        ),
        Mistake(
            "sum for mean",
            lambda dy: dy - dy.sum(),
            "The sum was taken off every entry. Together they then took off the sum as many times "
            "as there are entries.",
            section="RMS norm: two paths",
        ),
        Mistake(
            "added",
            lambda dy: dy + dy.mean(),
            "The mean was added. Then what is left has twice the mean, not the mean 0.",
            section="RMS norm: two paths",
        ),
        Mistake(
            "zeros",
            np.zeros_like,
            "All zeros give the same gradient, but more was taken off than one number for all.",
            section="RMS norm: two paths",
        ),
    ),
)

EXERCISES = (NUMBERS, UPSTREAM)

"""Short questions about the other norms: counts, a running mean, an upstream (chapters 10, 11)."""

import numpy as np

from backprop.practice.catalogue._tools import whole
from backprop.practice.exercise import Exercise, Mistake


def _counts(training, in_use=lambda N, C, H, W: 1):
    return lambda *shape: (training(*shape), in_use(*shape))


def _channel(N, C, H, W):
    return N * H * W


COUNTS = Exercise(
    name="batch_norm.counts",
    signature="my_counts(N, C, H, W)",
    returns=("training", "in_use"),
    answer=_counts(_channel),
    cases=lambda rng: [((2, 3, 4, 5), {}), ((8, 16, 10, 10), {})],
    chapter="10",
    mistakes=(
        Mistake(
            "the whole block",
            _counts(lambda N, C, H, W: N * C * H * W),
            "That is the whole block. The channels do not mix: only one of them feels this output.",
            section="Images: several axes",
        ),
        Mistake(
            "the samples",
            _counts(lambda N, C, H, W: N),
            "Those are the samples, at one position. In an image all positions of a channel share "
            "the mean.",
            section="Images: several axes",
        ),
        Mistake(
            "one image",
            _counts(lambda N, C, H, W: H * W),
            "That is the channel in one image. BatchNorm's group goes through all N of them.",
            section="Who feels whom",
        ),
        Mistake(
            "the sample",
            _counts(lambda N, C, H, W: C * H * W),
            "That is a whole sample, the group of LayerNorm. BatchNorm's group is a channel.",
            section="Who feels whom",
        ),
        Mistake(
            "the cell itself",
            _counts(lambda N, C, H, W: 1),
            "In training the output moves with mean and variance as well, and so with all that "
            "share them.",
            section="Who feels whom",
        ),
        Mistake(
            "the same in use",
            _counts(_channel, _channel),
            "In inference mode mean and variance are stored numbers. Only the direct path is left.",
            section="In use: given statistics",
        ),
        Mistake(
            "none in use",
            _counts(_channel, lambda N, C, H, W: 0),
            "In inference mode the direct path is left: the cell itself still feels its output.",
            section="In use: given statistics",
        ),
    ),
)


def _mean_after(k, batch_mean, momentum):
    return batch_mean * (1 - (1 - momentum) ** k)


RUNNING_MEAN = Exercise(
    name="batch_norm.running_mean",
    signature="my_running_mean(k, batch_mean, momentum)",
    returns=("mean",),
    answer=_mean_after,
    cases=lambda rng: [((1, 4.0, 0.1), {}), ((3, -2.0, 0.25), {}), ((44, 4.0, 0.1), {})],
    chapter="10",
    mistakes=(
        Mistake(
            "momentum weighs the past",
            lambda k, batch_mean, momentum: _mean_after(k, batch_mean, 1 - momentum),
            "Here momentum is the weight of the past. It should weigh the new batch.",
            section="Running statistics",
        ),
        Mistake(
            "the distance",
            lambda k, batch_mean, momentum: batch_mean * (1 - momentum) ** k,
            "That is how far the running mean still has to go. Take it from the goal.",
            section="Running statistics",
        ),
        Mistake(
            "in equal steps",
            lambda k, batch_mean, momentum: batch_mean * momentum * k,
            "The steps are not equal. Each goes a share of the way that is left, and that way "
            "grows shorter.",
            section="Running statistics",
        ),
        Mistake(
            "one batch too many",
            lambda k, batch_mean, momentum: _mean_after(k + 1, batch_mean, momentum),
            "That is the mean one batch later. After one batch it is momentum times the batch's "
            "mean.",
            section="Running statistics",
        ),
        Mistake(
            "one batch too few",
            lambda k, batch_mean, momentum: _mean_after(k - 1, batch_mean, momentum),
            "That is the mean one batch earlier. It starts at 0 before the first batch.",
            section="Running statistics",
        ),
    ),
)


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

EXERCISES = (COUNTS, RUNNING_MEAN, NUMBERS, UPSTREAM)

"""Short questions about BatchNorm: which cells feel an output, and a running mean (chapter 10)."""

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

EXERCISES = (COUNTS, RUNNING_MEAN)

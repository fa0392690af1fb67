"""LayerNorm, its three paths and the whole of it (chapter 09)."""

from dataclasses import replace

import numpy as np

from backprop.ops.layer_norms import layer_norm_backward
from backprop.practice.catalogue._paths import along, normalised, without_gamma
from backprop.practice.catalogue._tools import adopt, instead, whole
from backprop.practice.exercise import Exercise, Mistake

# sections of chapter 09
_ABOVE = "What arrives from above"
_DIRECT, _CLOSED, _EPS = "The direct path", "The closed form", "Where eps goes"
_VARIANCE, _MEAN = "The path through the variance", "The path through the mean"
_SAMPLES, _WRONG = "Gamma, beta and several samples", "What usually goes wrong"

NO_GAMMA = "gamma is missing: it scaled x-hat, so what arrives at x-hat is dy·gamma."
DDOF = (
    "The variance was divided by one less than the count (ddof=1). A norm divides by the count: it "
    "describes these numbers, it does not estimate others."
)
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


def _row_cases(rng):
    """Give rows with a mean and a deviation that are whole, then some with neither."""
    yield (whole(rng, 2, 3), np.array([[1.0, 2, 6], [4, 0, 5]]), whole(rng, 3)), {}
    x = np.array([2.0, 4, 4, 4, 5, 5, 7, 9])  # mean 5, variance 4
    yield (whole(rng, 2, 8), np.stack([x, rng.permutation(3 * x)]), whole(rng, 8)), {"eps": 0.5}
    yield (whole(rng, 4, 5), whole(rng, 4, 5), whole(rng, 5)), {}


def _path(name, output, keep, *mistakes):
    """Make the exercise for one path; most mistakes are common to all three."""
    return Exercise(
        name=f"layer_norm.{name}",
        signature=f"my_{name}(dy, x, gamma, *, eps=1e-5)",
        returns=(output,),
        answer=along(-1, keep=keep),
        cases=_row_cases,
        chapter="09",
        mistakes=(
            *mistakes,
            Mistake(
                "gamma forgotten", without_gamma(along(-1, keep=keep)), NO_GAMMA, section=_ABOVE
            ),
            Mistake("ddof=1", along(-1, keep=keep, ddof=1), DDOF, section=_WRONG),
            Mistake(
                "eps outside the root", along(-1, keep=keep, outside=True), OUTSIDE, section=_EPS
            ),
            Mistake("not divided", along(-1, keep=keep, power=0), UNDIVIDED, section=_CLOSED),
            Mistake(
                "divided by the variance", along(-1, keep=keep, power=2), SQUARED, section=_CLOSED
            ),
            Mistake(
                "over the batch",
                along(0, keep=keep),
                "Mean and variance run over the batch. LayerNorm takes them over the features of "
                "one sample, the last axis.",
                section=_SAMPLES,
            ),
        ),
    )


def _same_for_all(dy, x, gamma, *, eps=1e-5):
    """Spread the variance's gradient evenly, like the mean's."""
    x_hat = normalised(x, -1, eps=eps)
    return along(-1, keep="m")(dy * x_hat, x, gamma, eps=eps)


_SUM = "The sum stands where the mean should: each x has only 1/D of a share in the {}."

DIRECT = _path("direct", "direct", "d")
THROUGH_VARIANCE = _path(
    "through_variance",
    "through_variance",
    "v",
    Mistake(
        "sum for mean",
        along(-1, keep="v", reduce=np.sum),
        _SUM.format("variance"),
        section=_VARIANCE,
    ),
    Mistake(
        "turned sign",
        along(-1, keep="v", turned="v"),
        "The sign is turned. A larger variance makes x-hat smaller: the slope of 1/s is negative.",
        section=_VARIANCE,
    ),
    Mistake(
        "half",
        lambda dy, x, gamma, *, eps=1e-5: along(-1, keep="v")(dy, x, gamma, eps=eps) / 2,
        "This is half of it. The slope of a squared deviation is twice the deviation.",
        section=_VARIANCE,
    ),
    Mistake(
        "twice",
        lambda dy, x, gamma, *, eps=1e-5: along(-1, keep="v")(dy, x, gamma, eps=eps) * 2,
        "This is twice of it. The slope of the root is 1/(2s): its 2 cancels that of the square.",
        section=_VARIANCE,
    ),
    Mistake(
        "the same for all",
        _same_for_all,
        "Every x of a sample got the same. An x moves the variance by its own deviation: multiply "
        "by x-hat.",
        section=_VARIANCE,
    ),
)
THROUGH_MEAN = _path(
    "through_mean",
    "through_mean",
    "m",
    Mistake("sum for mean", along(-1, keep="m", reduce=np.sum), _SUM.format("mean"), section=_MEAN),
    Mistake(
        "turned sign",
        along(-1, keep="m", turned="m"),
        "The sign is turned: the mean is subtracted, so what comes back through it is negative.",
        section=_MEAN,
    ),
    Mistake(
        "not spread",
        lambda dy, x, gamma, *, eps=1e-5: along(-1, keep="m")(dy, x, gamma, eps=eps)[:, :1],
        "There is one number for each sample. Every x of the sample gets it: the result has the "
        "shape of x.",
        section=_MEAN,
    ),
)

DX = (
    Mistake(
        "the variance's path missing",
        along(-1, keep="dm"),
        "The path through the variance is missing: each x also moves the deviation that all are "
        "divided by.",
        section=_VARIANCE,
    ),
    Mistake(
        "the mean's path missing",
        along(-1, keep="dv"),
        "The path through the mean is missing: each x also moves the mean that is taken off all.",
        section=_MEAN,
    ),
    Mistake(
        "the direct path only",
        along(-1, keep="d"),
        "Only the direct path is there, as if mean and variance were fixed numbers. x moves both.",
        section=_CLOSED,
    ),
    Mistake(
        "the direct path missing",
        along(-1, keep="vm"),
        "The direct path is missing: x-hat contains x itself, with the slope 1/s.",
        section=_DIRECT,
    ),
    Mistake("the variance's sign", along(-1, turned="v"), TURNED["v"], section=_VARIANCE),
    Mistake("the mean's sign", along(-1, turned="m"), TURNED["m"], section=_MEAN),
    Mistake("both signs", along(-1, turned="vm"), TURNED["vm"], section=_CLOSED),
    Mistake("gamma forgotten", without_gamma(along(-1)), NO_GAMMA, section=_ABOVE),
    Mistake(
        "gamma at the end",
        lambda dy, x, gamma, *, eps=1e-5: gamma * without_gamma(along(-1))(dy, x, gamma, eps=eps),
        "gamma was multiplied at the end. It differs from feature to feature, so it belongs to dy "
        "before the means are taken.",
        section=_ABOVE,
    ),
    Mistake(
        "sum for mean",
        along(-1, reduce=np.sum),
        "Sums stand where the two means should: each x has 1/D of a share in mean and variance.",
        section=_CLOSED,
    ),
    Mistake("ddof=1", along(-1, ddof=1), DDOF, section=_WRONG),
    Mistake("eps outside the root", along(-1, outside=True), OUTSIDE, section=_EPS),
    Mistake("not divided", along(-1, power=0), UNDIVIDED, section=_CLOSED),
    Mistake("divided by the variance", along(-1, power=2), SQUARED, section=_CLOSED),
    Mistake(
        "over the batch",
        along(0),
        "You averaged over the batch, where LayerNorm averages over the features of one sample.",
        section=_SAMPLES,
    ),
    Mistake(
        "over everything",
        along((0, 1)),
        "You averaged over the whole array. Every sample has a mean and a variance of its own.",
        section=_SAMPLES,
    ),
)
SUMS = (
    Mistake(
        "dgamma without x-hat",
        lambda dy, x_hat, x: dy.sum(axis=0),
        "dgamma is dbeta here. gamma is multiplied with x-hat: dy·x-hat is added up.",
        section=_SAMPLES,
    ),
    Mistake(
        "dgamma with x",
        lambda dy, x_hat, x: (dy * x).sum(axis=0),
        "dgamma was made with x. gamma is multiplied with x-hat, the normalised x.",
        section=_SAMPLES,
    ),
    Mistake(
        "dgamma averaged",
        lambda dy, x_hat, x: (dy * x_hat).mean(axis=0),
        "dgamma is averaged over the samples. All of them use the same gamma: the terms add up.",
        section=_SAMPLES,
    ),
    Mistake(
        "dgamma over the features",
        lambda dy, x_hat, x: (dy * x_hat).sum(axis=1),
        "dgamma adds up the features. It has one entry for each feature, and adds up the samples.",
        section=_SAMPLES,
    ),
    Mistake(
        "dgamma not summed",
        lambda dy, x_hat, x: dy * x_hat,
        "dgamma still has a row for each sample. All of them use the same gamma: add them up.",
        section=_SAMPLES,
    ),
)
BETA = (
    Mistake(
        "dbeta averaged",
        lambda dy, **_: dy.mean(axis=0),
        "dbeta is averaged over the samples. All of them use the same beta: the terms add up.",
        section=_SAMPLES,
    ),
    Mistake(
        "dbeta over the features",
        lambda dy, **_: dy.sum(axis=1),
        "dbeta adds up the features. It has one entry for each feature, and adds up the samples.",
        section=_SAMPLES,
    ),
    Mistake(
        "dbeta not summed",
        lambda dy, **_: dy.copy(),
        "dbeta still has a row for each sample. All of them use the same beta: add them up.",
        section=_SAMPLES,
    ),
)


def _backward(dy, x, gamma, beta, *, eps=1e-5):
    return tuple(layer_norm_backward(dy, x, gamma, beta, eps=eps))


def _with_beta(rng):
    """Add a beta, which no gradient depends on."""
    for (dy, x, gamma), how in _row_cases(rng):
        yield (dy, x, gamma, whole(rng, *gamma.shape)), how


WHOLE_DX = Exercise(
    name="layer_norm.dx",
    signature="my_dx(dy, x, gamma, *, eps=1e-5)",
    returns=("dx",),
    answer=along(-1),
    cases=_row_cases,
    chapter="09",
    mistakes=DX,
)
BACKWARD = Exercise(
    name="layer_norm_backward",
    signature="my_layer_norm_backward(dy, x, gamma, beta, *, eps=1e-5)",
    returns=("dx", "dgamma", "dbeta"),
    answer=_backward,
    cases=_with_beta,
    chapter="09",
    mistakes=(
        *adopt(DX, _backward, 0, lambda dy, x, gamma, beta: (dy, x, gamma)),
        *(
            replace(
                m,
                function=instead(
                    _backward,
                    1,
                    lambda dy, x, gamma, beta, *, eps=1e-5, m=m: m.function(
                        dy, normalised(x, -1, eps=eps), x
                    ),
                ),
            )
            for m in SUMS
        ),
        *adopt(BETA, _backward, 2, lambda dy, *_: (dy,)),
    ),
)

EXERCISES = (DIRECT, THROUGH_VARIANCE, THROUGH_MEAN, WHOLE_DX, BACKWARD)

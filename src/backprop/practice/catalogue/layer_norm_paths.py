"""LayerNorm's three paths, one exercise for each (chapter 09)."""

import numpy as np

from backprop.practice.catalogue._paths import (
    DDOF,
    NO_EPS,
    NO_GAMMA,
    OUTSIDE,
    SQUARED,
    UNDIVIDED,
    along,
    normalised,
    without_gamma,
)
from backprop.practice.catalogue._tools import whole
from backprop.practice.exercise import Exercise, Mistake

# sections of chapter 09
ABOVE, CLOSED = "What arrives from above", "The closed form"
VARIANCE, MEAN = "The path through the variance", "The path through the mean"
SAMPLES = "Gamma, beta and several samples"


def row_cases(rng):
    """Give rows with a mean and a deviation that are whole, then some with neither."""
    yield (whole(rng, 2, 3), np.array([[1.0, 2, 6], [4, 0, 5]]), whole(rng, 3)), {}
    x = np.array([2.0, 4, 4, 4, 5, 5, 7, 9])  # mean 5, variance 4
    yield (whole(rng, 2, 8), np.stack([x, rng.permutation(3 * x)]), whole(rng, 8)), {"eps": 0.5}
    yield (whole(rng, 4, 5), whole(rng, 4, 5), whole(rng, 5)), {}


def in_any_part(**spoiled):
    """List what goes wrong in one path as in their sum; spoiled: how `along` makes that part."""

    def part(**more):
        return along(-1, **spoiled, **more)

    return (
        Mistake("gamma forgotten", without_gamma(part()), NO_GAMMA, section=ABOVE),
        Mistake("ddof=1", part(ddof=1), DDOF, section="What usually goes wrong"),
        Mistake("eps outside the root", part(outside=True), OUTSIDE, section="Where eps goes"),
        Mistake(
            "eps forgotten",
            lambda dy, x, gamma, **_: part()(dy, x, gamma, eps=0),
            NO_EPS,
            section="Where eps goes",
        ),
        Mistake("not divided", part(power=0), UNDIVIDED, section=CLOSED),
        Mistake("divided by the variance", part(power=2), SQUARED, section=CLOSED),
    )


def _path(name, keep, *mistakes):
    """Make the exercise for one path."""
    return Exercise(
        name=f"layer_norm.{name}",
        signature=f"my_{name}(dy, x, gamma, *, eps=1e-5)",
        returns=(name,),
        answer=along(-1, keep=keep),
        cases=row_cases,
        chapter="09",
        mistakes=(
            *mistakes,
            *in_any_part(keep=keep),
            Mistake(
                "over the batch",
                along(0, keep=keep),
                "Mean and variance run over the batch. LayerNorm takes them over the features of "
                "one sample, the last axis.",
                section=SAMPLES,
            ),
        ),
    )


def _same_for_all(dy, x, gamma, *, eps=1e-5):
    """Spread the variance's gradient evenly, like the mean's."""
    x_hat = normalised(x, -1, eps=eps)
    return along(-1, keep="m")(dy * x_hat, x, gamma, eps=eps)


_SUM = "The sum stands where the mean should: each x has only 1/D of a share in the {}."

DIRECT = _path("direct", "d")
THROUGH_VARIANCE = _path(
    "through_variance",
    "v",
    Mistake(
        "sum for mean",
        along(-1, keep="v", reduce=np.sum),
        _SUM.format("variance"),
        section=VARIANCE,
    ),
    Mistake(
        "turned sign",
        along(-1, keep="v", turned="v"),
        "The sign is turned. A larger variance makes x-hat smaller: the slope of 1/s is negative.",
        section=VARIANCE,
    ),
    Mistake(
        "half",
        lambda dy, x, gamma, *, eps=1e-5: along(-1, keep="v")(dy, x, gamma, eps=eps) / 2,
        "This is half of it. The slope of a squared deviation is twice the deviation.",
        section=VARIANCE,
    ),
    Mistake(
        "twice",
        lambda dy, x, gamma, *, eps=1e-5: along(-1, keep="v")(dy, x, gamma, eps=eps) * 2,
        "This is twice of it. The slope of the root is 1/(2s): its 2 cancels that of the square.",
        section=VARIANCE,
    ),
    Mistake(
        "the same for all",
        _same_for_all,
        "Every x of a sample got the same. An x moves the variance by its own deviation: multiply "
        "by x-hat.",
        section=VARIANCE,
    ),
)
THROUGH_MEAN = _path(
    "through_mean",
    "m",
    Mistake("sum for mean", along(-1, keep="m", reduce=np.sum), _SUM.format("mean"), section=MEAN),
    Mistake(
        "turned sign",
        along(-1, keep="m", turned="m"),
        "The sign is turned: the mean is subtracted, so what comes back through it is negative.",
        section=MEAN,
    ),
    Mistake(
        "not spread",
        lambda dy, x, gamma, *, eps=1e-5: along(-1, keep="m")(dy, x, gamma, eps=eps)[:, :1],
        "There is one number for each sample. Every x of the sample gets it: the result has the "
        "shape of x.",
        section=MEAN,
    ),
)

EXERCISES = (DIRECT, THROUGH_VARIANCE, THROUGH_MEAN)

"""Short questions about LayerNorm: a prediction, and which path is missing (chapter 09)."""

import numpy as np

from backprop.practice.catalogue._paths import along, normalised, paths
from backprop.practice.catalogue._tools import whole
from backprop.practice.exercise import Exercise, Mistake


def _four_entries(**spoiled):
    """Answer for the one sample that the exercise is about."""

    def answer():
        dy, x = np.array([[4.0, 0, 0, 0]]), np.array([[1.0, 1, 3, 3]])
        return paths(dy, x, np.ones(4), 1, eps=0, **spoiled)[0]

    return answer


FOUR_ENTRIES = Exercise(
    name="layer_norm.four_entries",
    signature="my_four_entries()",
    returns=("dx",),
    answer=_four_entries(),
    cases=lambda rng: [((), {})],
    chapter="09",
    mistakes=(
        Mistake(
            "the direct path only",
            _four_entries(keep="d"),
            "This is the direct path alone. The two indirect ones take something off: c and w of "
            "the closed form are not 0.",
            section="The closed form",
        ),
        Mistake(
            "the variance's path missing",
            _four_entries(keep="dm"),
            "The path through the variance is missing: the sum is 0, but dx is not orthogonal to "
            "x-hat.",
            section="The path through the variance",
        ),
        Mistake(
            "the mean's path missing",
            _four_entries(keep="dv"),
            "The path through the mean is missing: the four numbers do not add up to 0.",
            section="The path through the mean",
        ),
        Mistake(
            "the direct path missing",
            _four_entries(keep="vm"),
            "The direct path is missing: dy itself, divided by s.",
            section="The direct path",
        ),
        Mistake(
            "the variance's sign",
            _four_entries(turned="v"),
            "The sign of w is turned. x-hat is −1 where dy is 4, so w is negative, and −x-hat·w "
            "is not.",
            section="The closed form",
        ),
        Mistake(
            "the mean's sign",
            _four_entries(turned="m"),
            "The mean of what arrives was added. It is taken off.",
            section="The closed form",
        ),
        Mistake(
            "sum for mean",
            _four_entries(reduce=np.sum),
            "c and w are means: divide the two sums by 4.",
            section="The closed form",
        ),
    ),
)


def _lost(rng):
    """Lose one path after the other, in a row of three numbers and in one of six."""
    for x in [np.array([1.0, 2, 6]), np.array([3.0, -2, 7, 1, 0, 5])]:
        dy = whole(rng, x.size)
        for keep in ("vm", "dm", "dv"):
            dx = along(-1, keep=keep)(dy[None], x[None], np.ones(x.size), eps=0)[0]
            yield (dx, normalised(x, -1, eps=0)), {}


def _is_0(number):
    return abs(number) < 1e-4


def _missing(dx, x_hat, *, is_0=_is_0):
    if is_0(dx.sum()):
        return 2
    return 3 if is_0((dx * x_hat).sum()) else 1


MISSING_PATH = Exercise(
    name="layer_norm.missing_path",
    signature="my_missing_path(dx, x_hat)",
    returns=("path",),
    answer=_missing,
    cases=_lost,
    chapter="09",
    mistakes=(
        Mistake(
            "exchanged",
            lambda dx, x_hat: (1, 3, 2)[_missing(dx, x_hat) - 1],
            "Variance and mean are exchanged. The mean's path is what makes the plain sum 0: where "
            "that sum is 0, it is there.",
            section="What the gradient cannot hold",
        ),
        Mistake(
            "exactly 0",
            lambda dx, x_hat: _missing(dx, x_hat, is_0=lambda number: number == 0),
            "A sum of floats that should be 0 often is a little beside it. Ask with np.isclose, "
            "not with ==.",
            section="What the gradient cannot hold",
        ),
        Mistake(
            "one sum only",
            lambda dx, x_hat: 2 if _is_0(dx.sum()) else 3,
            "Your function never answers 1. Without the direct path neither sum is 0, so it takes "
            "both to tell.",
            section="What usually goes wrong",
        ),
        Mistake(
            "always the direct path",
            lambda dx, x_hat: 1,
            "Your function always answers 1. Are the sums 0 up to rounding? And the second one is "
            "of the products dx·x_hat.",
            section="What the gradient cannot hold",
        ),
    ),
)

EXERCISES = (FOUR_ENTRIES, MISSING_PATH)

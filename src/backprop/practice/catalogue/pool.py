"""Max pooling and min pooling (chapter 03)."""

import numpy as np

from backprop.practice.catalogue._pushing import (
    cell_assigned,
    corner,
    covered,
    first,
    minus_padding,
    push,
    ties,
    up_to_the_last_window,
    window_assigned,
)
from backprop.practice.catalogue._tools import distinct, whole
from backprop.practice.exercise import Exercise, Mistake

# name, gradient, hint: what goes wrong in every maximum
_MAX = (
    (
        "= for += in a cell",
        push(first, merge=cell_assigned),
        "Where two windows have their maximum in one cell, the later one overwrote what the "
        "earlier one had sent: += is needed, not =.",
    ),
    (
        "= for += in a window",
        push(first, merge=window_assigned),
        "Where windows overlap, one of them wiped out what another had pushed: += is needed, not "
        "=.",
    ),
    (
        "ties shared",
        push(lambda a: ties(a) / ties(a).sum()),
        "Equal maxima share dy here. This book gives all of it to the first of them, row by row, "
        "as PyTorch does.",
    ),
    (
        "every tie paid in full",
        push(ties),
        "Where a window holds its maximum twice, both cells got all of dy. Only the first of them, "
        "row by row, may have it.",
    ),
    (
        "the last of equals",
        push(lambda a: first(a[::-1, ::-1])[::-1, ::-1]),
        "A tie went to the last maximum. This book, like PyTorch, takes the first, row by row.",
    ),
    (
        "spread as an average",
        push(lambda a: np.full(a.shape, 1 / a.size)),
        "dy is shared out over its window, as in average pooling. The cell that won gets all.",
    ),
    (
        "pushed to all",
        push(np.ones_like),
        "Every cell of a window got dy. The others did not move the maximum: they get 0.",
    ),
    (
        "times the value",
        push(lambda a: np.where(first(a), a, 0)),
        "dy is multiplied by the maximum itself. The slope of the winning cell is 1.",
    ),
    (
        "the largest size",
        push(lambda a: first(np.abs(np.where(np.isinf(a), 0, a)))),
        "The largest absolute value was chosen; a maximum minds the sign.",
    ),
    (
        "the slope alone",
        lambda dy, x, **how: push(first)(np.ones_like(dy), x, **how),
        "The cells are right, but each got 1. It should get the dy of its window.",
    ),
    (
        "remainder rows lost",
        up_to_the_last_window(push(first)),
        "dx ends where the last window ends. The rows and columns that no window reaches are part "
        "of x: their gradient is 0.",
    ),
)
_SMALLEST = Mistake(
    "the smallest",
    push(lambda a: first(np.where(np.isinf(a), np.inf, a), np.argmin)),
    "dy went to the smallest cell of each window.",
)
_PADDED = (
    Mistake(
        "padded with 0",
        push(first, fill=0),
        "The padding is 0 here, and where all cells of a window are negative it wins. Pad with "
        "-np.inf.",
    ),
    Mistake(
        "not cropped",
        push(first, crop=covered),
        "dx still has the padding around it. Cut it off at the end: dx has the shape of x.",
    ),
    Mistake(
        "cropped at one end",
        push(first, crop=corner),
        "The padding was cut off at the bottom and the right only: dx is shifted. It begins at row "
        "and column `padding`.",
    ),
    Mistake(
        "cropped with [p:-p]",
        push(first, crop=minus_padding),
        "Where the padding is 0, [padding:-padding] leaves nothing. Cut from `padding` to "
        "`padding` + the size of x.",
    ),
)


def _with_ties(rng, *shape):
    """Draw from few numbers, so that windows hold their maximum more than once."""
    return rng.integers(-2, 2, shape).astype(float)


def _map_cases(rng):
    yield (whole(rng, 2, 2), np.array([[1.0, -9, 3], [2, 5, -7], [4, 0, -1]])), _how(2, 1)
    for draw in (distinct, _with_ties):
        yield (whole(rng, 3, 4), draw(rng, 4, 5)), _how(2, 1)
        yield (whole(rng, 2, 3), draw(rng, 6, 8)), _how(3, 2)
        yield (whole(rng, 2, 3), draw(rng, 5, 6)), _how(2, 2)  # a row that no window reaches


def _how(kernel_size, stride, **more):
    return {"kernel_size": kernel_size, "stride": stride, **more}


def _batch_cases(rng):
    yield (whole(rng, 1, 1, 2, 2), distinct(rng, 1, 1, 3, 3)), _how(2, 1, padding=0)
    below = distinct(rng, 2, 3, 5, 6) - 200
    yield (whole(rng, 2, 3, 3, 3), below), _how(3, 2, padding=1)
    yield (whole(rng, 2, 3, 5, 6), distinct(rng, 2, 3, 4, 5)), _how(2, 1, padding=1)
    yield (whole(rng, 2, 1, 2, 3), _with_ties(rng, 2, 1, 5, 8)), _how(3, 2, padding=0)


def _by_position(gradient):
    """Give a minimum's gradient the order of arguments that chapter 03 uses."""
    return lambda dm, y, size, stride: gradient(dm, -y, kernel_size=size, stride=stride)


MAX = Exercise(
    name="max_pool2d.dx",
    signature="my_dx(dy, x, *, kernel_size, stride)",
    returns=("dx",),
    answer=push(first),
    cases=_map_cases,
    chapter="03",
    mistakes=(*(Mistake(*mistake) for mistake in _MAX), _SMALLEST),
)
MAX_BATCH = Exercise(
    name="max_pool2d_backward",
    signature="my_max_pool2d_backward(dy, x, *, kernel_size, stride, padding)",
    returns=("dx",),
    answer=push(first),
    cases=_batch_cases,
    chapter="03",
    mistakes=(*(Mistake(*mistake) for mistake in _MAX), _SMALLEST, *_PADDED),
)
MIN = Exercise(
    name="min_pool2d.dx",
    signature="my_min_pool_gradient(dm, y, size, stride)",
    returns=("dy",),
    answer=_by_position(push(first)),
    cases=lambda rng: ((case + tuple(how.values()), {}) for case, how in _map_cases(rng)),
    chapter="03",
    mistakes=(
        Mistake(
            "the largest",
            lambda dm, y, size, stride: push(first)(dm, y, kernel_size=size, stride=stride),
            "dm went to the largest cell of each window: this is max pooling's gradient.",
        ),
        Mistake(
            "one minus sign",
            lambda dm, y, size, stride: push(first)(-dm, -y, kernel_size=size, stride=stride),
            "The sign is turned. Of the two minus signs in -max(-y), each turns the gradient once.",
        ),
        *(
            Mistake(name, _by_position(gradient), hint.replace("maxim", "minim"))
            for name, gradient, hint in _MAX
            if name.startswith("= for +=")
            or name in ("ties shared", "every tie paid in full", "the last of equals")
        ),
    ),
)


EXERCISES = (MAX, MAX_BATCH, MIN)

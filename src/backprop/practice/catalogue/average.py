"""Average pooling: one map, padding and both divisors, the whole map, one entry (chapter 07)."""

import numpy as np

from backprop.ops.pool import avg_pool2d_backward
from backprop.practice.catalogue._pushing import (
    corner,
    covered,
    first,
    minus_padding,
    push,
    up_to_the_last_window,
    window_assigned,
)
from backprop.practice.catalogue._tools import distinct, whole, written
from backprop.practice.exercise import Exercise, Mistake


def _equally(window):
    return np.full(window.shape, 1 / np.count_nonzero(~np.isnan(window)))


def _average(share=_equally, **spoiled):
    """Make an average's gradient, right or spoiled; padding that does not count is no number."""

    def gradient(dy, x, *, count_include_pad=True, **how):
        fill = 0 if count_include_pad else np.nan
        return push(share, fill=fill, **spoiled)(dy, x, **how)

    return gradient


# what goes wrong whatever the padding
_WITHOUT_PADDING = (
    Mistake(
        "not divided",
        _average(np.ones_like),
        "Every cell got all of dy. The forward pass divided by the number of cells; so does this.",
    ),
    Mistake(
        "divided by one side",
        _average(lambda a: np.full(a.shape, 1 / len(a))),
        "dy is divided by the kernel's side. A window has kernel_size² cells.",
    ),
    Mistake(
        "= for +=",
        _average(merge=window_assigned),
        "Where windows overlap, one of them wiped out what another had pushed: += is needed, not "
        "=.",
    ),
    Mistake(
        "given to the maximum",
        _average(lambda a: first(a, np.nanargmax)),
        "dy went to the largest cell, as in max pooling. Here every cell of the window gets a "
        "share.",
    ),
    Mistake(
        "given to the corner",
        _average(lambda a: np.arange(a.size).reshape(a.shape) == 0),
        "dy went to the first cell of each window alone; every cell gets a share.",
    ),
    Mistake(
        "divided by the windows",
        lambda dy, x, **how: _average(np.ones_like)(dy / (dy.shape[-2] * dy.shape[-1]), x, **how),
        "dy is divided by the number of windows; it should be the number of cells in a window.",
    ),
    Mistake(
        "times the value",
        _average(lambda a: a * _equally(a)),
        "dy is multiplied by the cells' values. An average is linear: its slopes do not depend on "
        "x.",
    ),
    Mistake(
        "remainder rows lost",
        up_to_the_last_window(_average()),
        "dx ends where the last window ends. The rows and columns that no window reaches are part "
        "of x: their gradient is 0.",
    ),
    Mistake(
        "stride forgotten",
        lambda dy, x, *, stride, **how: _average()(dy, x, stride=1, **how),
        "The windows move by 1 here; window i begins at i·stride.",
    ),
)


_OPTIONS = (
    Mistake(
        "the padding always counted",
        lambda dy, x, **how: _average()(dy, x, **how | {"count_include_pad": True}),
        "The divisor is always kernel_size². With count_include_pad=False it is the number of the "
        "window's cells that lie in x.",
    ),
    Mistake(
        "the padding never counted",
        lambda dy, x, **how: _average()(dy, x, **how | {"count_include_pad": False}),
        "The divisor is always the number of cells that lie in x. With count_include_pad=True the "
        "padding counts too: kernel_size².",
    ),
    Mistake(
        "not cropped",
        _average(crop=covered),
        "dx still has the padding around it. Cut it off at the end: dx has the shape of x.",
    ),
    Mistake(
        "cropped at one end",
        _average(crop=corner),
        "The padding was cut off at the bottom and the right only: dx is shifted. It begins at row "
        "and column `padding`.",
    ),
    Mistake(
        "cropped with [p:-p]",
        _average(crop=minus_padding),
        "Where the padding is 0, [padding:-padding] leaves nothing. Cut from `padding` to "
        "`padding` + the size of x.",
    ),
)


def _map_cases(rng):
    for grid, shape, size, stride in [
        ((2, 2), (3, 3), 2, 1),
        ((2, 3), (6, 8), 3, 2),
        ((2, 3), (5, 6), 2, 2),  # a row that no window reaches
    ]:
        yield (whole(rng, *grid), distinct(rng, *shape)), {"kernel_size": size, "stride": stride}


def _batch_cases(rng):
    for dy, x, size, stride, padding in [
        ((1, 1, 2, 2), (1, 1, 3, 3), 2, 1, 0),
        ((2, 3, 3, 3), (2, 3, 5, 6), 3, 2, 1),
        ((2, 1, 5, 6), (2, 1, 4, 5), 2, 1, 1),
        ((2, 1, 2, 3), (2, 1, 5, 6), 2, 2, 0),  # a row that no window reaches
    ]:
        for include in (True, False):
            how = {"kernel_size": size, "stride": stride, "padding": padding}
            yield (whole(rng, *dy), distinct(rng, *x)), how | {"count_include_pad": include}


def _global(dy, x):
    return np.ones_like(x) * dy[:, :, None, None] / (x.shape[2] * x.shape[3])


def _global_cases(rng):
    for n, c, h, w in [(1, 2, 2, 3), (2, 3, 4, 5)]:
        yield (whole(rng, n, c), whole(rng, n, c, h, w)), {}


ONE_MAP = Exercise(
    name="avg_pool2d.dx",
    signature="my_dx(dy, x, *, kernel_size, stride)",
    returns=("dx",),
    answer=_average(),
    cases=_map_cases,
    chapter="07",
    mistakes=_WITHOUT_PADDING,
)
BATCH = Exercise(
    name="avg_pool2d_backward",
    signature="my_avg_pool2d_backward(dy, x, *, kernel_size, stride, padding, count_include_pad)",
    returns=("dx",),
    answer=lambda dy, x, **options: avg_pool2d_backward(dy, x, **options).dx,
    cases=_batch_cases,
    chapter="07",
    mistakes=_WITHOUT_PADDING + _OPTIONS,
)
GLOBAL = Exercise(
    name="global_average_backward",
    signature="my_global_average_backward(dy, x)",
    returns=("dx",),
    answer=_global,
    cases=_global_cases,
    chapter="07",
    mistakes=(
        Mistake(
            "not divided",
            lambda dy, x: _global(dy, x) * (x.shape[2] * x.shape[3]),
            "Every cell got all of dy. The forward pass divided by H·W; so does this.",
        ),
        Mistake(
            "divided by the rows only",
            lambda dy, x: _global(dy, x) * x.shape[3],
            "dy is divided by H. The map has H·W cells.",
        ),
        Mistake(
            "divided by the columns only",
            lambda dy, x: _global(dy, x) * x.shape[2],
            "dy is divided by W. The map has H·W cells.",
        ),
        Mistake(
            "divided by everything",
            lambda dy, x: np.ones_like(x) * dy[:, :, None, None] / x.size,
            "dy is divided by the size of all of x. Each average is over one map of H·W cells.",
        ),
        Mistake(
            "not spread",
            lambda dy, x: dy[:, :, None, None] / (x.shape[2] * x.shape[3]),
            "There is one number for each map. Every cell of the map gets it: dx has the shape of "
            "x.",
        ),
        Mistake(
            "times the value",
            lambda dy, x: _global(dy, x) * x,
            "dy is multiplied by x. An average is linear: its slopes do not depend on x.",
        ),
    ),
)


def _spread(*dm):
    """Share four numbers out over the overlapping windows of a 3×3 map."""
    return push(_equally)(np.reshape(dm, (2, 2)), np.zeros((3, 3)), kernel_size=2, stride=1)


WITHOUT_DM12 = written(
    "dy_without_dm12",
    "my_dy_without_dm12()",
    "dy",
    "07",
    _spread(8, 0, 4, 16),
    (
        "the old dy",
        _spread(8, -12, 4, 16),
        "This is dy as it was. The cells of the upper right window lose their share of dm12.",
    ),
    (
        "taken off again",
        _spread(8, -24, 4, 16),
        "The share of −3 was added once more. It goes away, so its four cells grow by 3.",
    ),
    (
        "the whole dm12",
        _spread(8, 36, 4, 16),
        "Four cells grew by 12, all of dm12. Each of them had a quarter of it.",
    ),
    (
        "the window wiped out",
        _spread(8, -12, 4, 16) * [[1, 0, 0], [1, 0, 0], [1, 1, 1]],
        "The upper right window is all 0 here. Its cells lose the share of dm12 and keep those of "
        "other windows.",
    ),
    (
        "one cell",
        np.add(_spread(8, -12, 4, 16), [[0, 3, 0], [0, 0, 0], [0, 0, 0]]),
        "Only y12 grew. dm12 is the gradient of m12, an average of the four cells in the upper "
        "right window.",
    ),
    (
        "another window",
        _spread(8, -12, 0, 16),
        "This is dy without dm21, the lower left window. dm12 belongs to the upper right one.",
    ),
)

EXERCISES = (ONE_MAP, BATCH, GLOBAL, WITHOUT_DM12)

"""The convolution as a table of weights (chapter 06)."""

import numpy as np

from backprop.practice.catalogue._tools import whole
from backprop.practice.exercise import Exercise, Mistake
from backprop.windows import rotate180


def _table(F, height, width, *, down=None, apart=None):
    """Lay the kernel on each window, each window one row of W.

    down, apart: how far the window moves in the list of pixels from one row of outputs to the
    next, and the rows of the kernel lie apart; the width of the image, unless they are spoiled.
    """
    I, J = height - F.shape[0] + 1, width - F.shape[1] + 1
    W = np.zeros((I * J, height * width), dtype=F.dtype)
    for (i, j), (u, v) in ((at, tap) for at in np.ndindex(I, J) for tap in np.ndindex(F.shape)):
        W[i * J + j, i * (down or width) + j + u * (apart or width) + v] = F[u, v]
    return W


def _cases(rng):
    for (H, W), (U, V) in [((3, 3), (2, 2)), ((4, 5), (2, 3)), ((5, 4), (3, 2))]:
        yield (whole(rng, U, V), H, W), {}


TABLE = Exercise(
    name="conv2d.matrix",
    signature="my_matrix(F, height, width)",
    returns=("W",),
    answer=_table,
    cases=_cases,
    chapter="06",
    mistakes=(
        Mistake(
            "transposed",
            lambda F, H, W: _table(F, H, W).T,
            "This is the transposed table. W has one row for each output and one column for each "
            "pixel.",
        ),
        Mistake(
            "the kernel turned",
            lambda F, H, W: _table(rotate180(F), H, W),
            "The kernel was turned by 180°. A row of W is the forward pass: it holds the kernel as "
            "it is.",
        ),
        Mistake(
            "the kernel in one piece",
            lambda F, H, W: _table(F, H, W, apart=F.shape[1]),
            "The rows of the kernel stand side by side. In the list of pixels the next row of the "
            "window begins `width` places later.",
        ),
        Mistake(
            "no jump at the end of a line",
            lambda F, H, W: _table(F, H, W, down=W - F.shape[1] + 1),
            "Each row of W is the one above, moved by one place. At the end of a line of the image "
            "the window jumps to the next line.",
        ),
    ),
)

EXERCISES = (TABLE,)

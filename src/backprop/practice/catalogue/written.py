"""Predictions: tables that a reader writes down, about the book's example (chapters 04 to 06)."""

import numpy as np

from backprop.ops.conv import conv2d
from backprop.practice.catalogue._one_channel import kernel_gradient
from backprop.practice.catalogue._tools import written
from backprop.windows import rotate180

X, DY = np.array([[5, 8, 3], [6, 4, 0], [9, 2, 1]]), np.array([[2, -3], [1, 4]])
F = np.array([[-3, 1], [4, 2]])
ONLY_Y22 = np.array([[0, 0], [0, 1]])
ONLY_X22 = np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0]])


def _counts(kernel, size, padding=0):
    """Count the windows that cover each pixel, the padding's own places cut off."""
    counts = np.zeros((size + 2 * padding,) * 2)
    for i, j in np.ndindex(*(n - kernel + 1 for n in counts.shape)):
        counts[i : i + kernel, j : j + kernel] += 1
    return counts[padding : padding + size, padding : padding + size]


def _column(pixel):
    """Read one column of W for the book's kernel: what each output does with one pixel."""
    image = np.eye(9)[pixel].reshape(1, 1, 3, 3)
    return conv2d(image, F[None, None], None).ravel()


LAST_WINDOW = written(
    "dF_of_y22",
    "my_gradient_of_y22()",
    "dF",
    "04",
    kernel_gradient(ONLY_Y22, X),
    (
        "the first window",
        kernel_gradient(rotate180(ONLY_Y22), X),
        "These are the cells that y11 saw. dy22 belongs to the last window, at the bottom right.",
    ),
    (
        "turned",
        rotate180(kernel_gradient(ONLY_Y22, X)),
        "The cells are right, but turned by 180°. They enter dF as they lie in x.",
    ),
    (
        "the old dy",
        kernel_gradient(DY, X),
        "This is dF for the old dy. Now dy is 0 except for dy22 = 1: three windows drop out.",
    ),
)
ONE_PIXEL = written(
    "change_of_dF",
    "my_change_of_dF()",
    "change",
    "04",
    kernel_gradient(DY, ONLY_X22),
    (
        "not reversed",
        rotate180(kernel_gradient(DY, ONLY_X22)),
        "This is dy as it lies. Look at dF11: its window of x ends at x22, so x22 meets the last "
        "entry of dy there.",
    ),
    (
        "the new dF",
        kernel_gradient(DY, X + ONLY_X22),
        "This is the new dF. Asked for is how much it changes: take the old dF off.",
    ),
    (
        "without dy",
        kernel_gradient(np.ones((2, 2)), ONLY_X22),
        "x22 is in the window of all four entries, that is right. But each time it is multiplied "
        "by an entry of dy.",
    ),
)
COUNTS = written(
    "window_counts",
    "my_window_counts()",
    "counts",
    "05",
    _counts(3, 4),
    (
        "added",
        np.add.outer([1, 2, 2, 1], [1, 2, 2, 1]),
        "The counts of rows and columns are added. Each row place goes with each column place: "
        "multiply them.",
    ),
    (
        "with a border",
        _counts(3, 4, padding=1),
        "These are the counts for an image with a border of zeros. Here the kernel stays inside: "
        "it has 2×2 places.",
    ),
)
COLUMN = written(
    "column_of_x23",
    "my_column_of_x23()",
    "column",
    "06",
    _column(5),
    (
        "upward",
        _column(5)[::-1],
        "The column is read upward. It begins with y11, which does not see x23.",
    ),
    (
        "the taps exchanged",
        np.array([0, 1, 0, 2]),
        "The two taps are exchanged. In y12 the pixel x23 is the bottom right cell of the window, "
        "under the tap d.",
    ),
    (
        "the products",
        _column(5) * [2, -3, 1, 4],
        "These are the products with dy, whose sum is dx23. The column holds the taps alone.",
    ),
    (
        "another column",
        _column(4),
        "This is the column of x22. Two of the four windows do not see x23.",
    ),
)

EXERCISES = (LAST_WINDOW, ONE_PIXEL, COUNTS, COLUMN)

"""The book's first examples: what is predicted of them, and the 5×5 network's loss (00 to 03)."""

import numpy as np

from backprop.ops.conv import conv2d, conv2d_backward
from backprop.ops.loss import softmax, softmax_cross_entropy, softmax_cross_entropy_backward
from backprop.ops.pool import max_pool2d, max_pool2d_backward
from backprop.practice.catalogue._tools import written
from backprop.practice.exercise import Exercise, Mistake
from backprop.windows import rotate180

# chapter 00: neighbours multiplied; the terms of dx from the product on the right, and on the left
_X, _DY = np.array([1, 4, 2]), np.array([3, 5])
_RIGHT, _LEFT = np.append(_DY * _X[1:], 0), np.append(0, _DY * _X[:-1])

NEIGHBOURS = written(
    "neighbours.dx",
    "my_dx()",
    "dx",
    "00",
    _RIGHT + _LEFT,
    (
        "the first product forgotten",
        np.where(_RIGHT, _RIGHT, _LEFT),
        "x2 is used twice. Its term from the first product, y1, is missing.",
    ),
    (
        "the second product forgotten",
        np.where(_LEFT, _LEFT, _RIGHT),
        "x2 is used twice. Its term from the second product, y2, is missing.",
    ),
    (
        "the upstream forgotten",
        np.append(_X[1:], 0) + np.append(0, _X[:-1]),
        "These are the other factors alone. Each is to be multiplied by the dy of its product.",
    ),
    (
        "the entry itself",
        np.append(_DY * _X[:-1], 0) + np.append(0, _DY * _X[1:]),
        "Each dy is multiplied by the entry itself. The slope of a product is the other factor.",
    ),
)

# chapter 01: the 3×3 image, and the network on 5×5 pixels
IMAGE = np.array([[5, 8, 3], [6, 4, 0], [9, 2, 1]])
KERNEL = np.array([[-3, 1], [4, 2]])
MIDDLE = np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0]])

X = np.array([[0, 0, 0, 1, 3], [0, 3, 2, 1, 3], [2, 1, 1, 3, 3], [3, 0, 1, 2, 2], [1, 0, 3, 1, 3]])
F = np.array([[2, -2], [3, -1]])
W = np.array([[1, -2, 2], [-1, 1, 0], [-1, 2, -1], [1, -2, 0]])
B = np.array([1, 0, -1])


def _slide(x, F):
    return conv2d(x[None, None], F[None, None], None)


def _logits(x, F=F, b=B):
    return max_pool2d(_slide(x, F), kernel_size=2).reshape(1, 4) @ W + b


def _silent_pixels():
    """Count the pixels with a gradient of 0, going back from the loss."""
    y = _slide(X, F)
    dz = softmax_cross_entropy_backward(1.0, _logits(X), labels=[0]).dlogits
    dy = max_pool2d_backward((dz @ W.T).reshape(1, 1, 2, 2), y, kernel_size=2).dx
    return np.sum(conv2d_backward(dy, X[None, None], F[None, None], None).dx == 0)


CHANGES = written(
    "changes_by_x22",
    "my_changes()",
    "changes",
    "01",
    _slide(MIDDLE, KERNEL)[0, 0],
    (
        "not reversed",
        KERNEL,
        "These are the four taps, but in another order. In y11 the middle is the last cell of the "
        "window, under F22.",
    ),
    (
        "columns alone reversed",
        KERNEL[:, ::-1],
        "Only the columns of F are reversed here. From y11 to y21 the middle moves up by a row in "
        "its window, so it meets the rows in reverse order too.",
    ),
    (
        "rows alone reversed",
        KERNEL[::-1],
        "Only the rows of F are reversed here. From y11 to y12 the middle moves left by a column "
        "in its window, so it meets the columns in reverse order too.",
    ),
    (
        "the new y",
        _slide(IMAGE + MIDDLE, KERNEL)[0, 0],
        "This is the new y. Asked for is how much it changes: take the old y off.",
    ),
    (
        "turned sign",
        -_slide(MIDDLE, KERNEL)[0, 0],
        "The signs are turned: the pixel rises by 1, so each entry changes by a tap.",
    ),
)
LOSS = Exercise(
    name="network.loss",
    signature="my_loss_of(x)",
    returns=("L",),
    answer=lambda x: softmax_cross_entropy(_logits(x), labels=[0]),
    cases=lambda rng: [((X.astype(float),), {}), ((rng.integers(0, 4, (5, 5)).astype(float),), {})],
    chapter="01",
    mistakes=(
        Mistake(
            "the kernel turned",
            lambda x: softmax_cross_entropy(_logits(x, rotate180(F)), labels=[0]),
            "The kernel is turned by 180°. Here it is laid on the window as it is.",
        ),
        Mistake(
            "no bias",
            lambda x: softmax_cross_entropy(_logits(x, b=0), labels=[0]),
            "The biases b are missing: z = AW + b.",
        ),
        Mistake(
            "another class",
            lambda x: softmax_cross_entropy(_logits(x), labels=[1]),
            "This is the loss for the second class. In code the first one has the index 0.",
        ),
        Mistake(
            "the share",
            lambda x: softmax(_logits(x))[0, 0],
            "This is the share of the right class. The loss is minus its logarithm.",
        ),
        Mistake(
            "turned sign",
            lambda x: -softmax_cross_entropy(_logits(x), labels=[0]),
            "The minus sign is missing: a share below 1 has a negative logarithm.",
        ),
    ),
)
SILENT = written(
    "silent_pixels",
    "my_silent_pixels()",
    "count",
    "01",
    _silent_pixels(),
    (
        "felt",
        25 - _silent_pixels(),
        "These are the pixels that the loss feels. The rest are meant.",
    ),
    (
        "counted twice",
        25 - 4 * F.size,
        "Four windows of four pixels, but two of the windows overlap: their shared pixels were "
        "counted twice.",
    ),
    ("the map", 16 - 4, "These are the entries of y that do not go on. Pixels of x are meant."),
)

# chapter 02: the other label, with the shares as they are printed
_SHARES = softmax(_logits(X))[0]
OTHER_LABEL = written(
    "dz_of_the_second_class",
    "my_dz()",
    "dz",
    "02",
    (_SHARES - [0, 1, 0]).round(4),
    (
        "not rounded",
        _SHARES - [0, 1, 0],
        "The numbers are right. Round them to four decimals.",
    ),
    (
        "the first class",
        (_SHARES - [1, 0, 0]).round(4),
        "This is dz for the first class. Now the second entry of the target is 1.",
    ),
    (
        "counted from 0",
        (_SHARES - [0, 0, 1]).round(4),
        "This is dz for the third class. The text counts classes from 1.",
    ),
    (
        "turned sign",
        ([0, 1, 0] - _SHARES).round(4),
        "The sign is turned: it is p - t.",
    ),
    ("the target forgotten", _SHARES.round(4), "These are the shares. Subtract the target."),
)

# chapter 03: y33 rises from -3 to 20
_MAP = _slide(X, F)[0, 0]
_DM = np.array([[2, -3], [1, 4]])
_RAISED = _MAP.copy()
_RAISED[2, 2] = 20


def _routed(y):
    return max_pool2d_backward(_DM[None, None], y[None, None], kernel_size=2).dx[0, 0]


JUMP = written(
    "dy_after_the_jump",
    "my_dy_after_the_jump()",
    "dy",
    "03",
    _routed(_RAISED),
    (
        "before the jump",
        _routed(_MAP),
        "This is dy as it was. With 20 in y33 another cell holds the maximum of the last window.",
    ),
    (
        "both",
        np.where(_routed(_MAP), _routed(_MAP), _routed(_RAISED)),
        "The last window sends its dm to two cells. The one that held the maximum before gets 0 "
        "now.",
    ),
    (
        "the change",
        _routed(_RAISED) - _routed(_MAP),
        "This is how much dy changes. Asked for is the new dy.",
    ),
)

EXERCISES = (NEIGHBOURS, CHANGES, LOSS, SILENT, OTHER_LABEL, JUMP)

"""The two gradients of one image and one kernel, and how each goes wrong (chapters 04 and 05)."""

import numpy as np

from backprop.practice.catalogue._tools import COLUMNS, ROWS, TURN
from backprop.practice.exercise import Mistake
from backprop.windows import rotate180, sliding_windows


def slide(x, F):
    """Slide a kernel over an image, and multiply and add: (H,W), (U,V) -> (I,J)."""
    return np.einsum("ijuv,uv->ij", sliding_windows(x, F.shape), F)


def slide_full(dy, F, border=None):
    """Slide the kernel over dy with a border of zeros, by default a full one."""
    rows, columns = border or (F.shape[0] - 1, F.shape[1] - 1)
    return slide(np.pad(dy, ((rows, rows), (columns, columns))), F)


def kernel_gradient(dy, x):
    """Slide dy over x: the gradient of F."""
    return slide(x, dy)


def input_gradient(dy, F):
    """Slide the turned kernel over dy: the gradient of x."""
    return slide_full(dy, rotate180(F))


def _same_size(dy, F):
    """Cut dx down to the size of dy."""
    top, left = (F.shape[0] - 1) // 2, (F.shape[1] - 1) // 2
    return input_gradient(dy, F)[top : top + dy.shape[0], left : left + dy.shape[1]]


def _last_window(dy, F):
    """Push with = for +=."""
    dx = np.zeros((dy.shape[0] + F.shape[0] - 1, dy.shape[1] + F.shape[1] - 1), dtype=dy.dtype)
    for i, j in np.ndindex(dy.shape):
        dx[i : i + F.shape[0], j : j + F.shape[1]] = dy[i, j] * F
    return dx


def _read_before_the_first(dy, F):
    """Read dy[p - u] where p - u is negative: Python counts from the end there."""
    dx = np.zeros_like(input_gradient(dy, F))
    for p, q, u, v in np.ndindex(*dx.shape, *F.shape):
        if p - u < dy.shape[0] and q - v < dy.shape[1]:
            dx[p, q] += dy[p - u, q - v] * F[u, v]
    return dx


DF = (
    Mistake(
        "dF turned",
        lambda dy, x: rotate180(kernel_gradient(dy, x)),
        "This dF is turned by 180°. The kernel's gradient needs no turn: dy slides over x as it "
        "is.",
        "04",
    ),
    Mistake(
        "dF with dy turned",
        lambda dy, x: slide(x, rotate180(dy)),
        "dy was turned by 180° before it slid over x (a true convolution does that). The kernel's "
        "gradient needs no turn.",
        "04",
    ),
    Mistake(
        "rows of dF reversed",
        lambda dy, x: kernel_gradient(dy, x)[::-1],
        "The rows of dF are in the reverse order. The kernel's gradient needs no turn.",
        "04",
    ),
    Mistake(
        "columns of dF reversed",
        lambda dy, x: kernel_gradient(dy, x)[:, ::-1],
        "The columns of dF are in the reverse order. The kernel's gradient needs no turn.",
        "04",
    ),
    Mistake(
        "dF from a full border",
        lambda dy, x: slide_full(x, dy),
        "dy slid over x with a border of zeros around it. For dF it stays inside x; the full "
        "border belongs to dx.",
        "04",
    ),
    Mistake(
        "dF averaged",
        lambda dy, x: kernel_gradient(dy, x) / dy.size,
        "dF is averaged over the positions. The kernel is used at every position: the terms add "
        "up.",
        "04",
    ),
    Mistake(
        "dF from the last window",
        lambda dy, x: dy[-1, -1] * x[dy.shape[0] - 1 :, dy.shape[1] - 1 :],
        "Only the last window is left in dF. The kernel is used in every window: += is needed, "
        "not =.",
        "04",
    ),
    Mistake(
        "dF without dy",
        lambda dy, x: slide(x, np.ones_like(dy)),
        "The windows of x are added up without their dy, as if every dy were 1.",
        "04",
    ),
)
DX = (
    Mistake(
        "not turned",
        slide_full,
        TURN,
        "05",
    ),
    Mistake(
        "only rows turned",
        lambda dy, F: slide_full(dy, F[::-1]),
        COLUMNS,
        "05",
    ),
    Mistake(
        "only columns turned",
        lambda dy, F: slide_full(dy, F[:, ::-1]),
        ROWS,
        "05",
    ),
    Mistake(
        "transposed",
        lambda dy, F: slide_full(dy, F.T),
        "The kernel was transposed, F.T. What is needed is the turn by 180°, F[::-1, ::-1].",
        "05",
    ),
    Mistake(
        "turned by 90°",
        lambda dy, F: slide_full(dy, np.rot90(F)),
        "The kernel was turned by 90°: np.rot90(F) makes one quarter. It has to be two, "
        "np.rot90(F, 2).",
        "05",
    ),
    Mistake(
        "dx turned",
        lambda dy, F: rotate180(input_gradient(dy, F)),
        "dx is turned by 180° as a whole. Only the kernel is turned, dy and dx are not.",
        "05",
    ),
    Mistake(
        "not padded",
        lambda dy, F: slide(dy, rotate180(F)),
        "dy was not padded, so dx is too small. It needs a border of zeros, one less than the "
        "kernel on every side.",
        "05",
    ),
    Mistake(
        "a border of 1",
        lambda dy, F: slide_full(dy, rotate180(F), (1, 1)),
        "dy got a border of one zero whatever the kernel. It has to be one less than the kernel: "
        "U - 1 rows and V - 1 columns.",
        "05",
    ),
    Mistake(
        "the borders exchanged",
        lambda dy, F: slide_full(dy, rotate180(F), (F.shape[1] - 1, F.shape[0] - 1)),
        "The border's sizes are exchanged: U - 1 rows above and below, V - 1 columns left and "
        "right.",
        "05",
    ),
    Mistake(
        "the size of dy",
        _same_size,
        "dx has the size of dy. It has the size of x, which is larger by U - 1 and V - 1.",
        "05",
    ),
    Mistake(
        "negative places wrap",
        _read_before_the_first,
        "In Python a negative index counts from the end: dy[p - u, q - v] read the last entries "
        "where there is no output. Such a term is 0: leave it out.",
        "05",
    ),
    Mistake(
        "= for +=",
        _last_window,
        "Where windows overlap, one of them wiped out what another had pushed: += is needed, not "
        "=.",
        "05",
    ),
)

"""The gradients of a batch with channels, and how each goes wrong (chapters 04, 05 and 08)."""

import numpy as np

from backprop.practice.catalogue._tools import COLUMNS, ROWS, TURN
from backprop.practice.exercise import Mistake
from backprop.windows import rotate180, sliding_windows


def kernel_gradient(dy, x):
    """Slide dy over x, summed over the batch: (N,F,I,J), (N,C,H,W) -> (F,C,U,V)."""
    return np.einsum("ncuvij,nfij->fcuv", sliding_windows(x, dy.shape[2:]), dy)


def input_gradient(dy, w):
    """Slide the turned kernels over dy, summed over their outputs: -> (N,C,H,W)."""
    rows, columns = w.shape[2] - 1, w.shape[3] - 1
    padded = np.pad(dy, ((0, 0), (0, 0), (rows, rows), (columns, columns)))
    return np.einsum("nfhwuv,fcuv->nchw", sliding_windows(padded, w.shape[2:]), rotate180(w))


def _last_place(dy, w):
    """Push with = for +=, over positions and output channels."""
    U, V = w.shape[2:]
    shape = (len(dy), w.shape[1], dy.shape[2] + U - 1, dy.shape[3] + V - 1)
    dx = np.zeros(shape, dtype=dy.dtype)
    for n, f, i, j in np.ndindex(dy.shape):
        dx[n, :, i : i + U, j : j + V] = dy[n, f, i, j] * w[f]
    return dx


def _reshaped(w):
    """Exchange the two channel axes by a reshape, which mixes the kernels up."""
    return w.reshape(w.shape[1], w.shape[0], *w.shape[2:]).swapaxes(0, 1)


DX = (
    Mistake(
        "not turned",
        lambda dy, w: input_gradient(dy, rotate180(w)),
        TURN,
        "05",
    ),
    Mistake(
        "only rows turned",
        lambda dy, w: input_gradient(dy, w[..., ::-1]),
        COLUMNS,
        "05",
    ),
    Mistake(
        "only columns turned",
        lambda dy, w: input_gradient(dy, w[..., ::-1, :]),
        ROWS,
        "05",
    ),
    Mistake(
        "all axes turned",
        lambda dy, w: input_gradient(dy, w[::-1, ::-1]),
        "All four axes of w were reversed. Only the last two are turned; channels keep their "
        "order.",
        "05",
    ),
    Mistake(
        "channels not swapped",
        lambda dy, w: input_gradient(dy, _reshaped(w)),
        "The channels of w were exchanged by a reshape, which mixes the kernels. The way back goes "
        "from F to C channels: exchange the axes themselves, w.swapaxes(0, 1).",
        "08",
    ),
    Mistake(
        "the last output channel only",
        lambda dy, w: input_gradient(dy[:, -1:], w[-1:]),
        "Only the last output channel pushed into dx. x feeds every output channel: add them up.",
        "05",
    ),
    Mistake(
        "output channels averaged",
        lambda dy, w: input_gradient(dy, w) / len(w),
        "The output channels are averaged. x feeds all of them: their terms add up.",
        "05",
    ),
    Mistake(
        "= for +=",
        _last_place,
        "In dx, one window wiped out what another had pushed: += is needed, not =.",
        "05",
    ),
    Mistake(
        "batch summed",
        lambda dy, w: (
            np.zeros_like(dy[:, :1, :1, :1]) + input_gradient(dy, w).sum(axis=0, keepdims=True)
        ),
        "All images got the same dx. Each image has a dx of its own; only dw and db add up the "
        "batch.",
        "08",
    ),
)
DW = (
    Mistake(
        "dw averaged over the batch",
        lambda dy, x: kernel_gradient(dy, x) / len(x),
        "dw is averaged over the batch. All images use the same kernels: their terms add up. If "
        "the loss is a mean, that division is in dy already.",
        "04",
    ),
    Mistake(
        "dw from the last image",
        lambda dy, x: kernel_gradient(dy[-1:], x[-1:]),
        "Only the last image is left in dw: over the batch, += is needed, not =.",
        "04",
    ),
    Mistake(
        "dw from the last window",
        lambda dy, x: kernel_gradient(
            dy[..., -1:, -1:], x[..., dy.shape[2] - 1 :, dy.shape[3] - 1 :]
        ),
        "Only the last window is left in dw. The kernels are used in every window: += is needed, "
        "not =.",
        "04",
    ),
    Mistake(
        "dw from the last window of the last image",
        lambda dy, x: kernel_gradient(
            dy[-1:, :, -1:, -1:], x[-1:, :, dy.shape[2] - 1 :, dy.shape[3] - 1 :]
        ),
        "Only one window of one image is left in dw, the last. The kernels are used in every "
        "window: += is needed, not =.",
        "04",
    ),
    Mistake(
        "dw turned",
        lambda dy, x: rotate180(kernel_gradient(dy, x)),
        "This dw is turned by 180°. The kernel's gradient needs no turn.",
        "04",
    ),
    Mistake(
        "dw with dy turned",
        lambda dy, x: kernel_gradient(rotate180(dy), x),
        "dy was turned by 180° before it slid over x. The kernel's gradient needs no turn.",
        "04",
    ),
    Mistake(
        "dw averaged over positions",
        lambda dy, x: kernel_gradient(dy, x) / (dy.shape[2] * dy.shape[3]),
        "dw is averaged over the positions. The kernel is used at each of them: the terms add up.",
        "04",
    ),
    Mistake(
        "dw with channels exchanged",
        lambda dy, x: kernel_gradient(dy, x).swapaxes(0, 1),
        "The first two axes of dw are exchanged: w is (F, C, U, V), output channels first.",
        "04",
    ),
    Mistake(
        "dw with channels added",
        lambda dy, x: np.repeat(
            kernel_gradient(dy, x).sum(axis=1, keepdims=True), x.shape[1], axis=1
        ),
        "All input channels got the same slice of dw. Each pair of an output and an input channel "
        "has a slice of its own.",
        "04",
    ),
)
DB = (
    Mistake(
        "db averaged",
        lambda dy: dy.mean(axis=(0, 2, 3)),
        "db is averaged. The bias is added at every position of every image: add up all of dy.",
        "04",
    ),
    Mistake(
        "db averaged over the batch",
        lambda dy: dy.sum(axis=(2, 3)).mean(axis=0),
        "db is averaged over the batch; it adds the images up, as dw does.",
        "04",
    ),
    Mistake(
        "db with the batch left",
        lambda dy: dy.sum(axis=(2, 3)),
        "db still has a row for each image. One bias serves all images: add up axis 0 as well.",
        "04",
    ),
    Mistake(
        "db with the positions left",
        lambda dy: dy.sum(axis=0),
        "db still has a map for each channel. One bias serves all positions: add up axes 2 and 3.",
        "04",
    ),
    Mistake(
        "db of one number",
        lambda dy: dy.sum(),
        "db is one number. There is a bias for each output channel: keep axis 1.",
        "04",
    ),
    Mistake(
        "db over the channels",
        lambda dy: dy.sum(axis=(0, 1)).sum(axis=-1),
        "db adds up the channels and keeps the rows. It should keep axis 1, the output channels.",
        "04",
    ),
    Mistake(
        "db with its axes kept",
        lambda dy: dy.sum(axis=(0, 2, 3), keepdims=True),
        "db should have the shape of b, (F,); keepdims=True leaves axes of length 1.",
        "04",
    ),
)

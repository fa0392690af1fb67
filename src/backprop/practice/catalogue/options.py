"""Convolution with stride and padding (chapters 05 and 08)."""

import numpy as np

from backprop.ops.conv import conv2d_backward
from backprop.practice.catalogue._tools import TURN, instead, whole
from backprop.practice.exercise import Exercise, Mistake
from backprop.windows import output_size, rotate180


def _right(dy, x, w, b, *, stride=1, padding=0):
    return tuple(conv2d_backward(dy, x, w, b, stride=stride, padding=padding))


def _padded(x, padding):
    return np.pad(x, [(0, 0)] * (x.ndim - 2) + [(padding, padding)] * 2)


def _loops(row, *, crop=None, pad=_padded, assign=False):
    """Make a backward in which tap u of window i meets row(i, u, stride), if that exists."""

    def backward(dy, x, w, b, *, stride=1, padding=0):
        padded = pad(x, padding)
        dpadded, dw = np.zeros_like(padded), np.zeros_like(w)
        for i, j, u, v in np.ndindex(*dy.shape[2:], *w.shape[2:]):
            r, c = row(i, u, stride), row(j, v, stride)
            if r < padded.shape[2] and c < padded.shape[3]:
                pushed = dy[:, :, i, j] @ w[:, :, u, v]
                pulled = dy[:, :, i, j].T @ padded[:, :, r, c]
                dpadded[:, :, r, c] = pushed if assign else dpadded[:, :, r, c] + pushed
                dw[:, :, u, v] = pulled if assign else dw[:, :, u, v] + pulled
        H, W = x.shape[2:]
        middle = dpadded[:, :, padding : padding + H, padding : padding + W]
        dx = middle if crop is None else crop(dpadded, H, W, padding)
        return dx, dw, dy.sum(axis=(0, 2, 3))

    return backward


def _place(i, u, stride):
    return i * stride + u


def _pad_at_the_end(x, padding):
    return np.pad(x, [(0, 0)] * 2 + [(0, 2 * padding)] * 2)


def _reached(dy, x, w, b, *, stride=1, padding=0):
    """Compute dx of the cells that windows reach, and no others."""
    H, W = ((n - 1) * stride + k for n, k in zip(dy.shape[2:], w.shape[2:], strict=True))
    return _right(dy, x, w, b, stride=stride, padding=padding)[0][
        :, :, : H - padding, : W - padding
    ]


def _cases(rng):
    for N, C, F, (H, W), (U, V), stride, padding in [
        (1, 1, 1, (3, 3), (2, 2), 1, 0),
        (1, 1, 1, (4, 5), (2, 2), 2, 0),  # a column that no window reaches
        (1, 1, 1, (3, 3), (2, 2), 1, 1),
        (2, 3, 2, (7, 6), (3, 2), 2, 1),
    ]:
        how = {"stride": stride, "padding": (padding, padding)}
        I, J = (output_size(n, k, **how) for n, k in [(H, U), (W, V)])
        shapes = (N, F, I, J), (N, C, H, W), (F, C, U, V), (F,)
        yield tuple(whole(rng, *s) for s in shapes), {"stride": stride, "padding": padding}


def _of(place, wrong):
    """Spoil one gradient with the same gradient of a wrong backward."""
    return instead(_right, place, lambda *a, **o: wrong(*a, **o)[place])


BACKWARD = Exercise(
    name="conv2d_backward.options",
    signature="my_backward_with_options(dy, x, w, b, *, stride=1, padding=0)",
    returns=("dx", "dw", "db"),
    answer=_right,
    cases=_cases,
    chapter="08",
    mistakes=(
        Mistake(
            "the stride forgotten",
            _of(0, _loops(lambda i, u, stride: i + u)),
            "The windows move by 1 here, whatever the stride. Window (i, j) begins at row "
            "i·stride, column j·stride.",
        ),
        Mistake(
            "stride taken for dilation",
            _of(0, _loops(lambda i, u, stride: i + u * stride)),
            "The stride was used inside the window, between the taps: that is dilation. It is the "
            "windows that move by the stride.",
        ),
        Mistake(
            "stride on everything",
            _of(0, _loops(lambda i, u, stride: (i + u) * stride)),
            "The stride multiplies i + u. It multiplies i alone: the taps of a window stay "
            "neighbours.",
        ),
        Mistake(
            "not cropped",
            _loops(_place, crop=lambda d, H, W, p: d),
            "dx still has the padding around it. Nobody asks for its gradient: cut it off.",
        ),
        Mistake(
            "cropped at one end",
            _loops(_place, crop=lambda d, H, W, p: d[:, :, :H, :W]),
            "The padding was cut off at the bottom and the right only: dx is shifted. It begins at "
            "row and column `padding`.",
        ),
        Mistake(
            "cropped with [p:-p]",
            _loops(_place, crop=lambda d, H, W, p: d[:, :, p:-p, p:-p]),
            "Where the padding is 0, [padding:-padding] leaves nothing. Cut from `padding` to "
            "`padding` + the size of x.",
        ),
        Mistake(
            "remainder rows lost",
            instead(_right, 0, _reached),
            "dx ends where the last window ends. The rows and columns that no window reaches are "
            "part of x: their gradient is 0.",
        ),
        Mistake(
            "not turned",
            instead(_right, 0, lambda dy, x, w, b, **how: _right(dy, x, rotate180(w), b, **how)[0]),
            TURN,
            "05",
        ),
        Mistake(
            "= for +=",
            _of(0, _loops(_place, assign=True)),
            "Where windows overlap, one of them wiped out in dx what another had pushed: += is "
            "needed, not =.",
            "05",
        ),
        Mistake(
            "dw from the last window",
            _of(1, _loops(_place, assign=True)),
            "Only the last window is left in dw. The kernels are used in every window: += is "
            "needed, not =.",
            "04",
        ),
        Mistake(
            "dw from x without padding",
            _of(1, _loops(_place, pad=_pad_at_the_end)),
            "For dw the windows begin at the first pixel of x. They lie on the padded image, so "
            "the first ones begin in the padding.",
        ),
        Mistake(
            "dw without the stride",
            _of(1, _loops(lambda i, u, stride: i + u)),
            "For dw the windows move by 1. Window (i, j) begins at row i·stride, column j·stride, "
            "as in the forward pass.",
        ),
        Mistake(
            "dw with the stride as dilation",
            _of(1, _loops(lambda i, u, stride: i + u * stride)),
            "For dw the stride was used between the taps. It stands between windows; sliding dy "
            "over x, it stands between the entries of dy.",
        ),
        Mistake(
            "dw averaged over the batch",
            instead(_right, 1, lambda dy, x, w, b, **how: _right(dy, x, w, b, **how)[1] / len(x)),
            "dw is averaged over the batch; the images add up.",
            "04",
        ),
        Mistake(
            "db averaged",
            instead(_right, 2, lambda dy, *_, **how: dy.mean(axis=(0, 2, 3))),
            "db is averaged. The bias is added at every position of every image: add up all of dy.",
            "04",
        ),
    ),
)

EXERCISES = (BACKWARD,)

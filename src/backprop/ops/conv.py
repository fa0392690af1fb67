"""Convolution and its gradient: x (N,C,H,W), w (F,C/groups,U,V), b (F,) -> y (N,F,I,J).

Inside, the batch comes last, (C,H,W,n): what one tap meets in a row of windows is then one run of
J*n neighbours in memory, however narrow the images are. Every window becomes a column of
K = C/groups*U*V numbers, and each pass is one matrix product for each block of columns. A block
fits the processor's cache, so the extra memory is bounded, whatever the batch. Chapter 08 explains
this.
"""

import math
from typing import NamedTuple

import numpy as np

from backprop.ops._arrays import (
    axes,
    blocks,
    copy_images,
    floats,
    output_grid,
    shapes,
    slices,
    upstream,
)
from backprop.windows import (
    crop,
    padded_shape,
    padding_pairs,
    seen_by_tap,
    size_pair,
    sliding_windows,
    whole,
)

# Images of a block: the more, the longer a run; but the block is walked through once for each pass.
MOST_IMAGES, MOST_BYTES = 64, 3 * 2**20
COLUMN_BYTES = 2**20  # the columns made at one time: they stay in the cache


class Conv2dGrads(NamedTuple):
    """The gradients of `conv2d`, each of its argument's shape."""

    dx: np.ndarray
    dw: np.ndarray
    db: np.ndarray | None


def conv2d(x, w, b, *, stride=1, padding=0, dilation=1, groups=1):
    """Slide every kernel over every image: (N,C,H,W), (F,C/groups,U,V), (F,) -> (N,F,I,J).

    y[n,f,i,j] = b[f] + sum over c,u,v of x[n, c, i*stride + u*dilation, j*stride + v*dilation]
    * w[f,c,u,v], where x is padded with zeros and c runs over the channels of f's group.
    I = (H + top + bottom - (U-1)*dilation - 1) // stride + 1, and J likewise from W and V.

    The kernel is NOT flipped (cross-correlation), as in PyTorch, TensorFlow and JAX; the turn by
    180° appears in the gradient of x. `stride` and `dilation` are an int or (vertical, horizontal);
    `padding` is an int, such a pair, or ((top, bottom), (left, right)); `b` may be None.

    Raises ValueError where channels, groups or shapes disagree or the kernel does not fit,
    TypeError where a size is not whole or an array not real. Derived in chapters 01 and 08.
    """
    x, w, b, how = _prepare(x, w, b, stride, padding, dilation, groups)
    y = np.empty(how.out, dtype=x.dtype)
    kernels = _in_groups(w, how)
    for images in _image_blocks(x, how):
        _forward_block(x[images], kernels, b, y[images], how)
    return y


def conv2d_backward(dy, x, w, b, *, stride=1, padding=0, dilation=1, groups=1):
    """Return the gradients of `conv2d`: dy (N,F,I,J) -> dx (N,C,H,W), dw (F,C/groups,U,V), db (F,).

    dx: tap (u,v) of every kernel pushes dy * w[:,:,u,v] into the cells it met; equally, the kernel
    turned by 180° slides over dy spread by the stride and padded in full. Cells no window reaches
    get exactly 0. dw: dy, spread by the stride, slides over x, no turn, summed over the batch.
    db: dy summed over batch and positions; None where b is None.

    Raises ValueError where dy is not of y's shape, and whatever `conv2d` raises.
    Derived in chapters 04 (dw), 05 (dx) and 08 (every option).
    """
    x, w, b, how = _prepare(x, w, b, stride, padding, dilation, groups)
    dy = upstream("conv2d_backward", dy, how.out, x.dtype)
    kernels = _in_groups(w, how).swapaxes(1, 2)
    dx = np.empty(x.shape, dtype=x.dtype)
    dw, db = np.zeros(w.shape, dtype=x.dtype), np.zeros(len(w), dtype=x.dtype)
    for images in _image_blocks(x, how):
        _backward_block(dy[images], x[images], kernels, dx[images], _in_groups(dw, how), db, how)
    return Conv2dGrads(dx, dw, db=None if b is None else db)


def _forward_block(x, kernels, b, y, how):
    """Fill y (n,F,I,J) for some images."""
    windows = _windows(_with_batch_last(x, how.padding), how)
    y_last = np.empty((*how.out[1:], len(x)), dtype=x.dtype)
    for rows, columns in _column_blocks(windows, how):
        # (G,F/G,K) @ (G,K,i*J*n) -> (G,F/G,i*J*n)
        np.matmul(kernels, columns, out=_in_groups(y_last[:, rows], how))
    if b is not None:
        y_last += b[:, None, None, None]
    copy_images(_batch_first(y_last), y)


def _backward_block(dy, x, kernels, dx, dw, db, how):
    """Fill dx (n,C,H,W) for some images, and add their part to dw (G,F/G,K) and db (F,)."""
    seen, dy_last = _with_batch_last(x, how.padding), _with_batch_last(dy)
    db += dy_last.sum(axis=(1, 2, 3))
    sent = np.zeros(seen.shape, dtype=x.dtype)
    taps = _taps(sent, how)
    for rows, columns in _column_blocks(_windows(seen, how), how):
        dy_rows = _in_groups(dy_last[:, rows], how)
        # (G,F/G,i*J*n) @ (G,i*J*n,K) -> (G,F/G,K): the product sums over images and positions
        dw += dy_rows @ columns.swapaxes(1, 2)
        # (G,K,F/G) @ (G,F/G,i*J*n) -> (G,K,i*J*n): what each window sends to each of its cells
        np.matmul(kernels, dy_rows, out=columns)
        by_tap = columns.reshape(x.shape[1], len(taps), *taps[0][:, rows].shape[1:])
        for number, met in enumerate(taps):
            met[:, rows] += by_tap[:, number]  # windows overlap: a cell adds up what it is sent
    copy_images(crop(_batch_first(sent), how.padding), dx)


class _How(NamedTuple):
    """The options of one call, normalised, and the shape of its result."""

    kernel: tuple
    stride: tuple
    padding: tuple
    dilation: tuple
    groups: int
    out: tuple
    image_size: int


def _prepare(x, w, b, stride, padding, dilation, groups):
    """Check one call of conv2d: its arrays in one float type, and how the windows lie."""
    x, w, b = floats("conv2d", optional=("b",), x=x, w=w, b=b)
    axes("conv2d", "x", x, "NCHW")
    axes("conv2d", "w", w, ("F", "C/groups", "U", "V"))
    stride = size_pair("conv2d: stride", stride)
    padding = padding_pairs("conv2d: padding", padding)
    dilation = size_pair("conv2d: dilation", dilation)
    groups = whole("conv2d: groups", groups, 1)
    _check_channels(x, w, b, groups)
    grid = output_grid("conv2d", x, w.shape[2:], stride, padding, dilation)
    out = (len(x), len(w), *grid)
    size = x.itemsize * max(math.prod(padded_shape(x.shape[1:], padding)), math.prod(out[1:]))
    return x, w, b, _How(w.shape[2:], stride, padding, dilation, groups, out, size)


def _check_channels(x, w, b, groups):
    """Refuse kernels, groups and a bias whose channels do not fit together."""
    C, F, expected = x.shape[1], w.shape[0], w.shape[1] * groups
    seen = shapes(x=x, w=w, b=b)
    if w.size == 0:
        raise ValueError(f"conv2d: w has an axis of length 0: {seen}")
    if expected != C:
        share = f" ({w.shape[1]} in each of {groups} groups)" if groups > 1 else ""
        raise ValueError(f"conv2d: w expects {expected} input channels{share}, x has {C}: {seen}")
    if F % groups:
        raise ValueError(f"conv2d: {groups} groups do not divide {F} output channels: {seen}")
    if b is not None and b.shape != (F,):
        raise ValueError(f"conv2d: b needs one entry for each of {F} output channels: {seen}")


def _in_groups(a, how):
    """Split the first axis into groups, lay the others in one row: (F,…) -> (G,F/G,…), a view."""
    return a.reshape(how.groups, len(a) // how.groups, -1)


def _batch_first(a):
    """Bring the batch back to the front, a view: (C,H,W,n) -> (n,C,H,W)."""
    return a.transpose(3, 0, 1, 2)


def _image_blocks(x, how):
    """Cut a batch into slices: 64 images, fewer where an image is large.

    They come one after the other: a matrix product shares itself out to the processors, and two at
    once would get in each other's way.
    """
    return slices(range(len(x)), max(1, min(MOST_IMAGES, MOST_BYTES // max(1, how.image_size))))


def _with_batch_last(a, padding=((0, 0), (0, 0))):
    """Copy some images, padded with zeros: (n,C,H,W) -> (C,H',W',n)."""
    copy = np.zeros((*padded_shape(a.shape[1:], padding), len(a)), dtype=a.dtype)
    copy_images(a, crop(_batch_first(copy), padding))
    return copy


def _windows(seen, how):
    """Show all windows, a read-only view: (C,H',W',n) -> (C,U,V,I,J,n)."""
    windows = sliding_windows(
        seen.transpose(0, 3, 1, 2), how.kernel, stride=how.stride, dilation=how.dilation
    )
    return windows.transpose(0, 4, 5, 2, 3, 1)


def _taps(sent, how):
    """Show, for each tap in row-major order, the cells that it met: views (C,I,J,n)."""
    cells, grid = sent.transpose(0, 3, 1, 2), how.out[2:]
    return [
        seen_by_tap(cells, u, v, grid, stride=how.stride, dilation=how.dilation).transpose(
            0, 2, 3, 1
        )
        for u, v in np.ndindex(how.kernel)
    ]


def _column_blocks(windows, how):
    """Yield (rows, columns): the windows of some rows of the output, copied: (G,K,i*J*n)."""
    for rows in blocks(range(how.out[2]), windows[:, :, :, 0].nbytes, room=COLUMN_BYTES):
        columns = windows[:, :, :, rows].copy()
        yield rows, columns.reshape(how.groups, -1, columns[0, 0, 0].size)

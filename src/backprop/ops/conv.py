"""Convolution and its gradient: x (N,C,H,W), w (F,C/groups,U,V), b (F,) -> y (N,F,I,J).

Inside, channels are split into G groups, and every window becomes a column of K = C/G*U*V numbers.
Then the forward pass and the kernel's gradient are one matrix product for each block of columns.
Blocks bound the extra memory, whatever the batch.
"""

from typing import NamedTuple

import numpy as np

from backprop.ops._arrays import axes, blocks, floats, output_grid, shapes, upstream
from backprop.windows import (
    crop,
    pad,
    padded_shape,
    padding_pairs,
    seen_by_tap,
    size_pair,
    sliding_windows,
    whole,
)


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
    y_grouped = _grouped(y, how.groups)  # a view
    kernels = _grouped(w, how.groups, axis=0).reshape(how.groups, y_grouped.shape[2], -1)
    for images, rows, columns in _column_blocks(x, w.shape[2:], how):
        block = y_grouped[images, :, :, rows]
        # (G,F/G,K) @ (G,K,n*i*J) -> (G,F/G,n*i*J)
        product = (kernels @ columns).reshape(_channels_first(block).shape)
        _channels_first(block)[...] = product
    if b is not None:
        y += b[:, None, None]
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
    return Conv2dGrads(
        dx=_input_gradient(dy, x, w, how),
        dw=_kernel_gradient(dy, x, w, how),
        db=None if b is None else dy.sum(axis=(0, 2, 3)),
    )


def _kernel_gradient(dy, x, w, how):
    """Sum dy times the windows it came from, over the batch and all positions: -> (F,C/G,U,V)."""
    dw = np.zeros((how.groups, w.shape[0] // how.groups, w[0].size), dtype=x.dtype)
    dy_grouped = _grouped(dy, how.groups)
    for images, rows, columns in _column_blocks(x, w.shape[2:], how):
        block = _channels_first(dy_grouped[images, :, :, rows])
        # (G,F/G,n*i*J) @ (G,n*i*J,K) -> (G,F/G,K): the product sums over images and positions
        dw += block.reshape(*dw.shape[:2], -1) @ columns.swapaxes(1, 2)
    return dw.reshape(w.shape)


def _input_gradient(dy, x, w, how):
    """Let each tap push dy, weighted, into the cells that it met: -> (N,C,H,W)."""
    dx = np.empty(x.shape, dtype=x.dtype)
    dx_grouped = _grouped(dx, how.groups)
    dy_grouped = _grouped(dy, how.groups)
    kernels = _grouped(w, how.groups, axis=0).swapaxes(1, 2)  # (G,C/G,F/G,U,V)
    for images in blocks(len(x), x[:1].nbytes):
        dx_block = _channels_first(dx_grouped[images])
        dy_block = _channels_first(dy_grouped[images])
        dy_rows = dy_block.reshape(*dy_block.shape[:2], -1)
        padded = np.zeros(padded_shape(dx_block.shape, how.padding), dtype=x.dtype)
        for u, v in np.ndindex(w.shape[2:]):
            # (G,C/G,F/G) @ (G,F/G,n*I*J) -> (G,C/G,n,I,J)
            pushed = kernels[..., u, v] @ dy_rows
            met = seen_by_tap(padded, u, v, dy.shape[2:], stride=how.stride, dilation=how.dilation)
            met += pushed.reshape(met.shape)  # windows overlap: a cell adds up what it is sent
        dx_block[...] = crop(padded, how.padding)
    return dx


class _How(NamedTuple):
    """The options of one call, normalised, and the shape of its result."""

    stride: tuple
    padding: tuple
    dilation: tuple
    groups: int
    out: tuple


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
    return x, w, b, _How(stride, padding, dilation, groups, (len(x), len(w), *grid))


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


def _grouped(a, groups, axis=1):
    """Split the channel axis, a view: (N,C,H,W) -> (N,G,C/G,H,W), or (F,…) -> (G,F/G,…)."""
    split = (groups, a.shape[axis] // groups)
    return a.reshape(*a.shape[:axis], *split, *a.shape[axis + 1 :])


def _channels_first(a):
    """Bring groups and channels to the front, a view: (n,G,C/G,…) -> (G,C/G,n,…)."""
    return np.moveaxis(a, 0, 2)


def _column_blocks(x, kernel, how):
    """Yield (images, rows, columns): some windows of some images, as (G, C/G*U*V, n*i*J)."""
    row_size = x.itemsize * x.shape[1] * kernel[0] * kernel[1] * how.out[3]
    for images in blocks(len(x), row_size * how.out[2]):
        block = pad(_grouped(x[images], how.groups), how.padding)
        windows = sliding_windows(block, kernel, stride=how.stride, dilation=how.dilation)
        n, G, channels = windows.shape[:3]
        for rows in blocks(how.out[2], row_size * n):
            some = windows[:, :, :, rows]  # (n,G,C/G,i,J,U,V)
            columns = some.transpose(1, 2, 5, 6, 0, 3, 4)
            yield images, rows, columns.reshape(G, channels * kernel[0] * kernel[1], -1)

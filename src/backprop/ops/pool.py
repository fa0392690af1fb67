"""Pooling and its gradient: x (N,C,H,W) -> y (N,C,I,J), each window to one number.

The loops run over the taps of the window; one tap meets all windows of a block of maps at once, a
map (H,W) being one channel of one image. Where there are more maps than columns, memory holds the
same cell of all maps side by side, so that NumPy has long rows to run along.
"""

from typing import NamedTuple

import numpy as np

from backprop.ops._arrays import (
    axes,
    blocks,
    copy_images,
    floats,
    keep,
    output_grid,
    row_by_row,
    shapes,
    upstream,
)
from backprop.windows import (
    crop,
    pad,
    padded_shape,
    padding_pairs,
    seen_by_tap,
    size_pair,
    sliding_windows,
)

FEWEST_MAPS = 64  # of a block, so that rows stay long where maps are large
# Cells after a row: at a distance of a power of two, rows would share a few lines of the cache.
SPARE = 16


class MaxPool2dGrads(NamedTuple):
    """The gradient of `max_pool2d`."""

    dx: np.ndarray


class AvgPool2dGrads(NamedTuple):
    """The gradient of `avg_pool2d`."""

    dx: np.ndarray


def max_pool2d(x, *, kernel_size, stride=None, padding=0):
    """Keep the maximum of every window: (N,C,H,W) -> (N,C,I,J).

    I = (H + top + bottom - U) // stride + 1, and J likewise; `stride` is the kernel size unless it
    is given. The padding is -inf, never 0: it must not win. A window that holds a NaN gives NaN.
    Raises ValueError where the kernel does not fit or the padding is over half the kernel,
    TypeError where a size is not whole or x not real. Derived in chapter 03.
    """
    x, how = _prepare("max_pool2d", x, kernel_size, stride, padding)
    y = np.empty((*x.shape[:2], *how.grid), dtype=x.dtype)
    for x_maps, y_maps in _blocks(x, y):
        with row_by_row(len(x_maps)):
            best = _full(len(x_maps), how.grid, x.dtype, -np.inf)
            for tap in _taps(_laid(x_maps, how.padding, -np.inf), how):
                np.maximum(best, tap, out=best)
            y_maps[...] = best
    return y


def max_pool2d_backward(dy, x, *, kernel_size, stride=None, padding=0):
    """Return the gradient of `max_pool2d`: each dy goes, whole, to the cell that won its window.

    Where windows overlap a cell adds up what it is sent. A tie goes to the first maximum in
    row-major order, and among NaNs to the last, as in PyTorch.
    Raises ValueError where dy is not of y's shape, and whatever `max_pool2d` raises.
    Derived in chapter 03.
    """
    x, how = _prepare("max_pool2d", x, kernel_size, stride, padding)
    dy = upstream("max_pool2d_backward", dy, (*x.shape[:2], *how.grid), x.dtype)
    dx = np.empty(x.shape, dtype=x.dtype)

    for x_maps, dy_maps, dx_maps in _blocks(x, dy, dx):
        with row_by_row(len(x_maps)):
            winner = _winners(_laid(x_maps, how.padding, -np.inf), how)
            sent = _laid(dy_maps)
            padded = _full(len(x_maps), padded_shape(x.shape, how.padding)[2:], x.dtype, 0)
            for number, tap in enumerate(_taps(padded, how)):
                tap += keep(winner == number, sent)
            dx_maps[...] = crop(padded, how.padding)
    return MaxPool2dGrads(dx)


def avg_pool2d(x, *, kernel_size, stride=None, padding=0, count_include_pad=True):
    """Average every window: (N,C,H,W) -> (N,C,I,J).

    I = (H + top + bottom - U) // stride + 1, and J likewise; `stride` is the kernel size unless it
    is given. The padding is 0. The divisor is U*V, or with count_include_pad=False the number of
    cells of x in the window. Raises what `max_pool2d` raises. Derived in chapter 07.
    """
    x, how = _prepare("avg_pool2d", x, kernel_size, stride, padding)
    y = np.empty((*x.shape[:2], *how.grid), dtype=x.dtype)
    divisor = _divisor(x, how, count_include_pad)
    for x_maps, y_maps in _blocks(x, y):
        with row_by_row(len(x_maps)):
            total = _full(len(x_maps), how.grid, x.dtype, 0)
            for tap in _taps(_laid(x_maps, how.padding), how):
                total += tap
            np.divide(total, divisor, out=y_maps)
    return y


def avg_pool2d_backward(dy, x, *, kernel_size, stride=None, padding=0, count_include_pad=True):
    """Return the gradient of `avg_pool2d`: each dy is shared out over its window.

    Every cell of a window gets dy / divisor; where windows overlap a cell adds up what it is sent,
    and what falls on the padding is lost.
    Raises ValueError where dy is not of y's shape, and whatever `avg_pool2d` raises.
    Derived in chapter 07.
    """
    x, how = _prepare("avg_pool2d", x, kernel_size, stride, padding)
    dy = upstream("avg_pool2d_backward", dy, (*x.shape[:2], *how.grid), x.dtype)
    divisor = _divisor(x, how, count_include_pad)
    dx = np.empty(x.shape, dtype=x.dtype)

    for dy_maps, dx_maps in _blocks(dy, dx):
        with row_by_row(len(dy_maps)):
            share = _laid(dy_maps)
            share /= divisor
            padded = _full(len(dy_maps), padded_shape(x.shape, how.padding)[2:], x.dtype, 0)
            for tap in _taps(padded, how):
                tap += share
            dx_maps[...] = crop(padded, how.padding)
    return AvgPool2dGrads(dx)


class _How(NamedTuple):
    """The options of one call, normalised, and the grid of its windows."""

    kernel: tuple
    stride: tuple
    padding: tuple
    grid: tuple


def _prepare(op, x, kernel_size, stride, padding):
    """Check one call of a pooling: x in a float type, and how the windows lie."""
    (x,) = floats(op, x=x)
    axes(op, "x", x, "NCHW")
    kernel = size_pair(f"{op}: kernel_size", kernel_size)
    stride = kernel if stride is None else size_pair(f"{op}: stride", stride)
    padding = padding_pairs(f"{op}: padding", padding)
    size = f"{kernel[0]}×{kernel[1]}"
    if any(2 * max(p) > k for p, k in zip(padding, kernel, strict=True)):
        raise ValueError(f"{op}: padding {padding} is over half the kernel {size}: {shapes(x=x)}")
    if 0 in x.shape[2:]:
        raise ValueError(f"{op}: there are no cells to pool: {shapes(x=x)}")
    return x, _How(kernel, stride, padding, output_grid(op, x, kernel, stride, padding))


def _blocks(*arrays):
    """Cut arrays (N,C,…) into blocks of maps that belong together: views (m,…)."""
    arrays = [a.reshape(-1, *a.shape[2:]) for a in arrays]
    count, size = len(arrays[0]), max(a[:1].nbytes for a in arrays)
    for maps in blocks(range(count), size, at_least=FEWEST_MAPS):
        yield [a[maps] for a in arrays]


def _empty(count, shape, dtype):
    """Make maps (count,H,W) that hold anything; the longer of the axes lies last in memory."""
    H, W = shape
    if count <= W:
        return np.empty((count, H, W), dtype=dtype)
    return np.empty((H, W, count + SPARE), dtype=dtype)[:, :, :count].transpose(2, 0, 1)


def _full(count, shape, dtype, value):
    """Make maps (count,H,W) that hold one value, laid as `_empty` lays them."""
    maps = _empty(count, shape, dtype)
    maps[...] = value
    return maps


def _laid(maps, padding=((0, 0), (0, 0)), value=0):
    """Copy maps, with padding around them, laid as `_empty` lays them."""
    padded = _empty(len(maps), padded_shape(maps.shape, padding)[1:], maps.dtype)
    if padded.shape != maps.shape:
        padded[...] = value
    copy_images(maps, crop(padded, padding))
    return padded


def _taps(padded, how):
    """Yield, for each tap of the window in row-major order, the cells it meets: views (m,I,J)."""
    for u, v in np.ndindex(how.kernel):
        yield seen_by_tap(padded, u, v, how.grid, stride=how.stride)


def _winners(padded, how):
    """Return which tap won each window: (m,H',W') -> (m,I,J), numbered in row-major order."""
    # before any comparison the first tap inside x leads, so that padding never wins: not even
    # where all cells are -inf
    inside = (
        np.maximum(0, p[0] - s * np.arange(n))
        for p, s, n in zip(how.padding, how.stride, how.grid, strict=True)
    )
    rows, columns = np.ix_(*inside)
    best = _full(len(padded), how.grid, padded.dtype, -np.inf)
    winner = np.empty_like(best, dtype=np.min_scalar_type(how.kernel[0] * how.kernel[1]))
    winner[...] = rows * how.kernel[1] + columns
    for number, tap in enumerate(_taps(padded, how)):
        wins = tap > best  # and not >=: the first of equals keeps its place
        # whoever wins has the largest number so far, so no branch is needed
        np.maximum(winner, wins.astype(winner.dtype) * winner.dtype.type(number), out=winner)
        np.maximum(best, tap, out=best)
    if np.isnan(best).any():  # no comparison finds a NaN; the last of a window wins
        for number, tap in enumerate(_taps(padded, how)):
            winner[np.isnan(tap)] = number
    return winner


def _divisor(x, how, count_include_pad):
    """Return what each window's sum is divided by: U*V, or (I,J) counts of the cells inside x."""
    if count_include_pad:
        return x.dtype.type(how.kernel[0] * how.kernel[1])
    inside = pad(np.ones(x.shape[2:], dtype=x.dtype), how.padding)
    return sliding_windows(inside, how.kernel, stride=how.stride).sum(axis=(2, 3))

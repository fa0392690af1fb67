"""Pooling and its gradient: x (N,C,H,W) -> y (N,C,I,J), each window to one number.

The loops run over the taps of the window; one tap meets all windows of a block of images at once.
"""

from typing import NamedTuple

import numpy as np

from backprop.ops._arrays import axes, floats, in_blocks, keep, output_grid, shapes, upstream
from backprop.windows import (
    crop,
    pad,
    padded_shape,
    padding_pairs,
    seen_by_tap,
    size_pair,
    sliding_windows,
)


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
    y = np.full((*x.shape[:2], *how.grid), -np.inf, dtype=x.dtype)

    def forward(images):
        padded = pad(x[images], how.padding, value=-np.inf)
        for tap in _taps(padded, how):
            np.maximum(y[images], tap, out=y[images])

    in_blocks(forward, len(x), x[:1].nbytes)
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

    def backward(images):
        winner = _winners(pad(x[images], how.padding, value=-np.inf), how)
        padded = np.zeros(padded_shape(x[images].shape, how.padding), dtype=x.dtype)
        for number, tap in enumerate(_taps(padded, how)):
            tap += keep(winner == number, dy[images])
        dx[images] = crop(padded, how.padding)

    in_blocks(backward, len(x), x[:1].nbytes)
    return MaxPool2dGrads(dx)


def avg_pool2d(x, *, kernel_size, stride=None, padding=0, count_include_pad=True):
    """Average every window: (N,C,H,W) -> (N,C,I,J).

    I = (H + top + bottom - U) // stride + 1, and J likewise; `stride` is the kernel size unless it
    is given. The padding is 0. The divisor is U*V, or with count_include_pad=False the number of
    cells of x in the window. Raises what `max_pool2d` raises. Derived in chapter 07.
    """
    x, how = _prepare("avg_pool2d", x, kernel_size, stride, padding)
    y = np.zeros((*x.shape[:2], *how.grid), dtype=x.dtype)
    divisor = _divisor(x, how, count_include_pad)

    def forward(images):
        for tap in _taps(pad(x[images], how.padding), how):
            y[images] += tap
        y[images] /= divisor

    in_blocks(forward, len(x), x[:1].nbytes)
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

    def backward(images):
        padded = np.zeros(padded_shape(x[images].shape, how.padding), dtype=x.dtype)
        share = dy[images] / divisor
        for tap in _taps(padded, how):
            tap += share
        dx[images] = crop(padded, how.padding)

    in_blocks(backward, len(x), x[:1].nbytes)
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


def _taps(padded, how):
    """Yield, for each tap of the window in row-major order, the cells it meets: views (n,C,I,J)."""
    for u, v in np.ndindex(how.kernel):
        yield seen_by_tap(padded, u, v, how.grid, stride=how.stride)


def _winners(padded, how):
    """Return which tap won each window: (n,C,H',W') -> (n,C,I,J), numbered in row-major order."""
    # before any comparison the first tap inside x leads, so that padding never wins: not even
    # where all cells are -inf
    inside = (
        np.maximum(0, p[0] - s * np.arange(n))
        for p, s, n in zip(how.padding, how.stride, how.grid, strict=True)
    )
    rows, columns = np.ix_(*inside)
    shape = (*padded.shape[:2], *how.grid)
    numbers = np.min_scalar_type(how.kernel[0] * how.kernel[1])
    winner = np.broadcast_to(rows * how.kernel[1] + columns, shape).astype(numbers, order="C")
    best = np.full(shape, -np.inf, dtype=padded.dtype)
    for number, tap in enumerate(map(np.ascontiguousarray, _taps(padded, how))):
        wins = (tap > best) | np.isnan(tap)  # > and not >=: the first of equals keeps its place
        # whoever wins has the largest number so far, so no branch is needed
        np.maximum(winner, wins * numbers.type(number), out=winner)
        np.maximum(best, tap, out=best)
    return winner


def _divisor(x, how, count_include_pad):
    """Return what each window's sum is divided by: U*V, or (I,J) counts of the cells inside x."""
    if count_include_pad:
        return x.dtype.type(how.kernel[0] * how.kernel[1])
    inside = pad(np.ones(x.shape[2:], dtype=x.dtype), how.padding)
    return sliding_windows(inside, how.kernel, stride=how.stride).sum(axis=(2, 3))

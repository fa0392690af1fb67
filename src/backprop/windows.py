"""The geometry of sliding windows: sizes, padding, dilation, turning. It knows no layer.

Arrays may have any leading axes; the last two are rows and columns. Sizes come as an int or as
(vertical, horizontal); padding also as ((top, bottom), (left, right)). `what` names the op and the
option in an error, as in "conv2d: stride".
"""

import operator

import numpy as np
from numpy.lib.stride_tricks import as_strided


def whole(what, value, least):
    """Return value as an int that is at least `least`; a TypeError or ValueError says why not."""
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{what} must be a whole number: {value!r}")
    if number < least:
        raise ValueError(f"{what} must be at least {least}: {value!r}")
    return number


def size_pair(what, value, least=1):
    """Return (vertical, horizontal) from an int or a pair."""
    if not isinstance(value, (tuple, list)):
        return (whole(what, value, least),) * 2
    if len(value) != 2:
        raise ValueError(f"{what} must be an int or (vertical, horizontal): {value!r}")
    return whole(what, value[0], least), whole(what, value[1], least)


def padding_pairs(what, value):
    """Return ((top, bottom), (left, right)) from an int, (vertical, horizontal), or all four."""
    if not isinstance(value, (tuple, list)):
        value = (value, value)
    if len(value) != 2:
        raise ValueError(
            f"{what} must be an int, (vertical, horizontal) "
            f"or ((top, bottom), (left, right)): {value!r}"
        )
    return size_pair(what, value[0], least=0), size_pair(what, value[1], least=0)


def span(kernel, dilation=1):
    """Return how many cells a kernel covers, first tap to last: (kernel - 1)*dilation + 1."""
    return (kernel - 1) * dilation + 1


def output_size(size, kernel, *, stride=1, padding=(0, 0), dilation=1):
    """Return how many windows fit along one axis: (size + before + after - span) // stride + 1.

    The floor leaves up to stride - 1 cells at the end that no window reaches. Where the kernel does
    not fit the result is 0 or less. Derived in chapter 01.
    """
    return (size + sum(padding) - span(kernel, dilation)) // stride + 1


def padded_shape(shape, padding):
    """Return the shape that padding makes: (…,H,W) -> (…,top+H+bottom,left+W+right)."""
    *leading, H, W = shape
    return (*leading, H + sum(padding[0]), W + sum(padding[1]))


def pad(x, padding, value=0):
    """Surround the last two axes with `value`: (…,H,W) -> (…,top+H+bottom,left+W+right)."""
    padded = np.full(padded_shape(x.shape, padding), value, dtype=x.dtype)
    crop(padded, padding)[...] = x
    return padded


def crop(x, padding):
    """Take the padding off again: a view of the inside, the inverse of `pad`."""
    (top, bottom), (left, right) = padding
    H, W = x.shape[-2:]
    return x[..., top : H - bottom, left : W - right]


def sliding_windows(x, kernel, *, stride=(1, 1), dilation=(1, 1)):
    """Show every window of the last two axes: (…,H,W) -> (…,I,J,U,V), a read-only view.

    windows[…, i, j, u, v] = x[…, i*stride + u*dilation, j*stride + v*dilation].
    """
    grid = tuple(
        output_size(n, k, stride=s, dilation=d)
        for n, k, s, d in zip(x.shape[-2:], kernel, stride, dilation, strict=True)
    )
    if min(grid) < 1:
        raise ValueError(f"sliding_windows: kernel {kernel} does not fit: x {x.shape}")
    down, right = x.strides[-2:]
    steps = (down * stride[0], right * stride[1], down * dilation[0], right * dilation[1])
    return as_strided(
        x, (*x.shape[:-2], *grid, *kernel), (*x.strides[:-2], *steps), writeable=False
    )


def seen_by_tap(x, u, v, grid, *, stride=(1, 1), dilation=(1, 1)):
    """Show the cells that tap (u, v) meets as the window slides: (…,H,W) -> (…,I,J), a view.

    It is sliding_windows(x, …)[…, u, v], but it can be written to.
    """
    top, left = u * dilation[0], v * dilation[1]
    bottom, right = top + span(grid[0], stride[0]), left + span(grid[1], stride[1])
    return x[..., top : bottom : stride[0], left : right : stride[1]]


def dilate(x, step):
    """Put step - 1 zeros between neighbours: (…,I,J) -> (…,(I-1)*step+1,(J-1)*step+1)."""
    down, across = size_pair("dilate: step", step)
    I, J = x.shape[-2:]
    spread = np.zeros((*x.shape[:-2], span(I, down), span(J, across)), dtype=x.dtype)
    spread[..., ::down, ::across] = x
    return spread


def rotate180(w):
    """Turn the last two axes by 180°, a view: rows reversed, then columns reversed."""
    return w[..., ::-1, ::-1]

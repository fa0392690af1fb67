"""Pooling's gradient in pieces: what each window pushes back, and how the padding is cut off."""

import numpy as np


def middle(padded, x, padding):
    """Take the padding off."""
    H, W = x.shape[-2:]
    return padded[..., padding : padding + H, padding : padding + W]


def push(share, *, fill=-np.inf, merge=np.add, crop=middle):
    """Make a pooling's gradient: share(window) says how much of its dy each cell gets.

    merge(there, pushed): what a window leaves of what was there and what it pushes.
    """

    def gradient(dy, x, *, kernel_size, stride, padding=0):
        sides = [(0, 0)] * (x.ndim - 2) + [(padding, padding)] * 2
        padded = np.pad(x, sides, constant_values=fill)
        dpadded = np.zeros_like(padded)
        for *image, i, j in np.ndindex(dy.shape):
            top, left = i * stride, j * stride
            cells = (*image, slice(top, top + kernel_size), slice(left, left + kernel_size))
            pushed = dy[(*image, i, j)] * share(padded[cells])
            dpadded[cells] = merge(dpadded[cells], pushed)
        return crop(dpadded, x, padding)

    return gradient


def window_assigned(there, pushed):
    """Assign a whole window, the zeros of it as well."""
    return pushed


def cell_assigned(there, pushed):
    """Assign the cells that get something, as chapter 03's loop does with = for +=."""
    return np.where(pushed, pushed, there)


def first(window, best=np.argmax):
    """Mark the first of the largest cells, or of those that best chooses."""
    return (np.arange(window.size) == best(window)).reshape(window.shape)


def ties(window):
    return window == window.max()


def up_to_the_last_window(gradient):
    """Cut a gradient off where the last window ends, and lose what no window reaches."""

    def lost(dy, x, *, kernel_size, stride, padding=0, **how):
        dx = gradient(dy, x, kernel_size=kernel_size, stride=stride, padding=padding, **how)
        rows, columns = ((n - 1) * stride + kernel_size - padding for n in dy.shape[-2:])
        return dx[..., :rows, :columns]

    return lost


def covered(padded, x, padding):
    """Keep the padding: what is left is of the padded size."""
    return padded


def corner(padded, x, padding):
    """Cut the padding off at the end alone."""
    H, W = x.shape[-2:]
    return padded[..., :H, :W]


def minus_padding(padded, x, padding):
    """Cut the padding off with [p:-p], which leaves nothing where p is 0."""
    return padded[..., padding:-padding, padding:-padding]

"""What ops do with their arguments before the mathematics: one float type, shapes checked."""

import math
from contextlib import contextmanager

import numpy as np

from backprop.windows import output_size, padded_shape, span

BLOCK_BYTES = 2**22  # of an array are worked on at one time
LONG = 200  # entries, from which on a row is worth a call of its own


def floats(op, *, optional=(), **arrays):
    """Return the arrays in their common float type: integers become float64.

    None stays None where the name is among the optional ones; elsewhere it is no number.
    """
    given = {n: np.asarray(a) for n, a in arrays.items() if a is not None or n not in optional}
    for name, a in given.items():
        if a.dtype.kind not in "fiub":
            what = None if arrays[name] is None else a.dtype
            raise TypeError(f"{op}: {name} must hold real numbers, not {what}")
    dtype = np.result_type(*(a.dtype if a.dtype.kind == "f" else "f8" for a in given.values()))
    return tuple(given[n].astype(dtype, copy=False) if n in given else None for n in arrays)


def shapes(**arrays):
    """Say the shapes, for an error: x (4, 2, 5, 5), w (8, 3, 3, 3)."""
    return ", ".join(f"{name} {a.shape}" for name, a in arrays.items() if a is not None)


def upstream(op, dy, shape, dtype):
    """Return dy in y's float type, once it is known to have y's shape."""
    (dy,) = floats(op, dy=dy)
    if dy.shape != tuple(shape):
        raise ValueError(f"{op}: dy must have the shape of y, {tuple(shape)}: dy {dy.shape}")
    return dy.astype(dtype, copy=False)


def axes(op, name, a, letters):
    """Refuse an array whose number of axes differs from that of the letters, as in "NCHW"."""
    if a.ndim != len(letters):
        legend = f"({','.join(letters)})"
        raise ValueError(f"{op}: {name} must have {len(letters)} axes {legend}: {name} {a.shape}")


def output_grid(op, x, kernel, stride, padding, dilation=(1, 1)):
    """Return (I, J), how many windows fit into the padded images; refuse a kernel that does not."""
    padded = padded_shape(x.shape, padding)[-2:]
    spans = tuple(map(span, kernel, dilation))
    if spans[0] > padded[0] or spans[1] > padded[1]:
        raise ValueError(
            f"{op}: the kernel covers {spans[0]}×{spans[1]} cells, "
            f"the padded input has {padded[0]}×{padded[1]}: {shapes(x=x)}"
        )
    return tuple(
        output_size(n, k, stride=s, dilation=d)
        for n, k, s, d in zip(padded, kernel, stride, dilation, strict=True)
    )


def slices(numbers, many):
    """Cut a range into slices of `many` numbers; the last may be shorter."""
    for start in range(numbers.start, numbers.stop, many):
        yield slice(start, min(start + many, numbers.stop))


def blocks(numbers, size, *, room=None, at_least=1):
    """Cut a range into slices of as many things, of `size` bytes each, as find room in a block."""
    return slices(numbers, max(at_least, (room or BLOCK_BYTES) // max(1, size)))


@contextmanager
def row_by_row(length):
    """Let NumPy broadcast along long rows one row at a time.

    With its usual buffer it takes several rows at once, and first writes out for each entry what
    is the same along a row; in long rows that costs more than it saves.
    """
    usual = np.setbufsize(16 if length >= LONG else np.getbufsize())
    try:
        yield
    finally:
        np.setbufsize(usual)


def copy_images(a, out):
    """Copy images into an array of another order of axes, a few at a time.

    One axis jumps while the other runs on. Images that lie a multiple of 1024 bytes
    apart compete for the same lines of the cache: these are first copied a little further apart.
    """
    for start in range(0, len(a), 64):
        some = a[start : start + 64]
        out[start : start + 64] = some if some.strides[0] % 1024 else _further_apart(some)


def _further_apart(images):
    """Copy images (n,…); between one and the next there is the room of a few numbers."""
    size = math.prod(images.shape[1:])
    room = np.empty((len(images), size + 16), dtype=images.dtype)
    copy = room[:, :size].reshape(images.shape)
    copy[...] = images
    return copy


def keep(mask, a):
    """Return a where the mask holds and 0 elsewhere.

    The bits of a number are kept or cleared: `np.where` would branch, and on a mask that no
    processor can foretell a branch costs ten times as much.
    """
    if a.itemsize > 8:
        return np.where(mask, a, a.dtype.type(0))  # no integer is as wide as a long double
    integers = f"i{a.itemsize}"
    bits = -mask.astype(integers)  # -1 has all bits, 0 none
    bits &= a.view(integers)
    return bits.view(a.dtype)

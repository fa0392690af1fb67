"""What ops do with their arguments before the mathematics: one float type, shapes checked."""

import itertools
import os
import threading

import numpy as np

from backprop.windows import output_size, padded_shape, span

BLOCK_BYTES = 2**20  # worked on at one time: it fits a processor's cache


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


def blocks(numbers, size):
    """Cut a range into slices of as many things, of `size` bytes each, as a block holds."""
    return slices(numbers, max(1, BLOCK_BYTES // max(1, size)))


def in_blocks(work, count, size):
    """Call work(slice) for all blocks of range(count), shared out to the processors."""

    def run(share):
        for block in blocks(share, size):
            work(block)

    in_parallel(run, count, size)


def in_parallel(work, count, size):
    """Call work(range) for one part of range(count) on each processor; list the results in order.

    `size` is what one thing holds, in bytes; what fits one block is not worth a second thread.
    NumPy leaves Python's lock while it computes, so the threads run side by side.
    """
    many = max(1, min(processors(), count, count * size // BLOCK_BYTES))
    bounds = [count * k // many for k in range(many + 1)]
    shares = list(itertools.starmap(range, itertools.pairwise(bounds)))
    results = [None] * many
    errors = []

    def run(number):
        try:
            results[number] = work(shares[number])
        except BaseException as error:  # raised below, where the caller can see it
            errors.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(1, many)]
    for thread in threads:
        thread.start()
    run(0)
    for thread in threads:
        thread.join()
    for error in errors:
        raise error
    return results


def processors():
    """Count the processors to use: each holds blocks of its own, and four stay under 64 MB."""
    usable = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count())
    return min(4, len(usable))


def copy_images(a, out):
    """Copy images into an array of another order of axes, a few at a time.

    One axis jumps while the other runs on: more than 8 images at once would compete for the same
    lines of the cache, since their distance is often a power of two.
    """
    for start in range(0, len(a), 8):
        out[start : start + 8] = a[start : start + 8]


def keep(mask, a):
    """Return a where the mask holds and 0 elsewhere.

    The bits of a number are kept or cleared: `np.where` would branch, and on a mask that no
    processor can foretell a branch costs ten times as much.
    """
    if a.itemsize > 8:
        return np.where(mask, a, a.dtype.type(0))  # no integer is as wide as a long double
    integers = f"i{a.itemsize}"
    return (a.view(integers) & -mask.astype(integers)).view(a.dtype)

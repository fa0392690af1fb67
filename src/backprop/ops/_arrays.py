"""What every op does with its arguments before the mathematics: one float type, shapes checked."""

import numpy as np


def floats(op, *, optional=(), **arrays):
    """Return the arrays in their common float type: integers become float64.

    None stays None where the name is among the optional ones; elsewhere it is no number.
    """
    given = {n: np.asarray(a) for n, a in arrays.items() if a is not None or n not in optional}
    for name, a in given.items():
        if a.dtype.kind not in "fiub":
            raise TypeError(f"{op}: {name} must hold real numbers, not {a.dtype}")
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

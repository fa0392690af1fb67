"""What a function returned: one array or several, of which type, and are they the right ones."""

import numpy as np

from backprop.practice.verdict import differing


def results(returned, count):
    """List what was returned; a None at the end, for an argument without gradient, is left out."""
    found = list(returned) if isinstance(returned, tuple | list) else [returned]
    while len(found) > count and found[-1] is None:
        found.pop()
    return found


def outputs(returned, count):
    """Make a list of arrays of one or several results: copies, whatever happens to them later."""
    return [np.array(result) for result in results(returned, count)]


def table(written, dtype):
    """Make an array of a number or of rows, as they were written down; leave what is none."""
    if not isinstance(written, int | float | np.generic | list | tuple | np.ndarray):
        return written
    try:
        return np.array(written, dtype=dtype)
    except (TypeError, ValueError):
        return written


def wrong_type(returned, names, dtype):
    """Say what is wrong with the number or the type of the results, or nothing.

    dtype: the float type of the arrays that were given; None where there are none, then any numbers
    will do.
    """
    if len(names) == 1 and isinstance(returned, list):
        return f"{names[0]} should be an array, not a list."
    found = results(returned, len(names))
    if len(found) != len(names):
        right = f"{len(names)}: {', '.join(names)}"
        return f"The number of results is {len(found)}. It should be {right}."
    for name, result in zip(names, found, strict=True):
        if not isinstance(result, np.ndarray | np.generic | float | int):
            return f"{name} should be an array or one number, not {_kind(result)}."
        found_type, plain = np.asarray(result).dtype, isinstance(result, float | int | np.float64)
        if dtype is None and found_type.kind not in "iuf":
            return f"{name} should be made of numbers, not of {found_type}."
        if dtype is not None and found_type != dtype and not plain:
            return f"{name} should be of type {dtype}, as the inputs are, not {result.dtype}."
    return ""


def agree(received, expected):
    """Say whether all arrays are equal but for rounding."""
    pairs = zip(received, expected, strict=True)
    return all(a.shape == b.shape and not differing(a, b).any() for a, b in pairs)


def _kind(result):
    return str(result) if result is None or result is Ellipsis else type(result).__name__

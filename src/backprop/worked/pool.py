"""Pooling one map into a smaller one, forward and backward, cell by cell.

The map is y and what is left of it is m, as in the network of chapter 01. Padding is no cell: a
maximum is taken over the cells of y that a window holds, and an average adds only them.

In every function y is (H,W) and dm, where there is one, (I,J); `geometry` is kernel_size=2,
stride=None (the kernel size), padding=0: ints, or for padding also ((top, bottom), (left, right)).
All raise ValueError where the kernel does not fit or a window holds nothing but padding.
"""

import numpy as np
import sympy as sp

from backprop.worked.conv import Meetings
from backprop.worksheet import Worksheet, maximum, quotient, subscript, total, when


def max_forward(y, *, title="The largest of each window", **geometry):
    """Define y and m = max_pool2d(y). Chapter 03."""
    sheet = Worksheet(title)
    sheet.given("y", y)
    add_maxima(sheet, **geometry)
    return _tell_forward(sheet)


def max_gradient(y, dm, *, ties="first", title="Each dm goes to the maximum", **geometry):
    """Define y, m, dm and dy = dL/dy by max pooling. Chapter 03.

    Where several cells of a window are its maximum, `ties` decides: the "first" of them, row by
    row, gets dm (its place is the grid k); or it is "shared" among them (their number is the grid
    n); or "all" of them get the whole of it.
    """
    if ties not in TIES:
        raise ValueError(f"max_gradient: ties must be one of {', '.join(TIES)}: {ties!r}")
    sheet = Worksheet(title)
    sheet.given("y", y)
    windows = add_maxima(sheet, **geometry)
    sent = TIES[ties](sheet, windows)
    sheet.given("dm", dm)
    add_sent(sheet, windows, sent)
    return _tell_backward(sheet, windows, SAID[ties])


def average_forward(y, *, count_include_pad=True, title="The average of each window", **geometry):
    """Define y and m = avg_pool2d(y). Chapter 07."""
    sheet = Worksheet(title)
    _define_averages(sheet, y, geometry, count_include_pad)
    return _tell_forward(sheet)


def average_gradient(y, dm, *, count_include_pad=True, title="Each dm is shared out", **geometry):
    """Define y, m, dm and dy = dL/dy by average pooling. Chapter 07."""
    sheet = Worksheet(title)
    windows, divisors = _define_averages(sheet, y, geometry, count_include_pad)
    sheet.define("dy", _shares(sheet, windows, sheet.given("dm", dm), divisors))
    return _tell_backward(sheet, windows, "is shared out over its window")


def average_gradient_misjudged(y, dm, *, title="Forward and backward disagree", **geometry):
    """As `average_gradient`, but only the backward counts the padding: a mistake. Chapter 07.

    The grid e is dy by this rule minus the true gradient.
    """
    sheet = Worksheet(title)
    windows, right = _define_averages(sheet, y, geometry, count_include_pad=False)
    dm = sheet.given("dm", dm)
    wrong = dict.fromkeys(right, geometry.get("kernel_size", 2) ** 2)
    dy = sheet.define("dy", _shares(sheet, windows, dm, wrong), label="dy by this rule")
    truth = sheet.define("t", _shares(sheet, windows, dm, right), hidden=True)
    sheet.define("e", dy - truth, label="dy minus the true dy", error=True)
    return _tell_backward(sheet, windows, "is shared out over its window")


def add_maxima(sheet, **geometry):
    """Add m, the maximum of each window, to a worksheet that has y; return the windows."""
    y = sheet.grids["y"].cells
    windows = _windows(y, **geometry)
    _define(sheet, "m", {at: maximum([y[c] for c in cells]) for at, cells in windows.items()})
    return windows


def add_sent(sheet, windows, sent):
    """Add dy to a worksheet that has y and dm; `sent` is one of TIES' answers."""
    dm = sheet.grids["dm"].cells
    parts = _received(sheet, windows, lambda at, cell: sent(at, cell, dm[at]))
    return sheet.define("dy", parts)


def _define_averages(sheet, y, geometry, count_include_pad):
    """Define y and m, the average of each window; return the windows and their divisors."""
    y = sheet.given("y", y)
    windows = _windows(y, **geometry)
    whole = geometry.get("kernel_size", 2) ** 2
    divisors = {at: whole if count_include_pad else len(cells) for at, cells in windows.items()}
    sums = {at: total(y[c] for c in cells) for at, cells in windows.items()}
    _define(sheet, "m", {at: quotient(sums[at], divisors[at]) for at in windows})
    return windows, divisors


def _windows(y, kernel_size=2, stride=None, padding=0):
    """For each window, the cells of y that it holds, row by row."""
    kernel = (kernel_size, kernel_size)
    meetings = Meetings(y.shape, kernel, kernel_size if stride is None else stride, padding)
    windows = {at: [] for at in np.ndindex(*np.maximum(meetings.outputs, 0))}
    for at, _, cell in meetings if windows else ():
        windows[at].append(cell)
    if not windows or not all(windows.values()):
        raise ValueError(
            f"pool: a window {kernel} must hold at least one cell of y {y.shape}, "
            f"padding {meetings.sides}"
        )
    return windows


def _define(sheet, name, formulas, **drawing):
    """Define a grid from {window: formula}."""
    array = np.empty([n + 1 for n in max(formulas)], dtype=object)
    for at, formula in formulas.items():
        array[at] = formula
    return sheet.define(name, array, **drawing)


def _to_the_first(sheet, windows):
    """Send dm to the first cell that is the maximum: the one whose place k says."""
    y, m = sheet.grids["y"].cells, sheet.grids["m"].cells
    places = {}
    for at, cells in windows.items():
        places[at] = sp.Integer(len(cells))
        for place in range(len(cells) - 1, 0, -1):
            found = sp.Eq(y[cells[place - 1]], m[at])
            places[at] = when(found, place, places[at])
    k = _define(sheet, "k", places, label="k, place of the maximum")
    return lambda at, cell, dm: when(sp.Eq(k[at], windows[at].index(cell) + 1), dm)


def _shared(sheet, windows):
    """Send to each cell that is the maximum its share of dm: there are n of them."""
    y, m = sheet.grids["y"].cells, sheet.grids["m"].cells
    equal = {at: [sp.Eq(y[c], m[at]) for c in cells] for at, cells in windows.items()}
    counts = {at: total(when(it, 1) for it in conditions) for at, conditions in equal.items()}
    n = _define(sheet, "n", counts, label="n, how many are the maximum")
    return lambda at, cell, dm: when(sp.Eq(y[cell], m[at]), quotient(dm, n[at]))


def _to_all(sheet, _):
    """Send the whole of dm to every cell that is the maximum."""
    y, m = sheet.grids["y"].cells, sheet.grids["m"].cells
    return lambda at, cell, dm: when(sp.Eq(y[cell], m[at]), dm)


TIES = {"first": _to_the_first, "shared": _shared, "all": _to_all}
SAID = {
    "first": "goes to the first maximum of its window",
    "shared": "is shared among the maxima of its window",
    "all": "goes to every maximum of its window",
}


def _shares(sheet, windows, dm, divisors):
    """Send to every cell of a window the same share of its dm."""
    return _received(sheet, windows, lambda at, cell: quotient(dm[at], divisors[at]))


def _received(sheet, windows, sent):
    """For each cell of y, add up what the windows that hold it send."""
    formulas = np.empty(sheet.grids["y"].cells.shape, dtype=object)
    for cell in np.ndindex(formulas.shape):
        formulas[cell] = total(sent(at, cell) for at, cells in windows.items() if cell in cells)
    return formulas


def _tell_forward(sheet):
    """One step for each window."""
    for (i, j), cell in np.ndenumerate(sheet.grids["m"].cells):
        sheet.step(cell, f"The window at row {i + 1}, column {j + 1}.")
    return sheet


def _tell_backward(sheet, windows, does):
    """One step for each window and one for the rest; where windows overlap, one for each cell."""
    dy = sheet.grids["dy"].cells
    held = {cell: [at for at in windows if cell in windows[at]] for cell in np.ndindex(dy.shape)}
    if max(map(len, held.values())) > 1:
        for cell, ats in held.items():
            n = len(ats)
            sheet.step(dy[cell], f"y{subscript(cell)} lies in {n} window{'s' * (n != 1)}.")
        return sheet
    for at, cells in windows.items():
        sheet.step([dy[cell] for cell in cells], f"dm{subscript(at)} {does}.")
    if rest := [dy[cell] for cell, ats in held.items() if not ats]:
        sheet.step(rest, "No window reaches these cells.")
    return sheet

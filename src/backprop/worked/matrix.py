"""A convolution as one matrix W: y = W·x and dx = Wᵀ·dy, with x and y read row by row.

Row k of W is the window of output k: each tap stands in the column of the cell that it meets there.
Column n of W is all that cell n does. The forward pass reads rows, the input's gradient columns.

x and F have one axis, (H,) and (U,), or two, (H,W) and (U,V); dy has the shape of y.
"""

import numpy as np

from backprop.worked.conv import Meetings
from backprop.worksheet import Worksheet, product, subscript, total


def line(x, F, dy, *, title="One row of pixels, forward and back"):
    """y[i] = Σ F[u]·x[i+u] and dx[p] = Σ F[u]·dy[p−u], both with u counting up. Chapter 06."""
    sheet = Worksheet(title)
    x, F = sheet.given("x", x), sheet.given("F", F)
    y = sheet.define("y", [_sum(F, x, range(i, i + F.size)) for i in range(x.size - F.size + 1)])
    dy = sheet.given("dy", dy)
    dx = sheet.define("dx", [_sum(F, dy, range(p, p - F.size, -1)) for p in range(x.size)])
    for cell in y:
        sheet.step(cell, "Forward: F and x are both read to the right.", show=("x", "F", "y"))
    for cell in dx:
        note = "Back: F is read to the right, dy to the left."
        sheet.step(cell, note, show=("F", "dy", "dx"))
    return sheet


def matrix(x, F, dy, *, title="The convolution as a matrix", **geometry):
    """y = W·x by the rows of W, then dx = Wᵀ·dy by its columns. Chapter 06.

    `geometry` is stride=1, padding=0, dilation=1: ints, as in `backprop.worked.conv`.
    Raises ValueError where the kernel does not fit.
    """
    sheet = Worksheet(title)
    F = sheet.given("F", F, tint=1)  # x and dy keep the colours that they have elsewhere
    meetings = _meetings(np.shape(x), F.shape, geometry)
    outputs = meetings.outputs[-F.ndim :]
    W = np.zeros((np.prod(meetings.outputs), np.size(x)), dtype=object)
    taps = F.reshape(meetings.taps)
    for output, tap, cell in meetings:
        row = np.ravel_multi_index(output, meetings.outputs)
        W[row, np.ravel_multi_index(cell, meetings.image)] = taps[tap]
    W = sheet.define("W", W, tint=1)
    x = sheet.given("x", x, tint=0)
    y = sheet.define("y", _products(W, x).reshape(outputs))
    dy = sheet.given("dy", dy, tint=2)
    dx = sheet.define("dx", _products(W.T, dy).reshape(x.shape))
    for k, (at, cell) in enumerate(np.ndenumerate(y)):
        note = f"Row {k + 1} of W is the window of y{subscript(at)}."
        sheet.step(cell, note, show=("F", "W", "x", "y"))
    for n, (at, cell) in enumerate(np.ndenumerate(dx)):
        note = f"Column {n + 1} of W is all that x{subscript(at)} does. Read it downward."
        sheet.step(cell, note, show=("F", "W", "dy", "dx"))
    return sheet


def _sum(F, cells, places):
    """Write Σ F[u]·cells[places[u]], without the places at which there is no cell."""
    pairs = zip(F, places, strict=True)
    return total(product(tap, cells[at]) for tap, at in pairs if 0 <= at < cells.size)


def _products(W, x):
    """Write W·x entry by entry, the zeros of W included."""
    rows = [total(product(w, cell) for w, cell in zip(row, x.flat, strict=True)) for row in W]
    return np.array(rows, dtype=object)


def _meetings(image, taps, geometry):
    """Lay the windows; a single row of pixels is an image of height 1, padded at its ends only."""
    if len(image) == 1:
        ends = geometry.get("padding", 0)
        geometry = geometry | {"padding": ((0, 0), (ends, ends))}
    meetings = Meetings((1, *image)[-2:], (1, *taps)[-2:], **geometry)
    if min(meetings.outputs) < 1:
        raise ValueError(f"matrix: the kernel {taps} does not fit x {image}")
    return meetings

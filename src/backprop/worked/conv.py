"""A convolution of one image with one kernel, forward and backward, cell by cell.

Everything follows from one relation. Output (i, j) meets row r of the padded image through tap u
when r = stride·i + dilation·u; the same holds for columns. The forward pass sorts these meetings
by output, the kernel's gradient by tap, the input's gradient by input cell.

In every function x is (H,W), F is (U,V) and dy, where there is one, (I,J); `geometry` is
stride=1, padding=0, dilation=1: ints, or for padding also ((top, bottom), (left, right)).
"""

from dataclasses import dataclass
from string import ascii_lowercase

import numpy as np

from backprop.worksheet import Worksheet, product, subscript, total

TURNS = {"180": "RT", "rows": "R", "columns": "T", "none": ""}


@dataclass(frozen=True)
class Meetings:
    """Which output meets which cell of the image through which tap."""

    image: tuple[int, int]
    taps: tuple[int, int]
    stride: int = 1
    padding: int | tuple[tuple[int, int], tuple[int, int]] = 0
    dilation: int = 1

    @property
    def sides(self):
        """The padding as ((top, bottom), (left, right))."""
        return ((self.padding,) * 2,) * 2 if isinstance(self.padding, int) else self.padding

    @property
    def outputs(self):
        """(I, J): how many windows fit, down and across."""
        return tuple(
            (size + sum(pad) - self.dilation * (taps - 1) - 1) // self.stride + 1
            for size, taps, pad in zip(self.image, self.taps, self.sides, strict=True)
        )

    def padded(self, output, tap):
        """Find the cell of the padded image that this output sees through this tap."""
        return tuple(self.stride * i + self.dilation * u for i, u in zip(output, tap, strict=True))

    def __iter__(self):
        """Give every (output, tap, cell) that meets inside the image, output by output."""
        (top, _), (left, _) = self.sides
        for output in np.ndindex(*self.outputs):
            for tap in np.ndindex(*self.taps):
                row, column = self.padded(output, tap)
                cell = row - top, column - left
                if 0 <= cell[0] < self.image[0] and 0 <= cell[1] < self.image[1]:
                    yield output, tap, cell


def forward(x, F, *, title="The kernel slides over the input", **geometry):
    """y = conv2d(x, F): the grids x, F, with padding xp, and y. Chapter 01.

    Raises ValueError where the kernel does not fit.
    """
    sheet, _ = _forward(x, F, title, geometry)
    for (i, j), cell in np.ndenumerate(sheet.grids["y"].cells):
        sheet.step(cell, f"The window at row {i + 1}, column {j + 1}.")
    return sheet


def kernel_gradient(x, F, dy, *, title="The kernel's gradient", **geometry):
    """dF = dL/dF: the forward grids, dy, and dF. Chapter 04."""
    sheet, meetings = _forward(x, F, title, geometry, hidden=("F", "y"))
    sheet.given("dy", dy)
    for tap, cell in np.ndenumerate(add_kernel_gradient(sheet, meetings)):
        sheet.step(cell, f"F{subscript(tap)} touched these cells, one in each window.")
    return sheet


def input_gradient(x, F, dy, *, title="The input's gradient, gathered", **geometry):
    """dx = dL/dx, gathered: each dx pulls from every output that saw its x. Chapter 05."""
    sheet, meetings = _backward(x, F, dy, title, geometry)
    pulls = _pulls(sheet, meetings)
    for at, cell in np.ndenumerate(add_input_gradient(sheet, meetings)):
        n = len(pulls[at])
        sheet.step(cell, f"x{subscript(at)} lies in {n} window{'s' * (n != 1)}.")
    return sheet


def input_gradient_scattered(x, F, dy, *, title="The input's gradient, scattered", **geometry):
    """dx = dL/dx, scattered: each dy pushes dy·F into the patch of x that it saw. Chapter 05."""
    sheet, meetings = _backward(x, F, dy, title, geometry)
    F, dy = sheet.grids["F"].cells, sheet.grids["dy"].cells
    so_far, before = np.zeros(meetings.image, dtype=object), ()
    for k, output in enumerate(np.ndindex(dy.shape)):
        pushed = {cell: product(dy[at], F[tap]) for at, tap, cell in meetings if at == output}
        formulas = so_far.copy()
        for cell, push in pushed.items():
            formulas[cell] = total([so_far[cell], push]) if so_far[cell] != 0 else push
        letters = "z" * (k // 26) + ascii_lowercase[k % 26]
        symbol = "dx" if k == dy.size - 1 else letters
        name = "dx" if k == dy.size - 1 else f"dx_{letters}"
        source = f"dy{subscript(output)}"
        so_far = sheet.define(name, formulas, label=f"{symbol}, after {source}", symbol=symbol)
        note = f"{source} pushes into the patch of x that y{subscript(output)} saw."
        if pushed:  # a window that lies in the padding alone has nothing to push into
            sheet.step([so_far[cell] for cell in pushed], note, show=("dy", "F", *before, name))
        before = (name,)
    return sheet


def input_gradient_turned(x, F, dy, *, turn="180", title="The kernel over dy", **geometry):
    """dx as a sliding window of a turned kernel over dy, beside the truth. Chapter 05.

    `turn` is "180" (rows, then columns flipped), "rows", "columns" or "none"; unless the kernel is
    symmetric only the first is right. The grids are R, T (the kernel flipped), B (dy with a border
    of zeros), dx (by this rule, drawn as g) and e, which is dx minus the gradient gathered from dy.
    """
    sheet, meetings = _backward(x, F, dy, title, geometry)
    kernel = _turn(sheet, turn)
    border = sheet.define("B", _bordered(sheet, meetings), label="B, dy bordered", tint=2)
    formulas = np.empty(meetings.image, dtype=object)
    for r, c in np.ndindex(formulas.shape):
        d, taps = meetings.dilation, np.ndindex(kernel.cells.shape)
        formulas[r, c] = total(
            product(kernel.cells[u, v], border[r + d * u, c + d * v]) for u, v in taps
        )
    dx = sheet.define("dx", formulas, label="g, dx by this rule", symbol="g")
    truth = sheet.define("t", _totals(_pulls(sheet, meetings)), hidden=True)
    sheet.define("e", dx - truth, label="g minus the true dx", error=True)
    for (r, c), cell in np.ndenumerate(dx):
        note = f"The kernel's top left tap lies on row {r + 1}, column {c + 1} of B."
        sheet.step(cell, note, show=("F", "dy", kernel.name, "B", "dx", "e"))
    return sheet


def add_output(sheet, *, hidden=(), **geometry):
    """Add y, and with padding xp, to a worksheet that has x and F; return the meetings."""
    x, F = sheet.grids["x"].cells, sheet.grids["F"].cells
    meetings = Meetings(x.shape, F.shape, **geometry)
    if min(meetings.outputs) < 1:
        raise ValueError(
            f"conv: the kernel {F.shape} does not fit x {x.shape} with padding {meetings.sides}"
        )
    if np.any(meetings.sides):
        zeros = np.pad(x, meetings.sides)
        sheet.define("xp", zeros, label="x, padded", tint=0, hidden="x" in hidden)
    image, formulas = _seen(sheet), np.empty(meetings.outputs, dtype=object)
    for output in np.ndindex(formulas.shape):
        taps = np.ndindex(F.shape)
        formulas[output] = total(product(image[meetings.padded(output, t)], F[t]) for t in taps)
    sheet.define("y", formulas, hidden="y" in hidden)
    return meetings


def add_kernel_gradient(sheet, meetings):
    """Add dF to a worksheet that has x and dy; return its cells."""
    dy, image = sheet.grids["dy"].cells, _seen(sheet)
    formulas = np.empty(meetings.taps, dtype=object)
    for tap in np.ndindex(formulas.shape):
        at = np.ndindex(meetings.outputs)
        formulas[tap] = total(product(dy[o], image[meetings.padded(o, tap)]) for o in at)
    return sheet.define("dF", formulas)


def add_input_gradient(sheet, meetings):
    """Add dx, gathered, to a worksheet that has F and dy; return its cells."""
    return sheet.define("dx", _totals(_pulls(sheet, meetings)))


def _forward(x, F, title, geometry, hidden=()):
    """Start a worksheet with x, F, with padding xp, and y; grids named in `hidden` stay unseen."""
    sheet = Worksheet(title)
    sheet.given("x", x, hidden="x" in hidden)
    sheet.given("F", F, hidden="F" in hidden)
    return sheet, add_output(sheet, hidden=hidden, **geometry)


def _backward(x, F, dy, title, geometry):
    """Start as in `_forward`, then dy; x and y are there for the proof, not for the eye."""
    sheet, meetings = _forward(x, F, title, geometry, hidden=("x", "y"))
    sheet.given("dy", dy)
    return sheet, meetings


def _seen(sheet):
    """Find the image that the windows see: padded where there is padding."""
    return sheet.grids["xp" if "xp" in sheet.grids else "x"].cells


def _pulls(sheet, meetings):
    """For each cell of x the products dy·F that it receives."""
    F, dy = sheet.grids["F"].cells, sheet.grids["dy"].cells
    pulls = {cell: [] for cell in np.ndindex(meetings.image)}
    for output, tap, cell in meetings:
        pulls[cell].append(product(dy[output], F[tap]))
    return pulls


def _totals(pulls):
    """Sum each cell's products into an array of the image's shape."""
    formulas = np.empty(tuple(at + 1 for at in max(pulls)), dtype=object)
    for cell, products in pulls.items():
        formulas[cell] = total(products)
    return formulas


def _turn(sheet, turn):
    """Flip the kernel as `turn` says, one grid for each flip; return the last grid.

    A flip that is left out has a step too: then each turn comes to a cell at the same step.
    """
    kernel, shown = sheet.grids["F"], ["F", "dy"]
    for name, sides in [("R", "rows"), ("T", "columns")]:
        if name not in TURNS[turn]:
            sheet.step([], f"The {sides} stay as they are.", show=shown)
            continue
        flipped = kernel.cells[::-1] if name == "R" else kernel.cells[:, ::-1]
        how = f"{sides} flipped" if kernel.name == "F" else "turned by 180°"
        cells = sheet.define(name, flipped, label=f"{name}, F {how}", tint=1)
        kernel, shown = sheet.grids[name], [*shown, name]
        sheet.step(cells, f"Flip the {sides}.", show=shown)
    return kernel


def _bordered(sheet, meetings):
    """Spread dy with stride − 1 zeros and border it, so that the kernel slides over every x."""
    dy = sheet.grids["dy"].cells
    reach = [meetings.dilation * (taps - 1) for taps in meetings.taps]
    sizes = [size + back for size, back in zip(meetings.image, reach, strict=True)]
    border = np.zeros(sizes, dtype=object)
    first = [back - sides[0] for back, sides in zip(reach, meetings.sides, strict=True)]
    for output, cell in np.ndenumerate(dy):
        at = tuple(f + meetings.stride * i for f, i in zip(first, output, strict=True))
        if all(0 <= a < size for a, size in zip(at, sizes, strict=True)):
            border[at] = cell
    return border

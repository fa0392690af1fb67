"""Pictures for paper: filmstrips, heat maps and curves, on light and dark pages alike."""

import textwrap
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.patches import Rectangle

from backprop.formula import shown

# Okabe and Ito's palette, chosen for colour-blind readers; the figures use the same five.
TINTS = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9"]
TARGET = "#D55E00"
INK = "#767676"  # readable on the theme's white page and on its dark one
HATCHES = ["", "////", "....", "xxxx", "----"]  # beside the tints, for eyes that see no colours
RULES = ["-", "--", ":", "=", "--"]  # how each tint underlines, as the figures do; = is double
LINES = [TINTS[0], TARGET, *TINTS[2:4]]  # they stand out on light and dark pages
DASHES = ["-", "--", "-.", ":"]  # the same, for lines
CELL, GAP = 0.29, 0.7  # a cell in inches; a gap in cells
PHONE, LABEL = 5.2, 12  # inches and points: a phone shows such a picture whole, at 0.6 of its size
STRIP = 6  # a filmstrip in inches: so wide it stands on a page at its own size
ABOVE, BELOW = 1.4, 1.6  # cells above a line of grids for their names, below the last for a formula
# So pale that black stands out on all of it, and white where a dark page turns light over.
DIVERGING = LinearSegmentedColormap.from_list("diverging", ["#63A7CE", "#f7f7f7", "#E39B63"])
plt.rcParams["axes.edgecolor"] = INK  # a black frame would be lost on a dark page


def filmstrip(worksheet, *, steps=None, grids=None, columns=None):
    """Draw one panel for each step: its grids, the target outlined, the sources tinted.

    steps: the indices to draw (default: all); grids: the names of the grids to draw (default: those
    that the step shows); columns: panels side by side (default: as many as a page is wide). Grids
    that a page is too narrow for go on in the next line of their panel. Returns the matplotlib
    figure. Under each panel stands its formula in numbers, as the worksheet writes it.
    """
    chosen = worksheet.steps if steps is None else [worksheet.steps[at] for at in steps]
    if grids:
        asked = tuple(worksheet.grids[name].name for name in grids)  # a KeyError for none
        chosen = [replace(step, show=asked) for step in chosen]
    values = worksheet.values()
    widths, heights = zip(*(_size(worksheet, step, values) for step in chosen), strict=True)
    width = max(widths)
    columns = columns or max(1, min(len(chosen), int(STRIP / (CELL * width))))
    lines = [max(heights[at : at + columns]) for at in range(0, len(chosen), columns)]
    inches = CELL * width * columns, CELL * sum(lines)
    parts = {"height_ratios": lines, "squeeze": False}
    figure, axes = plt.subplots(len(lines), columns, figsize=inches, **parts)
    figure.patch.set_alpha(0)
    figure.subplots_adjust(0, 0, 1, 1, 0, 0)
    for row, height in zip(axes, lines, strict=True):
        for ax in row[1:]:
            ax.axvline(0, 0.05, 0.95, color=INK, lw=0.5)  # else two steps would look like one
        for ax in row:
            ax.axis("off")
            ax.set(xlim=(0, width), ylim=(height, 0))
    for ax, step in zip(axes.flat, chosen, strict=False):
        _panel(ax, worksheet, step, values)
    plt.close(figure)  # the notebook shows the value of the cell, not also the open figure
    return figure


def heatmap(ax, array, *, title="", limit=None, numbers=False):
    """Draw a signed array (H,W) with the book's diverging colours; 0 is neutral.

    limit: the value of the strongest colour (default: the largest magnitude); numbers: write the
    entries into the cells.
    """
    array = np.asarray(array, dtype=float)
    limit = limit or max(np.abs(array).max(), 1e-12)
    ax.imshow(array, cmap=DIVERGING, vmin=-limit, vmax=limit)
    ax.set(xticks=[], yticks=[])
    ax.set_title(title, color=INK, fontsize=10)
    ax.figure.patch.set_alpha(0)
    if numbers:
        for (r, c), value in np.ndenumerate(array):
            ax.text(c, r, _written(value), ha="center", va="center", color="k")


def tiles(arrays, *, titles=(), rows=(), columns=8, limit=None):
    """Draw many signed arrays (H,W) as small heat maps, row by row; return the matplotlib figure.

    titles: a line above each; rows: names to write beside the rows; limit: the value of the
    strongest colour, the same in all of them (default: each array has its own largest magnitude).
    """
    lines = -(-len(arrays) // columns)
    inches = PHONE, lines * (PHONE / columns + 0.25 * bool(len(titles)))
    figure, axes = plt.subplots(lines, columns, figsize=inches, squeeze=False, layout="compressed")
    figure.patch.set_alpha(0)
    for ax in axes.flat:
        ax.axis("off")
    titles = titles if len(titles) else [""] * len(arrays)
    for ax, array, title in zip(axes.flat, arrays, titles, strict=False):
        heatmap(ax, array, limit=limit)
        ax.set_title(title, color=INK, fontsize=LABEL)
    style = {"xycoords": "axes fraction", "textcoords": "offset points", "color": INK}
    for ax, name in zip(axes[:, 0], rows, strict=False):
        ax.annotate(name, (0, 0.5), (-6, 0), ha="right", va="center", size=LABEL, **style)
    plt.close(figure)  # as in filmstrip
    return figure


def curves(ax, lines, *, x="", y="", title=""):
    """Draw lines over the steps 1, 2, …: {name: numbers}, each in a colour and a dash of its own.

    x, y: what the axes show; the vertical one is logarithmic, so the numbers must be positive.
    """
    for (name, numbers), tint, dash in zip(lines.items(), LINES, DASHES, strict=False):
        ax.plot(range(1, len(numbers) + 1), numbers, dash, color=tint, linewidth=2, label=name)
    ax.set_yscale("log")
    ax.set_title(title, color=INK, fontsize=LABEL)
    ax.set_xlabel(x, color=INK, fontsize=LABEL)
    ax.set_ylabel(y, color=INK, fontsize=LABEL)
    ax.tick_params(which="both", colors=INK, labelsize=LABEL)
    ax.legend(frameon=False, labelcolor=INK, fontsize=LABEL)
    ax.patch.set_alpha(0)
    ax.figure.patch.set_alpha(0)


def letters(ax, array, *, title="", rows=(), columns=()):
    """Draw a table of letters (H,W): "a", "b", … each in its own colour, "" as an empty cell.

    rows, columns: names to write beside the rows and above the columns.
    """
    array = np.asarray(array)
    for (row, column), letter in np.ndenumerate(array):
        if letter:
            tint = _light(TINTS[(ord(letter.lower()) - ord("a")) % len(TINTS)])
            ax.add_patch(Rectangle((column, row), 1, 1, facecolor=tint))
            ax.text(column + 0.5, row + 0.5, letter, ha="center", va="center", color="k", size=11)
        line = {"fill": False, "edgecolor": INK, "linewidth": 0.5, "clip_on": False}
        ax.add_patch(Rectangle((column, row), 1, 1, **line))  # on top of the tint
    style = {"textcoords": "offset points", "color": INK, "size": 9}
    for row, name in enumerate(rows):
        ax.annotate(name, (0, row + 0.5), (-4, 0), ha="right", va="center", **style)
    for column, name in enumerate(columns):
        ax.annotate(name, (column + 0.5, 0), (0, 4), ha="center", **style)
    height, width = array.shape
    above = 20 if len(columns) else 6
    ax.annotate(title, (width / 2, 0), (0, above), ha="center", **style)
    ax.set(xlim=(0, width), ylim=(height, 0), aspect="equal")
    ax.axis("off")
    ax.figure.patch.set_alpha(0)


def stacked(ax, parts, *, whole="sum", title=""):
    """Draw one signed bar for each element: its parts on one another, their sum as a line.

    parts: {name: numbers (D,)}, each with a colour and a hatch of its own. What is positive grows
    upward from 0, what is negative downward; whole: the name of the sum in the legend.
    """
    numbers = np.array(list(parts.values()), dtype=float)
    places = np.arange(1, numbers.shape[1] + 1)
    # a part begins where the earlier ones of its own sign ended
    up, down = (np.cumsum(side, axis=0) for side in (numbers.clip(0), numbers.clip(max=0)))
    starts = np.where(numbers >= 0, up, down) - numbers
    for name, part, start, tint, hatch in zip(parts, numbers, starts, TINTS, HATCHES, strict=False):
        style = {"color": tint, "alpha": 0.55, "hatch": hatch, "edgecolor": INK, "linewidth": 0.8}
        ax.bar(places, part, bottom=start, width=0.7, label=name, **style)
    line = {"colors": TARGET, "linewidth": 3}
    sums = ax.hlines(numbers.sum(axis=0), places - 0.45, places + 0.45, label=whole, **line)
    ax.axhline(0, color=INK, linewidth=0.8)
    ax.set_title(title, color=INK, fontsize=10)
    ax.set_xticks(places)
    ax.tick_params(colors=INK)
    for side, spine in ax.spines.items():
        spine.set_visible(side == "left")
    below = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.12), "ncols": 2}
    below |= {"fontsize": 9, "columnspacing": 1, "handlelength": 1.6}  # two fit side by side
    ax.legend(handles=[*ax.containers, sums], **below, frameon=False, labelcolor=INK)
    ax.patch.set_alpha(0)
    ax.figure.patch.set_alpha(0)


def _light(tint):
    """Mix a tint with white, for a cell on which black is read well, on a dark page too."""
    return 1 - 0.45 * (1 - np.array(to_rgb(tint)))


def _size(worksheet, step, values):
    """Measure a panel in cells: its grids in lines, a caption above each, a formula below."""
    _, rights, bottoms = zip(*_placed(worksheet, step, values), strict=True)
    return max(rights) + GAP / 2, max(bottoms) + BELOW


def _column(numbers):
    """Measure a column of a grid in cells: wide enough for its longest number."""
    return max(1, 0.28 * max(len(shown(number)) for number in numbers.flat) + 0.3)


def _placed(worksheet, step, values):
    """Place the grids of a step side by side, and on a new line where a page is full.

    Gives for each grid, in cells, (grid, left, top), its right edge and its bottom.
    """
    left, top, bottom = GAP / 2, ABOVE, 0
    for grid in _drawn(worksheet, step):
        numbers = values[grid.name].reshape(grid.table)
        width = _column(numbers) * numbers.shape[1]
        if bottom and CELL * (left + width + GAP / 2) > STRIP:
            left, top = GAP / 2, bottom + ABOVE
        bottom = max(bottom, top + len(numbers))
        yield (grid, left, top), left + width, bottom
        left += width + GAP


def _panel(ax, worksheet, step, values):
    """Draw the grids of one step, and its formula."""
    formulas = {cell: formula for cell, formula in _formulas(worksheet) if cell in step.targets}
    sources = set().union(*(formula.free_symbols for formula in formulas.values()))
    placed = list(_placed(worksheet, step, values))
    for (grid, left, top), right, _ in placed:
        cells, numbers = (a.reshape(grid.table) for a in (grid.cells, values[grid.name]))
        tint, rule = INK, "-"
        if grid.tint is not None:
            tint, rule = TINTS[grid.tint % len(TINTS)], RULES[grid.tint % len(RULES)]
        wide = _column(numbers)
        for (row, column), cell in np.ndenumerate(cells):
            box = (left + wide * column, top + row, wide)
            seen = (tint, rule) if cell in sources else None
            _cell(ax, box, numbers[row, column], seen, str(cell) in step.targets)
        caption = grid.label or grid.symbol or grid.name
        caption = textwrap.fill(caption, int(4.4 * (right - left) + 2.8))
        middle = (left + right) / 2
        ax.text(middle, top - 0.15, caption, ha="center", va="bottom", color=INK, size=8)
    line = step.note
    if len(step.targets) == 1:
        line = f"${worksheet.latex_of(step.targets[0], numbers=True)}$"
    middle = (GAP / 2 + max(right for _, right, _ in placed)) / 2
    below = max(bottom for *_, bottom in placed) + 0.7
    ax.text(middle, below, line, ha="center", va="center", color=INK, size=8)


def _cell(ax, box, value, seen, is_target):
    """Draw one cell in a box (left, top, width); a target is outlined.

    seen: the tint and the underline of a source, or None.
    """
    x, y, wide = box
    if seen:
        tint, rule = seen
        ax.add_patch(Rectangle((x, y), wide, 1, facecolor=_light(tint)))
        line = {"color": tint, "linewidth": 1.5, "linestyle": rule.replace("=", "-")}
        for below in (0.83, 0.93) if rule == "=" else (0.88,):
            ax.plot([x + 0.2, x + wide - 0.2], [y + below] * 2, **line)
    ax.add_patch(Rectangle((x, y), wide, 1, facecolor="none", edgecolor=INK, linewidth=0.5))
    if is_target:
        inside = wide - 0.12, 0.88
        frame = Rectangle((x + 0.06, y + 0.06), *inside, fill=False, edgecolor=TARGET, lw=2)
        ax.add_patch(frame)
    ink = "k" if seen else INK
    ax.text(x + wide / 2, y + 0.5, _written(value), ha="center", va="center", color=ink, size=9)


def _written(value):
    """Write a number as the book's text does, with a minus sign and not a hyphen."""
    return shown(value).replace("-", "−")


def _drawn(worksheet, step):
    """List the grids of a step, in the worksheet's order."""
    grids = worksheet.grids.values()
    return [g for g in grids if (g.name in step.show if step.show else not g.hidden)]


def _formulas(worksheet):
    """Give each defined cell's name with its formula."""
    for grid in worksheet.grids.values():
        if grid.formulas is not None:
            yield from zip(map(str, grid.cells.flat), grid.formulas.flat, strict=True)

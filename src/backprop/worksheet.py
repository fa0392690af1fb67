"""A small spreadsheet whose formulas are SymPy expressions.

A formula of the book is written once, here. The same cell then gives the number in the text, the
LaTeX of a line of the derivation, the live figure (as JSON) and, by SymPy's own differentiation,
the proof of its gradient. This module knows nothing of convolutions or norms.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from itertools import product as product_of

import numpy as np
import sympy as sp

from backprop.algebra import asked, slope, vanishes
from backprop.formula import (
    maximum,
    plain,
    product,
    quotient,
    shown,
    subscript,
    tex_formula,
    tex_name,
    tex_number,
    total,
    tree,
    when,
)

__all__ = [
    "Grid",
    "Proof",
    "ProofError",
    "Step",
    "Worksheet",
    "maximum",
    "product",
    "quotient",
    "subscript",
    "total",
    "when",
]


class ProofError(AssertionError):
    """A printed formula that is not the derivative it claims to be."""


@dataclass(frozen=True)
class Proof:
    """What `Worksheet.prove` showed: every entry of a grid, by symbols and for all numbers.

    With `upstream`, the derivative is that of the sum over all entries of `upstream` times `of`;
    with `by_cases`, it is for all numbers but those where several entries share a maximum.
    """

    name: str
    of: str
    wrt: str
    entries: int
    upstream: str | None = None
    by_cases: bool = False

    def __repr__(self):
        n, where = self.entries, ",\n    wherever no maximum is shared" if self.by_cases else ""
        moved = f"(Σ {self.upstream}·{self.of})" if self.upstream else self.of
        equal = "entry equals" if n == 1 else "entries equal"
        # one line of a phone has room for no more than this
        return f"{self.name}: {n} of {n} {equal} ∂{moved}/∂{self.wrt}{where}"


@dataclass(frozen=True)
class Grid:
    """A named array of cells, either given (numbers) or defined (formulas in earlier cells)."""

    name: str
    cells: np.ndarray
    given: np.ndarray | None = None
    formulas: np.ndarray | None = None
    label: str = ""
    symbol: str = ""
    tex: str = ""
    tint: int | None = None
    hidden: bool = False
    error: bool = False
    choices: tuple = ()
    minimum: float | None = None
    column: bool = False

    @property
    def table(self):
        """The shape it is drawn in, (rows, columns): a list is a row, or a column where asked."""
        return np.atleast_2d(self.cells).shape[:: -1 if self.column else 1]

    def tex_name(self, index):
        """Write one cell as LaTeX: x_{11}."""
        return tex_name(self.tex or self.symbol or self.name, self.cells.shape, index)

    @cached_property
    def sources(self):
        """The cells that the formulas refer to, in a stable order; none for a given grid."""
        formulas = [] if self.formulas is None else self.formulas.flat
        return sorted(set().union(*(f.free_symbols for f in formulas)), key=str)

    @cached_property
    def evaluate(self):
        """The formulas as one NumPy function of `sources`."""
        return sp.lambdify(self.sources, [f for f in self.formulas.flat], "numpy")

    def to_json(self):
        """Write name, label, symbol, shape, and the numbers or the formula trees, row by row."""
        document = {"name": self.name, "shape": list(self.cells.shape)}
        document |= {k: v for k in ("label", "symbol") if (v := getattr(self, k))}
        document |= {} if self.tint is None else {"tint": self.tint}
        if self.given is not None:
            document["given"] = [plain(v) for v in self.given.flat]
            document |= {"choices": list(self.choices)} if self.choices else {}
            document |= {} if self.minimum is None else {"minimum": plain(self.minimum)}
        else:
            document["formulas"] = [tree(f) for f in self.formulas.flat]
        return document | {k: True for k in ("hidden", "error", "column") if getattr(self, k)}


@dataclass(frozen=True)
class Step:
    """One step of the story: the cells computed now, a remark, and the grids to look at."""

    targets: tuple[str, ...]
    note: str = ""
    show: tuple[str, ...] = ()

    def to_json(self):
        """Write the targets, and the note and the grids to show where there are any."""
        document = {"targets": list(self.targets), "note": self.note, "show": list(self.show)}
        return {key: v for key, v in document.items() if v or key == "targets"}


@dataclass
class Worksheet:
    """Named grids of cells, and the order in which a hand computes them.

    Grids have rank 0, 1 or 2. Cells are named as in the article: x11 … x33, from 1; the arrays
    that `given` and `define` return are indexed from 0, as in NumPy.
    """

    title: str = ""
    grids: dict[str, Grid] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)

    def given(self, name, values, **drawing):
        """Add a grid of numbers that the reader may change; return its cells (SymPy symbols).

        How it is drawn: `label` over the table, `symbol` in figures, `tex` in LaTeX, `hidden`,
        `column` (a list from top to bottom), `tint` (a number, the colour of its cells as sources;
        given grids count from 0). `choices`: the only numbers its cells may hold, as a class's
        number; a proof tries each. `minimum`: the smallest number they may hold.
        Raises ValueError where the name is taken, the rank is over 2, a value is not finite, under
        the minimum or not one of the choices.
        """
        values = np.asarray(values, dtype=float)
        if not np.isfinite(values).all():
            raise ValueError(f"given: {name} must hold finite numbers, got {values.tolist()}")
        cells = self._name_cells(name, values.shape)
        place = sum(grid.given is not None for grid in self.grids.values())
        grid = Grid(name, cells, given=values, **{"tint": place} | drawing)
        _check_allowed("given", grid, values)
        return self._add(grid)

    def define(self, name, formulas, **drawing):
        """Add a grid of formulas in earlier cells; return its cells (SymPy symbols).

        Drawn as in `given`; with `error`, a figure marks every entry that is not 0.
        Raises ValueError where the name is taken or a formula refers to a cell not yet there.
        """
        formulas = np.vectorize(sp.sympify, otypes=[object])(np.asarray(formulas, dtype=object))
        cells = self._name_cells(name, formulas.shape)
        known = self._known()
        for cell, formula in zip(cells.flat, formulas.flat, strict=True):
            if strangers := sorted(map(str, formula.free_symbols - known)):
                raise ValueError(f"define: {cell} refers to {strangers[0]}, which is no cell yet")
        return self._add(Grid(name, cells, formulas=formulas, **drawing))

    def step(self, targets, note="", show=()):
        """Add a step: the cell or cells computed now, a remark, the grids drawn (default: all)."""
        flat = np.asarray(targets, dtype=object).ravel()
        names = tuple(map(str, flat))
        known = {str(cell) for cell in self._known()}
        for name in chain(names, show):
            if name not in known and name not in self.grids:
                raise ValueError(f"step: {name} is neither a cell nor a grid of this worksheet")
        self.steps.append(Step(names, note, tuple(show)))

    def values(self, **given: Sequence) -> dict[str, np.ndarray]:
        """Evaluate every grid in float64; keywords replace given numbers.

        Raises ValueError for a grid that is not given or a shape that differs.
        """
        for name in given:
            if name not in self.grids or self.grids[name].given is None:
                raise ValueError(f"values: {name} is not a given grid of this worksheet")
        number, result = {}, {}
        for name, grid in self.grids.items():
            if grid.given is not None:
                array = np.array(given.get(name, grid.given), dtype=float)
                if array.shape != grid.cells.shape:
                    raise ValueError(f"values: {name} is {grid.cells.shape}, got {array.shape}")
                _check_allowed("values", grid, array)
            else:
                numbers = grid.evaluate(*(number[s] for s in grid.sources))
                array = np.array(numbers, dtype=float).reshape(grid.cells.shape)
            result[name] = array
            number |= zip(grid.cells.flat, array.flat, strict=True)
        return result

    def jacobian(self, of, wrt, *, held=()):
        """Differentiate: ∂of_k/∂wrt_i for every k and i, in the shape of `of`, then that of `wrt`.

        SymPy differentiates the forward formulas; the chain rule joins the grids between the two.
        The grids named in `held` are held still: what they are made of does not move them.
        """
        outputs, variables = self.grids[of].cells, self.grids[wrt].cells
        # slopes[cell][variable] = ∂cell/∂variable, where it is not 0; earlier cells come first
        slopes = {variable: {variable: sp.Integer(1)} for variable in variables.flat}
        still = self._cells_of(*held)
        for cell, formula in self._formulas_after(wrt, of).items():
            if cell in still:
                continue
            terms = defaultdict(list)
            for inner in sorted(formula.free_symbols & slopes.keys(), key=str):
                partial = slope(formula, inner)
                for variable, rate in slopes[inner].items():
                    terms[variable].append(partial * rate)
            slopes[cell] = {variable: sp.Add(*parts) for variable, parts in terms.items()}
        table = np.full(outputs.shape + variables.shape, sp.Integer(0))
        for k, i in product_of(np.ndindex(outputs.shape), np.ndindex(variables.shape)):
            table[k + i] = slopes.get(outputs[k], {}).get(variables[i], table[k + i])
        return table

    def derivative(self, of, wrt, upstream=None, *, held=()):
        """Carry back: entry i of `wrt` becomes the sum over k of upstream_k · ∂of_k/∂wrt_i.

        Without `upstream`, `of` is summed as it stands (for a loss, one cell); `held` as in
        `jacobian`. Raises ValueError where the shapes of `of` and `upstream` differ.
        """
        outputs, variables = self.grids[of].cells, self.grids[wrt].cells
        weights = self.grids[upstream].cells if upstream else np.full(outputs.shape, sp.Integer(1))
        if outputs.shape != weights.shape:
            raise ValueError(
                f"derivative: {of} is {outputs.shape}, its upstream {upstream} {weights.shape}"
            )
        columns = self.jacobian(of, wrt, held=held).reshape(outputs.size, -1).T
        entries = [sp.Add(*(weights.ravel() * column)) for column in columns]
        return np.array(entries, dtype=object).reshape(variables.shape)

    def prove(self, name, *, of, wrt, upstream=None, held=(), keep=()) -> Proof:
        """Show, by symbols, that the grid `name` is the derivative of `of` by `wrt`.

        Without `upstream` the grid may also be the whole Jacobian, in the shape of `of`, then that
        of `wrt`. Grids in `held` are held still, as in `jacobian`; grids in `keep` are not written
        out, so that the claim is shown whatever they are. Raises ProofError with the first cell
        that is not what it claims to be.
        """
        grid = self.grids[name]
        whole = self.grids[of].cells.shape + self.grids[wrt].cells.shape
        if upstream is None and grid.cells.shape == whole:
            truth = self.jacobian(of, wrt, held=held)
        else:
            truth = self.derivative(of, wrt, upstream, held=held)
        if grid.cells.shape != truth.shape:
            raise ProofError(f"{name} is {grid.cells.shape}, the derivative {truth.shape}")
        kept = self._cells_of(*held, *keep, *([upstream] if upstream else []))
        formulas = {c: f for c, f in self._formulas_after(wrt).items() if c not in kept}
        for cell, formula, expected in zip(
            grid.cells.flat, grid.formulas.flat, truth.flat, strict=True
        ):
            if not self._equal(formula, expected, formulas):
                raise ProofError(f"{cell} = {formula}, but the derivative is {expected}")
        by_cases = any(asked(expected) for expected in truth.flat)
        return Proof(name, of, wrt, grid.cells.size, upstream, by_cases)

    def latex(self, name, *index, numbers=False):
        """Write one entry as LaTeX: its formula in symbols, or in numbers with its value."""
        grid = self.grids[name]
        values = self.values()
        if numbers:
            names = {cell: tex_number(values[g.name][i]) for g, i, cell in self._entries()}
        else:
            names = {cell: g.tex_name(i) for g, i, cell in self._entries()}
        line = f"{grid.tex_name(index)} = {tex_formula(grid.formulas[index], names)}"
        return f"{line} = {shown(values[name][index])}" if numbers else line

    def latex_of(self, cell, *, numbers=False):
        """Write one entry as in `latex`, found by its cell or the cell's name: "dF11"."""
        found = [(g.name, *i) for g, i, here in self._entries() if str(here) == str(cell)]
        if not found:
            raise ValueError(f"latex_of: there is no cell {cell} in this worksheet")
        return self.latex(*found[0], numbers=numbers)

    def to_json(self):
        """Write what is drawn as plain lists and numbers; formulas are trees, never source code.

        A hidden grid is left out where nothing drawn is made of it: it served a proof.
        """
        drawn = {g.name for g in self.grids.values() if not g.hidden}
        drawn |= set(chain.from_iterable(step.show for step in self.steps))
        needed = set()
        for grid in reversed(self.grids.values()):
            if grid.name in drawn or needed & set(grid.cells.flat):
                drawn.add(grid.name)
                needed |= set(grid.sources)
        return {
            "title": self.title,
            "grids": [grid.to_json() for grid in self.grids.values() if grid.name in drawn],
            "steps": [step.to_json() for step in self.steps],
        }

    def _add(self, grid):
        self.grids[grid.name] = grid
        return grid.cells

    def _name_cells(self, name, shape):
        if not re.fullmatch(r"[A-Za-z_]+", name):
            raise ValueError(f"a grid's name has letters and underscores only, got {name!r}")
        if name in self.grids or len(shape) > 2:
            rule = "is there already" if name in self.grids else "may have rank 0, 1 or 2"
            raise ValueError(f"grid {name} {rule}: shape {shape}")
        comma = "," if max(shape, default=0) > 9 else ""
        cells = np.empty(shape, dtype=object)
        for index in np.ndindex(shape):
            cells[index] = sp.Symbol(name + comma.join(str(i + 1) for i in index), real=True)
        return cells

    def _cells_of(self, *names):
        return set(chain.from_iterable(self.grids[name].cells.flat for name in names))

    def _known(self):
        return set(chain.from_iterable(grid.cells.flat for grid in self.grids.values()))

    def _entries(self):
        for grid in self.grids.values():
            for index in np.ndindex(grid.cells.shape):
                yield grid, index, grid.cells[index]

    def _formulas_after(self, name, last=None):
        """Cell -> formula, for the grids defined after `name`, as far as `last`."""
        names = list(self.grids)
        later = names[names.index(name) + 1 : names.index(last) + 1 if last else None]
        grids = (self.grids[n] for n in later if self.grids[n].given is None)
        pairs = (zip(g.cells.flat, g.formulas.flat, strict=True) for g in grids)
        return dict(chain.from_iterable(pairs))

    def _equal(self, one, other, formulas):
        """Say whether two expressions are equal, opening cells by their formulas as needed."""
        gap = one - other
        while not vanishes(gap):
            inner = {cell: formulas[cell] for cell in gap.free_symbols if cell in formulas}
            if not inner:
                return all(vanishes(case, sp.simplify) for case in self._cases(gap))
            # multiplied out at once, so that what cancels is gone before more is opened
            gap = sp.expand(gap.xreplace(inner))
        return True

    def _cases(self, expression):
        """Give the expression once for every choice of the cells that have choices."""
        choices = {c: g.choices for g in self.grids.values() if g.choices for c in g.cells.flat}
        cells = sorted(expression.free_symbols & choices.keys(), key=str)
        for case in product_of(*(choices[cell] for cell in cells)):
            yield expression.subs(dict(zip(cells, case, strict=True)))


def _check_allowed(what, grid, values):
    """Refuse a number under the grid's minimum, or not one of its choices, if it has any."""
    if grid.minimum is not None and values.size and values.min() < grid.minimum:
        least = plain(grid.minimum)
        raise ValueError(f"{what}: {grid.name} may hold {least} or more, not {plain(values.min())}")
    for value in values.flat if grid.choices else ():
        if value not in grid.choices:
            allowed = ", ".join(map(str, grid.choices))
            raise ValueError(f"{what}: {grid.name} may hold {allowed}, not {plain(value)}")

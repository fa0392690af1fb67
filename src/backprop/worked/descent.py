"""A few steps downhill with two weights, each number of each rule in a cell of its own. Chapter 12.

The loss is a valley, L = (c₁w₁² + c₂w₂²)/2, whose gradient is c·w. What belongs to the second point
has one prime, to the third two. Points and what is computed there are grids of their own: w, d and
L, then wa, da and La, and so on.
"""

import sympy as sp

from backprop.worked.letters import EPSILON
from backprop.worksheet import Worksheet, product, quotient, total

SUFFIXES = ("", "a", "b", "c")
PRIMES = ("", "′", "″", "‴")
TEX_PRIMES = ("", r"^{\prime}", r"^{\prime\prime}", r"^{\prime\prime\prime}")


def momentum(w, c, *, rate, momentum, steps=3, title="Momentum, step by step"):
    """v = μ·v + dw, then w = w − η·v, from v = 0: grids v, va, … beside those of the module.

    Raises ValueError for more than three steps.
    """
    sheet, w, c, eta = _start(w, c, rate, steps, title)
    mu = sheet.given("mu", momentum, symbol="μ", tex=r"\mu")[()]
    v = None
    for at in range(steps):
        d = _slope(sheet, at, w, c)
        v = _add(sheet, "v", at, d if v is None else _each(_carried(mu), v, d), "v")
        w = _point(sheet, at + 1, _each(lambda w, v: w - product(eta, v), w, v), c)
    _tell(sheet, steps, {"v": "What is left of the last v, and the new gradient."}, "eta mu")
    return sheet


def adam(w, c, *, rate, beta1, beta2, eps=1e-8, steps=2, title="Adam, step by step"):
    """m and s average dw and dw², n and q correct them, then w = w − η·n/(√q + ε).

    Grids m, s, n (m̂), q (ŝ), ma, … beside those of the module. Raises ValueError for more than
    three steps.
    """
    sheet, w, c, eta = _start(w, c, rate, steps, title)
    one = sheet.given("beta_one", beta1, symbol="β₁", tex=r"\beta_1")[()]
    two = sheet.given("beta_two", beta2, symbol="β₂", tex=r"\beta_2")[()]
    eps = sheet.given("eps", eps, **EPSILON)[()]
    m = s = None
    for at in range(steps):
        d = _slope(sheet, at, w, c)
        m = _add(sheet, "m", at, _average(one, m, d), "m")
        s = _add(sheet, "s", at, _average(two, s, d**2), "s")
        n = _add(sheet, "n", at, _corrected(m, one, at), "m̂", r"\hat m")
        q = _add(sheet, "q", at, _corrected(s, two, at), "ŝ", r"\hat s")
        move = _each(lambda n, q: quotient(product(eta, n), total([sp.sqrt(q), eps])), n, q)
        w = _point(sheet, at + 1, _each(lambda w, move: w - move, w, move), c)
    notes = {
        "m": "An average of the gradients; it starts at 0.",
        "s": "An average of their squares; it starts at 0.",
        "n": "The start at 0 is divided out.",
        "q": "Here too.",
    }
    _tell(sheet, steps, notes, "eta beta_one beta_two")
    return sheet


def _start(w, c, rate, steps, title):
    """Start a worksheet at the first point."""
    if not 1 <= steps < len(SUFFIXES):
        raise ValueError(f"descent: steps must be 1 to {len(SUFFIXES) - 1}: {steps}")
    sheet = Worksheet(title)
    c = sheet.given("c", c, label="steepness c")
    w = sheet.given("w", w)
    eta = sheet.given("eta", rate, symbol="η", tex=r"\eta")[()]
    _loss(sheet, 0, w, c)
    return sheet, w, c, eta


def _each(formula, *columns):
    """Make one formula for each weight, of its cell in each column."""
    return [formula(*cells) for cells in zip(*columns, strict=True)]


def _carried(mu):
    """Keep a part of what there was, and add the new number."""
    return lambda before, new: total([product(mu, before), new])


def _average(beta, before, new):
    """Weigh what there was with β and the new numbers with 1 − β; before the first there is 0."""
    if before is None:
        return _each(lambda b: product(1 - beta, b), new)
    return _each(lambda a, b: total([product(beta, a), product(1 - beta, b)]), before, new)


def _corrected(average, beta, at):
    """Divide out that the average started at 0."""
    return _each(lambda cell: quotient(cell, 1 - beta ** (at + 1)), average)


def _add(sheet, name, at, formulas, symbol, tex=None):
    """Define a grid of one step, named with its suffix and written with its primes."""
    style = {"symbol": symbol + PRIMES[at], "tex": (tex or symbol) + TEX_PRIMES[at]}
    return sheet.define(name + SUFFIXES[at], formulas, **style)


def _slope(sheet, at, w, c):
    return _add(sheet, "d", at, _each(product, c, w), "dw")


def _point(sheet, at, formulas, c):
    """Define the point that a step leads to, and the loss there."""
    w = _add(sheet, "w", at, formulas, "w")
    _loss(sheet, at, w, c)
    return w


def _loss(sheet, at, w, c):
    terms = _each(lambda c, w: product(c, w**2), c, w)
    _add(sheet, "L", at, quotient(total(terms), 2), "L")


def _tell(sheet, steps, notes, options):
    """Add the figure's steps: for each step of the rule the gradient, its notes and the point."""
    for at in range(steps):
        here, there = SUFFIXES[at], SUFFIXES[at + 1]
        # v, m and s are made of those of the step before
        remembered = [name + SUFFIXES[at - 1] for name in notes if at and name in "vms"]
        drawn = ["c", "w" + here, "d" + here]
        sheet.step(sheet.grids["d" + here].cells, "The gradient here.", show=drawn)
        for name, note in notes.items():
            drawn = [*drawn, name + here]
            shown = [*options.split(), *remembered, *drawn]
            sheet.step(sheet.grids[name + here].cells, note, show=shown)
        shown = ["c", *options.split(), *drawn[1:], "w" + there, "L" + here, "L" + there]
        sheet.step(sheet.grids["w" + there].cells, "The step, and the loss after it.", show=shown)

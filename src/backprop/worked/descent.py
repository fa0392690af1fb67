"""A few steps downhill with two weights, each number of each rule in a cell of its own. Chapter 12.

The loss is a valley, L = (k₁w₁² + k₂w₂²)/2, whose gradient is k·w. What belongs to the second point
has one prime, to the third two. Points and what is computed there are grids of their own: w, d and
L, then wa, da and La, and so on.
"""

import sympy as sp

from backprop.worksheet import Worksheet, product, quotient, total

SUFFIXES = ("", "a", "b", "c")
PRIMES = ("", "′", "″", "‴")


def momentum(w, k, *, rate, momentum, steps=3, title="Momentum, step by step"):
    """v = μ·v + dw, then w = w − η·v, from v = 0: grids v, va, … beside those of the module.

    Raises ValueError for more than three steps.
    """
    sheet, w, k, eta = _start(w, k, rate, steps, title)
    mu = sheet.given("mu", momentum, symbol="μ", tex=r"\mu")[()]
    v = [0, 0]
    for at in range(steps):
        d = _slope(sheet, at, w, k)
        terms = [
            [d_i] if at == 0 else [product(mu, v_i), d_i] for v_i, d_i in zip(v, d, strict=True)
        ]
        v = _add(sheet, "v", at, [total(term) for term in terms], "v")
        w = _point(
            sheet, at + 1, [w_i - product(eta, v_i) for w_i, v_i in zip(w, v, strict=True)], k
        )
    _tell(sheet, steps, {"v": "What is left of the last v, and the new gradient."}, "eta mu")
    return sheet


def adam(w, k, *, rate, beta1, beta2, eps=1e-8, steps=2, title="Adam, step by step"):
    """m and s average dw and dw², n and q correct them, then w = w − η·n/(√q + ε).

    Grids m, s, n (m̂), q (ŝ), ma, … beside those of the module. Raises ValueError for more than
    three steps.
    """
    sheet, w, k, eta = _start(w, k, rate, steps, title)
    one = sheet.given("beta_one", beta1, symbol="β₁", tex=r"\beta_1")[()]
    two = sheet.given("beta_two", beta2, symbol="β₂", tex=r"\beta_2")[()]
    eps = sheet.given("eps", eps, symbol="ε", tex=r"\varepsilon", hidden=True)[()]
    m = s = None
    for at in range(steps):
        d = _slope(sheet, at, w, k)
        m = _add(sheet, "m", at, _average(one, m, d), "m")
        s = _add(sheet, "s", at, _average(two, s, d**2), "s")
        n = _add(sheet, "n", at, [quotient(c, 1 - one ** (at + 1)) for c in m], "m̂", r"\hat m")
        q = _add(sheet, "q", at, [quotient(c, 1 - two ** (at + 1)) for c in s], "ŝ", r"\hat s")
        moves = [quotient(product(eta, a), sp.sqrt(b) + eps) for a, b in zip(n, q, strict=True)]
        w = _point(sheet, at + 1, [w_i - move for w_i, move in zip(w, moves, strict=True)], k)
    notes = {
        "m": "An average of the gradients; it starts at 0.",
        "s": "An average of their squares; it starts at 0.",
        "n": "The start at 0 is divided out.",
        "q": "Here too.",
    }
    _tell(sheet, steps, notes, "eta beta_one beta_two")
    return sheet


def _start(w, k, rate, steps, title):
    """Start a worksheet at the first point."""
    if not 1 <= steps < len(SUFFIXES):
        raise ValueError(f"descent: steps must be 1 to {len(SUFFIXES) - 1}: {steps}")
    sheet = Worksheet(title)
    k = sheet.given("k", k, label="steepness k")
    w = sheet.given("w", w)
    eta = sheet.given("eta", rate, symbol="η", tex=r"\eta")[()]
    _loss(sheet, 0, w, k)
    return sheet, w, k, eta


def _average(beta, before, new):
    """Weigh what there was with β and the new numbers with 1 − β; before the first there is 0."""
    if before is None:
        return [product(1 - beta, b) for b in new]
    pairs = zip(before, new, strict=True)
    return [total([product(beta, a), product(1 - beta, b)]) for a, b in pairs]


def _add(sheet, name, at, formulas, symbol, tex=None):
    """Define a grid of one step, named with its suffix and written with its primes."""
    style = {"symbol": symbol + PRIMES[at], "tex": (tex or symbol) + "'" * at}
    return sheet.define(name + SUFFIXES[at], formulas, **style)


def _slope(sheet, at, w, k):
    return _add(sheet, "d", at, [product(*pair) for pair in zip(k, w, strict=True)], "dw")


def _point(sheet, at, formulas, k):
    """Define the point that a step leads to, and the loss there."""
    w = _add(sheet, "w", at, formulas, "w")
    _loss(sheet, at, w, k)
    return w


def _loss(sheet, at, w, k):
    terms = [product(k_i, w_i**2) for k_i, w_i in zip(k, w, strict=True)]
    _add(sheet, "L", at, quotient(total(terms), 2), "L")


def _tell(sheet, steps, notes, options):
    """Add the figure's steps: for each step of the rule the gradient, its notes and the point."""
    for at in range(steps):
        here, there = SUFFIXES[at], SUFFIXES[at + 1]
        last = SUFFIXES[at - 1] if at else None
        remembered = [name + last for name in notes if last is not None and name in "vms"]
        drawn = ["k", "w" + here, "d" + here]
        sheet.step(sheet.grids["d" + here].cells, "The gradient here.", show=drawn)
        for name, note in notes.items():
            drawn = [*drawn, name + here]
            shown = [*options.split(), *remembered, *drawn]
            sheet.step(sheet.grids[name + here].cells, note, show=shown)
        shown = ["k", *options.split(), *drawn[1:], "w" + there, "L" + here, "L" + there]
        sheet.step(sheet.grids["w" + there].cells, "The step, and the loss after it.", show=shown)

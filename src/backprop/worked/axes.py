"""The norms as axes: which cells of a small (N,C,H,W) block share a statistic, and feel one output.

A block is drawn as one table for each sample, x_a and x_b, …: a row for each channel, a column for
each position. A norm is nothing but the rule that says which cells form a group, `GROUPS`, and
whether the mean is taken off.
"""

import numpy as np
import sympy as sp

from backprop.worked.letters import D_HAT, EPSILON, GAMMA, HAT, MEAN
from backprop.worksheet import Worksheet, product, quotient, total

# (sample, channel, position, channels in a group) -> the name of the cell's group
GROUPS = {
    "batch": lambda n, c, p, size: (c,),
    "layer": lambda n, c, p, size: (n,),
    "instance": lambda n, c, p, size: (n, c),
    "group": lambda n, c, p, size: (n, c // size),
    "RMS": lambda n, c, p, size: (n, p),
}


def members(shape, norm, groups=2):
    """List the groups of a norm on a block (N,C,P): for each, the indices of its cells."""
    size = shape[1] // groups
    found = {}
    for at in np.ndindex(*shape):
        found.setdefault(GROUPS[norm](*at, size), []).append(at)
    return list(found.values())


def shared(x, norm, groups=2):
    """Write into every cell of sample a the statistic of its group: mean, or for RMS mean square.

    x: a block (N,C,P); norm: a name in GROUPS; groups: how many a "group" norm has.
    The grids are x_a, x_b, …, m, and for RMS q_a, … (the squares). One step for each group that
    reaches into sample a. Chapter 11.
    """
    sheet, x = _block(x, "Which cells share a statistic?")
    averaged, name = x, "mean"
    if norm == "RMS":
        averaged, name = _samples(sheet, "q", x**2, "squares", tint=1), "mean square"
    groups_of_a = [group for group in members(x.shape, norm, groups) if group[0][0] == 0]
    statistic = np.empty(x.shape[1:], dtype=object)
    for group in groups_of_a:
        for _, *at in (cell for cell in group if cell[0] == 0):
            statistic[tuple(at)] = quotient(total(averaged[k] for k in group), len(group))
    m = sheet.define("m", statistic, label=f"{name} for sample a")
    for k, (first, *others) in enumerate(groups_of_a):
        note = f"Group {k + 1}: {len(others) + 1} cells share one {name}."
        sheet.step(m[first[1:]], note)
    return sheet


def felt(x, norm, at, groups=2):
    """Carry one output back: dx of L = x̂ at the cell `at`, 0 outside that cell's group.

    x, norm, groups as in `shared`; the grids are x_a …, mu (not for RMS), var, s, L, dx_a ….
    Chapter 11.
    """
    sheet, x = _block(x, "Which cells feel one output?")
    (group,) = [group for group in members(x.shape, norm, groups) if at in group]
    centre, n = 0, len(group)
    if norm != "RMS":
        centre = quotient(total(x[k] for k in group), n)
        centre = sheet.define("mu", centre, **MEAN)[()]
    style = {"symbol": "q"} if norm == "RMS" else {"symbol": "σ²", "tex": r"\sigma^2"}
    var = sheet.define("var", quotient(total((x[k] - centre) ** 2 for k in group), n), **style)[()]
    s = sheet.define("s", sp.sqrt(var))[()]
    loss = sheet.define("L", (x[at] - centre) / s)[()]
    slopes = np.full(x.shape, sp.Integer(0))
    for k in group:
        terms = [1] if k == at else []
        terms += [] if norm == "RMS" else [-sp.Rational(1, n)]
        terms += [-loss * (x[k] - centre) / (n * s)]
        slopes[k] = quotient(total(terms), s)
    slopes = _samples(sheet, "dx", slopes, "dx")
    shown = list(sheet.grids)
    samples = len(x)
    sheet.step(loss, "The loss: one output, x̂ at this cell.", show=shown[:-samples])
    note = "Its whole group feels it, and nothing else does."
    inside = [slopes[k] for k in group]
    sheet.step(inside, note, show=shown[:samples] + shown[-samples:])
    return sheet


def rms(x, dy, gamma=1, eps=0):
    """RMS norm on one sample (D,), and its two paths back.

    The grids are x, gamma, eps, q (mean square), r (its root), h (x / r), y, dy, dh, p (direct),
    dq (what arrives at the mean square), t (the path through it), dx, k (the closed form).
    `rms_proofs` shows each to be what it claims. Chapter 11.
    """
    sheet = Worksheet("RMS norm: two paths")
    x = sheet.given("x", x)
    n = x.size
    gamma = sheet.given("gamma", np.broadcast_to(gamma, x.shape), **GAMMA)
    eps = sheet.given("eps", eps, **EPSILON)[()]
    q = sheet.define("q", quotient(total(v**2 for v in x), n), label="q, mean square")[()]
    r = sheet.define("r", sp.sqrt(q + eps))[()]
    h = sheet.define("h", x / r, **HAT)
    sheet.define("y", np.vectorize(product)(gamma, h))
    dy = sheet.given("dy", np.broadcast_to(dy, x.shape))
    dh = sheet.define("dh", np.vectorize(product)(dy, gamma), **D_HAT)
    p = sheet.define("p", dh / r, label="p, direct path")
    pulls = total(product(a, b) for a, b in zip(dh, x, strict=True))
    dq = quotient(-pulls, 2 * r**3)
    dq = sheet.define("dq", dq, label="dq, arrives at q")[()]
    t = sheet.define("t", dq * 2 * x / n, label="t, path through q")
    sheet.define("dx", p + t)
    along = quotient(total(product(a, b) for a, b in zip(dh, h, strict=True)), n)
    along = sheet.define("w", along, label="w, mean of dx̂·x̂")[()]
    sheet.define("k", (dh - h * along) / r, label="k, closed form of dx")
    for name, shown, note in [
        ("q", "x q", "The mean of the squares. Nothing is subtracted first."),
        ("r", "q r", "Its root; ε is added under the root."),
        ("h", "x r h", "Every number in units of the root."),
        ("dh", "dy gamma dh", "On the way back, first through the scale γ."),
        ("p", "dh r p", "Direct: x̂ follows x with slope 1/r while r stands still."),
        ("dq", "dh x r dq", "What arrives at the mean square, from every number."),
        ("t", "dq x t", "Through the mean square: in proportion to x itself."),
        ("dx", "p t dx", "Two paths, and no third."),
        ("k", "dh h w r k", "The closed form says the same."),
    ]:
        sheet.step(sheet.grids[name].cells, note, show=shown.split())
    return sheet


def rms_proofs(sheet):
    """Prove the paths and the closed form of a worksheet made by `rms`: claim -> Proof."""
    still = {"of": "h", "wrt": "x", "upstream": "dh"}
    claims = {
        "the direct path": ("p", still | {"held": ("q",)}),
        "what arrives at the mean square": ("dq", still | {"wrt": "q"}),
        "the path through the mean square": ("t", {"of": "q", "wrt": "x", "upstream": "dq"}),
        "the sum of the paths": ("dx", still),
        "the closed form": ("k", still),
    }
    return {claim: sheet.prove(name, **how) for claim, (name, how) in claims.items()}


def _block(x, title):
    """Start a worksheet with one given table for each sample; return the cells as (N,C,P)."""
    sheet = Worksheet(title)
    tables = [
        sheet.given(f"x_{letter}", table, label=f"x, sample {letter}", tint=0)
        for letter, table in zip("abcdef", np.asarray(x), strict=False)
    ]
    return sheet, np.array(tables)


def _samples(sheet, name, formulas, label, **drawing):
    """Define one table for each sample; return the cells as (N,C,P)."""
    tables = [
        sheet.define(f"{name}_{letter}", table, label=f"{label}, sample {letter}", **drawing)
        for letter, table in zip("abcdef", formulas, strict=False)
    ]
    return np.array(tables)

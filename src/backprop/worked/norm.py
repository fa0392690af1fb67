"""LayerNorm and BatchNorm, forward and backward, each path to the loss in a grid of its own.

Both take numbers in groups, subtract the group's mean and divide by its standard deviation. They
differ in which numbers form a group, and in nothing else: `axis` is the axis a group runs along.
LayerNorm takes x (D,), or (N,D) with axis 1; BatchNorm takes x (N,C) with axis 0. The last axis
holds the features: gamma and beta have one entry for each.
"""

from dataclasses import dataclass

import numpy as np
import sympy as sp

from backprop.worked.letters import BETA, D_HAT, EPSILON, GAMMA, HAT, MEAN, VARIANCE
from backprop.worksheet import Worksheet, product, total


@dataclass(frozen=True)
class Groups:
    """Which cells share a mean and a variance."""

    shape: tuple[int, ...]
    axis: int

    @property
    def size(self):
        """How many cells a group has."""
        return self.shape[self.axis]

    @property
    def drawn(self):
        """How a statistic is drawn: beside its row, where each row is a group."""
        return {"column": self.axis == 1}

    def group(self, at):
        """Find the group of a cell: its index without the axis."""
        return at[: self.axis] + at[self.axis + 1 :]

    def for_each(self, formula):
        """Make one formula for each group, of the indices of its members."""
        formulas = np.empty(self.group(self.shape), dtype=object)
        for group in np.ndindex(formulas.shape):
            formulas[group] = formula(
                [at for at in np.ndindex(self.shape) if self.group(at) == group]
            )
        return formulas

    def spread(self, statistic):
        """Give every cell its group's statistic."""
        cells = np.empty(self.shape, dtype=object)
        for at in np.ndindex(self.shape):
            cells[at] = statistic[self.group(at)]
        return cells

    def mean(self, cells):
        """Average the cells of each group."""
        return self.for_each(lambda members: total(cells[at] for at in members) / self.size)


def forward(x, gamma=1, beta=0, *, axis=0, eps=0, title="From x to y, normalised"):
    """y = gamma·x̂ + beta with x̂ = (x − μ)/s and s = √(σ² + ε); one grid for each of them.

    The grids are x, gamma, beta, eps, mu, a (x − μ), var, s, h (x̂), y. Chapters 09 and 10.
    """
    sheet, _ = _forward(x, gamma, beta, axis, eps, title)
    for name, shown, note in [
        ("mu", "x mu", "The mean of the group."),
        ("a", "x mu a", "How far each number is from it. These distances add up to 0."),
        ("var", "a var", "The variance: the mean of the squared distances."),
        ("s", "var eps s", "Its root, the standard deviation; ε is added under the root."),
        ("h", "a s h", "Each distance in standard deviations."),
        ("y", "x h gamma beta y", "Each feature is scaled by its γ and moved by its β."),
    ]:
        sheet.step(sheet.grids[name].cells, note, show=shown.split())
    return sheet


def backward(x, dy, gamma=1, beta=0, *, axis=0, eps=0, title="Three paths back to x"):
    """dx as the sum of three paths: p direct, q through the variance, r through the mean.

    Further grids: dh (dx̂), dvar and dmu (what arrives at each statistic), none (the mean's path
    through the variance, always 0), k (the closed form), e (dx − k), dgamma, dbeta. `proofs` shows
    each of them to be what it claims. Chapters 09 and 10.
    """
    sheet, groups = _forward(x, gamma, beta, axis, eps, title, hidden=("x", "gamma", "beta", "y"))
    grid = {name: g.cells for name, g in sheet.grids.items()}
    dy = sheet.given("dy", np.broadcast_to(dy, groups.shape))
    s, n = groups.spread(grid["s"]), groups.size
    dh = sheet.define("dh", np.vectorize(product)(dy, grid["gamma"]), **D_HAT)
    sheet.define("p", dh / s, label="p, direct path")
    pulls = np.vectorize(product)(dh, grid["a"])
    dvar = groups.for_each(lambda at: -total(pulls[i] for i in at)) / (2 * grid["s"] ** 3)
    dvar = sheet.define("dvar", dvar, symbol="dσ²", tex=r"d\sigma^2", **groups.drawn)
    sheet.define("q", groups.spread(dvar) * 2 * grid["a"] / n, label="q, path through σ²")
    dmu = groups.for_each(lambda at: -total(dh[i] for i in at)) / grid["s"]
    dmu = sheet.define("dmu", dmu, symbol="dμ", tex=r"d\mu", **groups.drawn)
    sheet.define("r", groups.spread(dmu) / n, label="r, path through μ")
    lost = groups.for_each(lambda at: total(-2 * grid["a"][i] for i in at)) / n
    style = {"symbol": "dμ_σ²", "tex": r"{d\mu_{\sigma^2}}", **groups.drawn}
    sheet.define("none", dvar * lost, label="μ's path through σ²", **style)
    paths = [sheet.grids[name].cells for name in "pqr"]
    dx = sheet.define("dx", np.vectorize(lambda *three: total(three))(*paths))
    average = sheet.define("c", groups.mean(dh), label="c, mean of dx̂", **groups.drawn)
    along = groups.mean(np.vectorize(product)(dh, grid["h"]))
    along = sheet.define("w", along, label="w, mean of dx̂·x̂", **groups.drawn)
    k = (dh - groups.spread(average) - grid["h"] * groups.spread(along)) / s
    k = sheet.define("k", k, label="k, closed form of dx")
    sheet.define("e", dx - k, label="paths minus closed form", error=True)
    features = np.ndindex(grid["gamma"].shape)
    samples = [[at for at in np.ndindex(groups.shape) if at[-1:] == f] for f in features]
    dgamma = [total(product(dy[at], grid["h"][at]) for at in rows) for rows in samples]
    sheet.define("dgamma", dgamma, symbol="dγ", tex=r"d\gamma")
    sheet.define(
        "dbeta", [total(dy[at] for at in rows) for rows in samples], symbol="dβ", tex=r"d\beta"
    )
    _tell(sheet)
    return sheet


def proofs(sheet):
    """Prove every gradient of a worksheet made by `backward`: name of the claim -> Proof.

    The path through the variance is the same with the mean held still and with the mean moving:
    that is the proof that the mean's own path through the variance is 0, whatever the numbers.
    Raises ProofError where one does not hold.
    """
    still = {"wrt": "x", "of": "h", "upstream": "dh"}
    claims = {
        "the direct path": ("p", still | {"held": ("mu", "var")}),
        "what arrives at the variance": ("dvar", still | {"wrt": "var"}),
        "the path through the variance": (
            "q",
            {"of": "var", "wrt": "x", "upstream": "dvar", "held": ("mu",)},
        ),
        "the same, while the mean follows x": (
            "q",
            {"of": "var", "wrt": "x", "upstream": "dvar"},
        ),
        "what arrives at the mean, directly": ("dmu", still | {"wrt": "mu", "held": ("var",)}),
        "the path through the mean": ("r", {"of": "mu", "wrt": "x", "upstream": "dmu"}),
        "the mean, through the variance": ("none", {"of": "var", "wrt": "mu", "upstream": "dvar"}),
        "the sum of the paths": ("dx", still | {"keep": ("var",)}),
        "the closed form": ("k", still | {"keep": ("var",)}),
        "gamma's gradient": ("dgamma", {"of": "y", "wrt": "gamma", "upstream": "dy"}),
        "beta's gradient": ("dbeta", {"of": "y", "wrt": "beta", "upstream": "dy"}),
    }
    return {claim: sheet.prove(name, **how) for claim, (name, how) in claims.items()}


def _forward(x, gamma, beta, axis, eps, title, hidden=()):
    """Start a worksheet with the grids of the forward pass."""
    sheet = Worksheet(title)
    x = sheet.given("x", x, hidden="x" in hidden)
    if not 0 <= axis < x.ndim:
        raise ValueError(f"norm: axis {axis} is none of the {x.ndim} axes of x {x.shape}")
    groups = Groups(x.shape, axis)
    gamma, beta = (np.broadcast_to(weights, x.shape[-1:]) for weights in (gamma, beta))
    gamma = sheet.given("gamma", gamma, hidden="gamma" in hidden, **GAMMA)
    beta = sheet.given("beta", beta, hidden="beta" in hidden, **BETA)
    eps = sheet.given("eps", eps, **EPSILON)[()]
    mu = sheet.define("mu", groups.mean(x), **MEAN, **groups.drawn)
    a = sheet.define("a", x - groups.spread(mu), label="a = x − μ", tint=0)
    var = sheet.define("var", groups.mean(a**2), **VARIANCE, **groups.drawn)
    root = np.vectorize(lambda v: sp.sqrt(v + eps), otypes=[object])
    s = sheet.define("s", root(var), **groups.drawn)
    h = sheet.define("h", a / groups.spread(s), **HAT)
    y = np.vectorize(lambda h, g, b: total([product(g, h), b]), otypes=[object])(h, gamma, beta)
    sheet.define("y", y, hidden="y" in hidden)
    return sheet, groups


def _tell(sheet):
    """Add the steps of the way back."""
    for name, shown, note in [
        ("dh", "dy gamma dh", "First back through the scale γ."),
        ("p", "dh s p", "Direct: x̂ follows x with slope 1/s while μ and σ² stand still."),
        ("dvar", "dh a s dvar", "What arrives at the variance, from every member of the group."),
        ("q", "dvar a q", "Through the variance: in proportion to the distance from the mean."),
        ("dmu", "dh s dmu", "What arrives at the mean, from every member."),
        ("r", "dmu r", "Through the mean: the same for every member."),
        ("none", "dvar a none", "The mean also moves the variance, but the distances add up to 0."),
        ("dx", "x dy p q r dx", "The three paths together. All of them follow x and dy."),
        ("e", "dx k e", "The closed form says the same."),
    ]:
        sheet.step(sheet.grids[name].cells, note, show=shown.split())

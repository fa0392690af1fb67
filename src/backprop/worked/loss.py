"""From the flattened map A to the loss and back: dense layer, softmax, cross-entropy. Chapter 02.

The grids carry the book's names: logits z, shares p, target t, loss L. In every function A is (D,),
W (D,M), b and z (M,), and `label` is the number of the right class, from 1 as the reader counts.
"""

import numpy as np
import sympy as sp

from backprop.worksheet import Worksheet, maximum, product, subscript, total, when


def cross_entropy(z, label, *, shifted=True, title="From the logits to the loss"):
    """L and dz = p − t from the logits: z, powers e, their sum s, p, label, t, L, dz.

    With `shifted` the largest logit is taken off first (grids top and c), and L is the logarithm of
    s minus the right class's c: no power overflows, and no share of 0 meets a logarithm.
    """
    sheet = Worksheet(title)
    z = sheet.given("z", z)
    add_cross_entropy(sheet, label, shifted=shifted)
    add_logit_gradient(sheet)
    cells = {name: grid.cells for name, grid in sheet.grids.items()}
    if shifted:
        sheet.step(cells["top"], "The largest logit.", show=("z", "top"))
        sheet.step(cells["c"], "It is taken off every logit.", show=("z", "top", "c"))
    exponents = "c" if shifted else "z"
    sheet.step(cells["e"], "e to the power of each.", show=("z", exponents, "e"))
    sheet.step(cells["s"], "All powers together.", show=("z", "e", "s"))
    sheet.step(cells["p"], "Each power's share of the sum.", show=("z", "e", "s", "p"))
    terms = ("c", "s") if shifted else ("p",)
    sheet.step(cells["L"], "Only the right class counts.", show=("z", *terms, "label", "t", "L"))
    note = "Share minus target. Change a logit or the label."
    sheet.step(cells["dz"], note, show=("z", "p", "label", "t", "L", "dz"))
    return sheet


def through_the_jacobian(z, label, *, title="From the loss to the logits, the long way"):
    """Add to the definition dp, all of J (row k, column j: ∂p_k/∂z_j) and dz as their product.

    q is p − t, and gap is dz minus q: 0, whatever the numbers.
    """
    sheet = Worksheet(title)
    z = sheet.given("z", z)
    p, t = add_cross_entropy(sheet, label, shifted=False)
    dp = sheet.define("dp", [-t_k / p_k for t_k, p_k in zip(t, p, strict=True)])
    J = np.empty((p.size, p.size), dtype=object)
    for k, j in np.ndindex(J.shape):
        J[k, j] = product(p[k], total([1, -p[k]])) if k == j else product(-1, p[k], p[j])
    J = sheet.define("J", J, label="J, slopes of p")
    dz = [total(product(J[k, j], dp[k]) for k in range(p.size)) for j in range(p.size)]
    dz = sheet.define("dz", dz)
    q = sheet.define("q", p - t, label="q = p − t")
    sheet.define("gap", dz - q, label="dz − q", error=True)
    cells = {name: grid.cells for name, grid in sheet.grids.items()}
    sheet.step(cells["e"], "e to the power of each logit.", show=("z", "e"))
    sheet.step(cells["s"], "All powers together.", show=("z", "e", "s"))
    sheet.step(p, "Each power's share of the sum.", show=("z", "e", "s", "p"))
    sheet.step(cells["L"], "Only the right class counts.", show=("z", "p", "label", "t", "L"))
    sheet.step(dp, "The slope of −log p is −1/p.", show=("z", "p", "label", "t", "L", "dp"))
    for at in ((0, 0), (0, 1)):
        note = f"How share {at[0] + 1} answers to logit {at[1] + 1}."
        sheet.step(J[at], note, show=("z", "p", "J"))
    note = "All nine. Row: whose share. Column: which logit."
    sheet.step(J, note, show=("z", "p", "J"))
    for j, cell in enumerate(dz):
        note = f"z{subscript((j,))} moves every share: one product for each."
        sheet.step(cell, note, show=("z", "label", "dp", "J", "dz"))
    sheet.step(q, "Share minus target, for comparison.", show=("z", "label", "p", "t", "dz", "q"))
    note = "Change a logit or the label: the long way and the short way stay equal."
    sheet.step([], note, show=("z", "label", "p", "L", "J", "dz", "q", "gap"))
    return sheet


def dense(A, W, b, label, *, title="Through the dense layer and back"):
    """Run z = A W + b on to the loss, then back: dz, dW, db, dA."""
    sheet = Worksheet(title)
    sheet.given("A", A)
    add_dense(sheet, W, b)
    add_cross_entropy(sheet, label)
    add_logit_gradient(sheet)
    add_dense_gradients(sheet)
    cells = {name: grid.cells for name, grid in sheet.grids.items()}
    for k, cell in enumerate(cells["z"]):
        sheet.step(cell, f"A meets column {k + 1} of W.", show=("A", "W", "b", "z"))
    sheet.step(cells["p"], "Softmax.", show=("z", "top", "c", "e", "s", "p"))
    sheet.step(cells["L"], "The loss.", show=("z", "c", "s", "p", "label", "t", "L"))
    sheet.step(cells["dz"], "Back: share minus target.", show=("p", "label", "t", "L", "dz"))
    note = "W₁₁ is in z₁ only, times A₁."
    sheet.step(cells["dW"][0, 0], note, show=("A", "W", "dz", "dW"))
    note = "Each weight: its input times its output's dz."
    sheet.step(cells["dW"], note, show=("A", "W", "dz", "dW"))
    sheet.step(cells["db"], "Each bias stands in one logit, times 1.", show=("b", "dz", "db"))
    note = "A₁ is in all the logits: one product for each."
    sheet.step(cells["dA"][0], note, show=("A", "W", "dz", "dA"))
    note = "Change an input, a weight or the label: every gradient follows."
    show = ("A", "W", "b", "label", "p", "L", "dz", "dW", "db", "dA")
    sheet.step([], note, show=show)
    return sheet


def add_dense(sheet, W, b):
    """Add W, b and z = A W + b to a worksheet that has A; return z.

    Raises ValueError where the sizes do not fit.
    """
    A, W, b = sheet.grids["A"].cells, sheet.given("W", W), sheet.given("b", b)
    if W.shape != (A.size, b.size):
        raise ValueError(f"dense: W must be {(A.size, b.size)}, for A and b: W {W.shape}")
    columns = zip(W.T, b, strict=True)
    z = [total([*map(product, A, column), bias]) for column, bias in columns]
    return sheet.define("z", z)


def add_dense_gradients(sheet):
    """Add dW, db and dA to a worksheet that has A, W, b and dz."""
    A, W, dz = (sheet.grids[name].cells for name in ("A", "W", "dz"))
    sheet.define("dW", [[product(a, dz_k) for dz_k in dz] for a in A])
    sheet.define("db", dz)
    sheet.define("dA", [total(map(product, dz, row)) for row in W])


def add_cross_entropy(sheet, label, *, shifted=True):
    """Add softmax, the target and the loss to a worksheet that has z; return p and t.

    The label can be changed; t follows it: 1 at the label, 0 elsewhere.
    """
    z = sheet.grids["z"].cells
    if shifted:
        top = sheet.define("top", maximum(z), label="top, the largest")[()]
        c = sheet.define("c", z - top, label="c = z − top")
    e = sheet.define("e", [sp.exp(v) for v in (c if shifted else z)], label="e, powers")
    s = sheet.define("s", total(e), label="s, their sum")[()]
    p = sheet.define("p", e / s, label="p, shares")
    classes = tuple(range(1, z.size + 1))
    label = sheet.given("label", label, choices=classes)[()]
    t = sheet.define("t", [when(sp.Eq(label, k), 1) for k in classes], label="t, target")
    if shifted:
        L = total([sp.log(s), product(-1, total(map(product, t, c)))])
    else:
        L = product(-1, total(product(t_k, sp.log(p_k)) for t_k, p_k in zip(t, p, strict=True)))
    sheet.define("L", L, label="L, loss")
    return p, t


def add_logit_gradient(sheet):
    """Add dz = p − t to a worksheet that has p and t; return it."""
    return sheet.define("dz", sheet.grids["p"].cells - sheet.grids["t"].cells)

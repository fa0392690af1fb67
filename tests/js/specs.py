"""Worksheets for figure.js, written as the JSON it reads; no code of the package has made them."""

from itertools import product

from backprop.figure.words import WORDS


def given(name, shape, values, **more):
    """Write a grid of numbers."""
    return {"name": name, "shape": list(shape), "given": values, **more}


def defined(name, shape, formulas, **more):
    """Write a grid of formulas."""
    return {"name": name, "shape": list(shape), "formulas": formulas, **more}


def sheet(grids, steps):
    """Write a worksheet; a step is (targets,), (targets, note) or (targets, note, show)."""
    keys = ("targets", "note", "show")
    return {"grids": grids, "steps": [dict(zip(keys, step, strict=False)) for step in steps]}


def spec(*worksheets, title="A figure", names="abc", **more):
    """Write what a page holds: the words and one variant for each worksheet."""
    variants = [{"name": n, "worksheet": w} for n, w in zip(names, worksheets, strict=False)]
    return {"title": title, "words": WORDS, "variants": variants, **more}


def minus(left, right):
    """Write left − right as SymPy's trees do."""
    return ["+", left, ["*", -1, right]]


X = given("x", (3, 3), [1, 2, 3, 4, 5, 6, 7, 8, 10], tint=0)
F = given("F", (2, 2), [1, 2, 3, 5], tint=1)
DY = given("dy", (2, 2), [1, -2, 3, 0.5], label="dL/dy, from above", tint=2)


def windows(image, kernel, size=2, taps=2):
    """Write a sum of products for each place where the kernel fits."""
    places, inside = product(range(1, size + 1), repeat=2), range(taps)
    return [
        ["+", *(["*", f"{image}{i + u}{j + v}", f"{kernel}{u + 1}{v + 1}"] for u, v in around)]
        for i, j in places
        for around in [list(product(inside, repeat=2))]
    ]


CONVOLUTION = sheet(
    [X, F, defined("y", (2, 2), windows("x", "F"))],
    [([f"y{i}"], f"The window of y{i}.") for i in (11, 12, 21, 22)],
)
# nothing asks for n, but it would give s away
KERNEL_GRADIENT = sheet(
    [
        X,
        DY,
        defined("dF", (2, 2), windows("x", "dy")),
        defined("s", (), [["+", "dF11", "dF12", "dF21", "dF22"]], label="sum of dF"),
        defined("n", (), [["*", -2, "s"]]),
    ],
    [([f"dF{i}"],) for i in (11, 12, 21, 22)] + [(["s"],)],
)


def input_gradient(turned):
    """dx of a 3×3 input under a 2×2 kernel by a window over bordered dy, and its error."""
    inside = {(2, 2): "dy11", (2, 3): "dy12", (3, 2): "dy21", (3, 3): "dy22"}
    border = [inside.get(at, 0) for at in product(range(1, 5), repeat=2)]
    truth = windows("p", "T", size=3)
    grids = [
        DY,
        F,
        defined("R", (2, 2), ["F21", "F22", "F11", "F12"], label="F, rows flipped", tint=1),
        defined("T", (2, 2), ["R12", "R11", "R22", "R21"], label="F turned by 180°", tint=1),
        defined("p", (4, 4), border, label="dy, bordered", tint=2),
        defined("dx", (3, 3), windows("p", "T" if turned else "F", size=3)),
        defined("t", (3, 3), truth, hidden=True),
        defined(
            "e",
            (3, 3),
            [minus(f"dx{i}{j}", f"t{i}{j}") for i, j in product((1, 2, 3), repeat=2)],
            label="dx − true dx",
            error=True,
        ),
    ]
    flips = [
        (["R11", "R12", "R21", "R22"], "Flip the rows.", ["F", "R"]),
        (["T11", "T12", "T21", "T22"], "Flip the columns.", ["R", "T"]),
    ]
    used = ["T" if turned else "F", "p", "dx", "e"]
    steps = [([f"dx{i}{j}"], "", used) for i, j in product((1, 2, 3), repeat=2)]
    return sheet(grids, flips * turned + steps)


TURNED_OR_NOT = spec(input_gradient(True), input_gradient(False), names=["turned", "not turned"])

SOFTMAX = sheet(
    [
        given("z", (3,), [1, 2, -1], tint=0),
        given("k", (), [2], label="label", choices=[1, 2, 3], tint=1),
        defined("m", (), [["max", "z1", "z2", "z3"]]),
        defined("e", (3,), [["exp", minus(f"z{i}", "m")] for i in (1, 2, 3)], tint=3),
        defined("p", (3,), [["/", f"e{i}", ["+", "e1", "e2", "e3"]] for i in (1, 2, 3)]),
        defined(
            "dz",
            (3,),
            [["if", ["==", "k", i], ["+", f"p{i}", -1], f"p{i}"] for i in (1, 2, 3)],
        ),
        defined("q", (), [["/", 1, ["+", "z1", -5]]], label="1/(z₁ − 5)"),
    ],
    [(["m"],), (["e1", "e2", "e3"], "All at once."), (["p1"],), (["dz1", "dz2", "dz3"],)],
)

# 300 cells: a wide grid, its running sums and their mean, every one moved by the first number
WIDE = sheet(
    [
        given("a", (10, 15), [k % 7 - 3 for k in range(150)], label="a wide grid", tint=0),
        defined(
            "b",
            (10, 15),
            [
                [
                    "+",
                    "a1,1" if k == 0 else f"b{(k - 1) // 15 + 1},{(k - 1) % 15 + 1}",
                    ["*", 0.5, f"a{k // 15 + 1},{k % 15 + 1}"],
                ]
                for k in range(150)
            ],
        ),
    ],
    [(["b10,15"],)],
)

ALL = {
    "convolution": spec(CONVOLUTION, title="The kernel slides"),
    "kernel": spec(KERNEL_GRADIENT, title=""),
    "turned": TURNED_OR_NOT,
    "softmax": spec(SOFTMAX),
    "wide": spec(WIDE),
}

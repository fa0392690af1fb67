import json

import numpy as np
import pytest
import sympy as sp

from backprop.formula import tree
from backprop.worksheet import ProofError, Worksheet, maximum, product, quotient, total, when


@pytest.fixture
def sheet():
    """y = (x₁F₁ + x₂F₂, x₂F₁ + x₃F₂), and dF in closed form."""
    sheet = Worksheet("one row")
    x, F = sheet.given("x", [2, -3, 5]), sheet.given("F", [7, 11])
    sheet.define("y", [total(product(x[i + u], F[u]) for u in range(2)) for i in range(2)])
    dy = sheet.given("dy", [13, -17])
    sheet.define("dF", [total(product(dy[i], x[i + u]) for i in range(2)) for u in range(2)])
    return sheet


def test_values_are_the_formulas_evaluated(sheet):
    values = sheet.values()
    np.testing.assert_array_equal(values["y"], [2 * 7 - 3 * 11, -3 * 7 + 5 * 11])
    np.testing.assert_array_equal(values["dF"], [13 * 2 + 17 * 3, 13 * -3 - 17 * 5])
    assert values["y"].dtype == np.float64


def test_values_follow_a_changed_number(sheet):
    assert sheet.values(x=[2, -3, 6])["y"][1] == -3 * 7 + 6 * 11
    assert sheet.values()["y"][1] == 34, "a changed number must not stay behind"


def test_values_refuses_what_is_not_given_or_has_another_shape(sheet):
    with pytest.raises(ValueError, match="y is not a given grid"):
        sheet.values(y=[1, 2])
    with pytest.raises(ValueError, match=r"x is \(3,\), got \(2,\)"):
        sheet.values(x=[1, 2])


def test_a_closed_form_is_proved(sheet):
    proof = sheet.prove("dF", of="y", wrt="F", upstream="dy")
    assert repr(proof) == "dF: 2 of 2 entries equal ∂(Σ dy·y)/∂F"


@pytest.mark.parametrize(
    "wrong",
    [
        lambda x, dy: [dy[0] * x[1] + dy[1] * x[2], dy[0] * x[0] + dy[1] * x[1]],  # turned
        lambda x, dy: [dy[0] * x[0], dy[0] * x[1] + dy[1] * x[2]],  # one window forgotten
        lambda x, dy: [dy[0] * x[0] + dy[1] * x[1] + sp.Rational(1, 10**9), x[0]],
    ],
)
def test_a_wrong_closed_form_is_refused_and_its_cell_named(sheet, wrong):
    sheet.define("bad", wrong(sheet.grids["x"].cells, sheet.grids["dy"].cells))
    with pytest.raises(ProofError, match=r"bad1 = .*, but the derivative is dy1"):
        sheet.prove("bad", of="y", wrt="F", upstream="dy")


def test_the_chain_rule_goes_through_grids_in_between():
    sheet = Worksheet()
    z = sheet.given("z", [0, -1, 2])
    e = sheet.define("e", [sp.exp(v) for v in z])
    s = sheet.define("s", total(e))[()]
    p = sheet.define("p", [v / s for v in e])
    sheet.define("L", -sp.log(p[0]))
    sheet.define("dz", [p[0] - 1, p[1], p[2]])
    sheet.define("forgot", [p[0] - 1, p[1], 0])
    assert sheet.prove("dz", of="L", wrt="z").entries == 3
    with pytest.raises(ProofError, match="forgot3 = 0"):
        sheet.prove("forgot", of="L", wrt="z")
    shares = np.exp([0, -1, 2]) / np.exp([0, -1, 2]).sum()
    np.testing.assert_allclose(sheet.values()["dz"], shares - [1, 0, 0], rtol=1e-15)


def test_a_derivative_by_a_defined_grid_stops_there():
    sheet = Worksheet()
    a = sheet.given("a", [3])
    b = sheet.define("b", [a[0] ** 2])
    sheet.define("c", [5 * b[0]])
    assert sheet.derivative("c", "b").tolist() == [5]
    assert sheet.derivative("c", "a").tolist() == [10 * a[0]]


def test_derivative_wants_an_upstream_of_the_outputs_shape(sheet):
    with pytest.raises(ValueError, match=r"y is \(2,\), its upstream x \(3,\)"):
        sheet.derivative("y", "F", upstream="x")


def softmax_sheet(choices=(1, 2, 3)):
    """Three scores, their softmax p, and the loss at a label that may be 1, 2 or 3."""
    sheet = Worksheet()
    z = sheet.given("z", [0, -1, 2])
    s = total(map(sp.exp, z))
    p = sheet.define("p", [sp.exp(v) / s for v in z])
    label = sheet.given("label", 1, choices=choices)[()]
    t = sheet.define("t", [sp.Piecewise((1, sp.Eq(label, k)), (0, True)) for k in (1, 2, 3)])
    sheet.define("L", -total(t * [sp.log(v) for v in p]))
    return sheet, p, t


def test_a_whole_jacobian_is_proved_entry_by_entry():
    sheet, p, _ = softmax_sheet()
    right = np.diag(p) - np.outer(p, p)
    sheet.define("J", right)
    assert repr(sheet.prove("J", of="p", wrt="z")).startswith("J: 9 of 9 entries")
    np.testing.assert_allclose(np.vectorize(float)(sheet.jacobian("z", "z")), np.eye(3))
    wrong = right.copy()
    wrong[2, 0] = 0
    sheet.define("K", wrong)
    with pytest.raises(ProofError, match="K31 = 0"):
        sheet.prove("K", of="p", wrt="z")


def test_a_jacobian_keeps_outputs_before_inputs():
    sheet = Worksheet()
    a = sheet.given("a", [2, 3, 5])
    sheet.define("b", [a[0] * a[1], a[1] * a[2]])
    sheet.define("J", [[a[1], a[0], 0], [0, a[2], a[1]]])
    assert sheet.jacobian("b", "a").tolist() == sheet.grids["J"].formulas.tolist()
    assert sheet.prove("J", of="b", wrt="a").entries == 6


def test_a_proof_tries_every_choice():
    sheet, p, t = softmax_sheet()
    sheet.define("dz", p - t)
    sheet.define("only_for_one", p - [1, 0, 0])
    assert sheet.prove("dz", of="L", wrt="z").entries == 3
    with pytest.raises(ProofError, match="only_for_one1"):
        sheet.prove("only_for_one", of="L", wrt="z")
    free, p, t = softmax_sheet(choices=())
    free.define("dz", p - t)  # with no class at all t is 0, and the loss has no slope
    with pytest.raises(ProofError, match="dz1"):
        free.prove("dz", of="L", wrt="z")


def test_a_maximum_taken_off_leaves_the_softmax_alone():
    sheet = Worksheet()
    z = sheet.given("z", [0, -1, 2])
    top = sheet.define("top", maximum(z))[()]
    c = sheet.define("c", z - top)
    below = sheet.define("below", total(map(sp.exp, c)))[()]
    p = sheet.define("p", [sp.exp(v) / below for v in c])
    sheet.define("L", sp.log(below) - c[1])
    sheet.define("dz", [p[0], p[1] - 1, p[2]])
    sheet.define("bad", [p[0], p[1], p[2]])
    assert repr(sheet.prove("dz", of="L", wrt="z")).endswith("wherever no maximum is shared")
    with pytest.raises(ProofError, match="bad2"):
        sheet.prove("bad", of="L", wrt="z")


def test_choices_are_kept_to():
    sheet, *_ = softmax_sheet()
    assert sheet.values(label=3)["t"].tolist() == [0, 0, 1]
    with pytest.raises(ValueError, match="values: label may hold 1, 2, 3, not 4"):
        sheet.values(label=4)
    with pytest.raises(ValueError, match=r"given: other may hold 1, 2, not 1\.5"):
        sheet.given("other", [1, 1.5], choices=(1, 2))
    grids = {grid["name"]: grid for grid in sheet.to_json()["grids"]}
    assert grids["label"]["choices"] == [1, 2, 3]
    assert "choices" not in grids["z"]


def test_a_minimum_is_kept_to():
    sheet = Worksheet()
    sheet.given("a", [0, 2], minimum=0)
    assert sheet.to_json()["grids"][0]["minimum"] == 0
    with pytest.raises(ValueError, match="values: a may hold 0 or more, not -1"):
        sheet.values(a=[3, -1])
    with pytest.raises(ValueError, match=r"given: b may hold 1\.5 or more, not 1"):
        sheet.given("b", 1, minimum=1.5)
    sheet.given("c", -1)
    assert "minimum" not in sheet.to_json()["grids"][1]


def test_a_list_is_drawn_as_a_row_or_as_a_column():
    sheet = Worksheet()
    a = sheet.given("a", [1, 2, 3])
    sheet.define("b", a, column=True)
    sheet.given("c", 1)
    sheet.given("d", [[1, 2, 3], [4, 5, 6]])
    assert [grid.table for grid in sheet.grids.values()] == [(1, 3), (3, 1), (1, 1), (2, 3)]
    assert [grid.get("column") for grid in sheet.to_json()["grids"]] == [None, True, None, None]


def maximum_sheet(values=(2, -3, 5, 4)):
    """Two maxima that share x₂ and x₃, and how much of each goes to which x."""
    sheet = Worksheet()
    x = sheet.given("x", values)
    windows = [x[:3], x[1:]]
    m = sheet.define("m", [maximum(window) for window in windows])
    return sheet, x, m, sheet.given("dm", [7, 11])


def routed(x, m, dm, cell, windows=((0, 1, 2), (1, 2, 3))):
    return total(
        when(sp.Eq(x[cell], m[k]), dm[k]) for k, window in enumerate(windows) if cell in window
    )


def test_a_maximum_passes_its_derivative_to_the_entry_that_it_equals():
    sheet, x, m, dm = maximum_sheet()
    sheet.define("dx", [routed(x, m, dm, cell) for cell in range(4)])
    proof = sheet.prove("dx", of="m", wrt="x", upstream="dm")
    words = "dx: 4 of 4 entries equal ∂(Σ dm·m)/∂x,\n    wherever no maximum is shared"
    assert repr(proof) == words
    assert sheet.values()["dx"].tolist() == [0, 0, 18, 0]
    assert sheet.values(x=[6, -3, 5, 4])["dx"].tolist() == [7, 0, 11, 0], "the route follows"


@pytest.mark.parametrize(
    "wrong",
    [
        lambda x, m, dm: dm[0],  # right for some numbers only
        lambda x, m, dm: when(x[0] >= x[1], dm[0]),  # x3 is never asked
        lambda x, m, dm: when(sp.Eq(x[0], m[0]), dm[1]),  # the other window's
        lambda x, m, dm: when(x[0] < m[0], 0, 2 * dm[0]),  # twice too much
        lambda x, m, dm: when(sp.Eq(x[1], m[0]), dm[0]),  # its neighbour's
        lambda x, m, dm: when(x[1] > x[2], 0, when(sp.Eq(x[0], m[0]), dm[0])),  # a wrong exception
        lambda x, m, dm: when(sp.Eq(x[0], m[0]), dm[0]) + when(sp.Eq(x[3], m[1]), dm[1]),
    ],
)
def test_a_wrong_route_is_refused(wrong):
    sheet, x, m, dm = maximum_sheet()
    sheet.define("bad", [wrong(x, m, dm), *(routed(x, m, dm, cell) for cell in (1, 2, 3))])
    with pytest.raises(ProofError, match="bad1 = "):
        sheet.prove("bad", of="m", wrt="x", upstream="dm")


def test_rules_that_differ_only_at_a_tie_are_all_proved():
    sheet, x, m, dm = maximum_sheet([5, 5, 1, 0])
    sheet.define("at", [when(sp.Eq(x[0], m[0]), 1, when(sp.Eq(x[1], m[0]), 2, 3))])
    at, rest = sheet.grids["at"].cells[0], routed(x, m, dm, 3)
    second = [when(sp.Eq(x[k], m[1]), dm[1]) for k in range(3)]
    sheet.define(
        "first",
        [*(total([when(sp.Eq(at, k + 1), dm[0]), k and second[k]]) for k in range(3)), rest],
    )
    sheet.define("all", [routed(x, m, dm, cell) for cell in range(4)])
    equals = total(when(sp.Eq(cell, m[0]), 1) for cell in x[:3])
    shares = [when(sp.Eq(x[k], m[0]), quotient(dm[0], equals)) for k in range(3)]
    sheet.define("shared", [*(total([shares[k], k and second[k]]) for k in range(3)), rest])
    for name in ("first", "all", "shared"):
        assert sheet.prove(name, of="m", wrt="x", upstream="dm").by_cases
    values = sheet.values()
    assert values["first"].tolist() == [7, 11, 0, 0]
    assert values["all"].tolist() == [7, 18, 0, 0]
    assert values["shared"].tolist() == [3.5, 14.5, 0, 0]


def test_a_maximum_inside_other_formulas_is_differentiated():
    sheet = Worksheet()
    z = sheet.given("z", [1, -2])
    r = sheet.define("r", [maximum([0, v]) for v in z])
    e = sheet.define("e", [sp.exp(3 * maximum(r)) * z[0]])
    sheet.define("L", [sp.log(1 + e[0] ** 2)])
    outer = 2 * e[0] / (1 + e[0] ** 2)
    grows = [when(sp.Eq(r[k], maximum(r)), when(z[k] > 0, 3 * e[0])) for k in range(2)]
    sheet.define("dz", [outer * (grows[0] + sp.exp(3 * maximum(r))), outer * grows[1]])
    assert sheet.prove("dz", of="L", wrt="z").by_cases
    for number in ([1, -2], [1, 2], [-1, -2], [-1, 2]):
        step = 1e-6 * np.eye(2)
        above, below = ([sheet.values(z=number + s * d)["L"][0] for d in step] for s in (1, -1))
        expected = np.subtract(above, below) / 2e-6
        np.testing.assert_allclose(sheet.values(z=number)["dz"], expected, atol=1e-6)


def test_a_maximum_that_no_condition_asks_about_needs_no_cases():
    sheet = Worksheet()
    a, w = sheet.given("a", [3, 5]), sheet.given("w", [2])
    sheet.define("y", [w[0] * maximum(a)])
    sheet.define("dw", [maximum(a)])
    assert repr(sheet.prove("dw", of="y", wrt="w")) == "dw: 1 of 1 entry equals ∂y/∂w"


def test_latex_keeps_the_order_of_the_hand(sheet):
    assert sheet.latex("dF", 1) == r"dF_{2} = dy_{1} \cdot x_{2} + dy_{2} \cdot x_{3}"
    line = r"dF_{2} = 13 \cdot (-3) + (-17) \cdot 5 = -124"
    assert sheet.latex("dF", 1, numbers=True) == sheet.latex_of("dF2", numbers=True) == line
    with pytest.raises(ValueError, match="no cell dF9"):
        sheet.latex_of("dF9")


def test_latex_says_if_as_the_figures_do():
    sheet, x, m, dm = maximum_sheet()
    sheet.define("d", [when(sp.Eq(x[0], m[0]), dm[0])])
    line = r"\begin{cases} dm_{1} & \text{if}\; x_{1} = m_{1} \\0 & \text{otherwise} \end{cases}"
    assert sheet.latex("d", 0) == f"d_{{1}} = {line}"
    assert sheet.latex("m", 1) == r"m_{2} = \max\left(x_{2}, x_{3}, x_{4}\right)"


def test_json_is_plain_and_says_everything(sheet):
    sheet.step("dF1", "the first tap", show=("x", "dy", "dF"))
    document = json.loads(json.dumps(sheet.to_json()))
    grids = {grid["name"]: grid for grid in document["grids"]}
    assert grids["x"]["given"] == [2, -3, 5]
    assert grids["dF"]["formulas"][0] == ["+", ["*", "dy1", "x1"], ["*", "dy2", "x2"]]
    assert [grids[name]["tint"] for name in ("x", "F", "dy")] == [0, 1, 2]
    step = {"targets": ["dF1"], "note": "the first tap", "show": ["x", "dy", "dF"]}
    sheet.step([])
    assert document["steps"] == [step]
    assert sheet.to_json()["steps"] == [step, {"targets": []}]


def test_json_leaves_out_what_nothing_drawn_is_made_of():
    sheet = Worksheet()
    a, b = sheet.given("a", [1], hidden=True), sheet.given("b", [2], hidden=True)
    sheet.define("proof", [a[0] * b[0]], hidden=True)
    sheet.define("c", [b[0] + 1])
    assert [grid["name"] for grid in sheet.to_json()["grids"]] == ["b", "c"]


x, y = sp.symbols("x y", real=True)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (sp.Rational(1, 3), ["/", 1, 3]),
        (x - y, ["+", "x", ["*", -1, "y"]]),
        (x / y, ["/", "x", "y"]),
        (1 / sp.sqrt(x), ["/", 1, ["sqrt", "x"]]),
        (sp.sqrt(x), ["sqrt", "x"]),
        (x**2, ["^", "x", 2]),
        (sp.exp(x) * sp.log(y), ["*", ["exp", "x"], ["log", "y"]]),
        (sp.Max(x, y), ["max", "x", "y"]),
        (quotient(x, 4), ["/", "x", 4]),
        (quotient(total([y, x]), 4), ["/", ["+", "y", "x"], 4]),
        (when(sp.Eq(y, x), y), ["if", ["==", "y", "x"], "y", 0]),
        (when(sp.true, y), "y"),
        (when(sp.false, y, 3), 3),
        (sp.Piecewise((x, x >= y), (y, True)), ["if", [">=", "x", "y"], "x", "y"]),
    ],
)
def test_a_formula_as_a_tree(expression, expected):
    assert tree(expression) == expected


def test_a_formula_that_the_figure_cannot_evaluate_is_refused():
    with pytest.raises(ValueError, match=r"no way to write sin\(x\)"):
        tree(sp.sin(x))


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda s: s.given("x", [1]), "x is there already"),
        (lambda s: s.given("x1", [1]), "letters and underscores only, got 'x1'"),
        (lambda s: s.given("big", np.zeros((1, 1, 1))), "may have rank 0, 1 or 2"),
        (lambda s: s.given("bad", [np.nan]), "bad must hold finite numbers"),
        (lambda s: s.define("z", [sp.Symbol("w1", real=True)]), "z1 refers to w1"),
        (lambda s: s.step("q7"), "q7 is neither a cell nor a grid"),
        (lambda s: s.step("y1", show=("nothing",)), "nothing is neither"),
    ],
)
def test_bad_input_is_named(sheet, act, message):
    with pytest.raises(ValueError, match=message):
        act(sheet)


def test_a_refused_grid_leaves_no_trace(sheet):
    before = list(sheet.grids)
    with pytest.raises(ValueError, match="refers to"):
        sheet.define("z", [sp.Symbol("w1", real=True)])
    assert list(sheet.grids) == before


def test_cells_of_a_long_grid_are_told_apart():
    sheet = Worksheet()
    cells = sheet.given("x", np.arange(24).reshape(2, 12))
    assert (str(cells[0, 11]), str(cells[1, 1])) == ("x1,12", "x2,2")
    assert len({str(cell) for cell in cells.flat}) == 24

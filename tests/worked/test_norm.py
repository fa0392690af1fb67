import json

import numpy as np
import pytest
import sympy as sp

from backprop import batch_norm, batch_norm_backward, layer_norm, layer_norm_backward
from backprop.worked import norm
from backprop.worksheet import ProofError

X, DY = [2, 4, 4, 4, 5, 5, 7, 9], [-6, 1, 0, -5, -1, -6, -3, 4]
BLOCK = np.array([[1.0, 7, -2], [4, 2, 6]])
ABOVE = np.array([[2.0, -1, 3], [-4, 5, 1]])
GAMMA, BETA = np.array([2.0, -1, 0.5]), np.array([1.0, 0, -3])
TALL, TALL_ABOVE = np.vstack([BLOCK, [[3, 0, 5]]]), np.vstack([ABOVE, [[1, 2, -2]]])
OPS = {1: (layer_norm, layer_norm_backward), 0: (batch_norm, batch_norm_backward)}
PATHS = {"direct": "qr", "through the variance": "pr", "through the mean": "pq"}


def small(axis):
    """Make a sheet of one group with three members, none of them on the mean: quick to prove."""
    x, dy = (BLOCK[:1], ABOVE[:1]) if axis == 1 else (TALL[:, :1], TALL_ABOVE[:, :1])
    return norm.backward(x, dy, axis=axis)


def test_the_example_is_worked_in_exact_numbers():
    values = norm.backward(X, DY).values()
    assert [float(values[name]) for name in ("mu", "var", "s", "dvar", "dmu")] == [5, 4, 2, -2, 8]
    np.testing.assert_array_equal(values["h"], [-1.5, -0.5, -0.5, -0.5, 0, 0, 1, 2])
    np.testing.assert_array_equal(values["p"], np.array(DY) / 2)
    np.testing.assert_array_equal(values["q"], -values["a"] / 2)
    np.testing.assert_array_equal(values["r"], np.ones(8))
    np.testing.assert_array_equal(values["dx"], [-0.5, 2, 1.5, -1, 0.5, -2, -1.5, 1])
    np.testing.assert_array_equal(values["e"], np.zeros(8))


@pytest.mark.parametrize("axis", OPS)
@pytest.mark.parametrize("eps", [0, 1e-5, 0.5])
def test_forward_and_backward_equal_the_ops(axis, eps):
    op, op_backward = OPS[axis]
    values = norm.backward(TALL, TALL_ABOVE, GAMMA, BETA, axis=axis, eps=eps).values()
    y, grads = (
        op(TALL, GAMMA, BETA, eps=eps),
        op_backward(TALL_ABOVE, TALL, GAMMA, BETA, eps=eps),
    )
    told = norm.forward(TALL, GAMMA, BETA, axis=axis, eps=eps).values()
    for ours in (values["y"], told["y"]):
        np.testing.assert_allclose(ours, y, rtol=1e-13, atol=1e-14)
    for name, expected in grads._asdict().items():
        np.testing.assert_allclose(values[name], expected, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(values["k"], grads.dx, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(values["e"], 0, atol=1e-14)


def test_one_row_equals_the_op_and_follows_what_a_reader_changes():
    gamma, beta = np.linspace(-1, 2, 8), np.linspace(3, 0, 8)
    sheet = norm.backward(X, DY, gamma, beta, eps=0.25)
    x, dy = np.array(X[::-1]) ** 2.0, np.array([*DY[1:], 7.0])
    grads = layer_norm_backward(dy, x, gamma, beta, eps=0.25)
    values = sheet.values(x=x, dy=dy)
    for name, expected in grads._asdict().items():
        np.testing.assert_allclose(values[name], expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("axis", OPS)
def test_every_claim_is_proved(axis):
    claims = norm.proofs(small(axis))
    names = {proof.name for proof in claims.values()}
    assert names == {"p", "dvar", "q", "dmu", "r", "none", "dx", "k", "dgamma", "dbeta"}


@pytest.mark.parametrize("axis", OPS)
@pytest.mark.parametrize("lost", PATHS)
def test_without_any_one_path_there_is_no_proof_and_the_numbers_differ(axis, lost):
    sheet = small(axis)
    one, other = (sheet.grids[name].cells for name in PATHS[lost])
    sheet.define("short", one + other)
    with pytest.raises(ProofError, match=r"^short11 = "):
        sheet.prove("short", of="h", wrt="x", upstream="dh", keep=("var",))
    values = sheet.values()
    assert np.abs(values["short"] - values["dx"]).min() > 1e-3


@pytest.mark.parametrize("axis", OPS)
def test_the_direct_path_is_direct_only_while_both_statistics_stand_still(axis):
    sheet = small(axis)
    how = {"of": "h", "wrt": "x", "upstream": "dh", "keep": ("a", "s")}
    sheet.prove("p", **how, held=("mu", "var"))
    for held in (["mu"], ["var"], []):
        with pytest.raises(ProofError):
            sheet.prove("p", **how, held=held)


def test_the_paths_are_measured_by_differences_with_the_other_statistics_still():
    values, step = norm.backward(X, DY).values(), 1e-4
    x, dy, mean, var = np.array(X, dtype=float), np.array(DY, dtype=float), 5.0, 4.0

    def slope(f):
        return (f(step) - f(-step)) / (2 * step)

    for i, unit in enumerate(np.eye(8)):
        direct = slope(lambda h, unit=unit: dy @ (x + h * unit - mean) / np.sqrt(var))
        by_var = slope(lambda h, unit=unit: np.mean((x + h * unit - mean) ** 2))
        by_mean = slope(lambda h, unit=unit: np.mean(x + h * unit))
        got = [values[name][i] for name in "pqr"]
        expected = [direct, by_var * values["dvar"], by_mean * values["dmu"]]
        np.testing.assert_allclose(got, expected, atol=1e-9)
    at_var = slope(lambda h: dy @ (x - mean) / np.sqrt(var + h))
    at_mean = slope(lambda h: dy @ (x - mean - h) / np.sqrt(var))
    np.testing.assert_allclose([values["dvar"], values["dmu"]], [at_var, at_mean], rtol=1e-7)
    np.testing.assert_allclose(slope(lambda h: np.mean((x - mean - h) ** 2)), 0, atol=1e-9)


@pytest.mark.parametrize("axis", OPS)
def test_the_mean_through_the_variance_is_0_by_symbols(axis):
    sheet = small(axis)
    opened = {
        cell: formula
        for name in ("a", "mu")
        for cell, formula in zip(
            sheet.grids[name].cells.flat, sheet.grids[name].formulas.flat, strict=True
        )
    }
    for formula in sheet.grids["none"].formulas.flat:
        assert formula != 0
        assert sp.expand(formula.xreplace(opened).xreplace(opened)) == 0
        elsewhere = {mu: mu + 1 for mu in sheet.grids["mu"].cells.flat}
        assert sp.expand(formula.xreplace(opened).xreplace(elsewhere).xreplace(opened)) != 0


@pytest.mark.parametrize("axis", OPS)
def test_dx_sums_to_0_and_is_orthogonal_to_what_it_normalised(axis):
    values = norm.backward(TALL, TALL_ABOVE, GAMMA, axis=axis).values()
    np.testing.assert_allclose(values["dx"].sum(axis=axis), 0, atol=1e-14)
    np.testing.assert_allclose((values["dx"] * values["h"]).sum(axis=axis), 0, atol=1e-14)


def test_two_features_get_no_gradient_without_eps():
    np.testing.assert_allclose(norm.backward([3, 5], [3, 7]).values()["dx"], 0, atol=1e-15)
    assert np.abs(norm.backward([3, 5], [3, 7], eps=0.5).values()["dx"]).min() > 0.1


def test_a_statistic_of_rows_stands_beside_its_rows_and_is_no_root_of_less_than_0():
    for axis, table in [(0, (1, 3)), (1, (2, 1))]:
        grids = norm.backward(BLOCK, ABOVE, axis=axis).grids
        statistics = ["mu", "var", "s", "dvar", "dmu", "none", "c", "w"]
        assert {grids[name].table for name in statistics} == {table}
        assert grids["eps"].minimum == 0


def test_an_axis_that_x_has_not_is_named():
    with pytest.raises(ValueError, match=r"norm: axis 1 is none of the 1 axes of x \(8,\)"):
        norm.forward(X, axis=1)


@pytest.mark.parametrize(
    "sheet",
    [norm.forward(X), norm.backward(X, DY), norm.backward(BLOCK, ABOVE, axis=1)],
    ids=["forward", "backward", "two samples"],
)
def test_every_step_shows_what_it_computes_and_a_figure_stays_small(sheet):
    for step in sheet.steps:
        hit = [
            g.name
            for g in sheet.grids.values()
            if {str(cell) for cell in g.cells.flat} & set(step.targets)
        ]
        assert len(hit) == 1
        assert hit[0] in step.show
    document = json.dumps(sheet.to_json(), ensure_ascii=False, separators=(",", ":"))
    assert len(document.encode()) < 12_000

import numpy as np
import pytest

from backprop import (
    linear,
    linear_backward,
    softmax,
    softmax_backward,
    softmax_cross_entropy,
    softmax_cross_entropy_backward,
)
from backprop.worked import loss
from backprop.worksheet import ProofError

Z, A, B = [0, -1, 2], [7, 3, 11, 6], [1, 0, -1]
W = [[1, -2, 2], [-1, 1, 0], [-1, 2, -1], [1, -2, 0]]
LOGITS = [(Z, 1), (Z, 3), ([2.5, -1], 2), ([3, -2, 0.5, 1], 4)]


def op_values(z, label):
    """Softmax, loss and its gradient by the ops; the ops count classes from 0."""
    z, labels = np.array([z], dtype=float), [label - 1]
    dz = softmax_cross_entropy_backward(1.0, z, labels=labels).dlogits
    return softmax(z)[0], softmax_cross_entropy(z, labels=labels), dz[0]


@pytest.mark.parametrize("shifted", [True, False])
@pytest.mark.parametrize(("z", "label"), LOGITS)
def test_the_loss_is_proved_and_equals_the_op(z, label, shifted):
    sheet = loss.cross_entropy(z, label, shifted=shifted)
    assert sheet.prove("dz", of="L", wrt="z").entries == len(z)
    values, (p, value, dz) = sheet.values(), op_values(z, label)
    np.testing.assert_allclose(values["p"], p, rtol=1e-14)
    np.testing.assert_allclose(values["L"], value, rtol=1e-14)
    np.testing.assert_allclose(values["dz"], dz, rtol=1e-13)


def test_the_loss_follows_a_changed_label():
    values = loss.cross_entropy(Z, 1).values(label=3)
    np.testing.assert_allclose(values["dz"], op_values(Z, 3)[2], rtol=1e-14)
    with pytest.raises(ValueError, match="label may hold 1, 2, 3, not 0"):
        loss.cross_entropy(Z, 0)


@pytest.mark.parametrize("z", [[999, -999, 0], [-999, -998, -999.5]])
def test_only_the_shifted_form_bears_large_logits(z):
    p, value, dz = op_values(z, 2)
    values = loss.cross_entropy(z, 2).values()
    np.testing.assert_allclose(values["p"], p, rtol=1e-14)
    np.testing.assert_allclose(values["L"], value, rtol=1e-14)
    np.testing.assert_allclose(values["dz"], dz, rtol=1e-14)
    with np.errstate(all="ignore"):
        assert not np.isfinite(loss.cross_entropy(z, 2, shifted=False).values()["L"])


@pytest.mark.parametrize(("z", "label"), LOGITS)
def test_every_part_of_the_long_way_is_proved_and_equals_the_ops(z, label):
    sheet = loss.through_the_jacobian(z, label)
    for name, of, wrt in [("dp", "L", "p"), ("J", "p", "z"), ("dz", "L", "z"), ("q", "L", "z")]:
        sheet.prove(name, of=of, wrt=wrt)
    sheet.prove("dz", of="p", wrt="z", upstream="dp")
    values, rows = sheet.values(), np.eye(len(z))
    J = softmax_backward(rows, np.tile(np.array(z, dtype=float), (len(z), 1))).dx
    np.testing.assert_allclose(values["J"], J, rtol=1e-12)
    np.testing.assert_allclose(values["dz"], op_values(z, label)[2], rtol=1e-12)
    np.testing.assert_allclose(values["gap"], 0, atol=1e-15)


def test_a_jacobian_of_the_diagonal_alone_is_refused():
    sheet = loss.through_the_jacobian(Z, 1)
    p, dp = sheet.grids["p"].cells, sheet.grids["dp"].cells
    sheet.define("D", np.diag(p * (1 - p)))
    sheet.define("short", p * (1 - p) * dp)
    with pytest.raises(ProofError, match="D12 = 0"):
        sheet.prove("D", of="p", wrt="z")
    with pytest.raises(ProofError, match="short1"):
        sheet.prove("short", of="L", wrt="z")


@pytest.mark.parametrize("label", [1, 3])
def test_the_dense_layer_is_proved_and_equals_the_ops(label):
    sheet = loss.dense(A, W, B, label)
    sheet.prove("dz", of="L", wrt="z")
    for name, wrt in [("dW", "W"), ("db", "b"), ("dA", "A")]:
        sheet.prove(name, of="z", wrt=wrt, upstream="dz")
    arrays = [np.array(a, dtype=float) for a in ([A], W, B)]
    z = linear(*arrays)
    dz = softmax_cross_entropy_backward(1.0, z, labels=[label - 1]).dlogits
    grads, values = linear_backward(dz, *arrays), sheet.values()
    np.testing.assert_array_equal(values["z"], z[0])
    np.testing.assert_allclose(values["dA"], grads.dx[0], rtol=1e-13)
    np.testing.assert_allclose(values["dW"], grads.dw, rtol=1e-13)
    np.testing.assert_allclose(values["db"], grads.db, rtol=1e-13)


@pytest.mark.parametrize(("w", "b"), [(W[:3], B), (W, B[:2]), ([*W, W[0]], B), ([1, 2, 3, 4], B)])
def test_a_dense_layer_that_does_not_fit_is_named(w, b):
    with pytest.raises(ValueError, match=r"dense: W must be \(4, "):
        loss.dense(A, w, b, 1)


@pytest.mark.parametrize(
    "sheet",
    [loss.cross_entropy(Z, 1), loss.through_the_jacobian(Z, 1), loss.dense(A, W, B, 1)],
    ids=["cross_entropy", "through_the_jacobian", "dense"],
)
def test_every_step_shows_what_it_computes_and_what_from(sheet):
    for step in sheet.steps:
        for grid in sheet.grids.values():
            hit = [cell for cell in grid.cells.flat if str(cell) in step.targets]
            assert not hit or grid.name in step.show
            if len(hit) == 1:
                formula = dict(zip(grid.cells.flat, grid.formulas.flat, strict=True))[hit[0]]
                sources = formula.free_symbols
                names = {g.name for g in sheet.grids.values() if sources & set(g.cells.flat)}
                assert names <= set(step.show)

"""The norms as axes: groups, shared statistics and gradients against the ops, and proved."""

import numpy as np
import pytest

from backprop.ops import batch_norms, group_norms, layer_norms
from backprop.worked import axes
from backprop.worksheet import ProofError

X = np.array(
    [
        [[3, 9, 3, 1], [7, 5, 5, -1], [-2, 8, -1, -1], [-4, 7, 8, 1]],
        [[1, 3, 0, 4], [7, 1, 1, 7], [2, 6, 4, 0], [5, 1, 3, -5]],
    ]
)
ONES, ZEROS = np.ones(4), np.zeros(4)
AVERAGED = {"batch": (0, 2), "layer": (1, 2), "instance": (2,), "RMS": (1,)}
NORMS = sorted(axes.GROUPS)


def op_gradient(norm, dy, x):
    """What the package's op answers, on the block laid out as (N,C,P)."""
    if norm == "batch":
        return batch_norms.batch_norm_backward(dy, x, ONES, ZEROS, eps=0).dx
    if norm == "layer":
        whole = np.ones(x.shape[1:])
        return layer_norms.layer_norm_backward(dy, x, whole, 0 * whole, eps=0).dx
    if norm == "instance":
        return group_norms.instance_norm_backward(dy, x, ONES, ZEROS, eps=0).dx
    if norm == "group":
        return group_norms.group_norm_backward(dy, x, ONES, ZEROS, groups=2, eps=0).dx
    turned = [np.moveaxis(array, 1, -1) for array in (dy, x)]
    return np.moveaxis(layer_norms.rms_norm_backward(*turned, ONES, eps=0).dx, -1, 1)


@pytest.mark.parametrize("norm", NORMS)
def test_every_cell_is_in_one_group(norm):
    cells = [at for group in axes.members(X.shape, norm) for at in group]
    assert sorted(cells) == list(np.ndindex(X.shape))


@pytest.mark.parametrize("norm", sorted(AVERAGED))
def test_a_shared_statistic_is_the_mean_over_the_norms_axes(norm):
    squares_or_not = X**2 if norm == "RMS" else X
    mean = squares_or_not.mean(axis=AVERAGED[norm], keepdims=True)
    expected = np.broadcast_to(mean, X.shape)[0]
    np.testing.assert_allclose(axes.shared(X, norm).values()["m"], expected)


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_a_group_norms_mean_is_that_of_neighbouring_channels(groups):
    mean = X[0].reshape(groups, -1).mean(axis=1)
    expected = np.repeat(mean, X[0].size // groups).reshape(X[0].shape)
    np.testing.assert_allclose(axes.shared(X, "group", groups).values()["m"], expected)


def test_only_batch_norm_looks_into_another_sample():
    for norm in NORMS:
        sources = {str(c)[:3] for c in axes.shared(X, norm).grids["m"].sources}
        assert ("x_b" in sources) == (norm == "batch")


@pytest.mark.parametrize("at", [(0, 1, 3), (1, 2, 0)])
@pytest.mark.parametrize("norm", NORMS)
def test_one_output_is_felt_as_the_op_says(norm, at):
    dy = np.zeros(X.shape)
    dy[at] = 1
    values = axes.felt(X, norm, at).values()
    ours = np.array([values["dx_a"], values["dx_b"]])
    np.testing.assert_allclose(ours, op_gradient(norm, dy, X), atol=1e-12)


@pytest.mark.parametrize("norm", NORMS)
def test_what_one_output_makes_felt_is_proved(norm):
    small = X[:, :, :2]
    sheet = axes.felt(small, norm, (0, 1, 1))
    for letter in "ab":
        sheet.prove(f"dx_{letter}", of="L", wrt=f"x_{letter}", keep=("var",))


def test_a_mean_left_out_is_refuted():
    sheet = axes.felt(X, "instance", (0, 1, 3))
    without = sheet.grids["dx_a"].formulas.copy()
    s, n = sheet.grids["s"].cells[()], 4
    without[1, 0] += 1 / (n * s)
    sheet.define("wrong", without)
    with pytest.raises(ProofError, match="wrong21"):
        sheet.prove("wrong", of="L", wrt="x_a", keep=("var",))


def test_rms_has_two_paths_and_their_sum_is_the_ops_gradient():
    rng = np.random.default_rng(0)
    x, dy, gamma = rng.normal(size=(3, 5))
    sheet = axes.rms(x, dy, gamma, eps=0.1)
    values = sheet.values()
    right = layer_norms.rms_norm_backward(dy, x, gamma, eps=0.1).dx
    np.testing.assert_allclose(values["y"], layer_norms.rms_norm(x, gamma, eps=0.1))
    np.testing.assert_allclose(values["p"] + values["t"], right)
    np.testing.assert_allclose(values["dx"], right)
    np.testing.assert_allclose(values["k"], right)


def test_every_path_of_rms_is_proved():
    proofs = axes.rms_proofs(axes.rms([1, 7, 1, 7], [1, 2, 5, 0], [1, 2, 3, 4]))
    assert [proof.entries for proof in proofs.values()] == [4, 1, 4, 4, 4]

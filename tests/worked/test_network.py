import json

import numpy as np
import pytest
import sympy as sp

from backprop import (
    Figure,
    conv2d,
    conv2d_backward,
    linear,
    linear_backward,
    max_pool2d,
    max_pool2d_backward,
    numerical_gradients,
    softmax_cross_entropy,
    softmax_cross_entropy_backward,
    vjp,
)
from backprop.worked.network import network, prove
from backprop.worksheet import ProofError

X = [[0, 0, 0, 1, 3], [0, 3, 2, 1, 3], [2, 1, 1, 3, 3], [3, 0, 1, 2, 2], [1, 0, 3, 1, 3]]
F, B = [[2, -2], [3, -1]], [1, 0, -1]
W = [[1, -2, 2], [-1, 1, 0], [-1, 2, -1], [1, -2, 0]]
GRADIENTS = ("dx", "dF", "dW", "db")


@pytest.fixture(scope="module")
def article():
    return network(X, F, W, B, 1)


def random_numbers(seed):
    """An image (6,7) under a kernel (3,2): y is (4,6), m is (2,3); four classes; no two y equal."""
    rng = np.random.default_rng(seed)
    shapes = [(6, 7), (3, 2), (6, 4), (4,)]
    return [rng.standard_normal(shape) for shape in shapes], int(rng.integers(1, 5))


def loss_of(x, f, w, b, *, label):
    """The same network by the ops: one image, one channel, one kernel."""
    y = conv2d(x[None, None], f[None, None], None)
    m = max_pool2d(y, kernel_size=2)
    return softmax_cross_entropy(linear(m.reshape(1, -1), w, b), labels=[label - 1])


def by_the_ops(x, f, w, b, label):
    """Every gradient by the ops' backwards, chained by hand."""
    x, f = np.array(x, dtype=float)[None, None], np.array(f, dtype=float)[None, None]
    y = conv2d(x, f, None)
    m = max_pool2d(y, kernel_size=2)
    A = m.reshape(1, -1)
    z = linear(A, w, b)
    dz = softmax_cross_entropy_backward(1.0, z, labels=[label - 1]).dlogits
    dense = linear_backward(dz, A, w, b)
    dm = dense.dx.reshape(m.shape)
    dy = max_pool2d_backward(dm, y, kernel_size=2).dx
    conv = conv2d_backward(dy, x, f, None)
    return {
        **{"dz": dz[0], "dA": dense.dx[0], "dW": dense.dw, "db": dense.db},
        **{"dm": dm[0, 0], "dy": dy[0, 0], "dF": conv.dw[0, 0], "dx": conv.dx[0, 0]},
    }


def by_vjp(x, f, w, b, label):
    """The gradients of the arguments by pullbacks, called in reverse order."""
    x, f = np.array(x, dtype=float)[None, None], np.array(f, dtype=float)[None, None]
    y, conv_back = vjp(conv2d, x, f, None)
    m, pool_back = vjp(max_pool2d, y, kernel_size=2)
    z, dense_back = vjp(linear, m.reshape(1, -1), w, b)
    _, loss_back = vjp(softmax_cross_entropy, z, labels=[label - 1])
    dense = dense_back(*loss_back(1.0))
    conv = conv_back(*pool_back(dense.dx.reshape(m.shape)))
    return dict(zip(GRADIENTS, (conv.dx[0, 0], conv.dw[0, 0], dense.dw, dense.db), strict=True))


CASES = [((X, F, W, B), 1), ((X, F, W, B), 2), ((X, F, W, B), 3), *map(random_numbers, range(3))]


@pytest.mark.parametrize(("arrays", "label"), CASES)
def test_every_gradient_equals_the_ops_chained(arrays, label):
    values = network(*arrays, label).values()
    arrays = [np.array(a, dtype=float) for a in arrays]
    np.testing.assert_allclose(values["L"], loss_of(*arrays, label=label), rtol=1e-13)
    for name, gradient in by_the_ops(*arrays, label).items():
        np.testing.assert_allclose(values[name], gradient, rtol=1e-12, atol=1e-14, err_msg=name)
    for name, gradient in by_vjp(*arrays, label).items():
        np.testing.assert_allclose(values[name], gradient, rtol=1e-12, atol=1e-14, err_msg=name)


@pytest.mark.parametrize(("arrays", "label"), CASES)
def test_every_gradient_equals_finite_differences(arrays, label):
    values = network(*arrays, label).values()
    measured = numerical_gradients(loss_of, *arrays, dy=1.0, label=label)
    for name, gradient in zip(GRADIENTS, measured, strict=True):
        np.testing.assert_allclose(values[name], gradient, rtol=1e-7, atol=1e-9, err_msg=name)


@pytest.mark.parametrize(("arrays", "label"), CASES)
def test_every_gradient_equals_pytorch(arrays, label):
    torch = pytest.importorskip("torch")
    x, f, w, b = (torch.tensor(np.array(a), dtype=torch.float64).requires_grad_() for a in arrays)
    y = torch.nn.functional.conv2d(x[None, None], f[None, None])
    m = torch.nn.functional.max_pool2d(y, 2)
    z = m.reshape(1, -1) @ w + b
    torch.nn.functional.cross_entropy(z, torch.tensor([label - 1])).backward()
    values = network(*arrays, label).values()
    for name, argument in zip(GRADIENTS, (x, f, w, b), strict=True):
        np.testing.assert_allclose(values[name], argument.grad.numpy(), atol=1e-10, err_msg=name)


def test_every_gradient_is_proved(article):
    proofs = prove(article)
    assert [p.name for p in proofs] == ["dz", "dW", "db", "dA", "dm", "dy", "dF", "dx"]
    assert sum(p.entries for p in proofs) == 3 + 12 + 3 + 4 + 4 + 16 + 4 + 25


def test_a_wrong_link_breaks_the_chain():
    sheet = network(X, F, W, B, 1)
    dy, y = sheet.grids["dy"], sheet.grids["y"].cells
    dm = sheet.grids["dm"].cells
    dy.formulas[0, 1] = sp.Piecewise((dm[0, 0], y[0, 1] >= y[0, 0]), (0, True))
    with pytest.raises(ProofError, match="dy12 = "):
        prove(sheet)


def test_the_derivative_of_the_loss_by_a_pixel_is_the_chain_of_the_proofs(article):
    """SymPy's derivative from the loss to the image in one go, without any of the gradients."""
    cells, numbers = zip(*article_values(article), strict=True)
    for name, wrt in zip(GRADIENTS, "xFWb", strict=True):
        direct = sp.lambdify(cells, list(article.derivative("L", wrt).flat))(*numbers)
        np.testing.assert_allclose(direct, article.values()[name].ravel(), atol=1e-14)


def article_values(sheet):
    values = sheet.values()
    for name, grid in sheet.grids.items():
        yield from zip(grid.cells.flat, values[name].flat, strict=True)


def test_a_changed_number_is_followed_back_to_the_image(article):
    brighter = np.array(X)
    brighter[2, 1] = 7
    values = article.values(x=brighter, label=2)
    for name, gradient in by_the_ops(brighter, F, np.array(W), np.array(B), 2).items():
        np.testing.assert_allclose(values[name], gradient, rtol=1e-12, atol=1e-14, err_msg=name)


def test_a_tie_goes_to_the_first_as_in_the_op(article):
    flat = np.ones((5, 5))
    values = article.values(x=flat)
    assert np.count_nonzero(values["dy"]) == 4
    expected = by_the_ops(flat, F, np.array(W), np.array(B), 1)
    np.testing.assert_allclose(values["dx"], expected["dx"], atol=1e-14)


def test_large_pixels_stay_finite(article):
    values = article.values(x=999 * np.array(X))
    assert all(np.isfinite(array).all() for array in values.values())


def test_the_figure_is_small_and_shows_what_each_step_computes(article):
    spec = json.dumps(Figure(article).spec, ensure_ascii=False, separators=(",", ":"))
    assert len(spec.encode()) <= 12_000
    for step in article.steps:
        targets = {
            g.name for g in article.grids.values() for c in g.cells.flat if str(c) in step.targets
        }
        assert targets <= set(step.show)


def test_a_dense_layer_of_another_size_is_named():
    with pytest.raises(ValueError, match=r"dense: W must be \(4, 3\), for A and b: W \(3, 3\)"):
        network(X, F, W[:3], B, 1)

import numpy as np
import pytest
from hypothesis import given

from backprop import (
    check_gradients,
    log_softmax,
    log_softmax_backward,
    numerical_gradients,
    softmax,
    softmax_backward,
    softmax_cross_entropy,
    softmax_cross_entropy_backward,
)
from tests.ops.cases import SEEDS, dy_for
from tests.ops.oracles import agree_with_torch


def random_rows(rng):
    shape = rng.integers(1, 6, rng.integers(1, 5))
    return 10 ** rng.uniform(-2, 2) * rng.standard_normal(shape)


@pytest.mark.parametrize("seed", range(200))
@pytest.mark.parametrize(
    ("op", "backward"), [(softmax, softmax_backward), (log_softmax, log_softmax_backward)]
)
def test_softmax_and_its_logarithm_agree_with_pytorch(torch, op, backward, seed):
    rng = np.random.default_rng(seed)
    x = random_rows(rng)
    theirs = {softmax: torch.softmax, log_softmax: torch.log_softmax}[op]
    agree_with_torch(torch, op, backward, lambda t: theirs(t, -1), (x,), dy_for(rng, op, x))


@pytest.mark.parametrize("seed", range(200))
def test_softmax_cross_entropy_agrees_with_pytorch(torch, seed):
    rng = np.random.default_rng(seed)
    N, M = (int(k) for k in rng.integers(1, 9, 2))
    logits = 10 ** rng.uniform(-2, 2) * rng.standard_normal((N, M))
    labels = rng.integers(0, M, N)

    def theirs(logits):
        return torch.nn.functional.cross_entropy(logits, torch.as_tensor(labels))

    agree_with_torch(
        torch,
        softmax_cross_entropy,
        softmax_cross_entropy_backward,
        theirs,
        (logits,),
        np.asarray(rng.standard_normal()),
        labels=labels,
    )


@given(SEEDS)
def test_softmax_by_its_jacobian(seed):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((1, 5))
    dy, (y,) = rng.standard_normal((1, 5)), softmax(x)
    jacobian = np.diag(y) - np.outer(y, y)
    np.testing.assert_allclose(softmax_backward(dy, x).dx, dy @ jacobian, atol=1e-14)


@given(SEEDS)
def test_rows_of_softmax_add_up_to_one_and_a_shift_of_a_row_changes_nothing(seed):
    rng = np.random.default_rng(seed)
    x = random_rows(rng)
    shift = rng.integers(-5, 6, (*x.shape[:-1], 1))
    np.testing.assert_allclose(softmax(x).sum(axis=-1), 1, rtol=1e-12)
    np.testing.assert_allclose(softmax(x + shift), softmax(x), rtol=1e-10)
    # so the gradient has no part along such a shift
    dx = softmax_backward(rng.standard_normal(x.shape), x).dx
    np.testing.assert_allclose(dx.sum(axis=-1), 0, atol=1e-13)


def test_logits_of_a_thousand_are_stable_row_by_row():
    x = np.array([[1000.0, 0, -1000], [-1000, -1001, -1000], [0, 1, 2]])
    e = np.exp(-1)
    expected = [
        [1, 0, 0],
        np.array([1, e, 1]) / (2 + e),
        np.exp([0, 1, 2]) / np.exp([0, 1, 2]).sum(),
    ]
    np.testing.assert_allclose(softmax(x), expected, rtol=1e-12)
    np.testing.assert_allclose(log_softmax(x)[0], [0, -1000, -2000], rtol=1e-12)
    np.testing.assert_allclose(log_softmax(x)[1:], np.log(expected[1:]), rtol=1e-12)
    loss = softmax_cross_entropy(x, labels=[2, 0, 1])
    np.testing.assert_allclose(loss, (2000 + np.log(2 + e) - log_softmax(x)[2, 1]) / 3, rtol=1e-12)
    assert np.all(np.isfinite(softmax_cross_entropy_backward(1.0, x, labels=[2, 0, 1]).dlogits))


def test_a_row_that_rules_a_class_out_with_minus_infinity():
    x = np.array([[0.0, -np.inf, 0]])
    assert softmax(x).tolist() == [[0.5, 0, 0.5]]
    assert softmax_backward(np.array([[1.0, 5, 3]]), x).dx.tolist() == [[-0.5, 0, 0.5]]


@given(SEEDS)
def test_the_loss_is_the_mean_of_minus_the_log_of_the_labels_share(seed):
    rng = np.random.default_rng(seed)
    logits, labels = rng.standard_normal((4, 3)), rng.integers(0, 3, 4)
    shares = [softmax(row)[label] for row, label in zip(logits, labels, strict=True)]
    loss = softmax_cross_entropy(logits, labels=labels)
    assert loss == pytest.approx(-np.mean(np.log(shares)), rel=1e-12)
    dlogits = softmax_cross_entropy_backward(1.0, logits, labels=labels).dlogits
    np.testing.assert_allclose(dlogits, (softmax(logits) - np.eye(3)[labels]) / 4, atol=1e-15)


def test_the_loss_is_checked_with_its_labels_as_an_option():
    rng = np.random.default_rng(0)
    logits, labels = rng.standard_normal((4, 3)), [2, 0, 0, 1]
    report = check_gradients(softmax_cross_entropy, logits, labels=labels)
    assert repr(report).split("\n") == [
        "softmax_cross_entropy, by finite differences:",
        "    dlogits: 12 entries agree",
    ]
    (expected,) = numerical_gradients(softmax_cross_entropy, logits, dy=2.0, labels=labels)
    dlogits = softmax_cross_entropy_backward(2, logits, labels=labels).dlogits
    np.testing.assert_allclose(dlogits, expected, atol=1e-9)
    assert labels == [2, 0, 0, 1]


LOGITS = np.ones((3, 4))


@pytest.mark.parametrize(
    ("logits", "labels", "error", "message"),
    [
        (LOGITS, [0, 4, 1], ValueError, "labels must lie in 0 … 3, labels[1] is 4: "),
        (LOGITS, [0, 1, -1], ValueError, "labels must lie in 0 … 3, labels[2] is -1: "),
        (LOGITS, [0, 1], ValueError, "labels need one entry for each row of logits: "),
        (LOGITS, [[0], [1], [2]], ValueError, "labels need one entry for each row of logits: "),
        (LOGITS, 1, ValueError, "labels need one entry for each row of logits: "),
        (LOGITS, [0.0, 1.0, 2.0], TypeError, "labels must be integers, not float64"),
        (LOGITS, [True, False, True], TypeError, "labels must be integers, not bool"),
        (np.ones((0, 4)), np.zeros(0, int), ValueError, "there must be at least one row and one "),
        (np.ones(4), [1], ValueError, "logits must have 2 axes (N,M): logits (4,)"),
    ],
)
def test_softmax_cross_entropy_names_the_rule_that_is_broken(logits, labels, error, message):
    for run in (
        lambda: softmax_cross_entropy(logits, labels=labels),
        lambda: softmax_cross_entropy_backward(1.0, logits, labels=labels),
    ):
        with pytest.raises(error) as raised:
            run()
        assert str(raised.value).startswith(f"softmax_cross_entropy: {message}")
        if message.endswith(": "):
            shapes = f"logits {logits.shape}, labels {np.shape(labels)}"
            assert str(raised.value).endswith(shapes)


@pytest.mark.parametrize("op", [softmax, log_softmax])
@pytest.mark.parametrize("x", [np.ones((3, 0)), np.float64(1)])
def test_softmax_needs_something_to_share_out(op, x):
    with pytest.raises(ValueError, match="needs a last axis") as raised:
        op(x)
    assert str(raised.value) == (
        f"{op.__name__}: x needs a last axis with at least one entry: x {x.shape}"
    )

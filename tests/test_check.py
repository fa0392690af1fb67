import re

import numpy as np
import pytest

from backprop import (
    Conv2dGrads,
    GradientError,
    adjoint_test,
    check_gradients,
    conv2d,
    conv2d_backward,
    numerical_gradients,
    rotate180,
)

RNG = np.random.default_rng(5)
X, W, B = (RNG.standard_normal(s) for s in ((3, 2, 6, 5), (4, 2, 3, 2), 4))


def cubic(x, y, *, power=3):
    """A reader's op: x**power * y."""
    return x**power * y


def cubic_backward(dy, x, y, *, power=3):
    return power * x ** (power - 1) * y * dy, x**power * dy


# wrong gradients of conv2d: the tester must notice each


def kernel_not_turned(dy, x, w, b):
    right = conv2d_backward(dy, x, w, b)
    return right._replace(dx=conv2d_backward(dy, x, rotate180(w), b).dx)


def batch_not_summed(dy, x, w, b):
    right = conv2d_backward(dy, x, w, b)
    return right._replace(dw=conv2d_backward(dy[:1], x[:1], w, b).dw)


def batch_averaged(dy, x, w, b):
    right = conv2d_backward(dy, x, w, b)
    return right._replace(db=right.db / len(x))


def one_entry_off(dy, x, w, b):
    right = conv2d_backward(dy, x, w, b)
    right.dw[3, 1, 2, 0] += 1e-4
    return right


def not_a_number(dy, x, w, b):
    right = conv2d_backward(dy, x, w, b)
    right.dx[2, 1, 5, 4] = np.nan
    return right


@pytest.mark.parametrize(
    ("wrong", "argument", "index", "count"),
    [
        (kernel_not_turned, "x", (0, 0, 0, 0), "180 of 180 entries of dx disagree"),
        (batch_not_summed, "w", (0, 0, 0, 0), "48 of 48 entries of dw disagree"),
        (batch_averaged, "b", (0,), "4 of 4 entries of db disagree"),
        (one_entry_off, "w", (3, 1, 2, 0), "1 of 48 entries of dw disagree"),
        (not_a_number, "x", (2, 1, 5, 4), "1 of 180 entries of dx disagree"),
    ],
)
def test_a_wrong_gradient_is_caught_and_named(wrong, argument, index, count):
    dy = np.random.default_rng(8).standard_normal((3, 4, 4, 4))
    with pytest.raises(GradientError) as raised:
        check_gradients(conv2d, X, W, B, dy=dy, backward=wrong)
    error = raised.value
    right = getattr(conv2d_backward(dy, X, W, B), f"d{argument}")[index]
    ours = getattr(wrong(dy, X, W, B), f"d{argument}")[index]
    assert (error.op, error.argument, error.index) == ("conv2d", argument, index)
    assert error.expected == pytest.approx(right, abs=1e-8)
    assert error.received == pytest.approx(ours, abs=0, nan_ok=True)
    place = ", ".join(map(str, index))
    assert str(error) == (
        f"conv2d: d{argument}[{place}] expected {error.expected:.9g}, "
        f"received {error.received:.9g} ({count})"
    )


@pytest.mark.parametrize(
    "wrong", [kernel_not_turned, batch_not_summed, batch_averaged, not_a_number]
)
def test_the_adjoint_test_catches_what_is_wrong_as_a_whole(wrong):
    with pytest.raises(GradientError, match=r"^conv2d: adjoint test: expected ⟨dy, J v⟩ = "):
        adjoint_test(conv2d, X, W, B, backward=wrong)


def test_the_right_gradient_passes_and_the_report_is_the_same_in_every_run():
    report = check_gradients(conv2d, X, W, B, padding=1)
    assert repr(report) == (
        "conv2d, by finite differences:\n"
        "    dx: 180 entries agree\n"
        "    dw: 48 entries agree\n"
        "    db: 4 entries agree"
    )
    assert set(report.errors) == {"dx", "dw", "db"}
    assert max(report.errors.values()) < 1e-7
    lines = "conv2d, for 3 random v:\n    ⟨dy, J v⟩ = ⟨Jᵀ dy, v⟩"
    assert repr(adjoint_test(conv2d, X, W, B)) == lines


def test_dy_comes_from_rng_or_as_given():
    seen = []

    def spy(dy, *args, **options):
        seen.append(dy.copy())
        return conv2d_backward(dy, *args, **options)

    for chosen in (dict(rng=np.random.default_rng(4)), dict(dy=np.ones((3, 4, 4, 4))), {}):
        check_gradients(conv2d, X, W, B, backward=spy, **chosen)
    drawn = np.random.default_rng(4).standard_normal((3, 4, 4, 4))
    assert np.array_equal(seen[0], drawn)
    assert np.array_equal(seen[1], np.ones((3, 4, 4, 4)))
    assert np.unique(seen[2]).size == seen[2].size  # random, not ones
    with pytest.raises(ValueError, match=r"conv2d: dy must have the shape of y, \(3, 4, 4, 4\)"):
        check_gradients(conv2d, X, W, B, dy=np.ones((3, 4)))


def test_none_arguments_are_skipped():
    assert "db" not in repr(check_gradients(conv2d, X, W, None))
    assert numerical_gradients(conv2d, X, W, None, dy=np.ones((3, 4, 4, 4)))[2] is None
    adjoint_test(conv2d, X, W, None)


def test_a_readers_own_op_is_checked_with_its_options():
    x, y = RNG.standard_normal((2, 3, 4))
    report = check_gradients(cubic, x, y, backward=cubic_backward, power=2)
    lines = ["cubic, by finite differences:", *(f"    d{k}: 12 entries agree" for k in "xy")]
    assert repr(report) == "\n".join(lines)
    adjoint_test(cubic, x, y, backward=cubic_backward, power=2)
    with pytest.raises(GradientError, match=r"^cubic: dx\[0, 0\] expected"):
        check_gradients(cubic, x, y, backward=cubic_backward, power=2, atol=0, rtol=0)


def test_one_bare_gradient_of_a_scalar_function():
    def norm(x):
        return np.sqrt(np.sum(x * x))

    report = check_gradients(norm, [3.0, 4.0], backward=lambda dy, x: dy * x / norm(x))
    assert repr(report) == "norm, by finite differences:\n    dx: 2 entries agree"
    twice = check_gradients(lambda x: 2 * x, 3.0, backward=lambda dy, x: 2 * dy)
    assert repr(twice).endswith("dx: 1 entry agrees")


def test_numerical_gradients_of_a_cubic_are_accurate_for_small_and_large_numbers():
    x, y = np.array([1e-3, 1.0, 1e8]), np.array([2.0, -3.0, 0.5])
    dx, dy = numerical_gradients(cubic, x, y, dy=np.ones(3))
    np.testing.assert_allclose(dx, 3 * x**2 * y, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(dy, x**3, rtol=1e-7, atol=1e-9)


def test_a_function_that_returns_its_argument_is_measured_too():
    (dx,) = numerical_gradients(lambda x: x, np.ones(3), dy=np.array([1.0, 2.0, 3.0]))
    np.testing.assert_allclose(dx, [1, 2, 3], rtol=1e-9)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda dy, x, w, b: conv2d_backward(dy, x, w, b)[:2], "expected 3 gradients, one for"),
        (
            lambda dy, x, w, b: conv2d_backward(dy, x, w, b)._replace(dw=None),
            "conv2d: dw expected shape (4, 2, 3, 2), received None",
        ),
        (
            lambda dy, x, w, b: Conv2dGrads(*(g[..., :1] for g in conv2d_backward(dy, x, w, b))),
            "conv2d: dx expected shape (3, 2, 6, 5), received shape (3, 2, 6, 1)",
        ),
        (
            lambda dy, x, w, b: conv2d_backward(np.multiply(dy, 1.5, out=dy), x, w, b),
            "conv2d: its backward changed dy in place",
        ),
        (
            lambda dy, x, w, b: conv2d_backward(dy, x, np.negative(w, out=w), b),
            "conv2d: its backward changed w in place",
        ),
    ],
)
def test_a_backward_that_breaks_the_law_is_told_how(wrong, message):
    for check in (check_gradients, adjoint_test):
        with pytest.raises(GradientError, match=re.escape(message)):
            check(conv2d, X, W, B, backward=wrong)


def test_an_op_without_a_backward_must_be_given_one():
    with pytest.raises(LookupError, match=r"^cubic: backprop\.ops has no cubic_backward"):
        check_gradients(cubic, 1.0, 2.0)


def test_checking_changes_nothing_that_it_is_given():
    before = [a.copy() for a in (X, W, B)]
    check_gradients(conv2d, X, W, B)
    adjoint_test(conv2d, X, W, B)
    for old, new in zip(before, (X, W, B), strict=True):
        assert np.array_equal(old, new)

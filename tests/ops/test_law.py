"""What every op promises, whatever it computes: see the law in `backprop.ops`."""

import inspect

import numpy as np
import pytest

from backprop import adjoint_test, check_gradients, ops
from backprop.chain import BACKWARDS
from tests.ops.examples import EXAMPLES

every_op = pytest.mark.parametrize("op", BACKWARDS, ids=lambda op: op.__name__)


# functions of ops that have no gradient
NO_OPS = {"update_running_statistics"}


def call(op, dtype=np.float64):
    args, options = EXAMPLES[op]
    args = tuple(a.astype(dtype) for a in args)
    y = op(*args, **options)
    dy = np.asarray(np.random.default_rng(3).standard_normal(np.shape(y)), dtype=dtype)
    return args, options, y, dy


def test_every_public_function_of_ops_has_a_gradient_or_is_known_to_have_none():
    functions = {n for n, f in vars(ops).items() if inspect.isfunction(f) and not n.startswith("_")}
    law = {op.__name__ for op in BACKWARDS} | {f.__name__ for f in BACKWARDS.values()}
    assert functions - law == NO_OPS
    assert set(EXAMPLES) == set(BACKWARDS)


@every_op
def test_the_backward_takes_dy_and_then_what_the_op_takes(op):
    ours, theirs = (inspect.signature(f).parameters for f in (op, BACKWARDS[op]))
    assert list(theirs) == ["dy", *ours]
    assert [p.default for p in theirs.values()][1:] == [p.default for p in ours.values()]
    positional = [p for p in ours.values() if p.kind is not inspect.Parameter.KEYWORD_ONLY]
    assert all(p.default is inspect.Parameter.empty for p in positional)


@every_op
def test_gradients_are_named_after_the_arguments_and_have_their_shapes(op):
    args, options, _, dy = call(op)
    names = list(inspect.signature(op).parameters)[: len(args)]
    gradients = BACKWARDS[op](dy, *args, **options)
    assert gradients._fields == tuple(f"d{name}" for name in names)
    assert [g.shape for g in gradients] == [a.shape for a in args]


@every_op
def test_all_gradients_agree_with_finite_differences_and_the_adjoint(op):
    args, options, _, dy = call(op)
    check_gradients(op, *args, dy=dy, **options)
    adjoint_test(op, *args, dy=dy, **options)


@every_op
def test_arguments_stay_unchanged_and_results_share_no_memory_with_them(op):
    args, options, _, dy = call(op)
    before = [a.copy() for a in (dy, *args)]
    results = [op(*args, **options), *BACKWARDS[op](dy, *args, **options)]
    for old, new in zip(before, (dy, *args), strict=True):
        assert np.array_equal(old, new)
    for k, result in enumerate(results):
        assert not any(np.shares_memory(result, a) for a in (dy, *args))
        assert not any(np.shares_memory(result, other) for other in results[:k])


@every_op
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_float_type_is_kept(op, dtype):
    args, options, y, dy = call(op, dtype)
    assert y.dtype == dtype
    assert {g.dtype for g in BACKWARDS[op](dy, *args, **options)} == {np.dtype(dtype)}
    # the type is that of the arguments, also where dy has another
    assert {g.dtype for g in BACKWARDS[op](dy.astype("f8"), *args, **options)} == {np.dtype(dtype)}
    exact, right = op(*(a.astype("f8") for a in args), **options), 1e-5
    np.testing.assert_allclose(y, exact, rtol=right, atol=right)


@every_op
def test_integers_are_promoted_to_float64(op):
    args, options, _, _ = call(op)
    whole = tuple(np.round(4 * np.abs(a)).astype(int) for a in args)
    y = op(*whole, **options)
    assert y.dtype == np.float64
    assert np.array_equal(y, op(*(a.astype(float) for a in whole), **options))
    dy = np.ones(np.shape(y), dtype=int)
    assert {g.dtype for g in BACKWARDS[op](dy, *whole, **options)} == {np.dtype("f8")}


@every_op
def test_arrays_in_any_memory_order_give_the_same_result(op):
    args, options, y, dy = call(op)
    turned = tuple(np.asfortranarray(a) for a in args)
    np.testing.assert_allclose(op(*turned, **options), y, atol=1e-12)
    pairs = zip(
        BACKWARDS[op](np.asarray(dy, order="F"), *turned, **options),
        BACKWARDS[op](dy, *args, **options),
        strict=True,
    )
    for a, b in pairs:
        np.testing.assert_allclose(a, b, atol=1e-12)


@every_op
def test_dy_must_have_the_shape_of_y(op):
    args, options, y, dy = call(op)
    with pytest.raises(ValueError, match="dy must have the shape of y") as raised:
        BACKWARDS[op](dy[None], *args, **options)
    assert str(raised.value) == (
        f"{op.__name__}_backward: dy must have the shape of y, {np.shape(y)}: dy {dy[None].shape}"
    )


@every_op
def test_what_is_not_a_real_number_is_refused(op):
    args, options, _, _ = call(op)
    for place, name in enumerate(list(inspect.signature(op).parameters)[: len(args)]):
        wrong = [*args]
        wrong[place] = args[place] * 1j
        with pytest.raises(TypeError) as raised:
            op(*wrong, **options)
        assert str(raised.value) == f"{op.__name__}: {name} must hold real numbers, not complex128"

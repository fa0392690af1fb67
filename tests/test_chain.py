import numpy as np
import pytest

from backprop import conv2d, conv2d_backward, ops, vjp
from backprop.chain import BACKWARDS, backward_of


def test_the_registry_pairs_each_op_with_the_backward_of_its_name():
    assert BACKWARDS[conv2d] is conv2d_backward
    assert {f"{op.__name__}_backward": f for op, f in BACKWARDS.items()} == {
        name: f for name, f in vars(ops).items() if name.endswith("_backward")
    }


def test_vjp_returns_y_and_the_gradients_for_any_dy():
    rng = np.random.default_rng(0)
    x, w, b = (rng.standard_normal(s) for s in ((2, 3, 6, 5), (4, 3, 2, 3), 4))
    y, pullback = vjp(conv2d, x, w, b, stride=2, padding=1)
    assert np.array_equal(y, conv2d(x, w, b, stride=2, padding=1))
    for _ in range(2):  # a pullback can be called again
        dy = rng.standard_normal(y.shape)
        ours, right = pullback(dy), conv2d_backward(dy, x, w, b, stride=2, padding=1)
        assert ours._fields == ("dx", "dw", "db")
        for a, c in zip(ours, right, strict=True):
            assert np.array_equal(a, c)


def test_vjp_takes_another_backward_in_the_place_of_the_registered_one():
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal((2, 3, 6, 5)), rng.standard_normal((4, 3, 2, 3))

    def other(dy, x, w, b, *, stride):
        return "not the registered one", dy, stride

    y, pullback = vjp(conv2d, x, w, None, backward=other, stride=2)
    assert np.array_equal(y, conv2d(x, w, None, stride=2))
    assert pullback(3) == ("not the registered one", 3, 2)


def test_an_op_without_a_backward_is_named():
    def square(x):
        return x * x

    for run in (lambda: backward_of(square), lambda: vjp(square, 3.0)):
        with pytest.raises(LookupError) as raised:
            run()
        assert str(raised.value) == "square: backprop.ops has no square_backward"

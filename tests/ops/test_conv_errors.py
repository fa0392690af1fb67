import numpy as np
import pytest

from backprop import conv2d, conv2d_backward

X, W, B = np.ones((4, 2, 5, 5)), np.ones((8, 2, 3, 3)), np.ones(8)
GEOMETRY = "an int, (vertical, horizontal) or ((top, bottom), (left, right))"


@pytest.mark.parametrize(
    ("args", "options", "error", "message"),
    [
        (
            (X, np.ones((8, 3, 3, 3)), B),
            {},
            ValueError,
            "conv2d: w expects 3 input channels, x has 2: x (4, 2, 5, 5), w (8, 3, 3, 3), b (8,)",
        ),
        (
            (X, W, None),
            dict(groups=2),
            ValueError,
            "conv2d: w expects 4 input channels (2 in each of 2 groups), x has 2: "
            "x (4, 2, 5, 5), w (8, 2, 3, 3)",
        ),
        (
            (X, np.ones((7, 1, 3, 3)), None),
            dict(groups=2),
            ValueError,
            "conv2d: 2 groups do not divide 7 output channels: x (4, 2, 5, 5), w (7, 1, 3, 3)",
        ),
        (
            (X, W, np.ones(7)),
            {},
            ValueError,
            "conv2d: b needs one entry for each of 8 output channels: "
            "x (4, 2, 5, 5), w (8, 2, 3, 3), b (7,)",
        ),
        (
            (X, W, np.ones((8, 1))),
            {},
            ValueError,
            "conv2d: b needs one entry for each of 8 output channels: "
            "x (4, 2, 5, 5), w (8, 2, 3, 3), b (8, 1)",
        ),
        (
            (X, W, None),
            dict(dilation=3, padding=(1, 0)),
            ValueError,
            "conv2d: the kernel covers 7×7 cells, the padded input has 7×5: x (4, 2, 5, 5)",
        ),
        (
            (X, np.ones((8, 2, 0, 3)), None),
            {},
            ValueError,
            "conv2d: w has an axis of length 0: x (4, 2, 5, 5), w (8, 2, 0, 3)",
        ),
        ((X[0], W, B), {}, ValueError, "conv2d: x must have 4 axes (N,C,H,W): x (2, 5, 5)"),
        (
            (X, W[0, 0], B),
            {},
            ValueError,
            "conv2d: w must have 4 axes (F,C/groups,U,V): w (3, 3)",
        ),
        ((X * 1j, W, B), {}, TypeError, "conv2d: x must hold real numbers, not complex128"),
        ((X, None, B), {}, TypeError, "conv2d: w must hold real numbers, not None"),
        ((X, W, B), dict(stride=0), ValueError, "conv2d: stride must be at least 1: 0"),
        ((X, W, B), dict(stride=1.0), TypeError, "conv2d: stride must be a whole number: 1.0"),
        ((X, W, B), dict(groups=True), TypeError, "conv2d: groups must be a whole number: True"),
        (
            (X, W, B),
            dict(stride=(1, 1, 1)),
            ValueError,
            "conv2d: stride must be an int or (vertical, horizontal): (1, 1, 1)",
        ),
        ((X, W, B), dict(dilation=(1, 0)), ValueError, "conv2d: dilation must be at least 1: 0"),
        ((X, W, B), dict(padding=(0, -1)), ValueError, "conv2d: padding must be at least 0: -1"),
        (
            (X, W, B),
            dict(padding=(1, 2, 3)),
            ValueError,
            f"conv2d: padding must be {GEOMETRY}: (1, 2, 3)",
        ),
        (
            (X, W, B),
            dict(padding="same"),
            TypeError,
            "conv2d: padding must be a whole number: 'same'",
        ),
    ],
)
def test_conv2d_names_the_rule_that_is_broken(args, options, error, message):
    dy = np.ones((4, 8, 3, 3))
    for run in (lambda: conv2d(*args, **options), lambda: conv2d_backward(dy, *args, **options)):
        with pytest.raises(error) as raised:
            run()
        assert str(raised.value) == message


def test_conv2d_backward_wants_dy_in_the_shape_of_y():
    with pytest.raises(ValueError, match=r"dy must have the shape of y") as raised:
        conv2d_backward(np.ones((4, 8, 3, 1)), X, W, B)
    assert str(raised.value) == (
        "conv2d_backward: dy must have the shape of y, (4, 8, 3, 3): dy (4, 8, 3, 1)"
    )

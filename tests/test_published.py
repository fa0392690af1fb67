"""Values that others have published, met digit by digit. Each case names where it stands.

Layouts are turned into ours: x (N,C,H,W), w (F,C/groups,U,V). The inputs and the expected numbers
are facts of the source; how they are written here is ours.
"""

import numpy as np

from backprop import conv2d, conv2d_backward


def ramp(first, last, *shape):
    """Return evenly spaced numbers from first to last, in row-major order."""
    return np.linspace(first, last, int(np.prod(shape))).reshape(shape)


def count(first, *shape):
    """Return first, first + 1, … in row-major order."""
    return first + np.arange(np.prod(shape), dtype=float).reshape(shape)


def test_cs231n_convolution_forward():
    # cs231n/cs231n.github.io, assignments/2026/assignment2.zip, ConvolutionalNetworks.ipynb,
    # the cell that tests conv_forward_naive
    x, w, b = ramp(-0.1, 0.5, 2, 3, 4, 4), ramp(-0.2, 0.3, 3, 3, 4, 4), ramp(-0.1, 0.2, 3)
    published = [
        *(-0.08759809, -0.10987781, -0.18387192, -0.21092160),
        *(0.21027089, 0.21661097, 0.22847626, 0.23004637),
        *(0.50813986, 0.54309974, 0.64082444, 0.67101435),
        *(-0.98053589, -1.03143541, -1.19128892, -1.24695841),
        *(0.69108355, 0.66880383, 0.59480972, 0.56776003),
        *(2.36270298, 2.36904306, 2.38090835, 2.38247847),
    ]
    y = conv2d(x, w, b, stride=2, padding=1)
    assert y.shape == (2, 3, 2, 2)
    np.testing.assert_allclose(y.ravel(), published, rtol=0, atol=1e-8)


def test_tensorflow_convolution_gradients_of_one_channel():
    # tensorflow/tensorflow, tensorflow/python/kernel_tests/nn_ops/conv_ops_test.py:
    # testConv2D2x2Depth1ValidBackpropInput, testConv2D2x2Depth1ValidBackpropFilter
    x, w, dy = count(1, 1, 1, 2, 3), count(1, 1, 1, 2, 2), count(1, 1, 1, 1, 2)
    dx, dw, _ = conv2d_backward(dy, x, w, None)
    assert dx[0, 0].tolist() == [[1, 4, 4], [3, 10, 8]]  # not turned: 4 11 6, 2 5 2
    assert dw[0, 0].tolist() == [[5, 8], [14, 17]]  # turned: 17 14, 8 5


def test_burn_convolution_gradients_with_groups():
    # tracel-ai/burn, crates/burn-backend-tests/tests/autodiff/conv2d.rs: test_conv2d_groups
    x, w = count(0, 1, 2, 5, 5), count(0, 2, 1, 3, 3)
    dx, dw, db = conv2d_backward(np.ones((1, 2, 3, 3)), x, w, np.zeros(2), groups=2)
    assert dx[0, 0].tolist() == [
        [0, 1, 3, 3, 2],
        [3, 8, 15, 12, 7],
        [9, 21, 36, 27, 15],
        [9, 20, 33, 24, 13],
        [6, 13, 21, 15, 8],
    ]
    assert dx[0, 1].tolist() == [
        [9, 19, 30, 21, 11],
        [21, 44, 69, 48, 25],
        [36, 75, 117, 81, 42],
        [27, 56, 87, 60, 31],
        [15, 31, 48, 33, 17],
    ]
    assert dw[0, 0].tolist() == [[54, 63, 72], [99, 108, 117], [144, 153, 162]]
    assert dw[1, 0].tolist() == [[279, 288, 297], [324, 333, 342], [369, 378, 387]]
    assert db.tolist() == [9, 9]


# kbrodt/tor4, tests/nn/conv2d_test.py: two asymmetric 2×2 kernels, for the next three tests
TWO_KERNELS = np.array([[[[1.0, 0], [1, 1]]], [[[0, 1], [0, 1]]]])


def test_tor4_convolution_of_two_kernels():
    # test_conv2d_backward
    x = count(0, 1, 1, 3, 3)
    dy = np.array([[[[1.0, -2], [2, 1]], [[3, 2], [-1, 1]]]])
    y = conv2d(x, TWO_KERNELS, None)
    dx, dw, _ = conv2d_backward(dy, x, TWO_KERNELS, None)
    assert y[0].tolist() == [[[7, 10], [16, 19]], [[5, 7], [11, 13]]]
    assert dw[:, 0].tolist() == [[[8, 10], [14, 16]], [[3, 8], [18, 23]]]
    assert dx[0, 0].tolist() == [[1, 1, 2], [3, 2, 1], [2, 2, 2]]


def test_tor4_convolution_whose_last_column_no_window_reaches():
    # test_conv2d_backward2
    x, dy = count(0, 1, 1, 2, 3), np.array([[[[1.0]], [[2]]]])
    dx, dw, _ = conv2d_backward(dy, x, TWO_KERNELS, None, stride=2)
    assert dw[:, 0].tolist() == [[[0, 1], [3, 4]], [[0, 2], [6, 8]]]
    assert dx[0, 0].tolist() == [[1, 2, 0], [1, 3, 0]]


def test_tor4_convolution_with_dilation():
    # test_conv2d_backward31
    x, dy = count(0, 1, 1, 3, 3), np.array([[[[2.0]], [[1]]]])
    dx, dw, _ = conv2d_backward(dy, x, TWO_KERNELS, None, dilation=2)
    assert dw[:, 0].tolist() == [[[0, 4], [12, 16]], [[0, 2], [6, 8]]]
    assert dx[0, 0].tolist() == [[2, 0, 1], [0, 0, 0], [2, 0, 3]]

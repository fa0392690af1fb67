"""Values that others have published, met digit by digit. Each case names where it stands.

Layouts are turned into ours: x (N,C,H,W), w (F,C/groups,U,V). The inputs and the expected numbers
are facts of the source; how they are written here is ours.
"""

import numpy as np

from backprop import (
    avg_pool2d,
    avg_pool2d_backward,
    conv2d,
    conv2d_backward,
    max_pool2d,
    max_pool2d_backward,
    softmax,
    softmax_cross_entropy,
    softmax_cross_entropy_backward,
)


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


def test_cs231n_max_pooling_of_negative_numbers():
    # cs231n/cs231n.github.io, assignments/2026/assignment2.zip, ConvolutionalNetworks.ipynb,
    # the cell that tests max_pool_forward_naive
    x = ramp(-0.3, 0.4, 2, 3, 4, 4)
    published = [
        *(-0.26315789, -0.24842105, -0.20421053, -0.18947368),
        *(-0.14526316, -0.13052632, -0.08631579, -0.07157895),
        *(-0.02736842, -0.01263158, 0.03157895, 0.04631579),
        *(0.09052632, 0.10526316, 0.14947368, 0.16421053),
        *(0.20842105, 0.22315789, 0.26736842, 0.28210526),
        *(0.32631579, 0.34105263, 0.38526316, 0.40000000),
    ]
    y = max_pool2d(x, kernel_size=2)
    assert y.shape == (2, 3, 2, 2)
    np.testing.assert_allclose(y.ravel(), published, rtol=0, atol=1e-8)


# tensorflow/tensorflow, tensorflow/python/kernel_tests/nn_ops/pooling_ops_test.py: dy of both tests
TENSORFLOW_DY = np.array([[[[11.0, 12, 13], [15, 16, 17], [19, 20, 21]]]])


def test_tensorflow_max_pooling_where_all_cells_tie():
    # _testMaxPoolGradDirect1_1
    (dx,) = max_pool2d_backward(TENSORFLOW_DY, np.ones((1, 1, 4, 4)), kernel_size=2, stride=1)
    assert np.array_equal(dx, np.pad(TENSORFLOW_DY, ((0, 0), (0, 0), (0, 1), (0, 1))))


def test_tensorflow_max_pooling_where_windows_overlap():
    # _testMaxPoolGradDirect1_2
    x = np.indices((1, 1, 4, 4)).sum(axis=0) % 2 == 0  # a checkerboard, 1 in its first corner
    (dx,) = max_pool2d_backward(TENSORFLOW_DY, x, kernel_size=2, stride=1)
    assert dx[0, 0].tolist() == [[11, 0, 25, 0], [0, 31, 0, 17], [19, 0, 41, 0], [0, 0, 0, 0]]


def test_burn_average_pooling_that_does_not_count_its_padding():
    # tracel-ai/burn, crates/burn-backend-tests/tests/autodiff/avgpool2d.rs:
    # test_avg_pool2d_complex_dont_include_pad
    options = dict(kernel_size=(3, 4), stride=(1, 2), padding=(1, 2), count_include_pad=False)
    (dx,) = avg_pool2d_backward(np.ones((1, 1, 4, 4)), np.zeros((1, 1, 4, 6)), **options)
    border, inside = [0.625, 0.625, 0.416667], [0.875, 0.875, 0.583333]
    published = [[*row, *row[::-1]] for row in (border, inside, inside, border)]
    np.testing.assert_allclose(dx[0, 0], published, rtol=0, atol=1e-6)


def test_onnx_average_pooling_that_counts_its_padding():
    # onnx/onnx, onnx/backend/test/case/node/averagepool.py:
    # test_averagepool_2d_precomputed_pads_count_include_pad
    y = avg_pool2d(count(1, 1, 1, 5, 5), kernel_size=5, stride=1, padding=2)
    published = [
        *(2.52, 3.60, 4.80, 4.08, 3.24),
        *(4.56, 6.40, 8.40, 7.04, 5.52),
        *(7.20, 10.0, 13.0, 10.8, 8.40),
        *(6.96, 9.60, 12.4, 10.24, 7.92),
        *(6.12, 8.40, 10.8, 8.88, 6.84),
    ]
    np.testing.assert_allclose(y.ravel(), published, rtol=0, atol=1e-12)


def test_onnx_softmax_of_large_numbers():
    # onnx/onnx, onnx/backend/test/case/node/softmax.py: test_softmax_large_number
    row = [0.032058604, 0.08714432, 0.23688284, 0.6439143]
    y = softmax(np.arange(4) + np.array([[0.0], [10000.0]]))
    np.testing.assert_allclose(y, [row, row], rtol=0, atol=1e-7)


def test_nnfs_cross_entropy_and_its_gradient():
    # Sentdex/nnfs_book, the listing of the combined gradient of softmax and cross-entropy.
    # It gives the softmax's result; its logarithm are logits that lead to it.
    logits = np.log([[0.7, 0.1, 0.2], [0.1, 0.5, 0.4], [0.02, 0.9, 0.08]])
    labels = np.array([0, 1, 1])
    each = [softmax_cross_entropy(logits[[n]], labels=labels[[n]]) for n in range(3)]
    np.testing.assert_allclose(each, [0.35667494, 0.69314718, 0.10536052], rtol=0, atol=1e-8)
    loss = softmax_cross_entropy(logits, labels=labels)
    np.testing.assert_allclose(loss, 0.38506088005216804, rtol=0, atol=1e-15)
    published = [
        [-0.1, 0.03333333, 0.06666667],
        [0.03333333, -0.16666667, 0.13333333],
        [0.00666667, -0.03333333, 0.02666667],
    ]
    (dlogits,) = softmax_cross_entropy_backward(1.0, logits, labels=labels)
    np.testing.assert_allclose(dlogits, published, rtol=0, atol=1e-8)

"""The mathematics: arrays in, arrays out. Each op stands beside its `<op>_backward`.

y = f(x, w, b, *, options) and grads = f_backward(dy, x, w, b, *, options): the backward takes dy
and then exactly what the op took, and returns one gradient for each array, in that order.
"""

from backprop.ops.activation import (
    ReluGrads,
    SigmoidGrads,
    TanhGrads,
    relu,
    relu_backward,
    sigmoid,
    sigmoid_backward,
    tanh,
    tanh_backward,
)
from backprop.ops.conv import Conv2dGrads, conv2d, conv2d_backward
from backprop.ops.dense import LinearGrads, linear, linear_backward
from backprop.ops.loss import (
    LogSoftmaxGrads,
    SoftmaxCrossEntropyGrads,
    SoftmaxGrads,
    log_softmax,
    log_softmax_backward,
    softmax,
    softmax_backward,
    softmax_cross_entropy,
    softmax_cross_entropy_backward,
)
from backprop.ops.pool import (
    AvgPool2dGrads,
    MaxPool2dGrads,
    avg_pool2d,
    avg_pool2d_backward,
    max_pool2d,
    max_pool2d_backward,
)

__all__ = [
    "AvgPool2dGrads",
    "Conv2dGrads",
    "LinearGrads",
    "LogSoftmaxGrads",
    "MaxPool2dGrads",
    "ReluGrads",
    "SigmoidGrads",
    "SoftmaxCrossEntropyGrads",
    "SoftmaxGrads",
    "TanhGrads",
    "avg_pool2d",
    "avg_pool2d_backward",
    "conv2d",
    "conv2d_backward",
    "linear",
    "linear_backward",
    "log_softmax",
    "log_softmax_backward",
    "max_pool2d",
    "max_pool2d_backward",
    "relu",
    "relu_backward",
    "sigmoid",
    "sigmoid_backward",
    "softmax",
    "softmax_backward",
    "softmax_cross_entropy",
    "softmax_cross_entropy_backward",
    "tanh",
    "tanh_backward",
]

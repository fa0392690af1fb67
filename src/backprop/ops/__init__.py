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
from backprop.ops.batch_norms import (
    BatchNormGrads,
    BatchNormInferenceGrads,
    RunningStatistics,
    batch_norm,
    batch_norm_backward,
    batch_norm_inference,
    batch_norm_inference_backward,
    update_running_statistics,
)
from backprop.ops.conv import Conv2dGrads, conv2d, conv2d_backward
from backprop.ops.dense import LinearGrads, linear, linear_backward
from backprop.ops.group_norms import (
    GroupNormGrads,
    InstanceNormGrads,
    group_norm,
    group_norm_backward,
    instance_norm,
    instance_norm_backward,
)
from backprop.ops.layer_norms import (
    LayerNormGrads,
    RmsNormGrads,
    layer_norm,
    layer_norm_backward,
    rms_norm,
    rms_norm_backward,
)
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
    "BatchNormGrads",
    "BatchNormInferenceGrads",
    "Conv2dGrads",
    "GroupNormGrads",
    "InstanceNormGrads",
    "LayerNormGrads",
    "LinearGrads",
    "LogSoftmaxGrads",
    "MaxPool2dGrads",
    "ReluGrads",
    "RmsNormGrads",
    "RunningStatistics",
    "SigmoidGrads",
    "SoftmaxCrossEntropyGrads",
    "SoftmaxGrads",
    "TanhGrads",
    "avg_pool2d",
    "avg_pool2d_backward",
    "batch_norm",
    "batch_norm_backward",
    "batch_norm_inference",
    "batch_norm_inference_backward",
    "conv2d",
    "conv2d_backward",
    "group_norm",
    "group_norm_backward",
    "instance_norm",
    "instance_norm_backward",
    "layer_norm",
    "layer_norm_backward",
    "linear",
    "linear_backward",
    "log_softmax",
    "log_softmax_backward",
    "max_pool2d",
    "max_pool2d_backward",
    "relu",
    "relu_backward",
    "rms_norm",
    "rms_norm_backward",
    "sigmoid",
    "sigmoid_backward",
    "softmax",
    "softmax_backward",
    "softmax_cross_entropy",
    "softmax_cross_entropy_backward",
    "tanh",
    "tanh_backward",
    "update_running_statistics",
]

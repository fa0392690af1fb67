"""Backprop by Hand: the gradients of a CNN, each derived in a chapter of the book.

Importing it needs NumPy alone. Worksheets, figures, plots and exercises load on first use.
"""

# ruff: noqa: I001 -- the groups follow the book, not the alphabet

from importlib import import_module

# chapter 00: how to check a gradient
from backprop.check import GradientError, adjoint_test, check_gradients, numerical_gradients
from backprop.chain import vjp

# chapters 01, 04, 05, 06 and 08: convolution
from backprop.ops.conv import Conv2dGrads, conv2d, conv2d_backward
from backprop.windows import dilate, output_size, pad, rotate180, sliding_windows

# chapter 02: from the loss to the dense layer
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
from backprop.ops.dense import (
    FlattenGrads,
    LinearGrads,
    flatten,
    flatten_backward,
    linear,
    linear_backward,
)

# chapters 03 and 07: pooling
from backprop.ops.pool import (
    AvgPool2dGrads,
    MaxPool2dGrads,
    avg_pool2d,
    avg_pool2d_backward,
    max_pool2d,
    max_pool2d_backward,
)

# chapters 09, 10 and 11: norms
from backprop.ops.layer_norms import (
    LayerNormGrads,
    RmsNormGrads,
    layer_norm,
    layer_norm_backward,
    rms_norm,
    rms_norm_backward,
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
from backprop.ops.group_norms import (
    GroupNormGrads,
    InstanceNormGrads,
    group_norm,
    group_norm_backward,
    instance_norm,
    instance_norm_backward,
)

# chapter 00: activations
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

# chapter 12: a whole network, and how it learns
from backprop.network import Gradients, Layer, layer_outputs, loss_and_gradients
from backprop.descent import AdamStep, SgdStep, adam, descend, sgd

# these need SymPy, anywidget or matplotlib: name -> (module, attribute of it, or None for itself)
_ON_FIRST_USE = {
    "Worksheet": ("backprop.worksheet", "Worksheet"),
    "Figure": ("backprop.figure", "Figure"),
    "plots": ("backprop.plots", None),
    "worked": ("backprop.worked", None),
    "practice": ("backprop.practice", None),
}

__all__ = [
    "AdamStep",
    "AvgPool2dGrads",
    "BatchNormGrads",
    "BatchNormInferenceGrads",
    "Conv2dGrads",
    "FlattenGrads",
    "GradientError",
    "Gradients",
    "GroupNormGrads",
    "InstanceNormGrads",
    "Layer",
    "LayerNormGrads",
    "LinearGrads",
    "LogSoftmaxGrads",
    "MaxPool2dGrads",
    "ReluGrads",
    "RmsNormGrads",
    "RunningStatistics",
    "SgdStep",
    "SigmoidGrads",
    "SoftmaxCrossEntropyGrads",
    "SoftmaxGrads",
    "TanhGrads",
    "adam",
    "adjoint_test",
    "avg_pool2d",
    "avg_pool2d_backward",
    "batch_norm",
    "batch_norm_backward",
    "batch_norm_inference",
    "batch_norm_inference_backward",
    "check_gradients",
    "conv2d",
    "conv2d_backward",
    "descend",
    "dilate",
    "flatten",
    "flatten_backward",
    "group_norm",
    "group_norm_backward",
    "instance_norm",
    "instance_norm_backward",
    "layer_norm",
    "layer_norm_backward",
    "layer_outputs",
    "linear",
    "linear_backward",
    "log_softmax",
    "log_softmax_backward",
    "loss_and_gradients",
    "max_pool2d",
    "max_pool2d_backward",
    "numerical_gradients",
    "output_size",
    "pad",
    "relu",
    "relu_backward",
    "rms_norm",
    "rms_norm_backward",
    "rotate180",
    "sgd",
    "sigmoid",
    "sigmoid_backward",
    "sliding_windows",
    "softmax",
    "softmax_backward",
    "softmax_cross_entropy",
    "softmax_cross_entropy_backward",
    "tanh",
    "tanh_backward",
    "update_running_statistics",
    "vjp",
]


def __getattr__(name):
    """Load a part that needs more than NumPy, the first time it is asked for."""
    if name not in _ON_FIRST_USE:
        raise AttributeError(f"module 'backprop' has no attribute {name!r}")
    path, attribute = _ON_FIRST_USE[name]
    module = import_module(path)
    return module if attribute is None else getattr(module, attribute)


def __dir__():
    return sorted([*globals(), *_ON_FIRST_USE])

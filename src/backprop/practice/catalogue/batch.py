"""Convolution with batch and channels, stride 1 (chapters 04, 05 and 08)."""

import numpy as np

from backprop.ops.conv import conv2d_backward
from backprop.practice.catalogue._channels import DB, DW, DX, input_gradient, kernel_gradient
from backprop.practice.catalogue._tools import TURN, adopt, instead, whole
from backprop.practice.exercise import Exercise, Mistake
from backprop.windows import rotate180


def _cases(*names):
    """Make cases of the named arrays, with sizes all different."""

    def cases(rng):
        for N, C, F, (H, W), (U, V) in [(2, 1, 2, (3, 3), (2, 2)), (3, 2, 4, (6, 5), (3, 2))]:
            I, J = H - U + 1, W - V + 1
            shapes = {"dy": (N, F, I, J), "x": (N, C, H, W), "w": (F, C, U, V), "b": (F,)}
            drawn = {name: whole(rng, *shape) for name, shape in shapes.items()}
            yield tuple(drawn[name] for name in names), {}

    return cases


def _bias_gradient(dy):
    return dy.sum(axis=(0, 2, 3))


def _backward(dy, x, w, b):
    return tuple(conv2d_backward(dy, x, w, b))


def _kernel_and_bias(dy, x):
    return kernel_gradient(dy, x), _bias_gradient(dy)


BIAS = Exercise("conv2d.db", "my_db(dy)", ("db",), _bias_gradient, _cases("dy"), "04", DB)
KERNEL = Exercise(
    "conv2d.dw_db",
    "my_kernel_and_bias_gradient(dy, x)",
    ("dw", "db"),
    _kernel_and_bias,
    _cases("dy", "x"),
    "04",
    (
        *adopt(DW, _kernel_and_bias, 0, lambda dy, x: (dy, x)),
        *adopt(DB, _kernel_and_bias, 1, lambda dy, x: (dy,)),
    ),
)
ALL = Exercise(
    "conv2d_backward",
    "my_conv2d_backward(dy, x, w, b)",
    ("dx", "dw", "db"),
    _backward,
    _cases("dy", "x", "w", "b"),
    "05",
    (
        *adopt(DX, _backward, 0, lambda dy, x, w, b: (dy, w)),
        *adopt(DW, _backward, 1, lambda dy, x, w, b: (dy, x)),
        *adopt(DB, _backward, 2, lambda dy, x, w, b: (dy,)),
    ),
)


def _depthwise(dy, x, w):
    return tuple(conv2d_backward(dy, x, w, None, groups=x.shape[1])[:2])


def _depthwise_cases(rng):
    for N, C, (H, W), (U, V) in [(1, 2, (3, 3), (2, 2)), (3, 2, (6, 5), (3, 2))]:
        shapes = (N, C, H - U + 1, W - V + 1), (N, C, H, W), (C, 1, U, V)
        yield tuple(whole(rng, *shape) for shape in shapes), {}


DEPTHWISE = Exercise(
    "depthwise_backward",
    "my_depthwise_backward(dy, x, w)",
    ("dx", "dw"),
    _depthwise,
    _depthwise_cases,
    "08",
    (
        Mistake(
            "dx over all channels",
            instead(_depthwise, 0, lambda dy, x, w: input_gradient(dy, w) + np.zeros_like(x)),
            "Every channel of dx got what all channels pushed. In a depthwise convolution channel "
            "c of x meets channel c of y and nothing else.",
        ),
        Mistake(
            "dx not turned",
            instead(_depthwise, 0, lambda dy, x, w: _depthwise(dy, x, rotate180(w))[0]),
            TURN,
            "05",
        ),
        Mistake(
            "dw over all channels",
            instead(_depthwise, 1, lambda dy, x, w: kernel_gradient(dy, x)),
            "dw has a slice for every pair of channels. Here kernel c meets channel c alone: w is "
            "(C, 1, U, V).",
        ),
        Mistake(
            "dw from the last image",
            instead(_depthwise, 1, lambda dy, x, w: _depthwise(dy[-1:], x[-1:], w)[1]),
            "Only the last image is left in dw: over the batch, += is needed, not =.",
        ),
        Mistake(
            "dw averaged over the batch",
            instead(_depthwise, 1, lambda dy, x, w: _depthwise(dy, x, w)[1] / len(x)),
            "dw is averaged over the batch; the images add up.",
        ),
        Mistake(
            "dw turned",
            instead(_depthwise, 1, lambda dy, x, w: rotate180(_depthwise(dy, x, w)[1])),
            "This dw is turned by 180°. The kernel's gradient needs no turn.",
            "04",
        ),
    ),
)

EXERCISES = (BIAS, KERNEL, ALL, DEPTHWISE)

"""The mathematics: arrays in, arrays out. Each op stands beside its `<op>_backward`.

y = f(x, w, b, *, options) and grads = f_backward(dy, x, w, b, *, options): the backward takes dy
and then exactly what the op took, and returns one gradient for each array, in that order.
"""

from backprop.ops.conv import Conv2dGrads, conv2d, conv2d_backward

__all__ = ["Conv2dGrads", "conv2d", "conv2d_backward"]

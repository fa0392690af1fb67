"""Backprop by Hand: the gradients of a CNN, each derived in a chapter of the book."""

from backprop.ops.conv import Conv2dGrads, conv2d, conv2d_backward

__all__ = ["Conv2dGrads", "conv2d", "conv2d_backward"]

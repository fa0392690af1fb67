"""The convolution of one image with one kernel (chapters 01, 04, 05 and 06)."""

import numpy as np

from backprop.ops.conv import conv2d
from backprop.practice.catalogue._one_channel import (
    DF,
    DX,
    input_gradient,
    kernel_gradient,
    slide_full,
)
from backprop.practice.catalogue._tools import adopt, instead, whole
from backprop.practice.exercise import Exercise, Mistake
from backprop.windows import rotate180


def _slide(x, F, stride):
    return conv2d(x[None, None], F[None, None], None, stride=stride)[0, 0]


def _slide_cases(rng):
    for (H, W), (U, V), stride in [((3, 3), (2, 2), 1), ((4, 5), (2, 2), 2), ((7, 9), (2, 3), 3)]:
        yield (whole(rng, H, W), whole(rng, U, V), stride), {}


def _slide_from(place):
    """Slide with windows whose tap u meets row place(i, u, stride)."""

    def slide(x, F, stride):
        y = np.zeros_like(_slide(x, F, stride))
        for i, j, u, v in np.ndindex(*y.shape, *F.shape):
            y[i, j] += x[place(i, u, stride) % len(x), place(j, v, stride) % x.shape[1]] * F[u, v]
        return y

    return slide


SLIDE = Exercise(
    name="slide",
    signature="my_slide(x, F, stride)",
    returns=("y",),
    answer=_slide,
    cases=_slide_cases,
    chapter="01",
    mistakes=(
        Mistake(
            "the windows move by 1",
            _slide_from(lambda i, u, stride: i + u),
            "y has the right size, but its windows still begin at (i, j). They begin at row "
            "i·stride, column j·stride.",
        ),
        Mistake(
            "every position kept",
            lambda x, F, stride: _slide(x, F, 1),
            "The stride is not used: y has an entry for every position of the window.",
        ),
        Mistake(
            "the kernel turned",
            lambda x, F, stride: _slide(x, rotate180(F), stride),
            "The kernel was turned by 180°. In today's frameworks a convolution lays it on the "
            "image as it is.",
        ),
        Mistake(
            "a stride in the rows only",
            lambda x, F, stride: _slide(x, F, 1)[::stride],
            "The window moves by the stride from row to row, but by 1 from column to column.",
        ),
        Mistake(
            "averaged",
            lambda x, F, stride: _slide(x, F, stride) / F.size,
            "The products of a window are averaged; they must be added up.",
        ),
    ),
)


def _sizes():
    """Give (I, J) and (U, V), all different after the first; the windows always overlap."""
    return [((2, 2), (2, 2)), ((3, 4), (2, 3)), ((4, 3), (3, 2))]


def _case(rng, *names):
    """Draw the named arrays for every size."""
    for (I, J), (U, V) in _sizes():
        shapes = {"dy": (I, J), "x": (I + U - 1, J + V - 1), "F": (U, V)}
        drawn = {name: whole(rng, *shape) for name, shape in shapes.items()}
        yield tuple(drawn[name] for name in names), {}


def _one_channel(dy, x, F):
    return input_gradient(dy, F), kernel_gradient(dy, x), dy.sum()


def _convolved(dy, x, F):
    """Give dx and dF of a layer that turns the kernel itself."""
    return slide_full(dy, F), rotate180(kernel_gradient(dy, x))


KERNEL = Exercise(
    name="conv2d.dF",
    signature="my_dF(dy, x)",
    returns=("dF",),
    answer=kernel_gradient,
    cases=lambda rng: _case(rng, "dy", "x"),
    chapter="04",
    mistakes=DF,
)
INPUT = Exercise(
    name="conv2d.dx",
    signature="my_dx(dy, F)",
    returns=("dx",),
    answer=input_gradient,
    cases=lambda rng: _case(rng, "dy", "F"),
    chapter="05",
    mistakes=DX,
)
ONE_CHANNEL = Exercise(
    name="conv2d.one_channel",
    signature="my_backward_one_channel(dy, x, F)",
    returns=("dx", "dF", "db"),
    answer=_one_channel,
    cases=lambda rng: _case(rng, "dy", "x", "F"),
    chapter="05",
    mistakes=(
        *adopt(DX, _one_channel, 0, lambda dy, x, F: (dy, F)),
        *adopt(DF, _one_channel, 1, lambda dy, x, F: (dy, x)),
        Mistake(
            "db averaged",
            instead(_one_channel, 2, lambda dy, x, F: dy.mean()),
            "db is averaged. The bias is added to every output, so its gradient adds up all of dy.",
        ),
        Mistake(
            "db not summed",
            instead(_one_channel, 2, lambda dy, x, F: dy),
            "db is still a map. There is one bias for the whole map: add up all of dy.",
        ),
    ),
)
CONVOLVED = Exercise(
    name="convolve2d_backward",
    signature="my_true_convolution_backward(dy, x, F)",
    returns=("dx", "dF"),
    answer=_convolved,
    cases=lambda rng: _case(rng, "dy", "x", "F"),
    chapter="06",
    mistakes=(
        Mistake(
            "the kernel turned twice",
            instead(_convolved, 0, lambda dy, x, F: input_gradient(dy, F)),
            "dx is that of a layer that does not turn its kernel. Here the layer has turned it "
            "already, and the two turns cancel: dx needs none.",
        ),
        Mistake(
            "dF not turned",
            instead(_convolved, 1, lambda dy, x, F: kernel_gradient(dy, x)),
            "This is the gradient of the turned kernel. F is that kernel turned back, and so is "
            "its gradient.",
        ),
    ),
)

EXERCISES = (SLIDE, KERNEL, INPUT, ONE_CHANNEL, CONVOLVED)

"""The heart of the adjoint test, which chapter 00 shows and chapter 13 asks for."""

import numpy as np

from backprop.ops.conv import conv2d
from backprop.practice.catalogue._tools import shown_in, whole
from backprop.practice.exercise import Exercise, Mistake
from backprop.windows import rotate180


def _forward(dy, v, w):
    return np.sum(dy * conv2d(v, w, None))


def _gap(dx, dy, v, w):
    return _forward(dy, v, w) - np.sum(dx * v)


def _cases(rng):
    for (N, F, C), (H, W), (U, V) in [((1, 1, 1), (3, 3), (2, 2)), ((2, 3, 2), (4, 5), (2, 3))]:
        dx, v = whole(rng, N, C, H, W), whole(rng, N, C, H, W)
        dy, w = whole(rng, N, F, H - U + 1, W - V + 1), whole(rng, F, C, U, V)
        yield (dx, dy, v, w), {}


GAP = Exercise(
    name="adjoint_gap",
    signature="my_gap(dx, dy, v, w)",
    returns=("gap",),
    answer=_gap,
    cases=_cases,
    chapter="00",
    mistakes=(
        Mistake(
            "exchanged",
            lambda dx, dy, v, w: -_gap(dx, dy, v, w),
            "The difference has the wrong sign: the number with conv(v) comes first.",
        ),
        Mistake(
            "added",
            lambda dx, dy, v, w: _forward(dy, v, w) + np.sum(dx * v),
            "The two numbers are added. They are equal where dx is right, so take one from the "
            "other.",
        ),
        Mistake(
            "the distance",
            lambda dx, dy, v, w: abs(_gap(dx, dy, v, w)),
            "The absolute value was taken. The difference itself was asked for, with its sign.",
        ),
        Mistake(
            "means",
            lambda dx, dy, v, w: np.mean(dy * conv2d(v, w, None)) - np.mean(dx * v),
            "The brackets are means. dy and dx differ in size, so only the sums of the products "
            "are equal.",
        ),
        Mistake(
            "conv(dx)",
            lambda dx, dy, v, w: _forward(dy, dx, w) - np.sum(dx * v),
            "The first number has conv(dx). It is v that goes forward; dx stands in the second "
            "number alone.",
        ),
        Mistake(
            "the kernel turned",
            lambda dx, dy, v, w: _forward(dy, v, rotate180(w)) - np.sum(dx * v),
            "The kernel was turned by 180°. This is the forward pass, which lays it on v as it is.",
        ),
        Mistake(
            "products of sums",
            lambda dx, dy, v, w: dy.sum() * conv2d(v, w, None).sum() - dx.sum() * v.sum(),
            "The sums were multiplied. Multiply entry by entry first, then add up.",
        ),
    ),
)

EXERCISES = (shown_in("A second check: the adjoint test", GAP),)

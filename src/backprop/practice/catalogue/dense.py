"""A product of all pairs (chapter 00), the dense layer (02) and relu (12)."""

import numpy as np

from backprop.ops.activation import relu_backward
from backprop.ops.dense import linear_backward
from backprop.practice.catalogue._tools import adopt, instead, shown_in, whole
from backprop.practice.exercise import Exercise, Mistake


def _outer(dy, a, b):
    return dy @ b, a @ dy


def _outer_cases(rng):
    for n, m in [(2, 3), (4, 3)]:
        yield (whole(rng, n, m), whole(rng, n), whole(rng, m)), {}


OUTER = Exercise(
    name="outer_backward",
    signature="my_outer_backward(dy, a, b)",
    returns=("da", "db"),
    answer=_outer,
    cases=_outer_cases,
    chapter="00",
    mistakes=(
        Mistake(
            "the last term only",
            instead(_outer, 0, lambda dy, a, b: dy[:, -1] * b[-1]),
            "Only the last term of da is left: an entry of a is used once in every column, and its "
            "gradient adds up one term for each use (+=, not =).",
        ),
        Mistake(
            "the other factor forgotten",
            instead(_outer, 0, lambda dy, a, b: dy.sum(axis=1)),
            "Each term of da is the upstream times the other factor of the product; b is missing.",
        ),
        Mistake(
            "the upstream forgotten",
            instead(_outer, 0, lambda dy, a, b: np.full(a.size, b.sum())),
            "da is made of the other factors alone. Each is to be multiplied by the dy of its "
            "product.",
        ),
        Mistake(
            "the factor itself",
            instead(_outer, 0, lambda dy, a, b: dy.sum(axis=1) * a),
            "The slope of a·b with respect to a is b, the other factor, not a itself.",
        ),
        Mistake(
            "averaged",
            instead(_outer, 0, lambda dy, a, b: (dy * b).mean(axis=1)),
            "The terms of da are averaged; they must be added up.",
        ),
        Mistake(
            "the other factor forgotten for b",
            instead(_outer, 1, lambda dy, a, b: dy.sum(axis=0)),
            "Each term of db is the upstream times the other factor of the product; a is missing.",
        ),
        Mistake(
            "averaged for b",
            instead(_outer, 1, lambda dy, a, b: (a @ dy) / len(a)),
            "The terms of db are averaged; they must be added up.",
        ),
    ),
)


def _linear(dy, x, w, b):
    return tuple(linear_backward(dy, x, w, b))


def _arrays(*names):
    """Make cases of the named arrays of a dense layer, with sizes all different."""

    def cases(rng):
        for N, D, M in [(2, 3, 2), (4, 3, 5)]:
            arrays = {"dy": (N, M), "x": (N, D), "w": (D, M), "b": (M,)}
            drawn = {name: whole(rng, *shape) for name, shape in arrays.items()}
            yield tuple(drawn[name] for name in names), {}

    return cases


_DX = (
    Mistake(
        "reshaped",
        lambda dy, w: dy @ w.reshape(w.shape[::-1]),
        "w was reshaped where it should be transposed: reshape keeps the order of the numbers, .T "
        "exchanges rows and columns.",
    ),
    Mistake(
        "averaged over the outputs",
        lambda dy, w: dy @ w.T / w.shape[1],
        "The outputs that a feature feeds are averaged; their terms must be added up.",
    ),
    Mistake(
        "averaged over the batch",
        lambda dy, w: dy @ w.T / len(dy),
        "dx is divided by the number of samples. Each sample has a dx of its own; if the loss is a "
        "mean, that division is in dy already.",
    ),
)
_DW = (
    Mistake(
        "dw averaged",
        lambda dy, x: x.T @ dy / len(x),
        "The samples are averaged; dw adds them up. If the loss is a mean, that division is in dy "
        "already.",
    ),
    Mistake(
        "dw transposed",
        lambda dy, x: dy.T @ x,
        "This is dw with its axes exchanged: w is (D, M), so dw is x.T @ dy.",
    ),
    Mistake(
        "dw with x reshaped",
        lambda dy, x: x.reshape(x.shape[::-1]) @ dy,
        "x was reshaped where it should be transposed: reshape keeps the order of the numbers, .T "
        "exchanges rows and columns.",
    ),
    Mistake(
        "dw of the last sample",
        lambda dy, x: np.outer(x[-1], dy[-1]),
        "Only the last sample is left in dw. All samples use the same w, so their terms add up "
        "(+=, not =).",
    ),
)
_DB = (
    Mistake(
        "db averaged",
        lambda dy: dy.mean(axis=0),
        "The samples are averaged; db adds them up, since every sample uses b once.",
    ),
    Mistake(
        "db over the other axis",
        lambda dy: dy.sum(axis=1),
        "dy is added up over the outputs; db keeps the outputs and adds up the samples.",
    ),
    Mistake(
        "db not summed",
        lambda dy: dy.copy(),
        "dy is handed on as it is. b is added to every sample, so db adds up the samples.",
    ),
    Mistake(
        "db with a row kept",
        lambda dy: dy.sum(axis=0, keepdims=True),
        "db should have the shape of b, (M,); keepdims=True leaves an axis of length 1.",
    ),
)


LINEAR = (
    Exercise(
        "linear.dx", "my_dx(dy, w)", ("dx",), lambda dy, w: dy @ w.T, _arrays("dy", "w"), "02", _DX
    ),
    Exercise(
        "linear.dw", "my_dw(dy, x)", ("dw",), lambda dy, x: x.T @ dy, _arrays("dy", "x"), "02", _DW
    ),
    Exercise(
        "linear.db", "my_db(dy)", ("db",), lambda dy: dy.sum(axis=0), _arrays("dy"), "02", _DB
    ),
    Exercise(
        "linear_backward",
        "my_linear_backward(dy, x, w, b)",
        ("dx", "dw", "db"),
        _linear,
        _arrays("dy", "x", "w", "b"),
        "02",
        adopt(_DX, _linear, 0, lambda dy, x, w, b: (dy, w))
        + adopt(_DW, _linear, 1, lambda dy, x, w, b: (dy, x))
        + adopt(_DB, _linear, 2, lambda dy, x, w, b: (dy,)),
    ),
)


def _relu_cases(rng):
    yield (np.array([[3.0, -4.0, -5.0]]), np.array([[2.0, 0.0, -1.0]])), {}
    x = whole(rng, 3, 4)
    x[1, 2] = 0
    yield (whole(rng, 3, 4), x), {}


RELU = Exercise(
    name="relu.dx",
    signature="my_dx(dy, x)",
    returns=("dx",),
    answer=lambda dy, x: relu_backward(dy, x).dx,
    cases=_relu_cases,
    chapter="12",
    mistakes=(
        Mistake(
            "the upstream forgotten",
            lambda dy, x: (x > 0).astype(x.dtype),
            "This is the slope of relu alone; it has to be multiplied by dy.",
        ),
        Mistake(
            "relu of the upstream",
            lambda dy, x: np.maximum(dy, 0),
            "This is relu applied to dy. Going back, the sign of x decides what passes, not the "
            "sign of dy.",
        ),
        Mistake(
            "both signs",
            lambda dy, x: np.maximum(dy, 0) * (x > 0),
            "Negative entries of dy are lost. Where x is positive, all of dy passes, whatever its "
            "sign.",
        ),
        Mistake(
            "times the output",
            lambda dy, x: dy * np.maximum(x, 0),
            "dy is multiplied by relu's output. It should be multiplied by relu's slope, 1 or 0.",
        ),
        Mistake(
            "a slope at 0",
            lambda dy, x: dy * (x >= 0),
            "At x = 0 relu has a kink. This book takes the slope 0 there, as PyTorch does: x > 0, "
            "not x >= 0.",
            chapter="00",
            section="A kink",
        ),
        Mistake(
            "nothing held back",
            lambda dy, x: dy.copy(),
            "All of dy passes. Where x is negative relu is flat, and its gradient is 0.",
        ),
    ),
)

EXERCISES = (OUTER, *LINEAR, shown_in("The network", RELU))

"""BatchNorm's gradients, along a column and for images (chapter 10)."""

import numpy as np

from backprop.ops.batch_norms import batch_norm_backward
from backprop.practice.catalogue._paths import (
    NO_GAMMA,
    along,
    in_any_norm,
    normalised,
    paths,
    without_gamma,
)
from backprop.practice.catalogue._tools import distinct, instead, whole
from backprop.practice.exercise import Exercise, Mistake

_NOTHING = (
    "dx is 0 everywhere. That is right for a batch of one and for an upstream of ones, and for "
    "hardly another."
)


def _column_cases(rng):
    yield (whole(rng, 3, 2), np.array([[1.0, 4], [2, 0], [6, 5]]), whole(rng, 2)), {}
    yield (whole(rng, 5, 4), whole(rng, 5, 4), whole(rng, 4)), {"eps": 0.5}


BATCH_DX = Exercise(
    name="batch_norm.dx",
    signature="my_dx(dy, x, gamma, *, eps=1e-5)",
    returns=("dx",),
    answer=along(0),
    cases=_column_cases,
    chapter="10",
    mistakes=(
        *in_any_norm("The way back", lambda **how: along(0, **how)),
        Mistake(
            "nothing",
            lambda dy, x, *_, **how: np.zeros_like(x),
            _NOTHING,
            section="What usually goes wrong",
        ),
        Mistake("gamma forgotten", without_gamma(along(0)), NO_GAMMA, section="The way back"),
        Mistake(
            "over the features",
            along(-1),
            "You averaged over the features of a sample, as LayerNorm does. BatchNorm averages "
            "over the samples, axis 0.",
            section="The smallest example",
        ),
        Mistake(
            "over everything",
            along((0, 1)),
            "You averaged over the whole array. Every channel has a mean and a variance of its "
            "own.",
            section="The smallest example",
        ),
        Mistake(
            "divided by the batch again",
            lambda dy, x, gamma, *, eps=1e-5: along(0)(dy, x, gamma, eps=eps) / len(x),
            "dx is divided by the number of samples. If the loss is a mean, that division is in dy "
            "already.",
            section="The closed form",
        ),
    ),
)


def _image_cases(rng):
    """Give images that are not as wide as they have channels: gamma alone does not fit to them."""
    for shape, eps in [((2, 3, 1, 2), 1e-5), ((4, 3, 2, 5), 0.5)]:
        channels = (whole(rng, shape[1]), whole(rng, shape[1]))  # gamma and beta
        # two values in a channel would leave no gradient, so no two numbers are the same
        yield (whole(rng, *shape), distinct(rng, *shape), *channels), {"eps": eps}


def _backward(dy, x, gamma, beta, *, eps=1e-5):
    return tuple(batch_norm_backward(dy, x, gamma, beta, eps=eps))


def _images(axes, **spoiled):
    """Make the gradients of batch norm with dx along other axes, or spoiled."""
    return instead(
        _backward,
        0,
        lambda dy, x, gamma, beta, *, eps=1e-5: paths(
            dy, x, gamma[:, None, None], axes, eps=eps, **spoiled
        ),
    )


def _over_samples(cells, *, axis, keepdims):
    return cells.sum(axis=axis, keepdims=keepdims) / len(cells)


def _sums(place, make):
    """Make the gradients of batch norm with another dgamma (1) or dbeta (2)."""
    return instead(
        _backward,
        place,
        lambda dy, x, gamma, beta, *, eps=1e-5: make(dy, normalised(x, (0, 2, 3), eps=eps), x),
    )


BATCH = Exercise(
    name="batch_norm_backward",
    signature="my_batch_norm_backward(dy, x, gamma, beta, *, eps=1e-5)",
    returns=("dx", "dgamma", "dbeta"),
    answer=_backward,
    cases=_image_cases,
    chapter="10",
    mistakes=(
        *in_any_norm("The way back", lambda **how: _images((0, 2, 3), **how)),
        Mistake(
            "nothing",
            instead(_backward, 0, lambda dy, x, *_, **how: np.zeros_like(x)),
            _NOTHING,
            section="What usually goes wrong",
        ),
        Mistake(
            "divided by N alone",
            _images((0, 2, 3), reduce=_over_samples),
            "The two sums are divided by N. A group has N·H·W cells, and each has one share of "
            "that many in mean and variance.",
            section="Images: several axes",
        ),
        Mistake(
            "gamma forgotten",
            instead(
                _backward,
                0,
                lambda dy, x, gamma, beta, *, eps=1e-5: _backward(
                    dy, x, np.ones_like(gamma), beta, eps=eps
                )[0],
            ),
            NO_GAMMA,
            section="The way back",
        ),
        Mistake(
            "over the batch only",
            _images(0),
            "Mean and variance run over the batch alone. For images BatchNorm takes them over the "
            "batch and all positions: axes 0, 2 and 3.",
            section="Images: several axes",
        ),
        Mistake(
            "over the positions only",
            _images((2, 3)),
            "Mean and variance run over the positions of one image; that is instance norm. "
            "BatchNorm takes in the batch as well: axes 0, 2 and 3.",
            "11",
            "One function for all",
        ),
        Mistake(
            "over the sample",
            _images((1, 2, 3)),
            "Mean and variance run over all of a sample, as in LayerNorm. BatchNorm takes them "
            "over axes 0, 2 and 3, and keeps the channels apart.",
            section="Images: several axes",
        ),
        Mistake(
            "over everything",
            _images((0, 1, 2, 3)),
            "You averaged over the whole array. Every channel has a mean and a variance of its "
            "own.",
            section="Images: several axes",
        ),
        Mistake(
            "dgamma without x-hat",
            _sums(1, lambda dy, x_hat, x: dy.sum(axis=(0, 2, 3))),
            "dgamma is dbeta here. gamma is multiplied with x-hat: dy·x-hat is added up.",
            section="The closed form",
        ),
        Mistake(
            "dgamma with x",
            _sums(1, lambda dy, x_hat, x: (dy * x).sum(axis=(0, 2, 3))),
            "dgamma was made with x. gamma is multiplied with x-hat, the normalised x.",
            section="The closed form",
        ),
        Mistake(
            "dgamma averaged",
            _sums(1, lambda dy, x_hat, x: (dy * x_hat).mean(axis=(0, 2, 3))),
            "dgamma is averaged. gamma is used at every position of every sample: the terms add "
            "up.",
            section="The closed form",
        ),
        Mistake(
            "dgamma with the positions left",
            _sums(1, lambda dy, x_hat, x: (dy * x_hat).sum(axis=0)),
            "dgamma still has a map for each channel. One gamma serves all positions: add up axes "
            "2 and 3.",
            section="Images: several axes",
        ),
        Mistake(
            "dbeta averaged",
            _sums(2, lambda dy, x_hat, x: dy.mean(axis=(0, 2, 3))),
            "dbeta is averaged. beta is used at every position of every sample: the terms add up.",
            section="The closed form",
        ),
        Mistake(
            "dbeta with the positions left",
            _sums(2, lambda dy, x_hat, x: dy.sum(axis=0)),
            "dbeta still has a map for each channel. One beta serves all positions: add up axes 2 "
            "and 3.",
            section="Images: several axes",
        ),
    ),
)

EXERCISES = (BATCH_DX, BATCH)

"""LayerNorm's backward pass: the sum of the paths, and the whole of it (chapter 09)."""

from dataclasses import replace

import numpy as np

from backprop.ops.layer_norms import layer_norm_backward
from backprop.practice.catalogue._paths import TURNED, along, normalised, without_gamma
from backprop.practice.catalogue._tools import adopt, instead, whole
from backprop.practice.catalogue.layer_norm_paths import (
    ABOVE,
    CLOSED,
    MEAN,
    SAMPLES,
    VARIANCE,
    in_any_part,
    row_cases,
)
from backprop.practice.exercise import Exercise, Mistake

DX = (
    Mistake(
        "the variance's path missing",
        along(-1, keep="dm"),
        "The path through the variance is missing: each x also moves the deviation that all are "
        "divided by.",
        section=VARIANCE,
    ),
    Mistake(
        "the mean's path missing",
        along(-1, keep="dv"),
        "The path through the mean is missing: each x also moves the mean that is taken off all.",
        section=MEAN,
    ),
    Mistake(
        "the direct path only",
        along(-1, keep="d"),
        "Only the direct path is there, as if mean and variance were fixed numbers. x moves both.",
        section=CLOSED,
    ),
    Mistake(
        "the direct path missing",
        along(-1, keep="vm"),
        "The direct path is missing: x-hat contains x itself, with the slope 1/s.",
        section="The direct path",
    ),
    Mistake("the variance's sign", along(-1, turned="v"), TURNED["v"], section=VARIANCE),
    Mistake("the mean's sign", along(-1, turned="m"), TURNED["m"], section=MEAN),
    Mistake("both signs", along(-1, turned="vm"), TURNED["vm"], section=CLOSED),
    *in_any_part(),
    Mistake(
        "gamma at the end",
        lambda dy, x, gamma, *, eps=1e-5: gamma * without_gamma(along(-1))(dy, x, gamma, eps=eps),
        "gamma was multiplied at the end. It differs from feature to feature, so it belongs to dy "
        "before the means are taken.",
        section=ABOVE,
    ),
    Mistake(
        "sum for mean",
        along(-1, reduce=np.sum),
        "Sums stand where the two means should: each x has 1/D of a share in mean and variance.",
        section=CLOSED,
    ),
    Mistake(
        "over the batch",
        along(0),
        "You averaged over the batch, where LayerNorm averages over the features of one sample.",
        section=SAMPLES,
    ),
    Mistake(
        "over everything",
        along((0, 1)),
        "You averaged over the whole array. Every sample has a mean and a variance of its own.",
        section=SAMPLES,
    ),
)
SUMS = (
    Mistake(
        "dgamma without x-hat",
        lambda dy, x_hat, x: dy.sum(axis=0),
        "dgamma is dbeta here. gamma is multiplied with x-hat: dy·x-hat is added up.",
        section=SAMPLES,
    ),
    Mistake(
        "dgamma with x",
        lambda dy, x_hat, x: (dy * x).sum(axis=0),
        "dgamma was made with x. gamma is multiplied with x-hat, the normalised x.",
        section=SAMPLES,
    ),
    Mistake(
        "dgamma averaged",
        lambda dy, x_hat, x: (dy * x_hat).mean(axis=0),
        "dgamma is averaged over the samples. All of them use the same gamma: the terms add up.",
        section=SAMPLES,
    ),
    Mistake(
        "dgamma over the features",
        lambda dy, x_hat, x: (dy * x_hat).sum(axis=1),
        "dgamma adds up the features. It has one entry for each feature, and adds up the samples.",
        section=SAMPLES,
    ),
    Mistake(
        "dgamma not summed",
        lambda dy, x_hat, x: dy * x_hat,
        "dgamma still has a row for each sample. All of them use the same gamma: add them up.",
        section=SAMPLES,
    ),
)
BETA = (
    Mistake(
        "dbeta averaged",
        lambda dy, **_: dy.mean(axis=0),
        "dbeta is averaged over the samples. All of them use the same beta: the terms add up.",
        section=SAMPLES,
    ),
    Mistake(
        "dbeta over the features",
        lambda dy, **_: dy.sum(axis=1),
        "dbeta adds up the features. It has one entry for each feature, and adds up the samples.",
        section=SAMPLES,
    ),
    Mistake(
        "dbeta not summed",
        lambda dy, **_: dy.copy(),
        "dbeta still has a row for each sample. All of them use the same beta: add them up.",
        section=SAMPLES,
    ),
)


def _backward(dy, x, gamma, beta, *, eps=1e-5):
    return tuple(layer_norm_backward(dy, x, gamma, beta, eps=eps))


def _with_beta(rng):
    """Add a beta, which no gradient depends on."""
    for (dy, x, gamma), how in row_cases(rng):
        yield (dy, x, gamma, whole(rng, *gamma.shape)), how


WHOLE_DX = Exercise(
    name="layer_norm.dx",
    signature="my_dx(dy, x, gamma, *, eps=1e-5)",
    returns=("dx",),
    answer=along(-1),
    cases=row_cases,
    chapter="09",
    mistakes=DX,
)
BACKWARD = Exercise(
    name="layer_norm_backward",
    signature="my_layer_norm_backward(dy, x, gamma, beta, *, eps=1e-5)",
    returns=("dx", "dgamma", "dbeta"),
    answer=_backward,
    cases=_with_beta,
    chapter="09",
    mistakes=(
        *adopt(DX, _backward, 0, lambda dy, x, gamma, beta: (dy, x, gamma)),
        *(
            replace(
                m,
                function=instead(
                    _backward,
                    1,
                    lambda dy, x, gamma, beta, *, eps=1e-5, m=m: m.function(
                        dy, normalised(x, -1, eps=eps), x
                    ),
                ),
            )
            for m in SUMS
        ),
        *adopt(BETA, _backward, 2, lambda dy, *_: (dy,)),
    ),
)

EXERCISES = (WHOLE_DX, BACKWARD)

"""The handwritten digits of chapter 12: a fixed split, a network, and where it starts."""

import math
from typing import NamedTuple

import numpy as np

from backprop.network import Layer
from backprop.ops import (
    batch_norm,
    batch_norm_inference,
    conv2d,
    flatten,
    linear,
    max_pool2d,
    relu,
)

TRAINING = 1400  # of 1797 images; the other 397 are held out

NETWORK = [
    Layer(conv2d, ("w1", "b1"), {"padding": 1}),
    Layer(relu),
    Layer(max_pool2d, (), {"kernel_size": 3, "stride": 2, "padding": 1}),
    Layer(conv2d, ("w2", None), {"padding": 1}),
    Layer(batch_norm, ("gamma", "beta")),
    Layer(relu),
    Layer(flatten),
    Layer(linear, ("w3", "b3")),
]
NORM = 4  # the place of the batch norm
IN_USE = [
    *NETWORK[:NORM],
    Layer(batch_norm_inference, ("gamma", "beta", "mean", "var")),
    *NETWORK[NORM + 1 :],
]


class Split(NamedTuple):
    """Digits to train on and digits held out: images (N,1,8,8) from 0 to 1, labels (N,)."""

    images: np.ndarray
    labels: np.ndarray
    held_out_images: np.ndarray
    held_out_labels: np.ndarray


def load(dtype=np.float32):
    """Load scikit-learn's digits, shuffled once and for all, and split them 1400 to 397."""
    from sklearn.datasets import load_digits  # not needed for anything else

    digits = load_digits()
    order = np.random.default_rng(0).permutation(len(digits.images))
    images = (digits.images[order, None] / 16).astype(dtype)
    labels = digits.target[order]
    return Split(images[:TRAINING], labels[:TRAINING], images[TRAINING:], labels[TRAINING:])


def initial(rng, dtype=np.float32):
    """Draw the parameters that NETWORK starts from: kernels by He's rule, gamma 1, the rest 0.

    He and others, https://arxiv.org/abs/1502.01852: a variance of 2 over the number of inputs of
    each output, because a ReLU lets half of them through.
    """

    def drawn(*shape, inputs):
        return rng.normal(scale=math.sqrt(2 / inputs), size=shape)

    parameters = {
        "w1": drawn(16, 1, 3, 3, inputs=9),
        "b1": np.zeros(16),
        "w2": drawn(32, 16, 3, 3, inputs=144),
        "gamma": np.ones(32),
        "beta": np.zeros(32),
        "w3": drawn(512, 10, inputs=512),
        "b3": np.zeros(10),
    }
    return {name: w.astype(dtype) for name, w in parameters.items()}


def batches(rng, steps, size=50):
    """Yield the places of the images of each batch, for some steps; every epoch is shuffled anew.

    An epoch is one pass over all images; the size must divide their number.
    """
    for step in range(steps):
        at = step % (TRAINING // size)
        if at == 0:
            order = rng.permutation(TRAINING)
        yield order[at * size : (at + 1) * size]

"""Two ways to step downhill, for one array, and a function that steps with all of a network's.

A rule takes a parameter w, its gradient and what it remembers of earlier steps; it returns the
new parameter and what is to be remembered. Nothing is changed in place.
"""

from typing import NamedTuple

import numpy as np


class SgdStep(NamedTuple):
    """What `sgd` returns."""

    w: np.ndarray
    v: np.ndarray


class AdamStep(NamedTuple):
    """What `adam` returns."""

    w: np.ndarray
    m: np.ndarray
    s: np.ndarray
    count: int


def sgd(w, dw, v=0.0, *, learning_rate, momentum=0.9):
    """Step against the gradient with momentum, in any shape: w, dw, v -> new w, v.

    v = momentum * v + dw; w = w - learning_rate * v. The momentum is PyTorch's: the learning rate
    stands outside of v, and the new gradient counts in full.
    Raises ValueError where dw is not of w's shape. Explained in chapter 12.
    """
    _check_shapes("sgd", w, dw)
    v = momentum * v + dw
    return SgdStep(w - learning_rate * v, v)


def adam(w, dw, m=0.0, s=0.0, count=0, *, learning_rate=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    """Step by Adam, in any shape: w, dw, m, s, count -> new w, m, s, count.

    m = beta1 * m + (1 - beta1) * dw and s likewise with beta2 and dw²; both start at 0, so they
    are divided by 1 - beta**count; w = w - learning_rate * m_hat / (sqrt(s_hat) + eps).
    Raises ValueError where dw is not of w's shape. Explained in chapter 12, after Kingma and Ba,
    https://arxiv.org/abs/1412.6980, algorithm 1.
    """
    _check_shapes("adam", w, dw)
    count = count + 1
    m = beta1 * m + (1 - beta1) * dw
    s = beta2 * s + (1 - beta2) * dw**2
    m_hat, s_hat = m / (1 - beta1**count), s / (1 - beta2**count)
    return AdamStep(w - learning_rate * m_hat / (np.sqrt(s_hat) + eps), m, s, count)


def descend(rule, parameters, gradients, memory, **options):
    """Step with every parameter by a rule: return new parameters and memory, {name: …} both.

    The memory starts as {}; a parameter without a gradient stays as it is. Used in chapter 12.
    """
    new, remembered = dict(parameters), dict(memory)
    for name, gradient in gradients.items():
        new[name], *rest = rule(parameters[name], gradient, *memory.get(name, ()), **options)
        remembered[name] = tuple(rest)
    return new, remembered


def _check_shapes(rule, w, dw):
    """Refuse a gradient that would broadcast."""
    if np.shape(w) != np.shape(dw):
        raise ValueError(f"{rule}: dw must have the shape of w: w {np.shape(w)}, dw {np.shape(dw)}")

"""Softmax, its logarithm, and the cross-entropy of a softmax, with their gradients."""

from typing import NamedTuple

import numpy as np

from backprop.ops._arrays import axes, floats, row_by_row, shapes, upstream


class SoftmaxGrads(NamedTuple):
    """The gradient of `softmax`."""

    dx: np.ndarray


class LogSoftmaxGrads(NamedTuple):
    """The gradient of `log_softmax`."""

    dx: np.ndarray


class SoftmaxCrossEntropyGrads(NamedTuple):
    """The gradient of `softmax_cross_entropy`."""

    dlogits: np.ndarray


def softmax(x):
    """Turn each row of scores into shares that add up to 1: (…,M) -> (…,M), over the last axis.

    y[m] = exp(x[m]) / sum over k of exp(x[k]).
    Raises ValueError where there is no last axis or it is empty, TypeError where x is not real.
    Derived in chapter 02.
    """
    x = _rows("softmax", x)
    powers, sums, _ = _powers(x)
    with row_by_row(x.shape[-1]):
        powers /= sums
    return powers


def softmax_backward(dy, x):
    """Return the gradient of `softmax`: dx = y * (dy - sum of dy * y), row by row.

    The Jacobian of a row is diag(y) - y yᵀ; it is applied without being made.
    Raises ValueError where dy is not of x's shape, and whatever `softmax` raises.
    Derived in chapter 02.
    """
    x = _rows("softmax", x)
    dy = upstream("softmax_backward", dy, x.shape, x.dtype)
    y = softmax(x)
    return SoftmaxGrads(y * (dy - (dy * y).sum(axis=-1, keepdims=True)))


def log_softmax(x):
    """Return the logarithm of `softmax`: (…,M) -> (…,M), over the last axis.

    y[m] = x[m] - log(sum over k of exp(x[k])); finite also where a share is too small to be held.
    Raises ValueError where there is no last axis or it is empty, TypeError where x is not real.
    Derived in chapter 02.
    """
    x = _rows("log_softmax", x)
    _, sums, largest = _powers(x)
    return x - largest - np.log(sums)


def log_softmax_backward(dy, x):
    """Return the gradient of `log_softmax`: dx = dy - softmax(x) * (sum of dy), row by row.

    Raises ValueError where dy is not of x's shape, and whatever `log_softmax` raises.
    Derived in chapter 02.
    """
    x = _rows("log_softmax", x)
    dy = upstream("log_softmax_backward", dy, x.shape, x.dtype)
    return LogSoftmaxGrads(dy - softmax(x) * dy.sum(axis=-1, keepdims=True))


def softmax_cross_entropy(logits, *, labels):
    """Say how surprised the softmax is by the true classes: (N,M), labels (N,) -> a scalar.

    loss = -(1/N) sum over n of log_softmax(logits)[n, labels[n]], the mean over the batch, in nats.
    Raises ValueError where labels have the wrong length or lie outside 0 … M-1 or the batch is
    empty, TypeError where they are not integers. Derived in chapter 02.
    """
    logits, labels = _prepare(logits, labels)
    _, sums, largest = _powers(logits)
    at_label = np.take_along_axis(logits, labels[:, None], axis=1)
    return (np.log(sums) - (at_label - largest)).mean()


def softmax_cross_entropy_backward(dy, logits, *, labels):
    """Return the gradient of `softmax_cross_entropy`: dlogits = dy * (p - t) / N.

    p is the softmax of the logits, t is 1 at the label and 0 elsewhere; dy is a scalar, 1.0 for the
    loss itself.
    Raises ValueError where dy is not a scalar, and whatever `softmax_cross_entropy` raises.
    Derived in chapter 02.
    """
    logits, labels = _prepare(logits, labels)
    dy = upstream("softmax_cross_entropy_backward", dy, (), logits.dtype)
    share = dy / len(labels)
    dlogits, sums, _ = _powers(logits)
    with row_by_row(logits.shape[1]):
        dlogits *= share / sums
    dlogits[np.arange(len(labels)), labels] -= share
    return SoftmaxCrossEntropyGrads(dlogits)


def _powers(x):
    """Return exp(x - largest), the sums of its rows, and the largest entry of each row of x.

    With that entry taken away no exp overflows, and no row is all zeros.
    """
    largest = x.max(axis=-1, keepdims=True)
    with row_by_row(x.shape[-1]):
        powers = x - largest
    np.exp(powers, out=powers)
    return powers, np.einsum("...m->...", powers)[..., None], largest


def _rows(op, x):
    """Return x in a float type, once it is known to have something to share out."""
    (x,) = floats(op, x=x)
    if x.ndim == 0 or x.shape[-1] == 0:
        raise ValueError(f"{op}: x needs a last axis with at least one entry: {shapes(x=x)}")
    return x


def _prepare(logits, labels):
    """Check one call of softmax_cross_entropy: logits in a float type, labels in range."""
    op = "softmax_cross_entropy"
    (logits,) = floats(op, logits=logits)
    axes(op, "logits", logits, "NM")
    labels = np.asarray(labels)
    seen = shapes(logits=logits, labels=labels)
    if labels.dtype.kind not in "iu":
        raise TypeError(f"{op}: labels must be integers, not {labels.dtype}")
    if labels.shape != logits.shape[:1]:
        raise ValueError(f"{op}: labels need one entry for each row of logits: {seen}")
    if logits.size == 0:
        raise ValueError(f"{op}: there must be at least one row and one class: {seen}")
    wrong = np.flatnonzero((labels < 0) | (labels >= logits.shape[1]))
    if wrong.size:
        first, last = wrong[0], logits.shape[1] - 1
        raise ValueError(
            f"{op}: labels must lie in 0 … {last}, labels[{first}] is {labels[first]}: {seen}"
        )
    return logits, labels

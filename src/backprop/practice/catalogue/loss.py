"""Softmax, its cross-entropy, and the way from the loss to A (chapter 02)."""

import numpy as np

from backprop.ops.loss import softmax, softmax_backward, softmax_cross_entropy_backward
from backprop.practice.catalogue._tools import instead, tenths, whole
from backprop.practice.exercise import Exercise, Mistake


def _one_hot(logits, labels):
    return np.eye(logits.shape[1], dtype=logits.dtype)[labels]


def _jacobian(x):
    p = softmax(x)
    return np.diag(p) - np.outer(p, p)


JACOBIAN = Exercise(
    name="softmax.jacobian",
    signature="my_jacobian(x)",
    returns=("J",),
    answer=_jacobian,
    cases=lambda rng: (((tenths(rng, m),), {}) for m in (2, 3, 5)),
    chapter="02",
    mistakes=(
        Mistake(
            "the diagonal only",
            lambda x: np.diag(softmax(x) * (1 - softmax(x))),
            "Only the diagonal is there. Each logit is in the denominator of every share, so the "
            "other slopes, -p_k p_j, are not 0.",
        ),
        Mistake(
            "as if the denominator were fixed",
            lambda x: np.diag(softmax(x)),
            "This is the slope of the numerator alone. The denominator contains the logit too: "
            "p_k p_j is to be subtracted everywhere.",
        ),
        Mistake(
            "turned sign",
            lambda x: -_jacobian(x),
            "All signs are turned. A share grows with its own logit: the diagonal is positive.",
        ),
        Mistake(
            "off the diagonal only",
            lambda x: -np.outer(softmax(x), softmax(x)),
            "The numerator's part is missing: p_k is to be added on the diagonal.",
        ),
    ),
)


def _softmax_with(reduce):
    """Make softmax's backward with another sum in the place of the right one."""
    return lambda dy, x: softmax(x) * (dy - reduce(dy * softmax(x)))


SOFTMAX = Exercise(
    name="softmax.dx",
    signature="my_softmax_backward(dy, x)",
    returns=("dx",),
    answer=lambda dy, x: softmax_backward(dy, x).dx,
    cases=lambda rng: (((whole(rng, *s), tenths(rng, *s)), {}) for s in [(2, 3), (4, 5)]),
    chapter="02",
    mistakes=(
        Mistake(
            "the diagonal only",
            lambda dy, x: dy * softmax(x) * (1 - softmax(x)),
            "Only the diagonal of softmax's table of slopes is used. Each logit moves all shares "
            "of its row.",
        ),
        Mistake(
            "nothing subtracted",
            lambda dy, x: dy * softmax(x),
            "The denominator's part is missing: from each dy the row's sum of dy·p is subtracted.",
        ),
        Mistake(
            "summed down the columns",
            _softmax_with(lambda a: a.sum(axis=0)),
            "The sum of dy·p runs over the samples. It should run over the classes of one row.",
        ),
        Mistake(
            "summed over all",
            _softmax_with(np.sum),
            "The sum of dy·p runs over the whole batch. Each row has a sum of its own.",
        ),
        Mistake(
            "mean for sum",
            _softmax_with(lambda a: a.mean(axis=1, keepdims=True)),
            "The products dy·p are averaged over the row; they must be added up.",
        ),
        Mistake(
            "the last factor forgotten",
            lambda dy, x: dy - (dy * softmax(x)).sum(axis=1, keepdims=True),
            "The difference is right; it has to be multiplied by the shares p.",
        ),
        Mistake(
            "log-softmax",
            lambda dy, x: dy - softmax(x) * dy.sum(axis=1, keepdims=True),
            "This is the gradient of log-softmax, not that of softmax.",
        ),
    ),
)

# name, what stands for p - t divided by N, hint: used for the loss alone and with a dense layer
_WRONG_DLOGITS = (
    (
        "not divided by the batch",
        lambda z, labels: softmax(z) - _one_hot(z, labels),
        "The loss is the mean over the batch, so p - t is divided by the number of rows, N.",
    ),
    (
        "divided by the classes too",
        lambda z, labels: (softmax(z) - _one_hot(z, labels)) / z.size,
        "p - t is divided by the number of all entries. The loss is a mean over the N rows, not "
        "over the classes.",
    ),
    (
        "turned sign",
        lambda z, labels: (_one_hot(z, labels) - softmax(z)) / len(z),
        "The sign is turned: it is p - t, so that a step against the gradient raises the right "
        "class.",
    ),
    (
        "the label's entry only",
        lambda z, labels: (softmax(z) - 1) * _one_hot(z, labels) / len(z),
        "Only the entry of the label is there. The other classes get their share p: their logits "
        "are in the denominator.",
    ),
    (
        "the target forgotten",
        lambda z, labels: softmax(z) / len(z),
        "These are the shares p. At the label 1 is to be subtracted.",
    ),
    (
        "the minus sign of one entry",
        lambda z, labels: -_one_hot(z, labels) / len(z),
        "The shares are missing: p is to be added to this, in every entry.",
    ),
    (
        "stopped at the shares",
        lambda z, labels: -_one_hot(z, labels) / softmax(z) / len(z),
        "This is the gradient of the shares p, -t/p. It has to go through the softmax as well.",
    ),
    (
        "the diagonal only",
        lambda z, labels: -_one_hot(z, labels) * (1 - softmax(z)) * softmax(z) / len(z),
        "The label's entry went through softmax's slope p(1 - p) alone, and the -1/p of the "
        "logarithm is missing.",
    ),
    (
        "through the softmax twice",
        lambda z, labels: softmax_backward((softmax(z) - _one_hot(z, labels)) / len(z), z).dx,
        "p - t is the gradient of the logits already; it went through the softmax once more.",
    ),
    (
        "softmax down the columns",
        lambda z, labels: (softmax(z.T).T - _one_hot(z, labels)) / len(z),
        "The softmax runs over the samples. It should run over the classes of one row.",
    ),
    (
        "labels from 1",
        lambda z, labels: (softmax(z) - _one_hot(z, labels - 1)) / len(z),
        "1 is subtracted one class to the left of the label: in code, labels count from 0.",
    ),
)


def _logits_cases(rng):
    for n, m in [(2, 3), (4, 5)]:
        yield (tenths(rng, n, m), rng.integers(0, m, n)), {}


CROSS_ENTROPY = Exercise(
    name="softmax_cross_entropy.dlogits",
    signature="my_dlogits(logits, labels)",
    returns=("dlogits",),
    answer=lambda z, labels: softmax_cross_entropy_backward(1.0, z, labels=labels).dlogits,
    cases=_logits_cases,
    chapter="02",
    mistakes=tuple(Mistake(*mistake) for mistake in _WRONG_DLOGITS),
)


def _to_a(dlogits):
    """Make the way from the loss to A with a given gradient of the logits."""

    def gradients(A, W, b, labels):
        dz = dlogits(A @ W + b, labels)
        return dz @ W.T, A.T @ dz, dz.sum(axis=0)

    return gradients


def _from_dz(make):
    """Use the right gradient of the logits, and A and W, for one gradient."""
    return lambda A, W, b, labels: make(CROSS_ENTROPY.answer(A @ W + b, labels), A, W)


def _to_a_cases(rng):
    for n, d, m in [(2, 4, 3), (5, 6, 4)]:
        labels = rng.integers(0, m, n)
        yield (tenths(rng, n, d), tenths(rng, d, m), tenths(rng, m), labels), {}


_GRADIENTS = _to_a(CROSS_ENTROPY.answer)

TO_A = Exercise(
    name="loss_to_a",
    signature="my_gradients(A, W, b, labels)",
    returns=("dA", "dW", "db"),
    answer=_GRADIENTS,
    cases=_to_a_cases,
    chapter="02",
    mistakes=(
        *(Mistake(name, _to_a(wrong), hint) for name, wrong, hint in _WRONG_DLOGITS),
        Mistake(
            "W reshaped",
            instead(_GRADIENTS, 0, _from_dz(lambda dz, A, W: dz @ W.reshape(W.shape[::-1]))),
            "For dA, W was reshaped where it should be transposed: .T exchanges rows and columns.",
        ),
        Mistake(
            "dW transposed",
            instead(_GRADIENTS, 1, _from_dz(lambda dz, A, W: dz.T @ A)),
            "This is dW with its axes exchanged: W is (D, M), so dW is A.T @ dz.",
        ),
        Mistake(
            "dW averaged again",
            instead(_GRADIENTS, 1, _from_dz(lambda dz, A, W: A.T @ dz / len(A))),
            "dW is divided by N twice: the mean's 1/N is in dz already.",
        ),
        Mistake(
            "db averaged again",
            instead(_GRADIENTS, 2, _from_dz(lambda dz, A, W: dz.mean(axis=0))),
            "db is divided by N twice: the mean's 1/N is in dz already, so dz is added up.",
        ),
        Mistake(
            "db not summed",
            instead(_GRADIENTS, 2, _from_dz(lambda dz, A, W: dz)),
            "db still has a row for each sample. b is added to every sample, so its gradient adds "
            "them up.",
        ),
    ),
)

EXERCISES = (JACOBIAN, SOFTMAX, CROSS_ENTROPY, TO_A)

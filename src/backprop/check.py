"""Is this gradient right? Finite differences for every entry, and the adjoint test.

Both work for any op that obeys the law of `backprop.ops`, and for a reader's own backward. They
compute in float64, with a random dy: an upstream of ones can hide a wrong gradient.
"""

from typing import NamedTuple

import numpy as np

from backprop.chain import backward_of


class GradientError(AssertionError):
    """A gradient is wrong. It knows the op, the argument, the index, and both values."""

    def __init__(self, message, *, op, argument=None, index=None, expected=None, received=None):
        super().__init__(message)
        self.op, self.argument, self.index = op, argument, index
        self.expected, self.received = expected, received


class Report(NamedTuple):
    """What was compared. Its words are the same in every run; `errors` holds the numbers."""

    words: str
    errors: dict

    def __repr__(self):
        return self.words


def numerical_gradients(op, *args, dy, step=1e-5, **options):
    """Return the gradient of L = sum(dy * op(*args)) for each argument, by central differences.

    For each entry x: dL/dx ≈ (L(x + h) - L(x - h)) / 2h, with h = step * max(1, |x|); the error is
    of order h². One array for each argument, in order and of its shape, in float64; None for None.
    Two runs of op for each entry: keep the arrays small. Derived in chapter 00.
    """
    args = _float64(args)  # copies: their entries are moved
    dy = np.asarray(dy, dtype=np.float64)
    return tuple(
        None if a is None else _gradient_of_one(op, args, place, dy, step, options)
        for place, a in enumerate(args)
    )


def _gradient_of_one(op, args, place, dy, step, options):
    """Move each entry of one argument a little up and a little down, and see how L follows."""
    moved = args[place]
    gradient = np.empty_like(moved)
    for index in np.ndindex(moved.shape):
        value = moved[index]
        above, below = (value + sign * step * max(1.0, abs(value)) for sign in (1, -1))
        moved[index] = above
        y_above = np.array(op(*args, **options))
        moved[index] = below
        # dy weighs the differences, not L: two nearly equal sums would lose digits
        change = np.sum(dy * (y_above - op(*args, **options)))
        gradient[index] = change / (above - below)  # the distance as it was rounded
        moved[index] = value
    return gradient


def check_gradients(
    op, *args, dy=None, rng=None, backward=None, step=1e-5, rtol=1e-6, atol=1e-7, **options
):
    """Compare every entry of op's gradients with finite differences; return a Report.

    The Report shows what was compared; its `errors` holds the largest difference of each gradient.
    `dy` is drawn from `rng` (a Generator; by default a fresh one with seed 0) unless it is given.
    `backward` is the one of `backprop.ops` unless another is given: it is called as
    backward(dy, *args, **options). Arguments that are None are skipped. An entry agrees where
    |received - expected| <= atol + rtol * |expected|. At a kink (relu at 0, a tie in a maximum)
    there is no derivative to agree with.

    Raises GradientError for the first entry that disagrees, for a gradient that is missing or of
    the wrong shape, and for a backward that changes what it is given. Derived in chapter 00.
    """
    args = _float64(args)
    dy = _upstream(op, args, dy, rng, options)
    received = _received(op, backward or backward_of(op), dy, args, options)
    expected = numerical_gradients(op, *args, dy=dy, step=step, **options)
    errors, lines = {}, [f"{op.__name__}, by finite differences:"]
    for name, right, ours in zip(_names(op, args), expected, received, strict=True):
        if right is None:
            continue
        _compare(op.__name__, name, right, ours, atol + rtol * np.abs(right))
        errors[f"d{name}"] = float(np.max(np.abs(ours - right), initial=0.0))
        agree = "1 entry agrees" if right.size == 1 else f"{right.size} entries agree"
        lines.append(f"    d{name}: {agree}")
    return Report("\n".join(lines), errors)


def adjoint_test(
    op, *args, dy=None, rng=None, backward=None, step=1e-5, rtol=1e-7, trials=3, **options
):
    """Compare ⟨dy, J v⟩ with ⟨Jᵀ dy, v⟩ for random v, all arguments at once; return a Report.

    J v is the derivative of op along v, by one central difference; Jᵀ dy are the gradients. Two
    runs of op for each v, whatever the size: for arrays too large for `check_gradients`, which says
    where an error is. Raises GradientError where the two differ by more than rtol of their terms.
    Derived in chapters 00 and 06.
    """
    rng = rng or np.random.default_rng(0)
    args = _float64(args)
    dy = _upstream(op, args, dy, rng, options)
    gradients = _received(op, backward or backward_of(op), dy, args, options)
    worst = 0.0
    for _ in range(trials):
        v = [None if a is None else rng.standard_normal(a.shape) for a in args]
        forward_terms = dy * _along(op, args, v, step, options)
        pairs = zip(gradients, v, strict=True)
        backward_terms = [np.sum(g * d) for g, d in pairs if d is not None]
        expected, received = float(np.sum(forward_terms)), float(sum(backward_terms))
        scale = np.sum(np.abs(forward_terms)) + np.sum(np.abs(backward_terms))
        if not abs(received - expected) <= rtol * max(1.0, scale):
            raise GradientError(
                f"{op.__name__}: adjoint test: expected ⟨dy, J v⟩ = {expected:.9g}, "
                f"received ⟨Jᵀ dy, v⟩ = {received:.9g}",
                op=op.__name__,
                expected=expected,
                received=received,
            )
        worst = max(worst, abs(received - expected))
    words = f"{op.__name__}, for {trials} random v:\n    ⟨dy, J v⟩ = ⟨Jᵀ dy, v⟩"
    return Report(words, {"adjoint": worst})


def _along(op, args, v, step, options):
    """Return J v: how y changes when all arguments move along v."""

    def run(h):
        moved = (None if a is None else a + h * d for a, d in zip(args, v, strict=True))
        return op(*moved, **options)

    return (run(step) - run(-step)) / (2 * step)


def _float64(args):
    """Copy each array as float64; None stays None."""
    return tuple(None if a is None else np.array(a, dtype=np.float64) for a in args)


def _upstream(op, args, dy, rng, options):
    """Return dy as given, or drawn at random, in the shape of y."""
    shape = np.shape(op(*args, **options))
    if dy is None:
        return np.asarray((rng or np.random.default_rng(0)).standard_normal(shape))
    if np.shape(dy) != shape:
        raise ValueError(f"{op.__name__}: dy must have the shape of y, {shape}: dy {np.shape(dy)}")
    return np.array(dy, dtype=np.float64)


def _names(op, args):
    """Return the names of op's positional parameters, as its signature has them."""
    from inspect import Parameter, signature  # takes longer to load than all of this package

    kinds = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
    named = [p.name for p in signature(op).parameters.values() if p.kind in kinds]
    return [named[k] if k < len(named) else f"argument{k}" for k in range(len(args))]


def _received(op, backward, dy, args, options):
    """Call a backward on copies, and return its gradients, one for each argument."""
    given = [None if a is None else a.copy() for a in (dy, *args)]
    gradients = backward(*given, **options)
    for name, before, after in zip(["dy", *_names(op, args)], (dy, *args), given, strict=True):
        if before is not None and not np.array_equal(before, after, equal_nan=True):
            message = f"{op.__name__}: its backward changed {name} in place"
            raise GradientError(message, op=op.__name__, argument=name)
    if not isinstance(gradients, tuple | list):
        gradients = (gradients,)
    if len(gradients) != len(args):
        raise GradientError(
            f"{op.__name__}: expected {len(args)} gradients, one for each of "
            f"{', '.join(_names(op, args))}; received {len(gradients)}",
            op=op.__name__,
        )
    for name, a, gradient in zip(_names(op, args), args, gradients, strict=True):
        if a is not None and (gradient is None or np.shape(gradient) != a.shape):
            what = "None" if gradient is None else f"shape {np.shape(gradient)}"
            message = f"{op.__name__}: d{name} expected shape {a.shape}, received {what}"
            raise GradientError(message, op=op.__name__, argument=name)
    return gradients


def _compare(op, name, expected, received, tolerance):
    """Raise GradientError for the first entry, in row-major order, that is out of tolerance."""
    wrong = ~(np.abs(received - expected) <= tolerance)  # so that NaN is wrong too
    if not wrong.any():
        return
    index = tuple(int(k) for k in np.argwhere(wrong)[0])
    right, ours = float(expected[index]), float(np.asarray(received)[index])
    where = f"d{name}[{', '.join(map(str, index))}]" if index else f"d{name}"
    raise GradientError(
        f"{op}: {where} expected {right:.9g}, received {ours:.9g} "
        f"({np.count_nonzero(wrong)} of {wrong.size} entries of d{name} disagree)",
        op=op,
        argument=name,
        index=index,
        expected=right,
        received=ours,
    )

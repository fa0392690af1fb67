"""Check a reader's function against an exercise, and say what went wrong."""

from dataclasses import replace

import numpy as np

from backprop.practice.attempt import attempt, where
from backprop.practice.catalogue import EXERCISES
from backprop.practice.results import agree, outputs, table, wrong_type
from backprop.practice.verdict import Verdict, differing, first_difference

SECONDS = 5.0


def check(name, function, *, seconds=SECONDS, dtype=np.float64):
    """Run a function on the cases of an exercise; say whether it is right, or what went wrong.

    name: that of an exercise, such as "conv2d.dx"; seconds: the time limit for each case; dtype:
    the float type of the arrays, which the results must have too. Returns a Verdict, which is true
    where the answer is right, and which shows itself at the end of a cell. The function gets copies
    of all arrays.
    Raises LookupError for a name that is not there, TypeError for what cannot be called.
    """
    if name not in EXERCISES:
        raise LookupError(f"check: there is no exercise {name!r}; there are {', '.join(EXERCISES)}")
    if not callable(function):
        raise TypeError(f"check: give it the function itself, without parentheses: {function!r}")
    exercise = EXERCISES[name]
    cases = [_in_type(dtype, *case) for case in exercise.cases(np.random.default_rng(0))]
    answers = [_answer(exercise, *case) for case in cases]
    received = []
    for (arguments, options), answer in zip(cases, answers, strict=True):
        tried = attempt(function, arguments, options, seconds)
        if exercise.written:
            tried = replace(tried, returned=table(tried.returned, dtype))
        given = _given(exercise, arguments, options)
        has_arrays = any(isinstance(a, np.ndarray) for a in arguments)
        asked = np.dtype(dtype) if has_arrays else None
        refusal = _refuse(exercise, tried, given, asked, seconds)
        if refusal is not None:
            # a smaller case that went wrong says more than an error on a larger one
            if refusal.status != "raised" or all(map(agree, received, answers)):
                return refusal
            break
        received.append(outputs(tried.returned, len(answer)))
    if all(map(agree, received, answers)):
        all_of = "It agrees" if exercise.written else f"All {len(cases)} cases agree"
        return Verdict(name, "right", f"{all_of}, entry by entry.")
    return _explain(exercise, cases, received, answers)


def _in_type(dtype, arguments, options):
    """Give a case the float type that was asked for; labels stay whole."""
    is_float = [isinstance(a, np.ndarray) and a.dtype.kind == "f" for a in arguments]
    cast = [a.astype(dtype) if f else a for a, f in zip(arguments, is_float, strict=True)]
    return cast, options


def _answer(exercise, arguments, options):
    """Compute the right results, in float64 whatever the type of the arguments."""
    arguments, options = _in_type(np.float64, arguments, options)
    return outputs(exercise.answer(*arguments, **options), len(exercise.returns))


def _refuse(exercise, tried, given, dtype, seconds):
    """Say why an attempt cannot be compared, or None where it can."""
    results = tried.returned if isinstance(tried.returned, tuple | list) else [tried.returned]
    empty = tried.raised is None and all(r is None or r is Ellipsis for r in results)
    if not tried.finished:
        status, message = "too slow", f"It ran for more than {seconds:g} s.{given}"
    elif empty or isinstance(tried.raised, NotImplementedError):
        names = ", ".join(exercise.returns)
        status = "not attempted"
        written = exercise.signature.partition("(")[0]
        message = f"Write {written}, which returns {names}; then check it again."
    elif tried.raised is not None:
        error = f"{type(tried.raised).__name__}: {tried.raised}".rstrip(": .")
        status = "raised"
        message = f"Your function raised {error}.{where(tried.raised)}{given}"
    elif tried.changed:
        names = ", ".join(exercise.arguments[k] for k in tried.changed)
        status, message = "changed its input", f"Your function changed {names}; work on a copy."
    elif exercise.written and isinstance(tried.returned, list | tuple):
        status = "wrong type"
        message = f"{exercise.returns[0]} should be made of numbers, in rows of one length."
    elif wrong := wrong_type(tried.returned, exercise.returns, dtype):
        status, message = "wrong type", wrong
    else:
        return None
    return Verdict(exercise.name, status, message)


def _explain(exercise, cases, received, answers):
    """Name the mistake if it is known; else show the first entry that differs."""
    pairs = zip(received, answers, strict=False)
    case = next(k for k, pair in enumerate(pairs) if not agree(*pair))
    pairs = zip(received[case], answers[case], strict=True)
    at = next(k for k, (ours, right) in enumerate(pairs) if not agree([ours], [right]))
    name, got, expected = exercise.returns[at], received[case][at], answers[case][at]
    # the right table is the whole answer to what is written down: it stays in the solution
    tables = () if exercise.written else (name, got, expected)
    for mistake in exercise.mistakes:
        if _made(mistake, cases, received, at):
            place = f"Chapter {mistake.chapter or exercise.chapter}"
            if mistake.section:
                place += f", “{mistake.section}”,"
            message = f"{mistake.hint} {place} shows it."
            return Verdict(exercise.name, "known mistake", message, *tables)
    given = _given(exercise, *cases[case])
    if got.shape != expected.shape:
        status = "wrong shape"
        message = f"{name} should be {_shape(expected)}, yours is {_shape(got)}.{given}"
    elif exercise.written:
        status, message = "wrong", _how_many(name, got, expected)
    else:
        status, message = "wrong", f"{_first_entry(name, got, expected)}{given}"
    return Verdict(exercise.name, status, message, *tables)


def _made(mistake, cases, received, at):
    """Say whether a mistake gives, in every case, what the reader's function gave there.

    Only the result that went wrong first is compared: the others may hold mistakes of their own.
    """
    for (arguments, options), got in zip(cases, received, strict=False):
        wrong = outputs(mistake.function(*arguments, **options), len(got))
        if not agree([got[at]], [wrong[at]]):
            return False
    return True


def _first_entry(name, got, expected):
    """Say both values of the first entry that differs, with as many digits as tell them apart."""
    index, place = _place(got, expected)
    for digits in (6, 9, 17):
        right, ours = (f"{a[index] + 0.0:.{digits}g}" for a in (expected, got))
        if right != ours:
            break
    return f"{name}{place} should be {right}, yours is {ours}."


def _how_many(name, got, expected):
    """Say how many entries differ and which is the first, but not what they should be."""
    if not got.shape:
        return f"Not right yet: {name} is not {got:.6g}."
    index, place = _place(got, expected)
    wrong = f"{differing(got, expected).sum()} of {got.size} entries are not right yet"
    return f"{wrong}. The first is {name}{place}; yours is {got[index]:.6g}."


def _shape(array):
    return array.shape or "one number"


def _place(got, expected):
    """Find the first entry that differs: its index, and how it is written."""
    index = first_difference(got, expected)
    return index, f"[{', '.join(map(str, index))}]" if index else ""


def _given(exercise, arguments, options):
    """Say what a function was given, shapes and options; "" where it takes nothing."""
    words = [
        f"{name} {a.shape}" if isinstance(a, np.ndarray) else f"{name}={a!r}"
        for name, a in zip(exercise.arguments, arguments, strict=True)
    ]
    words += [f"{k}={v!r}" for k, v in options.items()]
    return f" It was given {', '.join(words)}." if words else ""

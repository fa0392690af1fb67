"""One row of pixels, with stride, padding and dilation (chapter 08)."""

import numpy as np

from backprop.practice.catalogue._tools import instead, whole, written
from backprop.practice.exercise import Exercise, Mistake
from backprop.windows import output_size


def _row(dy, x, F, *, stride=1, padding=0, dilation=1, place=None, inside=None, assign=False):
    """Compute dx and dF of one row of pixels; place, inside and += can be spoiled."""
    dx, dF = np.zeros_like(x), np.zeros_like(F)
    place = place or (lambda i, u, s, d, p: i * s + u * d - p)
    for i, u in np.ndindex(len(dy), len(F)):
        r = place(i, u, stride, dilation, padding)
        if r < len(x) and (r >= 0 or (inside == "wraps" and -len(x) <= r)):
            dx[r] = dy[i] * F[u] + (0 if assign else dx[r])
            dF[u] += dy[i] * x[r]
    return dx, dF


def _spoiled_row(**spoiled):
    return lambda dy, x, F, **how: _row(dy, x, F, **how, **spoiled)


def _row_cases(rng):
    for H, U, stride, padding, dilation in [
        (3, 2, 1, 0, 1),
        (5, 2, 2, 0, 1),
        (4, 2, 1, 1, 1),
        (5, 2, 1, 0, 2),
        (12, 3, 3, 2, 2),
    ]:
        I = output_size(H, U, stride=stride, padding=(padding, padding), dilation=dilation)
        how = {"stride": stride, "padding": padding, "dilation": dilation}
        yield (whole(rng, I), whole(rng, H), whole(rng, U)), how


ROW = Exercise(
    name="conv_row_backward",
    signature="my_row_gradients(dy, x, F, *, stride=1, padding=0, dilation=1)",
    returns=("dx", "dF"),
    answer=_row,
    cases=_row_cases,
    chapter="08",
    mistakes=(
        Mistake(
            "stride and dilation exchanged",
            _spoiled_row(place=lambda i, u, s, d, p: i * d + u * s - p),
            "Stride and dilation are exchanged: the stride moves the windows, i, and the dilation "
            "parts the taps, u.",
        ),
        Mistake(
            "dilation forgotten",
            _spoiled_row(place=lambda i, u, s, d, p: i * s + u - p),
            "The taps are neighbours here. With dilation, tap u lies u·dilation further.",
        ),
        Mistake(
            "stride forgotten",
            _spoiled_row(place=lambda i, u, s, d, p: i + u * d - p),
            "The windows move by 1 here; window i begins at i·stride.",
        ),
        Mistake(
            "padding forgotten",
            _spoiled_row(place=lambda i, u, s, d, p: i * s + u * d),
            "The padding is not taken off: the first window begins at -padding, outside of x.",
        ),
        Mistake(
            "padding the wrong way",
            _spoiled_row(place=lambda i, u, s, d, p: i * s + u * d + p),
            "The padding is added where it is to be taken off: the first window begins at "
            "-padding.",
        ),
        Mistake(
            "negative rows wrap",
            _spoiled_row(inside="wraps"),
            "A negative index counts from the end in Python: what falls on the padding before x "
            "landed in its last pixels. Skip it.",
        ),
        Mistake(
            "= for +=",
            _spoiled_row(assign=True),
            "A pixel that meets several windows keeps only the last of them in dx: += is needed, "
            "not =.",
        ),
        Mistake(
            "dilation counted from 0",
            _spoiled_row(place=lambda i, u, s, d, p: i * s + u * (d + 1) - p),
            "The taps lie too far apart: with dilation 1 they are neighbours, there is no hole.",
        ),
        Mistake(
            "not turned",
            instead(_row, 0, lambda dy, x, F, **how: _row(dy, x, F[::-1], **how)[0]),
            "In dx the kernel is in the wrong order. What window i pushed with tap u lands at the "
            "place that tap met.",
            "05",
        ),
        Mistake(
            "dF reversed",
            instead(_row, 1, lambda dy, x, F, **how: _row(dy, x, F, **how)[1][::-1]),
            "dF is in the reverse order. The kernel's gradient needs no turn.",
            "04",
        ),
    ),
)


def _counts(stride, windows):
    """Count the windows of 3 taps that see each of 11 pixels; windows: how many there are."""
    counts, ones = np.zeros(11), np.ones(3)
    return _row(np.ones(windows), counts, ones, stride=stride)[0]


COUNTS = written(
    "row_counts",
    "my_counts()",
    "counts",
    "08",
    _counts(4, 3),
    (
        "stride 1",
        _counts(1, 9),
        "These are the counts for stride 1. With stride 4 the windows begin at places 0, 4 and 8.",
    ),
    (
        "side by side",
        _counts(3, 3),
        "Here the windows stand side by side. They move by 4, one more than they cover.",
    ),
    (
        "no gaps",
        np.ones(11),
        "No pixel has a 0 here. The windows cover 3 pixels and move by 4, so there are gaps.",
    ),
    (
        "exchanged",
        1 - _counts(4, 3),
        "0 and 1 are exchanged: here the pixels that no window sees have a 1.",
    ),
    (
        "the last window missing",
        _counts(4, 2),
        "The last window is missing. It begins at place 8 and ends at place 10, the last pixel.",
    ),
)

EXERCISES = (ROW, COUNTS)

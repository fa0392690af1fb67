"""Time calls that do the same work, side by side in one process.

The calls take turns, round after round, and every other round runs backwards. Before each timed
call the process sleeps for 30 milliseconds: the threads of OpenBLAS and OpenMP spin for a while
after their work and would eat into the next library's time. After the sleep the call runs once to
warm up, and a second time against `time.perf_counter`. A ratio is taken within each round. Tables
show the medians over all rounds and, for ratios, the quartiles as (low – high). A ratio of 2 means
that this package takes twice as long as the other. PyTorch uses all cores; this package starts
no threads of its own, beside those of NumPy's BLAS. An array of 31 MB is made and freed at the
start: from then on the C library keeps freed memory of both for their next call, as it does in any
process that has worked on large arrays, and gives none back to be fetched again page by page.
"""

import time
from typing import NamedTuple

import numpy as np


class Ratio(NamedTuple):
    """The median of a ratio, and its quartiles."""

    median: float
    low: float
    high: float

    def __str__(self):
        return f"{self.median:.2f} ({self.low:.2f} – {self.high:.2f})"


def side_by_side(calls, rounds, pause):
    """Time calls in turn: {name: call} -> {name: seconds (rounds,)}."""
    np.empty(31 * 2**20, dtype=np.uint8)  # freed at once, see above
    seconds = {name: [] for name in calls}
    for number in range(rounds):
        for name in list(calls)[:: -1 if number % 2 else 1]:
            seconds[name].append(timed(calls[name], pause))
    return {name: np.array(times) for name, times in seconds.items()}


def timed(call, pause):
    """Sleep, run a call to warm up, and return the seconds that it takes the second time."""
    time.sleep(pause)
    call()
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def ratio(ours, theirs):
    """Return the `Ratio` of two calls that were timed side by side."""
    low, median, high = np.quantile(ours / theirs, [0.25, 0.5, 0.75])
    return Ratio(float(median), float(low), float(high))


def geometric_mean(numbers):
    """Return the mean under which twice as long and half as long cancel."""
    return float(np.exp(np.mean(np.log(list(numbers)))))

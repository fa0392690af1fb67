"""Run a reader's function: on copies of the arrays, and not for ever."""

import ctypes
import threading
import traceback
from dataclasses import dataclass

import numpy as np

NUDGES = 5  # a function that catches everything is asked this often to stop, then left alone


class OutOfTime(SystemExit):
    """Raised inside a function that took too long.

    Not an Exception, so that few handlers catch it; a SystemExit, because a thread that ends with
    one ends in silence.
    """


@dataclass(frozen=True)
class Attempt:
    """What a function did with one case: what it returned, or what it raised, or neither."""

    returned: object = None
    raised: BaseException | None = None
    finished: bool = True
    changed: tuple[int, ...] = ()


def attempt(function, arguments, options, seconds):
    """Call function on copies of the arrays; give up after some seconds."""
    copies = [a.copy() if isinstance(a, np.ndarray) else a for a in arguments]
    outcome = {}

    def run():
        try:
            outcome["returned"] = function(*copies, **options)
        except BaseException as error:  # also a reader's sys.exit(): it must not end the lesson
            outcome["raised"] = error

    # A thread, not a signal: it works in every kernel, on every system and outside of the main
    # thread. What is left running is stopped from within at its next step in Python.
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        _stop(thread)
        return Attempt(finished=False)
    pairs = enumerate(zip(arguments, copies, strict=True))
    changed = tuple(k for k, (a, b) in pairs if isinstance(a, np.ndarray) and not _same(a, b))
    return Attempt(outcome.get("returned"), outcome.get("raised"), True, changed)


def where(error):
    """Say in which line of the reader's cell or file an error came up; "" where it is in none."""
    _, *frames = traceback.extract_tb(error.__traceback__)  # the first is the call from here
    own = [frame for frame in frames if frame.filename == frames[0].filename]
    if not own:
        return ""
    code = f": “{own[-1].line}”" if own[-1].line else ""
    return f" It happened in line {own[-1].lineno}{code}."


def _stop(thread):
    """Ask a running thread to raise OutOfTime."""
    ident, error = ctypes.c_ulong(thread.ident), ctypes.py_object(OutOfTime)
    for _ in range(NUDGES):
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ident, error)
        thread.join(0.2)
        if not thread.is_alive():
            return


def _same(a, b):
    return a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes()

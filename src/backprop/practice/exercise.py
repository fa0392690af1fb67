"""What an exercise is: a right answer, inputs to try it on, and the mistakes people make."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Mistake:
    """A wrong implementation with the exercise's signature, and what to say to its author.

    chapter: where it is shown, if that is not the exercise's own chapter; section: the heading
    there, for a reader who is in that chapter already.
    """

    name: str
    function: Callable
    hint: str
    chapter: str = ""
    section: str = ""


@dataclass(frozen=True)
class Exercise:
    """One function to write, most of them a gradient.

    name: as `check` takes it, such as "conv2d.dx"; signature: what the reader's function takes,
    such as "my_dx(dy, x, *, stride=1)"; returns: the names of what it gives back, one array or a
    tuple of them; answer: a right implementation; cases: a function of a NumPy generator that gives
    (arguments, options) pairs, the smallest first, with unequal sizes and without symmetry;
    chapter: where it is derived. One that takes nothing, "my_counts()", is written down: its
    answer is a table of numbers, and there is one case.
    """

    name: str
    signature: str
    returns: tuple[str, ...]
    answer: Callable
    cases: Callable[..., Iterable]
    chapter: str
    mistakes: tuple[Mistake, ...] = ()

    @property
    def arguments(self):
        """The names of what comes without a keyword: "my_dx(dy, x, *, stride)" -> ["dy", "x"]."""
        inside = self.signature.partition("(")[2].partition(")")[0]
        names = [name.strip() for name in inside.partition("*")[0].split(",")]
        return [name for name in names if name and "=" not in name]

    @property
    def written(self):
        """Whether the answer is a table of numbers, written down and not computed."""
        return not self.arguments

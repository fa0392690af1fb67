"""What the parts of the catalogue share: inputs to try a function on, and ways to spoil one."""

from dataclasses import replace

import numpy as np

from backprop.practice.exercise import Exercise, Mistake

# True of a slide and of a scatter: what one of them needs is what spoils the other.
TURN = (
    "The kernel lies the wrong way round in dx, by 180°. Sliding over a bordered dy needs the "
    "turn; pushing windows with += needs none."
)
ROWS = (
    "The kernel's rows are in the wrong order in dx. Sliding over a bordered dy needs rows and "
    "columns reversed; pushing windows with += needs neither."
)
COLUMNS = (
    "The kernel's columns are in the wrong order in dx. Sliding over a bordered dy needs rows and "
    "columns reversed; pushing windows with += needs neither."
)


def whole(rng, *shape):
    """Draw small whole numbers, none of them 0, as floats: they can be followed by hand."""
    return (rng.integers(1, 10, shape) * rng.choice([-1, 1], shape)).astype(float)


def tenths(rng, *shape):
    """Draw tenths between -2 and 2, for what is exponentiated."""
    return rng.integers(-20, 21, shape) / 10


def distinct(rng, *shape):
    """Shuffle whole numbers around 0, no two the same: a maximum has no ties."""
    size = int(np.prod(shape))
    return (rng.permutation(size) - size // 2).reshape(shape).astype(float)


def instead(answer, place, wrong):
    """Make a function like answer, with one of its several results replaced by wrong's."""

    def spoiled(*arguments, **options):
        results = list(answer(*arguments, **options))
        results[place] = wrong(*arguments, **options)
        return tuple(results)

    return spoiled


def adopt(mistakes, answer, place, pick):
    """Take mistakes in one gradient over into an exercise that asks for several.

    place: which of answer's results they spoil; pick: the arguments that they need, of all.
    """
    return tuple(
        replace(mistake, function=instead(answer, place, _picking(mistake.function, pick)))
        for mistake in mistakes
    )


def shown_in(section, exercise):
    """Let each mistake that names no section lead to this one, of the exercise's chapter."""
    mistakes = (replace(m, section=m.section or section) for m in exercise.mistakes)
    return replace(exercise, mistakes=tuple(mistakes))


def _picking(function, pick):
    return lambda *arguments, **options: function(*pick(*arguments), **options)


def written(name, signature, returns, chapter, answer, *mistakes):
    """Make an exercise of one table, written down; mistakes: (name, table, hint)."""
    return Exercise(
        name,
        signature,
        (returns,),
        lambda: answer,
        lambda rng: [((), {})],
        chapter,
        tuple(
            Mistake(what, lambda wrong=wrong: wrong, hint, chapter)
            for what, wrong, hint in mistakes
        ),
    )

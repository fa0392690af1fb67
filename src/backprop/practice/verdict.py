"""What a check says: one or two sentences, and two tables where an answer differs."""

import html
from dataclasses import dataclass

import numpy as np

OUTLINE = "outline: 2px solid #d55e00; outline-offset: -2px"


@dataclass(frozen=True, repr=False, eq=False)
class Verdict:
    """The answer of `check`: true where the function is right; prints as text or as a table.

    status is "right", "not attempted", "raised", "too slow", "changed its input", "wrong type",
    "wrong shape", "known mistake" (one of the catalogue, with its hint) or "wrong".
    """

    exercise: str
    status: str
    message: str
    output: str = ""
    received: np.ndarray | None = None
    expected: np.ndarray | None = None

    def __bool__(self):
        return self.status == "right"

    def __repr__(self):
        lines = [f"{self.exercise}: {self.status}. {self.message}"]
        for caption, array, marks in self._tables():
            lines += [f"{caption}:", _text(array, marks)]
        return "\n".join(lines)

    def _repr_html_(self):
        mark = "✓" if self else "…" if self.status == "not attempted" else "✗"
        title = f"<strong>{mark} {html.escape(f'{self.exercise}: {self.status}.')}</strong>"
        tables = "".join(_table(*table) for table in self._tables())
        return f"<div><p>{title} {html.escape(self.message)}</p>{tables}</div>"

    def _tables(self):
        """Give caption, array and marks, of what was received and of what is right.

        Of more than two axes the rows and columns that differ first.
        """
        if self.expected is None or self.expected.shape != self.received.shape:
            return []
        leading = first_difference(self.received, self.expected)[:-2]
        place = f"[{', '.join(map(str, leading))}]" if leading else ""
        received, expected = (
            np.atleast_2d(array[leading]) for array in (self.received, self.expected)
        )
        marks = differing(received, expected)
        return [
            (f"your {self.output}{place}", received, marks),
            (f"the right {self.output}{place}", expected, np.zeros_like(marks)),
        ]


def differing(received, expected):
    """Mark the entries that differ by more than rounding does."""
    tolerance = 1e-3 if received.dtype.itemsize < 8 else 1e-7
    return ~np.isclose(received, expected, rtol=tolerance, atol=tolerance)


def first_difference(received, expected):
    """Find the index of the first entry, row by row, that differs."""
    return tuple(int(i) for i in np.argwhere(differing(received, expected))[0])


def _number(value):
    return f"{value + 0.0:.5g}"  # + 0.0 makes 0 of -0


def _text(array, marks):
    """Write a table as text; a cross follows every entry that differs."""
    words = [
        [_number(v) + (" ✗" if m else "  ") for v, m in zip(*row, strict=True)]
        for row in zip(array, marks, strict=True)
    ]
    width = max(len(word) for row in words for word in row)
    return "\n".join("  " + " ".join(word.rjust(width) for word in row).rstrip() for row in words)


def _table(caption, array, marks):
    """Write a table as HTML; an entry that differs has a cross and an outline."""
    rows = ""
    for row in zip(array, marks, strict=True):
        cells = (
            f'<td style="{OUTLINE}">{_number(v)} ✗</td>' if m else f"<td>{_number(v)}</td>"
            for v, m in zip(*row, strict=True)
        )
        rows += f"<tr>{''.join(cells)}</tr>"
    title = f'<caption style="white-space: nowrap">{html.escape(caption)}</caption>'
    return f"<table>{title}<tbody>{rows}</tbody></table>"

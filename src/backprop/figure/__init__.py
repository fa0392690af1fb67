"""Figure: a worksheet as something to step through, point at and change.

It is an anywidget, so an ipywidget, and live wherever those run. On a rendered page there is no
kernel: there the same figure.js finds the HTML that `_repr_mimebundle_` adds, and makes that live.
"""

import html
import json
from collections.abc import Mapping
from pathlib import Path

import anywidget
import numpy as np
import traitlets

from backprop.figure.words import WORDS
from backprop.formula import shown
from backprop.worksheet import Worksheet

HERE = Path(__file__).parent


class Figure(anywidget.AnyWidget):
    """Draw one worksheet, or several as variants the reader chooses between.

    worksheet: a Worksheet, or {name: Worksheet}; title: defaults to the first worksheet's;
    words: replaces some of the words shown (a translation); autoplay: play once as soon as it is
    seen, unless the reader's system asks for less motion. Traits to link to other widgets:
    `step` and `variant` (from 0) and `given` ({grid: its numbers, row by row}, of grids that the
    reader has changed). Variants share the numbers of a grid that begins alike in both; one that
    begins otherwise than an earlier variant's is kept apart in `given`, under "variant: grid".
    Raises ValueError where there is no worksheet or a worksheet has no steps.
    """

    _esm = HERE / "figure.js"
    _css = HERE / "figure.css"
    spec = traitlets.Dict().tag(sync=True)
    given = traitlets.Dict().tag(sync=True)
    step = traitlets.Int(0, min=0).tag(sync=True)
    variant = traitlets.Int(0, min=0).tag(sync=True)

    def __init__(
        self,
        worksheet: Worksheet | Mapping[str, Worksheet],
        *,
        title=None,
        words=None,
        autoplay=False,
    ):
        variants = dict(worksheet) if isinstance(worksheet, Mapping) else {"": worksheet}
        if not variants or not all(sheet.steps for sheet in variants.values()):
            raise ValueError("Figure: it needs at least one worksheet, and each at least one step")
        self.worksheets = list(variants.values())
        self._keys = _keys(variants)
        documents = map(_document, self.worksheets, self._keys)
        spec = {
            "title": title or self.worksheets[0].title,
            "words": WORDS | (words or {}),
            "variants": [
                {"name": name, "worksheet": document}
                for name, document in zip(variants, documents, strict=True)
            ],
        }
        if autoplay:
            spec["autoplay"] = True
        super().__init__(spec=spec)

    @property
    def values(self) -> dict[str, np.ndarray]:
        """Every grid of the variant shown, evaluated from the numbers the reader left in it."""
        sheet, keys = self.worksheets[self.variant], self._keys[self.variant]
        edited = {
            name: np.reshape(self.given[key], sheet.grids[name].cells.shape)
            for name, key in keys.items()
            if len(self.given.get(key, ())) == sheet.grids[name].cells.size
        }
        return sheet.values(**edited)

    def __repr__(self):
        steps = len(self.worksheets[0].steps)
        return f"Figure({self.spec['title']!r}, {steps} steps)"

    def _repr_mimebundle_(self, **options):
        data, metadata = super()._repr_mimebundle_(**options)
        return data | {"text/html": self.to_html()}, metadata

    def to_html(self):
        """Write the figure for a page without a kernel: the document, and its first state."""
        # `</` would end the script element early, so it is escaped as JSON allows.
        document = json.dumps(self.spec, ensure_ascii=False, separators=(",", ":"))
        document = document.replace("</", r"<\/")
        return (
            f'<div class="bp-figure"><script type="application/json" class="bp-spec">{document}'
            f'</script><div class="bp-static">{_first_state(self.worksheets[0])}</div></div>'
        )


def _keys(variants):
    """Find under which key `given` keeps each given grid's numbers: {grid: key} for each variant.

    Grids of one name that begin alike have one key. Where they do not, a change of one would
    overwrite the other, so the later one's key has its variant before the name.
    """
    owners, found = {}, []
    for variant, sheet in variants.items():
        taken, keys = {name for name, *_ in owners}, {}
        for name, grid in sheet.grids.items():
            if grid.given is not None:
                limits = tuple(grid.choices), grid.minimum
                start = (name, grid.given.shape, *limits, *grid.given.flat)
                own = f"{variant}: {name}" if name in taken else name
                keys[name] = owners.setdefault(start, own)
        found.append(keys)
    return found


def _document(sheet, keys):
    """Write a worksheet for figure.js, with the keys that are not the grids' names."""
    document = sheet.to_json()
    for grid in document["grids"]:
        if (key := keys.get(grid["name"], grid["name"])) != grid["name"]:
            grid["key"] = key
    return document


def _first_state(sheet):
    """Write the grids of the first step as plain tables, for paper and for no JavaScript."""
    values, names = sheet.values(), sheet.steps[0].show
    visible = [g for g in sheet.grids.values() if (g.name in names if names else not g.hidden)]
    tables = (_table(grid, values[grid.name].reshape(grid.table)) for grid in visible)
    return f"<p>{html.escape(sheet.title)}</p>{''.join(tables)}"


def _table(grid, values):
    caption = grid.label or grid.symbol or grid.name
    rows = (f"<tr>{''.join(f'<td>{shown(v)}</td>' for v in row)}</tr>" for row in values)
    return f"<table><caption>{html.escape(caption)}</caption>{''.join(rows)}</table>"

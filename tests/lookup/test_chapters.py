"""The lists made of the chapters: from two small ones, and from the book's own."""

from pathlib import Path

import nbformat
import pytest

from backprop import lookup
from backprop.practice import EXERCISES

BOOK = Path(__file__).parents[2] / "book"


@pytest.fixture
def folder(tmp_path):
    """Two chapters with three exercises, and a page that is no chapter."""
    write(
        tmp_path / "04-the-kernel.ipynb",
        ("markdown", "# 04 · The kernel\n\nSee [*this*](https://example.org/a) and [04](x.ipynb)."),
        ("markdown", "## Exercises\n\n### Exercise 4.1 — Predict $dF_{11}$\n\nWhat is it?"),
        ("code", "my_dF = [None, None]"),
        ("code", 'assert practice.check("conv2d.dx", solution_dF)'),
        ("markdown", "### Exercise 4.2 — `dF`, written\n\nDo it."),
        ("code", "def my_dF(dy, x): ..."),
        ("code", 'practice.check("conv2d.dF", my_dF)'),
        ("code", 'display(\n    practice.check("conv2d.db", my_db),\n)'),
    )
    write(
        tmp_path / "09-norms.ipynb",
        (
            "markdown",
            "# Norms\n\n[again](https://example.org/a), [it](https://github.com/a/b/pull/7)",
        ),
        ("markdown", "### Exercise 9.1 — Which path?"),
        ("code", "def my_path(): ..."),
    )
    write(tmp_path / "index.ipynb", ("markdown", "# A book\n\n[no](https://example.org/none)"))
    return tmp_path


def write(path, *cells):
    new = {"markdown": nbformat.v4.new_markdown_cell, "code": nbformat.v4.new_code_cell}
    made = [new[kind](source) for kind, source in cells]
    nbformat.write(nbformat.v4.new_notebook(cells=made), path)


def test_exercises_are_listed_with_link_task_and_check(folder):
    known = {name: len(EXERCISES[name].mistakes) for name in ("conv2d.dF", "conv2d.db")}
    assert lookup.exercises(folder) == (
        "## 04 · The kernel\n\n"
        "- [4.1 — Predict $dF_{11}$](04-the-kernel.ipynb#exercise-41--predict-): predict.\n"
        "- [4.2 — `dF`, written](04-the-kernel.ipynb#exercise-42--df-written): write it. "
        f"Checked by `conv2d.dF` ({known['conv2d.dF']} known mistakes), "
        f"`conv2d.db` ({known['conv2d.db']} known mistakes).\n\n"
        "## 09 · Norms\n\n"
        "- [9.1 — Which path?](09-norms.ipynb#exercise-91--which-path): work it out."
    )


def test_the_books_own_exercises_are_all_listed():
    text = lookup.exercises(BOOK)
    assert {name for name in EXERCISES if f"`{name}` (" not in text} == set()
    sources = "".join(path.read_text(encoding="utf-8") for path in BOOK.glob("*.ipynb"))
    assert text.count(" — ") == sources.count("### Exercise ") > 0


def test_sources_are_listed_once_with_the_chapters_that_cite_them(folder):
    assert lookup.sources(folder) == (
        "- [*this*](https://example.org/a), in [04](04-the-kernel.ipynb), [09](09-norms.ipynb)\n"
        "- [a/b, pull request 7](https://github.com/a/b/pull/7), in [09](09-norms.ipynb)"
    )


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://github.com/a/b/issues/3", "a/b, issue 3"),
        ("https://github.com/a/b/blob/main/src/c.py", "a/b, `c.py`"),
        ("https://github.com/a/b/blob/main/__init__.py", "a/b, `__init__.py`"),
        ("https://docs.pytorch.org/docs/stable/generated/torch.amax.html", "PyTorch, `torch.amax`"),
        ("https://onnx.ai/onnx/operators/onnx__AveragePool.html", "ONNX, `AveragePool`"),
        ("https://example.org/a.html", "the words"),
    ],
)
def test_a_source_is_named_by_what_it_is(tmp_path, address, name):
    write(tmp_path / "01-a.ipynb", ("markdown", f"# A\n\n[the words]({address})"))
    assert lookup.sources(tmp_path).startswith(f"- [{name}]({address})")

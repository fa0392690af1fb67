"""The lists made of the chapters: from two small ones, and from the book's own."""

import json
import re
from pathlib import Path

import nbformat
import pytest

from backprop import lookup
from backprop.practice import EXERCISES

BOOK = Path(__file__).parents[2] / "book"


@pytest.fixture
def folder(tmp_path):
    """Two chapters with four exercises, a page of references, and a page that is no chapter."""
    write(
        tmp_path / "04-the-kernel.ipynb",
        ("markdown", "# 04 · The kernel\n\nSee [*this*](https://example.org/a) and [04](x.ipynb)."),
        ("markdown", "[that](https://example.org/b), [it](https://github.com/a/b/pull/10)."),
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
        ("code", "assert my_path()"),
        ("markdown", "### Exercise 9.2 — Write it, with padding"),
        ("code", "def my_norm(x): ..."),
    )
    write(tmp_path / "references.ipynb", ("markdown", "A. Author: [That](https://example.org/b)."))
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
        "- [4.1 — Predict $dF_{11}$](04-the-kernel.ipynb#exercise-41--predict-).\n"
        "- [4.2 — `dF`, written](04-the-kernel.ipynb#exercise-42--df-written): write it. "
        f"Checked by `conv2d.dF` ({known['conv2d.dF']} known mistakes), "
        f"`conv2d.db` ({known['conv2d.db']} known mistakes).\n\n"
        "## 09 · Norms\n\n"
        "- [9.1 — Which path?](09-norms.ipynb#exercise-91--which-path): work it out. "
        "Checked in the page.\n"
        "- [9.2 — Write it, with padding](09-norms.ipynb#exercise-92--write-it-with-padding)."
    )


def test_the_books_own_exercises_are_all_listed():
    text = lookup.exercises(BOOK)
    assert {name for name in EXERCISES if f"`{name}` (" not in text} == set()
    sources = "".join(path.read_text(encoding="utf-8") for path in BOOK.glob("*.ipynb"))
    assert text.count(" — ") == sources.count("### Exercise ") > 0


def test_sources_are_listed_once_by_kind_with_the_chapters_that_cite_them(folder):
    assert lookup.sources(folder) == (
        "### Issues and pull requests\n\n"
        "- [a/b, pull request 7](https://github.com/a/b/pull/7), in [09](09-norms.ipynb)\n"
        "- [a/b, pull request 10](https://github.com/a/b/pull/10), in [04](04-the-kernel.ipynb)\n\n"
        "### Other pages\n\n"
        "- [*this*](https://example.org/a), in [04](04-the-kernel.ipynb), [09](09-norms.ipynb)"
    )


def test_what_the_page_of_references_describes_is_not_listed_again(folder):
    assert "https://example.org/b" not in lookup.sources(folder)
    (folder / "references.ipynb").unlink()
    assert "- [that](https://example.org/b), in [04]" in lookup.sources(folder)


def test_the_books_own_papers_are_described_with_the_chapters_that_cite_them():
    assert "### Other pages" not in lookup.sources(BOOK), "references.ipynb describes these"
    text = json.loads((BOOK / "references.ipynb").read_text(encoding="utf-8"))["cells"][0]["source"]
    items = re.split(r"^- ", "".join(text), flags=re.M)
    for path in sorted(BOOK.glob("[0-9]*.ipynb")):
        chapter = path.read_text(encoding="utf-8")
        for item in items[1:]:
            address = re.search(r"\((https?://[^)]+)\)", item)[1]
            assert f"]({address})" not in chapter or f"]({path.name})" in item, (address, path.name)


@pytest.mark.parametrize(
    ("address", "kind", "name"),
    [
        ("https://github.com/a/b/issues/3", "Issues and pull requests", "a/b, issue 3"),
        ("https://github.com/a/b/blob/main/src/c.py", "Source code", "a/b, `c.py`"),
        ("https://github.com/a/b/blob/main/__init__.py", "Source code", "a/b, `__init__.py`"),
        (
            "https://docs.pytorch.org/docs/stable/generated/torch.amax.html",
            "Documentation",
            "PyTorch, `torch.amax`",
        ),
        (
            "https://onnx.ai/onnx/operators/onnx__AveragePool.html",
            "Documentation",
            "ONNX, `AveragePool`",
        ),
        ("https://example.org/a.html", "Other pages", "the words"),
    ],
)
def test_a_source_is_named_by_what_it_is(tmp_path, address, kind, name):
    write(tmp_path / "01-a.ipynb", ("markdown", f"# A\n\n[the words]({address})"))
    assert lookup.sources(tmp_path).startswith(f"### {kind}\n\n- [{name}]({address})")

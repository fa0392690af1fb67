"""The book's sources: what a notebook must be before it is run."""

import ast
import importlib.util
import inspect
import re
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
import yaml
from IPython.core.inputtransformer2 import TransformerManager

import backprop
from backprop import lookup, plots
from backprop.worksheet import Worksheet
from tools.install_cell import CELL_ID, install_cell

ROOT = Path(__file__).parents[1]
BOOK = ROOT / "book"
NOTEBOOKS = sorted(BOOK.glob("*.ipynb"))
CHAPTERS = [path for path in NOTEBOOKS if path.name[0].isdigit()]
PAGES = [*NOTEBOOKS, *sorted(BOOK.glob("*.md"))]

# What Jupyter Book 1 and 2 both read.
DIRECTIVES = {
    *("admonition", "important", "note", "seealso", "tip", "warning"),
    *("figure", "glossary", "image", "list-table", "math", "table", "tableofcontents"),
    *("exercise", "solution"),
}
ROLES = {"doc", "eq", "math", "numref", "ref", "term"}


def ids(path):
    return path.stem


def cells(path, kind):
    """Return the cells of a kind; the install cell, which no page shows, is none of them."""
    notebook = nbformat.read(path, as_version=4)
    return [cell for cell in notebook.cells if cell.cell_type == kind and cell.id != CELL_ID]


def markdown(path):
    """Return the text of a page, without code cells."""
    if path.suffix == ".md":
        return path.read_text(encoding="utf-8")
    return "\n\n".join(cell.source for cell in cells(path, "markdown"))


def prose(path):
    """Return the words of a page: no fences, pictures or link targets; X for code and formulas."""
    text = re.sub(r"^(`{3,})(?!\{).*?^\1", "", markdown(path), flags=re.S | re.M)
    text = re.sub(r"\$\$.*?\$\$|\$[^$]*\$|`[^`]*`", "X", text, flags=re.S)
    return re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)


def test_the_contents_list_every_page_once():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    listed = [toc["root"], *(page["file"] for part in toc["parts"] for page in part["chapters"])]
    there = [path.relative_to(ROOT).with_suffix("").as_posix() for path in PAGES]
    assert sorted(listed) == sorted(there)


def test_chapters_are_listed_in_the_order_of_their_numbers():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    files = [page["file"] for part in toc["parts"] for page in part["chapters"]]
    numbers = [Path(file).name[:2] for file in files if Path(file).name[0].isdigit()]
    assert numbers == sorted(numbers)


def test_the_start_page_leads_to_every_page():
    start = BOOK / "index.ipynb"
    assert [p.name for p in PAGES if p != start and f"]({p.name})" not in markdown(start)] == []


def test_the_start_page_says_how_long_a_chapter_takes():
    minutes = [int(re.search(r"\*About (\d+) minutes", markdown(p))[1]) for p in CHAPTERS]
    assert "Most take about twenty minutes, none more than thirty" in markdown(BOOK / "index.ipynb")
    assert 2 * minutes.count(20) > len(minutes)
    assert max(minutes) == 30


@pytest.mark.parametrize("path", NOTEBOOKS, ids=ids)
def test_a_notebook_is_saved_clean(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    ran = [c.id for c in notebook.cells if c.get("outputs") or c.get("execution_count")]
    assert ran == [], "saved with outputs; nbstripout --keep-id takes them out"
    assert set(notebook.metadata) <= {"kernelspec", "language_info"}
    assert notebook.metadata.kernelspec.name == "python3"
    assert notebook.metadata.get("language_info", {"name": "python"}) == {"name": "python"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=ids)
def test_every_cell_has_an_id_of_its_own(path):
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))["cells"]
    names = [cell.get("id") for cell in raw]
    assert all(names)
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=ids)
def test_the_install_cell_is_the_same_everywhere_and_comes_first(path):
    code = [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
    assert code[0] == install_cell(), "tools/install_cell.py puts it there"


def asked_of_pip():
    """Run the install cell as IPython would; return what it asks of %pip."""
    asked = []
    shell = SimpleNamespace(run_line_magic=lambda name, line: asked.append(f"%{name} {line}"))
    code = TransformerManager().transform_cell(install_cell().source)
    exec(code, {"get_ipython": lambda: shell})
    return asked


def test_the_install_cell_installs_the_package_only_where_it_is_missing(monkeypatch):
    assert asked_of_pip() == []
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    (line,) = asked_of_pip()
    assert re.fullmatch(r'%pip install -q "\S*backprop\S*\[book\].*"', line)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=ids)
def test_the_first_code_cell_imports_and_does_nothing_else(path):
    first, *rest = (ast.parse(cell.source).body for cell in cells(path, "code"))
    assert all(isinstance(node, ast.Import | ast.ImportFrom) for node in first)
    later = [n for body in rest for n in body if isinstance(n, ast.Import | ast.ImportFrom)]
    assert later == [], "an import below the first cell"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=ids)
def test_no_cell_hides_its_value_behind_a_semicolon(path):
    assert [c.id for c in cells(path, "code") if c.source.rstrip().endswith(";")] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=ids)
def test_every_picture_has_a_description(path):
    """The built pages are looked at too; here an author learns it before a build."""
    draws = re.compile(r"\bplots\.filmstrip\(|\bplt\.|\.subplots\(")
    silent = [c.id for c in cells(path, "code") if draws.search(c.source) and not described(c)]
    assert silent == [], 'each needs mystnb: {image: {alt: "…"}} in its metadata'


@pytest.mark.parametrize("path", NOTEBOOKS, ids=ids)
def test_every_filmstrip_keeps_its_size(path):
    """Its letters are small: a phone shows it at its own size, and its cell scrolls."""
    strips = [c for c in cells(path, "code") if c.source.startswith("plots.filmstrip(")]
    shrinking = [c.id for c in strips if c.metadata["mystnb"]["image"].get("classes") != "own-size"]
    assert shrinking == [], 'each needs mystnb: {image: {classes: "own-size"}} in its metadata'


def described(cell):
    alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
    only_defines = all(
        isinstance(node, ast.FunctionDef | ast.Assign) for node in ast.parse(cell.source).body
    )
    return only_defines or len(alt.split()) >= 8


@pytest.mark.parametrize("path", NOTEBOOKS, ids=ids)
def test_a_fold_of_code_says_what_it_holds(path):
    for cell in cells(path, "code"):
        if any(tag.startswith("hide-") for tag in cell.metadata.get("tags", [])):
            titles = cell.metadata.get("mystnb", {})
            assert {"code_prompt_show", "code_prompt_hide"} <= titles.keys(), cell.id


@pytest.mark.parametrize("path", CHAPTERS, ids=ids)
def test_a_chapter_has_the_parts_of_a_chapter(path):
    code = "\n".join(cell.source for cell in cells(path, "code"))
    headings = re.findall(r"^##+ (.*)", markdown(path), flags=re.M)
    assert re.search(r"^\s*assert ", code, flags=re.M), "no number is asserted"
    assert "Figure(" in code, "no figure is drawn: Figure(…)"
    assert "What usually goes wrong" in headings, "no section ## What usually goes wrong"
    assert ":::{admonition} Predict" in markdown(path), "no prediction is asked for"


@pytest.mark.parametrize("path", CHAPTERS, ids=ids)
def test_every_exercise_has_a_place_to_write_a_hint_and_a_folded_tested_solution(path):
    notebook = nbformat.read(path, as_version=4)
    parts = sections(notebook.cells, r"### Exercise \d+\.\d+ — ")
    assert len(parts) >= 2, "fewer than two cells begin with a heading ### Exercise 4.1 — …"
    for title, inside in parts.items():
        code = [cell for cell in inside if cell.cell_type == "code"]
        text = "\n".join(cell.source for cell in inside if cell.cell_type == "markdown")
        folded = [c for c in code if "hide-cell" in c.metadata.get("tags", [])]
        assert any(is_a_place_to_write(c.source) for c in code), title
        assert ":::{admonition} Hint\n:class: dropdown" in text, title
        assert any(re.search(r"\bsolution_\w+", c.source) for c in folded), title
        assert any(re.search(r"^\s*assert |^\s*check", c.source, re.M) for c in folded), title


def is_a_place_to_write(source):
    """Say whether a cell ends in a `my_…` that is left open: a function of `...`, or Nones."""
    *_, last = ast.parse(source).body
    if isinstance(last, ast.FunctionDef):
        return last.name.startswith("my_") and ast.unparse(last.body[-1]) == "..."
    if not isinstance(last, ast.Assign):
        return False
    numbers = [node.value for node in ast.walk(last.value) if isinstance(node, ast.Constant)]
    return ast.unparse(last.targets[0]).lstrip("(").startswith("my_") and set(numbers) == {None}


def sections(all_cells, heading):
    """Split cells at the headings that match; {heading: its cells}, up to the next heading."""
    found, title = {}, None
    for cell in all_cells:
        first = cell.source.split("\n", 1)[0]
        if cell.cell_type == "markdown" and re.match(r"#+ ", first):
            title = first if re.match(heading, first) else None
        if title:
            found.setdefault(title, []).append(cell)
    return found


@pytest.mark.parametrize("path", PAGES, ids=ids)
def test_a_page_keeps_to_the_words_that_both_jupyter_books_read(path):
    text = markdown(path)
    assert set(re.findall(r"^\s*(?:`{3,}|:{3,})\{([\w-]+)\}", text, flags=re.M)) <= DIRECTIVES
    assert set(re.findall(r"(?<!`)\{([\w:-]+)\}`", text)) <= ROLES


@pytest.mark.parametrize("path", PAGES, ids=ids)
def test_a_page_loads_nothing_from_elsewhere(path):
    loads = r"!\[[^\]]*\]\(\s*(?:https?:)?//|\bsrc=[\"']?(?:https?:)?//|@import|url\((?:https?:)?//"
    text = markdown(path)
    if path.suffix == ".ipynb":
        text += "\n".join(cell.source for cell in cells(path, "code"))
        assert not re.search(r"\burlopen\b|\brequests\b|\bfetch_\w+\(", text)
    assert not re.search(loads, text)


# ---- the glossary ----

GLOSSARY = BOOK / "glossary.md"
ENTRY = re.compile(
    r"""^(?P<names>\S.*)\n:\ (?:<i\ lang="vi">(?P<vietnamese>[^<]+)</i>\.\ )?(?P<meaning>[A-Z].+\.)
    \ \[(?:Chapter\ \d\d|Start\ page|Notation)\]\((?P<page>[\w.-]+)\#(?P<anchor>[\w-]+)\)$""",
    re.M | re.X,
)


def same(term):
    """Return what two ways to write a term have in common: "Taps", "tap" -> "tap"."""
    return " ".join(term.lower().split()).removesuffix("s")


def bold(text):
    """List what is bold in a text, with the mark of the list item that it begins, or ""."""
    return re.findall(r"(^ *(?:[-*]|\d+\.) )?\*\*(.+?)\*\*", text, flags=re.S | re.M)


def glossary():
    return [entry.groupdict() for entry in ENTRY.finditer(GLOSSARY.read_text(encoding="utf-8"))]


def names(entry):
    return [same(name) for name in entry["names"].split(", ")]


def test_every_entry_of_the_glossary_is_complete_and_in_order():
    text = GLOSSARY.read_text(encoding="utf-8")
    entries = glossary()
    assert [e["names"] for e in entries if e["vietnamese"] == e["names"]] == []
    assert len(entries) == len(re.findall(r"^: ", text, flags=re.M)) > 0
    assert [e["names"] for e in entries] == sorted((e["names"] for e in entries), key=str.lower)
    all_names = [name for entry in entries for name in names(entry)]
    assert len(set(all_names)) == len(all_names)
    parts = re.split(r"^## (\S+)$", text, flags=re.M)[1:]
    for letter, part in zip(parts[::2], parts[1::2], strict=True):
        found = [entry["names"] for entry in ENTRY.finditer(part)]
        assert found
        assert all(re.match(f"[{letter}]", words, re.I) for words in found)


@pytest.mark.parametrize("path", [p for p in PAGES if p != GLOSSARY], ids=ids)
def test_what_is_bold_is_a_sentence_or_the_head_of_a_list_item_or_a_term_of_the_glossary(path):
    terms = {name for entry in glossary() for name in names(entry)}
    unknown = [
        words
        for item, words in bold(prose(path))
        if not item and words[-1] not in ".?:" and same(words) not in terms
    ]
    assert unknown == [], "a term belongs into the glossary; emphasis is *italic*"


@pytest.mark.parametrize("entry", glossary(), ids=lambda entry: entry["names"])
def test_an_entry_of_the_glossary_leads_to_where_its_term_is_bold(entry):
    text = markdown(BOOK / entry["page"])
    parts = re.split(r"^#+ (.*)$", text, flags=re.M)
    section = dict(zip(map(lookup.slug, parts[1::2]), parts[2::2], strict=True))[entry["anchor"]]
    assert {same(words) for _, words in bold(section)} & set(names(entry))


# ---- the package ----


def listed():
    """The names that the page about the package asks for."""
    calls = [
        node
        for cell in cells(BOOK / "api.ipynb", "code")
        for node in ast.walk(ast.parse(cell.source))
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("lookup.")
    ]
    return [argument.value for call in calls for argument in call.args]


def public_functions(owner, module):
    """Name the functions of a module or class that are its own and public."""
    own = {name: f for name, f in vars(owner).items() if getattr(f, "__module__", "") == module}
    return [name for name, f in own.items() if inspect.isfunction(f) and name[0] != "_"]


def test_every_public_name_is_on_the_page_about_the_package_once():
    public = [
        *backprop.__all__,
        *("Figure", "Worksheet", "practice.check"),
        *(f"plots.{name}" for name in public_functions(plots, plots.__name__)),
        *(f"Worksheet.{name}" for name in public_functions(Worksheet, Worksheet.__module__)),
    ]
    assert sorted(listed()) == sorted(public)


@pytest.mark.parametrize("path", CHAPTERS, ids=ids)
def test_a_chapter_leads_to_what_the_package_says_it_derives(path):
    derived = [name for name in backprop.__all__ if path.name[:2] in lookup.derived_in(name)]
    missing = [name for name in derived if f"(api.ipynb#{name})" not in markdown(path)]
    assert missing == []

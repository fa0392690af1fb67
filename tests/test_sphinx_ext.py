"""The Sphinx extension: the script it makes, and what a page is given and spared."""

import hashlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import nbformat
import numpy as np
import pytest
from bs4 import BeautifulSoup
from fontTools.ttLib import TTFont
from PIL import Image

from backprop import sphinx_ext
from backprop.site import mathematics, pictures, styles

FIGURE = """\
from IPython.display import HTML

class Drawing:
    def _repr_mimebundle_(self, **_):
        html = '<div class="bp-figure"><script type="application/json" class="bp-spec">{}'
        view = {"version_major": 2, "version_minor": 0, "model_id": "0"}
        return {
            "application/vnd.jupyter.widget-view+json": view,
            "text/html": html + '</script><div class="bp-static">static</div></div>',
        }

Drawing()
"""
FIGURES_PAGE = """\
# A figure

$a^2$, as in chapter 01; see <https://example.org/a> and [b](https://example.org/b)."""
WIDGET = "import ipywidgets\nipywidgets.IntSlider()"
LIST = """\
from IPython.display import Markdown

Markdown("First.\\n\\n## One\\n\\nText.\\n\\n## a_long_name\\n\\n[Up](#one).")
"""


# ---- the script ----


def test_a_module_becomes_a_classic_script():
    script = sphinx_ext.page_script(
        'export const A = "export {";\n'
        "export function mount(element) {}\n"
        "export { mount as other };\n"
        "/** Draw\n * it. **/\n  // A note.\n"
        'const at = "https://a/*b*/"; // said here\n'
        "export default { render };\n"
    )
    assert 'const A = "export {";\nfunction mount(element) {}\n' in script
    assert "\nexport" not in script
    assert "Draw" not in script
    assert "A note" not in script
    assert 'const at = "https://a/*b*/"; // said here\n' in script
    assert script.startswith("(() => {")
    assert "mount(figure)" in script


@pytest.mark.parametrize(
    "line", ['import { h } from "./h.js";', "export default function () {}", "export * from 'x';"]
)
def test_what_a_page_cannot_run_is_refused(line):
    with pytest.raises(ValueError, match=r"figure\.js: a page cannot use"):
        sphinx_ext.page_script(f"{line}\n")


def test_the_books_own_figure_becomes_a_script():
    module = (sphinx_ext.FIGURE / "figure.js").read_text(encoding="utf-8")
    assert "function mount(" in sphinx_ext.page_script(module)


# ---- staleness ----


def test_any_change_in_the_package_changes_its_digest(tmp_path):
    (tmp_path / "ops").mkdir()
    (tmp_path / "ops" / "conv.py").write_text("a")
    (tmp_path / "figure.js").write_text("b")
    digests = [sphinx_ext.sources_digest(tmp_path)]
    (tmp_path / "ops" / "conv.py").write_text("c")
    digests.append(sphinx_ext.sources_digest(tmp_path))
    (tmp_path / "figure.js").rename(tmp_path / "drawing.js")
    digests.append(sphinx_ext.sources_digest(tmp_path))
    (tmp_path / "notes.txt").write_text("no source")
    assert len(set(digests)) == 3
    assert sphinx_ext.sources_digest(tmp_path) == digests[-1]


def test_a_page_that_lists_what_is_in_others_is_read_again_when_one_has_changed():
    app = SimpleNamespace(config=SimpleNamespace(backprop_lists=["exercises"]))
    nothing = set()
    assert sphinx_ext.renew_lists(app, None, nothing, nothing, nothing) == []
    for k in range(3):
        sets = [{"a chapter"} if k == j else nothing for j in range(3)]
        assert sphinx_ext.renew_lists(app, None, *sets) == ["exercises"]


# ---- assets ----


def test_the_page_for_a_missing_address_starts_from_the_books_own_if_it_is_known():
    assert "<base" not in sphinx_ext.lost_page()
    page = sphinx_ext.lost_page("https://example.org/book")
    assert page.index('<base href="https://example.org/book/">') < page.index("<a href=")


def asset(filename, **attributes):
    return SimpleNamespace(filename=filename, attributes=attributes, priority=500)


def test_a_page_is_spared_what_no_page_uses():
    assert sphinx_ext.has_use(asset("doctools.js"))
    assert sphinx_ext.has_use(asset("copybutton.js"))
    assert sphinx_ext.has_use(asset(None, body="let a"))
    assert not sphinx_ext.has_use(asset("sphinx-thebe.css"))
    assert not sphinx_ext.has_use(asset(None, body="DOCUMENTATION_OPTIONS.pagename = 'a';"))
    assert not sphinx_ext.has_use(asset(None, type="application/vnd.jupyter.widget-state+json"))


def test_a_page_that_has_left_the_book_leaves_the_site(tmp_path):
    old, kept = ("book/14-old.html", "_sources/book/14-old.ipynb"), "book/01-one.html"
    for name in (*old, kept):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    builder = SimpleNamespace(get_outfilename=lambda name: tmp_path / f"{name}.html")
    app = SimpleNamespace(builder=builder, outdir=tmp_path)
    sphinx_ext.forget(app, None, set(), set(), {"book/14-old", "book/15-never-written"})
    assert [(tmp_path / name).exists() for name in (*old, kept)] == [False, False, True]


def test_a_long_name_in_a_heading_may_be_broken_between_its_parts():
    app = SimpleNamespace(srcdir=".", builder=SimpleNamespace(images={}))
    context = {"body": "<h3>plots.batch_norm<a>a_b</a></h3><p>a_b</p>"}
    sphinx_ext.dress_page(app, "page", "page.html", context, None)
    assert context["body"] == "<h3>plots.<wbr>batch_<wbr>norm<a>a_b</a></h3><p>a_b</p>"


# ---- formulas ----


@pytest.fixture
def formula():
    yield mathematics.typeset
    mathematics.stop()


def test_lines_stand_apart_and_further_where_the_formula_says_so(formula):
    html = formula(r"\begin{aligned} a &= b \\[12pt] c &= d \\ e &= f \end{aligned}", True)
    assert 'rowspacing="1.650em 0.450em' in html


def test_a_formula_is_set_for_the_eye_and_the_ear(formula):
    html = formula(r"\frac{\partial L}{\partial x_{11}}", True)
    parsed = BeautifulSoup(html, "html.parser")
    assert parsed.select_one('mjx-container[display="true"] > mjx-math[aria-hidden="true"]')
    spoken = parsed.select_one("mjx-assistive-mml math[display=block] mfrac")
    assert spoken.get_text() == "∂L∂x11"


def test_bad_tex_is_told(formula):
    with pytest.raises(ValueError, match=r"Undefined control sequence \\nosuch: \\nosuch"):
        formula(r"\nosuch", False)


# ---- the style sheet ----


SHEET = """\
@import "more.css";
.used, .unused > b { color: red }
.unused { color: blue }
#here:not(.unused) { color: green }
@media print { .unused { top: 0 } }
@media screen { .used[data-a="}"] { background: url(pictures/a.png) } }
@font-face { font-family: Signs; font-weight: 900; src: url("f.woff") format("woff") }
@font-face { font-family: Nobody; src: url("f.woff") format("woff") }
.used::before { font-family: Signs; content: "\\2202 x" }
"""
NAMES = """\
:root { --a: var(--b); --b: red; --c: var(--d); --d: blue; --e: 1px; --f: 2px }
p > b, p > blockquote, p:hover { color: var(--a) }
blockquote { top: var(--c) }
p { --g: url("a;b") }
@media print { p { top: 0 } }
@media screen { b { top: 0 } }
"""


@pytest.fixture
def sheet(tmp_path):
    """A bundle of a sheet in a folder, for pages in which `used` and `here` occur."""
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.css").write_text(SHEET)
    (tmp_path / "deep" / "more.css").write_text("p { margin: 0 } .unused { margin: 0 }")
    main = mathematics.mathjax() / mathematics.FONTS / "MathJax_Main-Regular.woff"
    shutil.copyfile(main, tmp_path / "deep" / "f.woff")
    page = '<p class="used other" id="here">unused</p>'
    return styles.bundle(tmp_path, ["deep/a.css"], styles.words_of_page(page))


def test_rules_that_can_match_stay(sheet):
    assert re.sub(r"\s+", "", sheet.split("@font-face")[0]) == (
        "p{margin:0}.used{color:red}#here:not(.unused){color:green}"
        '@mediascreen{.used[data-a="}"]{background:url("deep/pictures/a.png")}}'
    )


def test_a_rule_for_an_element_that_is_nowhere_goes_and_so_does_what_only_it_reads():
    words = styles.words_of_page('<p style="left: var(--e)"><b></b></p>') | styles.LATER
    assert re.sub(r"\s+", "", styles.needed(NAMES, words)) == (
        ":root{--a:var(--b);--b:red;--e:1px}p>b,p:hover{color:var(--a)}"
        "@mediaprint{p{top:0}}@mediascreen{b{top:0}}"
    )


def test_the_first_rules_are_those_a_page_needs_as_it_comes():
    rules = styles.first_rules(NAMES, "<p></p>", "make('b')")
    assert re.sub(r"\s+", "", rules) == (
        ":root{--a:var(--b);--b:red}p>b{color:var(--a)}@mediascreen{b{top:0}}"
    )


def test_a_class_that_a_script_may_set_counts():
    assert styles.words_of_script("e.classList.add('is-open')") >= {"is-open", "classList"}


def test_a_font_keeps_the_letters_that_are_written(sheet, tmp_path):
    (face,) = re.findall("@font-face{([^}]*)}", sheet)
    assert "font-family: Signs; font-weight: 900" in face
    assert 'src:url("fonts/f.woff") format("woff")' in face
    assert set(TTFont(tmp_path / "fonts" / "f.woff").getBestCmap()) == {0x2202, ord("x")}


# ---- pictures ----


def test_a_picture_says_its_size_and_may_wait(tmp_path):
    Image.new("RGBA", (30, 20)).save(tmp_path / "a.png")
    Image.new("RGBA", (700, 20)).save(tmp_path / "w.png")
    names = ["../_images/a.png", "w.png", "https://b/b.png"]
    body = "".join(f'<img alt="a &gt; b" src="{name}" />' for name in names)
    files = {name: tmp_path / name for name in ("a.png", "w.png")}
    assert pictures.sized(body, files) == (
        '<img loading="lazy" width="30" height="20" alt="a &gt; b" src="../_images/a.png" />'
        '<img loading="lazy" data-wide width="700" height="20" alt="a &gt; b" src="w.png" />'
        '<img alt="a &gt; b" src="https://b/b.png" />'
    )


def test_a_picture_becomes_small_once(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (40, 40, 4), dtype=np.uint8)
    path = tmp_path / "a.png"
    Image.fromarray(noise).save(path)
    before = path.stat().st_size
    pictures.shrink(path)
    small = path.read_bytes()
    assert len(small) < before / 2
    assert Image.open(path).convert("RGBA").size == (40, 40)
    pictures.shrink(path)
    assert path.read_bytes() == small


def test_a_small_picture_keeps_the_colours_of_its_areas_and_nearly_those_of_its_edges(tmp_path):
    rng = np.random.default_rng(0)
    pale = rng.integers(225, 246, (100, 4), dtype=np.uint8)
    pale[0] = 0  # nothing, as beside a plot
    areas = pale.repeat(40, axis=0).reshape(50, 80, 4)
    edges = rng.integers(0, 256, (6, 80, 4), dtype=np.uint8)
    path = tmp_path / "a.png"
    Image.fromarray(np.vstack([areas, edges])).save(path)
    pictures.shrink(path)
    small = np.array(Image.open(path).convert("RGBA"))
    assert np.array_equal(small[:50], areas)
    away = np.linalg.norm(small[50:].astype(float) - edges, axis=2)
    kept = [pale, edges.reshape(-1, 4)[(away == 0).ravel()]]
    kept = np.vstack(kept).astype(float)
    assert len(kept) == 256
    nearest = np.linalg.norm(edges[:, :, None] - kept, axis=3).min(axis=2)
    assert np.allclose(away, nearest)


# ---- a small book ----


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """A book of a figure, a widget, formulas and a list; built as `make html` builds."""
    folder = tmp_path_factory.mktemp("a book")
    (folder / "_toc.yml").write_text(
        "format: jb-book\nroot: index\nchapters: [{file: widget}, {file: list}]\n"
    )
    config = {
        "execute": {"execute_notebooks": "force"},
        "sphinx": {
            "extra_extensions": ["backprop.sphinx_ext"],
            "config": {"myst_heading_anchors": 3},
        },
    }
    (folder / "_config.yml").write_text(json.dumps(config))
    write_notebook(folder / "index.ipynb", FIGURES_PAGE, FIGURE)
    write_notebook(folder / "widget.ipynb", "# A widget", WIDGET)
    metadata = {"tags": ["remove-input"], "mystnb": {"markdown_format": "myst"}}
    write_notebook(folder / "list.ipynb", "# A list", LIST, metadata)
    build(folder)
    return folder


def write_notebook(path, text, code, metadata=None):
    cells = [
        nbformat.v4.new_markdown_cell(text),
        nbformat.v4.new_code_cell(code, metadata=metadata or {}),
    ]
    kernel = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)


def build(folder):
    command = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()", "build"]
    done = subprocess.run(
        [*command, folder, "-W", "-n", "--keep-going"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def html(book, name):
    return (book / "_build" / "html" / name).read_text(encoding="utf-8")


def test_the_page_holds_the_figures_html_and_not_its_widget_view(book):
    page = html(book, "index.html")
    assert '<div class="bp-figure">' in page
    assert 'type="application/vnd.jupyter.widget-view+json"' not in page


def test_a_word_and_its_number_are_held_together(book):
    assert "as in chapter\xa001;" in html(book, "index.html")


def test_a_link_whose_text_is_its_address_is_marked_so_that_paper_has_it_once(book):
    links = BeautifulSoup(html(book, "index.html"), "html.parser").select("a.external[href]")
    marked = {link["href"][-1]: "bp-address" in link["class"] for link in links}
    assert {name: marked[name] for name in "ab"} == {"a": True, "b": False}


def test_only_a_page_with_a_figure_loads_the_script(book):
    assert "_static/backprop/figure.js" in html(book, "index.html")
    assert "_static/backprop/figure.js" not in html(book, "widget.html")


@pytest.mark.parametrize("name", ["index.html", "search.html"])
def test_a_page_loads_one_style_sheet_and_names_its_version(book, name):
    page = BeautifulSoup(html(book, name), "html.parser")
    (link,) = page.select("link[rel=stylesheet]")
    sheet = (book / "_build" / "html" / "_static" / "book.css").read_bytes()
    assert link["href"].endswith(f"_static/book.css?v={hashlib.sha256(sheet).hexdigest()[:8]}")


def test_what_stands_before_the_style_sheet_has_its_rules_in_the_page(book):
    page = BeautifulSoup(html(book, "index.html"), "html.parser")
    link, rules = page.select_one("link[rel=stylesheet]"), page.select_one("#first-rules").string
    assert link.find_previous(class_="bp-figure")
    assert link.parent.name == "section"
    assert ".bp-figure" in rules
    assert "@media print" not in rules
    assert 'url("_static/fonts/' in rules
    build(book)  # nothing has changed
    assert BeautifulSoup(html(book, "index.html"), "html.parser") == page
    plain = BeautifulSoup(html(book, "widget.html"), "html.parser")
    assert plain.select("head > link[rel=stylesheet]")
    assert not plain.select("#first-rules")


@pytest.mark.parametrize("name", ["index.html", "widget.html", "404.html"])
def test_a_page_loads_nothing_from_elsewhere(book, name):
    page = html(book, name)
    for foreign in ("thebe", "require.js", "html-manager", "widget-state+json", "cdn", 'src="http'):
        assert foreign not in page


def test_formulas_are_set_and_their_style_is_there(book):
    page = html(book, "index.html")
    assert "mjx-assistive-mml" in page
    assert r"\(" not in page
    assert "mathjax" not in "".join(re.findall("<script.*", page)).lower()
    sheet = (book / "_build" / "html" / "_static" / "book.css").read_text("utf-8")
    assert "mjx-c.mjx-c1D44E" in sheet, "the letter a"
    assert "mjx-c.mjx-c1D467" not in sheet, "the letter z"


def test_headings_that_a_cell_has_made_are_in_the_contents_and_can_be_linked(book):
    page = BeautifulSoup(html(book, "list.html"), "html.parser")
    contents = page.select(".page-toc a")
    assert [a.get_text().strip() for a in contents] == ["One", "a_long_name"]
    for a in contents:
        assert page.select_one(f"section{a['href']} > h2")
    assert [p.get_text() for p in page.select("section section > p")] == ["Text.", "Up."]
    assert page.select_one("article > section > p").get_text() == "First."
    assert not page.select("article .cell"), "the box is gone"
    assert page.find("a", string="Up")["href"] == "#one"


def test_bad_tex_fails_the_build(book, tmp_path):
    shutil.copytree(book, tmp_path / "bad", ignore=shutil.ignore_patterns("_build"))
    write_notebook(tmp_path / "bad" / "widget.ipynb", r"# Bad" "\n\n" r"$\nosuch$", WIDGET)
    with pytest.raises(AssertionError, match="nosuch"):
        build(tmp_path / "bad")


def test_an_unchanged_book_is_not_run_again_and_a_changed_package_runs_all(book):
    assert "0 added, 0 changed, 0 removed" in build(book)
    config = json.loads((book / "_config.yml").read_text())
    config["sphinx"]["config"]["backprop_sources"] = "another digest"
    Path(book, "_config.yml").write_text(json.dumps(config))
    assert "3 added, 0 changed, 0 removed" in build(book)

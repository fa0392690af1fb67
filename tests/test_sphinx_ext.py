"""The Sphinx extension: the script it makes, and what a page is given and spared."""

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest

from backprop import sphinx_ext

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
WIDGET = "import ipywidgets\nipywidgets.IntSlider()"


# ---- the script ----


def test_a_module_becomes_a_classic_script():
    script = sphinx_ext.page_script(
        'export const A = "export {";\n'
        "export function mount(element) {}\n"
        "export { mount as other };\n"
        "export default { render };\n"
    )
    assert 'const A = "export {";\nfunction mount(element) {}\n' in script
    assert "\nexport" not in script
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


def test_a_page_is_spared_thebe_and_widget_state():
    def asset(filename, **attributes):
        return SimpleNamespace(filename=filename, attributes=attributes)

    assert sphinx_ext.wanted("doctools.js")
    assert sphinx_ext.wanted(asset("copybutton.js"))
    assert sphinx_ext.wanted(asset(None, body="let a"))
    assert not sphinx_ext.wanted(asset("sphinx-thebe.css"))
    assert not sphinx_ext.wanted(asset(None, type="application/vnd.jupyter.widget-state+json"))


# ---- a small book ----


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """A book of three pages: a figure, a widget, formulas; built as `make html` builds."""
    folder = tmp_path_factory.mktemp("a book")
    (folder / "_toc.yml").write_text("format: jb-book\nroot: index\nchapters: [{file: widget}]\n")
    config = {
        "execute": {"execute_notebooks": "force"},
        "sphinx": {"extra_extensions": ["backprop.sphinx_ext"]},
    }
    (folder / "_config.yml").write_text(json.dumps(config))
    write_notebook(folder / "index.ipynb", "# A figure\n\n$a^2$", FIGURE)
    write_notebook(folder / "widget.ipynb", "# A widget", WIDGET)
    build(folder)
    return folder


def write_notebook(path, text, code):
    cells = [nbformat.v4.new_markdown_cell(text), nbformat.v4.new_code_cell(code)]
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


def test_only_a_page_with_a_figure_loads_the_script(book):
    assert "_static/backprop/figure.js" in html(book, "index.html")
    assert "_static/backprop/figure.css" in html(book, "index.html")
    assert "_static/backprop/figure" not in html(book, "widget.html")


@pytest.mark.parametrize("name", ["index.html", "widget.html", "404.html"])
def test_a_page_loads_nothing_from_elsewhere(book, name):
    page = html(book, name)
    for foreign in ("thebe", "require.js", "html-manager", "widget-state+json", "cdn", 'src="http'):
        assert foreign not in page


def test_mathematics_comes_from_the_site_and_all_that_it_loads_is_there(book):
    page = html(book, "index.html")
    static = book / "_build" / "html" / "_static"
    assert "_static/mathjax/tex-chtml.js" in page
    assert '"enableMenu": false' in page
    assert (static / "mathjax" / "tex-chtml.js").is_file()
    assert (static / "mathjax/output/chtml/fonts/woff-v2/MathJax_Main-Regular.woff").is_file()
    assert (static / "mathjax/input/tex/extensions/cancel.js").is_file()
    size = sum(path.stat().st_size for path in (static / "mathjax").rglob("*") if path.is_file())
    assert size < 3e6


def test_an_unchanged_book_is_not_run_again_and_a_changed_package_runs_all(book):
    assert "0 added, 0 changed, 0 removed" in build(book)
    config = json.loads((book / "_config.yml").read_text())
    config["sphinx"]["config"] = {"backprop_sources": "another digest"}
    Path(book, "_config.yml").write_text(json.dumps(config))
    assert "2 added, 0 changed, 0 removed" in build(book)

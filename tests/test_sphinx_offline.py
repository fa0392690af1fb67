"""What a reader takes along: the wheel, the archive, the lines that offer them."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from zipfile import ZipFile

import pytest

from backprop import sphinx_offline

ROOT = Path(__file__).parents[1]
USE = """
import sys
sys.path.insert(0, sys.argv[1])
import backprop, numpy as np
assert backprop.__file__.startswith(sys.argv[1]), backprop.__file__
x, w = np.arange(12.0).reshape(1, 1, 3, 4), np.ones((1, 1, 2, 2))
print(backprop.conv2d(x, w, None).shape)
"""


def in_project():
    """List what lies in the project, but for what Python and the tests leave anywhere."""
    parts = [*ROOT.iterdir(), *(ROOT / "src").rglob("*")]
    return {path for path in parts if "cache" not in path.name and path.suffix != ".pyc"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    before = in_project()
    sphinx_offline.build_wheel(ROOT, folder)
    assert in_project() == before
    (path,) = folder.iterdir()
    return path


def test_the_wheel_is_the_package_and_works_alone(wheel, tmp_path):
    command = [sys.executable, "-I", "-c", USE, wheel]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout == "(1, 1, 2, 3)\n", done.stderr


def test_the_wheel_holds_every_file_of_the_package(wheel):
    package = ROOT / "src" / "backprop"
    sources = {p for p in package.rglob("*") if p.suffix in {".py", ".js", ".css", ".html"}}
    with ZipFile(wheel) as opened:
        held = {name for name in opened.namelist() if name.startswith("backprop/")}
        (metadata,) = (opened.read(n) for n in opened.namelist() if n.endswith("METADATA"))
    assert held == {path.relative_to(package.parent).as_posix() for path in sources}
    for needed in (b"anywidget", b"matplotlib", b"scipy", b"scikit-learn"):
        assert b"Requires-Dist: " + needed in metadata


def test_the_same_package_makes_the_same_wheel(wheel, tmp_path):
    sphinx_offline.build_wheel(ROOT, tmp_path)
    assert (tmp_path / wheel.name).read_bytes() == wheel.read_bytes()


@pytest.fixture
def site(tmp_path):
    """A site of two pages, one of them a notebook, as the extension leaves it."""
    (tmp_path / "backprop-0-py3-none-any.whl").write_bytes(b"a wheel")
    (tmp_path / "book").mkdir()
    for page in ("book/04-idea.ipynb", "notes.md"):
        body = add_lines(tmp_path, page)
        (tmp_path / page).with_suffix(".html").write_text(f"<main>{body}</main>", "utf-8")
    sphinx_offline.archive_book(tmp_path)
    return tmp_path


def add_lines(site, page, doctree="a doctree"):
    up = "../" * page.count("/")
    context = {
        "body": "<p>Text.</p>",
        "sourcename": page,
        "page_source_suffix": Path(page).suffix,
        "pathto": lambda name, resource: up + name,
    }
    app = SimpleNamespace(outdir=site)
    sphinx_offline.add_lines(app, page.rpartition(".")[0], "page.html", context, doctree)
    return context["body"]


def test_a_notebook_says_how_to_run_it_and_another_page_does_not(site):
    notebook, page = ((site / n).read_text("utf-8") for n in ("book/04-idea.html", "notes.html"))
    assert 'href="../_sources/book/04-idea.ipynb" download' in notebook
    assert 'href="../backprop-0-py3-none-any.whl" download' in notebook
    assert 'pip install jupyterlab "./backprop-0-py3-none-any.whl[book]"' in notebook
    assert "pip install" not in page
    assert 'href="backprop-by-hand.zip" download' in page


def test_what_is_no_page_of_the_book_gets_no_line(site):
    assert add_lines(site, "search.html", doctree=None) == "<p>Text.</p>"


def test_the_archive_holds_the_site_but_neither_itself_nor_the_line_that_offers_it(site):
    files = {p.relative_to(site).as_posix() for p in site.rglob("*") if p.is_file()}
    with ZipFile(site / "backprop-by-hand.zip") as archive:
        names = archive.namelist()
        page = archive.read("backprop-by-hand/book/04-idea.html").decode()
    assert names == sorted(f"backprop-by-hand/{f}" for f in files - {"backprop-by-hand.zip"})
    assert "backprop-by-hand.zip" not in page
    assert "pip install" in page


def test_the_same_site_makes_the_same_archive(site):
    first = (site / "backprop-by-hand.zip").read_bytes()
    for path in site.rglob("*.html"):
        path.touch()
    sphinx_offline.archive_book(site)
    assert (site / "backprop-by-hand.zip").read_bytes() == first
    with ZipFile(site / "backprop-by-hand.zip") as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {oct(entry.external_attr >> 16) for entry in archive.infolist()} == {"0o644"}


def test_a_home_brings_its_buttons_and_no_home_brings_none():
    options = {"repository_url": "", "launch_buttons": {"notebook_interface": "classic"}}
    config = SimpleNamespace(html_theme_options=dict(options))
    sphinx_offline.offer_buttons(None, config)
    assert config.html_theme_options == options
    config.html_theme_options["repository_url"] = "https://github.com/someone/book"
    sphinx_offline.offer_buttons(None, config)
    assert config.html_theme_options["use_repository_button"] is True
    assert config.html_theme_options["launch_buttons"]["colab_url"].startswith("https://colab.")

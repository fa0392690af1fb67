"""`make links` asks the addresses that the book names, and says which of them is gone."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.site.browser import served

MAKEFILE = Path(__file__).parents[1] / "Makefile"


@pytest.fixture
def book(tmp_path):
    """A book of one page, with the book's own extension, which names two addresses."""
    (tmp_path / "served").mkdir()
    (tmp_path / "served" / "here.html").write_text("<p>Here.</p>")
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: index\n")
    sphinx = {"extra_extensions": ["backprop.sphinx_ext", "backprop.sphinx_offline"]}
    (tmp_path / "_config.yml").write_text(
        json.dumps({"only_build_toc_files": True, "sphinx": sphinx})
    )
    with served(tmp_path / "served") as address:
        (tmp_path / "index.md").write_text(f"# Links\n\n[One]({address}here.html)\n")
        yield tmp_path, address


def check_links(folder):
    """Run what `make links` runs, in another folder."""
    (options,) = re.findall(r"^links:.*\n\t\$\(BUILD\) (.*)$", MAKEFILE.read_text(), flags=re.M)
    main = "from jupyter_book.cli.main import main; main()"
    command = [sys.executable, "-c", main, "build", ".", *options.split()]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def test_an_address_that_answers_is_passed_and_one_that_is_gone_is_named(book):
    folder, address = book
    done = check_links(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    with open(folder / "index.md", "a") as page:
        page.write(f"\n[Two]({address}gone.html)\n")
    done = check_links(folder)
    assert done.returncode != 0
    assert re.search(r"broken.*gone\.html", done.stdout + done.stderr)
    assert not re.search(r"broken.*here\.html", done.stdout + done.stderr)

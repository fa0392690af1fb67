"""What a reader may take along: a page's notebook, the package it needs, the whole book.

One line in `_config.yml` switches it on: `sphinx: extra_extensions: [backprop.sphinx_offline]`.
Everything it offers lies in the built site itself, so the book needs no home to be taken along.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

ARCHIVE = "backprop-by-hand.zip"
COLAB = "https://colab.research.google.com"

# The first moment a zip can hold: the same files make the same archive on any day.
EPOCH, EPOCH_SECONDS = (1980, 1, 1, 0, 0, 0), "315532800"

# What the package is built from.
PROJECT_FILES = ("pyproject.toml", "README.md", "LICENSE")
BUILD_WHEEL = "import sys; from setuptools.build_meta import build_wheel; build_wheel(sys.argv[1])"

# The lines below a page. The archive leaves out the last one: it does not hold itself.
RUN_LINE = """
<p class="bp-take">To run this page, download <a href="{notebook}" download>its notebook</a> and
<a href="{wheel}" download>the package</a> into one folder and run there
<code>pip install jupyterlab "./{name}[book]"</code>, then <code>jupyter lab</code>.</p>"""
ARCHIVE_LINE = """
<p class="bp-take">To read without a network, download
<a href="{archive}" download>the whole book</a>, unpack it and open <code>index.html</code>.</p>"""
ARCHIVE_LINES = re.compile(re.escape(ARCHIVE_LINE).replace(r"\{archive\}", '[^"]*').encode())


def setup(app):
    """Connect everything to Sphinx; called once."""
    app.connect("config-inited", offer_buttons)
    app.connect("builder-inited", write_wheel)
    app.connect("html-page-context", add_lines)
    app.connect("build-finished", write_archive, priority=1000)  # when all else is written
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def offer_buttons(app, config):
    """Offer what needs an address on each page, as soon as `repository: url` gives one."""
    options = config.html_theme_options
    if options.get("repository_url"):
        options["use_repository_button"] = True
        options["launch_buttons"] = {**options.get("launch_buttons", {}), "colab_url": COLAB}


def write_wheel(app):
    """Put the package into the site: pages say how to install it from there."""
    if app.builder.format == "html":
        for old in Path(app.outdir).glob("*.whl"):
            old.unlink()
        build_wheel(Path(app.srcdir), Path(app.outdir))


def build_wheel(project, folder):
    """Build the wheel of a project in a copy of it: building leaves folders behind."""
    with TemporaryDirectory() as copy:
        for name in PROJECT_FILES:
            shutil.copy(project / name, copy)
        unwanted = shutil.ignore_patterns("*.egg-info", "__pycache__")
        shutil.copytree(project / "src", Path(copy, "src"), ignore=unwanted)
        subprocess.run(
            [sys.executable, "-c", BUILD_WHEEL, folder.resolve()],
            cwd=copy,
            env=os.environ | {"SOURCE_DATE_EPOCH": EPOCH_SECONDS},
            check=True,
            stdout=subprocess.DEVNULL,
        )


def add_lines(app, pagename, templatename, context, doctree):
    """Say below a page how to run it, if it is a notebook, and how to read it anywhere."""
    if doctree is None:  # the search and the index of names are no pages of the book
        return
    pathto = context["pathto"]
    if context["page_source_suffix"] == ".ipynb":
        (wheel,) = Path(app.outdir).glob("*.whl")
        notebook = pathto(f"_sources/{context['sourcename']}", 1)
        context["body"] += RUN_LINE.format(
            notebook=notebook, wheel=pathto(wheel.name, 1), name=wheel.name
        )
    context["body"] += ARCHIVE_LINE.format(archive=pathto(ARCHIVE, 1))


def write_archive(app, exception):
    """Put the whole book as one archive into the site that offers it."""
    if app.builder.format == "html" and exception is None:
        archive_book(Path(app.outdir))


def archive_book(site):
    """Write every file of a built book into one archive beside them."""
    archive = site / ARCHIVE
    archive.unlink(missing_ok=True)
    files = sorted(path for path in site.rglob("*") if path.is_file())
    with ZipFile(archive, "w", ZIP_DEFLATED) as book:
        for path in files:
            entry = ZipInfo(Path(archive.stem, path.relative_to(site)).as_posix(), EPOCH)
            entry.external_attr = 0o644 << 16  # unpacked, it can be read by everybody
            book.writestr(entry, archived(path), ZIP_DEFLATED)


def archived(path):
    """Return the bytes of a file as the archive holds it."""
    content = path.read_bytes()
    return ARCHIVE_LINES.sub(b"", content) if path.suffix == ".html" else content

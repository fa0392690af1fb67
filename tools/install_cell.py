"""Put the install cell before the first code cell of notebooks: `install_cell.py book/*.ipynb`.

The cell is one and the same in every notebook. A page does not show it, and it does nothing where
the package is there; on Colab, or beside a notebook that was downloaded, it installs the package.
Run this again after the version in `pyproject.toml` or the home in `_config.yml` has changed.
"""

import sys
import tomllib
from pathlib import Path

import nbformat
import yaml

ROOT = Path(__file__).parents[1]
CELL_ID = "install"
SOURCE = """\
# Where the package is missing, as on Colab, this installs it{how}.
import importlib.util

if importlib.util.find_spec("backprop") is None:
    %pip install -q "{package}"
"""


def source():
    """Write the cell's text: from the book's home if it has one, else from the wheel at hand."""
    home = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))["repository"]["url"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    if home:
        return SOURCE.format(how="", package=f"{project['name']}[book] @ git+{home}").rstrip()
    wheel = f"./{project['name']}-{project['version']}-py3-none-any.whl[book]"
    how = ";\n# first put the package beside the notebook: the page offers both"
    return SOURCE.format(how=how, package=wheel).rstrip()


def install_cell():
    """Make the cell as every notebook has it."""
    return nbformat.v4.new_code_cell(source(), id=CELL_ID, metadata={"tags": ["remove-cell"]})


def put(notebook):
    """Put the cell in its place, in the place of the one that may be there."""
    cells = [cell for cell in notebook.cells if cell.id != CELL_ID]
    first = next(k for k, cell in enumerate(cells) if cell.cell_type == "code")
    notebook.cells = [*cells[:first], install_cell(), *cells[first:]]


def main(paths):
    """Put the cell into each of the notebooks."""
    for path in paths:
        notebook = nbformat.read(path, as_version=4)
        put(notebook)
        nbformat.write(notebook, path)


if __name__ == "__main__":
    main(sys.argv[1:])

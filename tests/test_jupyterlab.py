"""A figure in JupyterLab: a real kernel, a real browser, and the reader's number back in Python."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request

import nbformat
import pytest

from tests.site.browser import chromium

CODE = """
from backprop.figure import Figure
from backprop.worked import conv
x, F, dy = [[5, 8, 3], [6, 4, 0], [9, 2, 1]], [[-3, 1], [4, 2]], [[2, -3], [1, 4]]
figure = Figure(conv.kernel_gradient(x, F, dy))
figure
"""
REPORT = """
import json
seen = {name: grid.tolist() for name, grid in figure.values.items()} | {"step": figure.step}
with open("seen.part", "w") as file:
    json.dump(seen, file)
__import__("os").rename("seen.part", "seen.json")
"""


@pytest.fixture
def lab(tmp_path):
    """A JupyterLab on a free port that shows one notebook; gives its address."""
    cells = [nbformat.v4.new_code_cell(source) for source in (CODE, "figure.step = 2", REPORT)]
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=metadata)
    nbformat.write(notebook, tmp_path / "figure.ipynb")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--no-browser", "--allow-root", f"--port={port}", "--IdentityProvider.token=t"]
    options += ["--expose-app-in-browser", "--LabApp.news_url=None"]
    environment = os.environ | {"JUPYTER_CONFIG_DIR": str(tmp_path / "config")}
    environment |= {"JUPYTER_DATA_DIR": str(tmp_path / "data")}
    command = [sys.executable, "-m", "jupyter", "lab", *options]
    with open(tmp_path / "log", "w") as log:
        server = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=log, stderr=log)
    try:
        address = f"http://127.0.0.1:{port}"
        for _ in range(120):
            try:
                urllib.request.urlopen(f"{address}/api?token=t").close()
                break
            except OSError:
                time.sleep(0.5)
        else:
            pytest.fail((tmp_path / "log").read_text())
        yield f"{address}/lab/tree/figure.ipynb?token=t"
    finally:
        server.terminate()
        server.wait(20)


def test_what_the_reader_changes_comes_back_to_python(lab, tmp_path):
    with chromium() as browser:
        page = browser.new_page()
        page.set_default_timeout(60_000)
        page.goto(lab)
        kernel = "jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel"
        page.wait_for_function(f"window.{kernel}?.status === 'idle'")
        run(page, 0)
        cell = page.locator('.bp-figure[data-live] [data-cell="x11"]')
        cell.fill("7")
        cell.press("Enter")
        dF = page.locator('.bp-figure [data-cell="dF11"]')
        assert dF.get_attribute("data-value") == "12"
        run(page, 1)
        page.locator(".bp-figure", has_text="Step 3 of 4").wait_for()  # a step set from Python
        run(page, 2)
        for _ in range(120):
            if (tmp_path / "seen.json").exists():
                break
            time.sleep(0.5)
        seen = json.loads((tmp_path / "seen.json").read_text())
    assert seen["x"] == [[7, 8, 3], [6, 4, 0], [9, 2, 1]]
    assert seen["dF"] == [[12, 11], [17, 14]]
    assert seen["step"] == 2


def run(page, cell):
    """Select a cell of the notebook and run it: a click into a figure selects the cell it is in."""
    page.evaluate(
        """cell => {
            jupyterapp.shell.currentWidget.content.activeCellIndex = cell;
            return jupyterapp.commands.execute("notebook:run-cell");
        }""",
        cell,
    )

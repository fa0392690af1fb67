"""The book's tools in JupyterLab: a real kernel, a real browser, and what a reader sees there."""

import inspect
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest

from backprop.practice import EXERCISES
from backprop.practice.catalogue import _one_channel, _paths, _pushing
from tests.site.browser import CHROMIUM, chromium

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no Chromium found to open JupyterLab in")


@dataclass
class Lab:
    """A JupyterLab that runs: the folder it shows, its address, and a browser to open it in."""

    folder: Path
    address: str
    browser: object

    def open(self, name, *sources):
        """Write a notebook of code cells and open it; give the page when its kernel is ready."""
        cells = [nbformat.v4.new_code_cell(source.strip()) for source in sources]
        metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
        notebook = nbformat.v4.new_notebook(cells=cells, metadata=metadata)
        nbformat.write(notebook, self.folder / f"{name}.ipynb")
        page = self.browser.new_page()
        page.set_default_timeout(60_000)
        # a workspace of its own, or JupyterLab opens the notebook of the test before as well
        page.goto(f"{self.address}/lab/workspaces/{name}/tree/{name}.ipynb?token=t")
        kernel = "jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel"
        page.wait_for_function(f"window.{kernel}?.status === 'idle'")
        return page


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A JupyterLab on a free port, for all tests of this module."""
    folder, aside = tmp_path_factory.mktemp("notebooks"), tmp_path_factory.mktemp("aside")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--no-browser", "--allow-root", f"--port={port}", "--IdentityProvider.token=t"]
    options += ["--expose-app-in-browser", "--LabApp.news_url=None"]
    environment = os.environ | {"JUPYTER_CONFIG_DIR": str(aside / "config")}
    environment |= {"JUPYTER_DATA_DIR": str(aside / "data")}
    command = [sys.executable, "-m", "jupyter", "lab", *options]
    with open(aside / "log", "w") as log:
        server = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        address = f"http://127.0.0.1:{port}"
        for _ in range(120):
            try:
                urllib.request.urlopen(f"{address}/api?token=t").close()
                break
            except OSError:
                time.sleep(0.5)
        else:
            pytest.fail((aside / "log").read_text())
        with chromium() as browser:
            yield Lab(folder, address, browser)
    finally:
        server.terminate()
        server.wait(20)


def run(page, cell):
    """Select a cell of the notebook and run it: a click into a figure selects the cell it is in."""
    page.evaluate(
        """cell => {
            jupyterapp.shell.currentWidget.content.activeCellIndex = cell;
            return jupyterapp.commands.execute("notebook:run-cell");
        }""",
        cell,
    )


# ---- the figure ----

FIGURE = """
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


def test_what_the_reader_changes_comes_back_to_python(lab):
    page = lab.open("figure", FIGURE, "figure.step = 2", REPORT)
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
        if (lab.folder / "seen.json").exists():
            break
        time.sleep(0.5)
    seen = json.loads((lab.folder / "seen.json").read_text())
    page.close()
    assert seen["x"] == [[7, 8, 3], [6, 4, 0], [9, 2, 1]]
    assert seen["dF"] == [[12, 11], [17, 14]]
    assert seen["step"] == 2


# ---- the exercises ----

IMPORTS = """
import numpy as np
from backprop import practice
from backprop.windows import sliding_windows
"""
ANSWERS = """
exercise = practice.EXERCISES["{name}"]
for answer in (exercise.answer, *(mistake.function for mistake in exercise.mistakes)):
    display(practice.check(exercise.name, answer))
"""


def verdicts(page, cell, count):
    """Run a cell that shows so many verdicts; read them where the reader does, on the page."""
    run(page, cell)
    shown = page.locator(".jp-Notebook-cell").nth(cell).locator(".jp-RenderedHTML p:visible")
    shown.nth(count - 1).wait_for()
    return shown.all_inner_texts()


def hint(exercise, mistake):
    chapter = mistake.chapter or exercise.chapter
    section = f", “{mistake.section}”," if mistake.section else ""
    return f"✗ {exercise.name}: known mistake. {mistake.hint} Chapter {chapter}{section} shows it."


def test_in_a_notebook_each_right_answer_passes_and_each_mistake_gets_its_hint(lab):
    page = lab.open("exercises", IMPORTS, *(ANSWERS.format(name=name) for name in EXERCISES))
    run(page, 0)
    for cell, exercise in enumerate(EXERCISES.values(), 1):
        right, *wrong = verdicts(page, cell, 1 + len(exercise.mistakes))
        assert right.startswith(f"✓ {exercise.name}: right. ")
        assert right.endswith("entry by entry.")
        assert wrong == [hint(exercise, mistake) for mistake in exercise.mistakes]
    page.close()


# Answers as a reader might have written them: (exercise, mistake, functions, last line).
PASTED = [
    (
        *("conv2d.dx", "not turned"),
        [_one_channel.slide, _one_channel.slide_full],
        "my_dx = slide_full",
    ),
    (
        *("layer_norm.dx", "the variance's path missing"),
        [_paths.paths],
        "def my_dx(dy, x, gamma, *, eps=1e-5): return paths(dy, x, gamma, -1, eps=eps, keep='dm')",
    ),
    (
        *("max_pool2d_backward", "padded with 0"),
        [_pushing.middle, _pushing.push, _pushing.first],
        "my_max_pool2d_backward = push(first, fill=0)",
    ),
]


def test_a_mistake_pasted_into_a_starter_cell_gets_its_hint(lab):
    starters = []
    for name, *_ in PASTED:
        signature = EXERCISES[name].signature
        written = signature.partition("(")[0]
        starters += [f"def {signature}: ...", f'practice.check("{name}", {written})']
    page = lab.open("pasted", IMPORTS, *starters)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    run(page, 0)
    for k, (name, mistake, functions, last) in enumerate(PASTED):
        exercise, starter = EXERCISES[name], 2 * k + 1
        run(page, starter)
        assert verdicts(page, starter + 1, 1)[0].startswith(f"… {name}: not attempted. Write my_")
        source = "\n\n".join([*map(inspect.getsource, functions), last])
        page.evaluate("text => navigator.clipboard.writeText(text)", source)
        page.locator(".jp-Notebook-cell").nth(starter).locator(".cm-content").click()
        page.keyboard.press("ControlOrMeta+a")
        page.keyboard.press("ControlOrMeta+v")
        run(page, starter)
        [expected] = [m for m in exercise.mistakes if m.name == mistake]
        assert verdicts(page, starter + 1, 1) == [hint(exercise, expected)]
        tables = page.locator(".jp-Notebook-cell").nth(starter + 1).locator("table")
        assert tables.locator("caption").all_inner_texts()[1].startswith("the right dx")
        assert tables.first.get_by_text("✗").count() >= 1
    page.close()

"""A page for figure.js alone: the script and style as they are, one figure for each spec."""

import json
import shutil
from pathlib import Path

import backprop.figure
from tests.site.browser import settle

SOURCE = Path(backprop.figure.__file__).parent

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Figures</title>
<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="figure.css">
<style>body {{ margin: 8px; font-family: sans-serif; }}</style></head>
<body><main><h1>Figures</h1>{figures}</main>
<script type="module">
import widget, {{ mount }} from "./figure.js";
window.widget = widget;
document.querySelectorAll(".bp-figure").forEach(mount);
window.ready = true;
</script></body></html>"""

FIGURE = """<div class="bp-figure" id="{name}"><script class="bp-spec" type="application/json">
{spec}</script><div class="bp-static">The static table.</div></div>"""


class Stage:
    """Opens pages with figures; complains, by failing, of any error on them."""

    def __init__(self, browser, folder, address):
        self.browser, self.folder, self.address = browser, folder, address
        self.contexts, self.errors = [], []
        for name in ("figure.js", "figure.css"):
            shutil.copyfile(SOURCE / name, folder / name)

    def open(self, width=1000, **options):
        """Open a page of this width with the figures that `show` has written."""
        context = self.browser.new_context(
            viewport={"width": width, "height": 900}, **{"reduced_motion": "reduce"} | options
        )
        self.contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)  # a busy machine types slowly
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.goto(self.address + "page.html")
        page.wait_for_function("window.ready")
        settle(page)
        return page

    def write(self, **specs):
        """Write the page: one figure for each spec, its name the element's id."""
        figures = [FIGURE.format(name=n, spec=json.dumps(s)) for n, s in specs.items()]
        (self.folder / "page.html").write_text(PAGE.format(figures="".join(figures)), "utf-8")

    def show(self, spec, **options):
        """Open a page with one figure; give the figure."""
        self.write(figure=spec)
        return self.open(**options).locator("#figure")

    def close(self):
        """Close what was opened."""
        for context in self.contexts:
            context.close()


def numbers(figure):
    """Read {cell id: value} of all cells that are not hidden."""
    return figure.locator("[data-cell][data-value]").evaluate_all(
        "(cells) => Object.fromEntries(cells.map((c) => [c.dataset.cell, Number(c.dataset.value)]))"
    )


def cell(figure, name):
    """Find a cell by its id."""
    return figure.locator(f'[data-cell="{name}"]')


def marked(figure, mark="target"):
    """List the ids of the cells with a mark."""
    return figure.locator(f".bp-{mark} [data-cell]").evaluate_all(
        "(cells) => cells.map((c) => c.dataset.cell)"
    )


def formula(figure):
    """Read the formula lines, one space between words."""
    return [" ".join(line.split()) for line in figure.locator(".bp-formula").all_text_contents()]


def type_into(figure, name, text):
    """Replace a number by what a reader types, and press Enter."""
    cell(figure, name).click()
    cell(figure, name).press("ControlOrMeta+a")
    cell(figure, name).press_sequentially(text) if text else cell(figure, name).press("Delete")
    cell(figure, name).press("Enter")

"""How heavy a built page is, what it asks for, and whether it stands still while it comes.

The times are measured by benchmarks/pages.py: here nothing depends on the machine.
"""

import io
import re
from collections import Counter

import pytest
from bs4 import BeautifulSoup
from PIL import Image, ImageChops

from tests.site import browser

pytestmark = [
    pytest.mark.skipif(not browser.PAGES, reason="no book is built; make html builds it"),
    pytest.mark.skipif(not browser.CHROMIUM, reason="no Chromium found; the site needs one"),
]

KB = 1024
FIRST_AT_MOST = 300 * KB  # all that a reader's first page takes, compressed
LATER_AT_MOST = 120 * KB  # a page after that; the rest is kept
SHIFT_AT_MOST = 0.02  # a fifth of what is called good

SCRIPTS = {
    "_static/backprop/page.js",
    "_static/clipboard.min.js",
    "_static/copybutton.js",
    "_static/doctools.js",
    "_static/documentation_options.js",
    "_static/scripts/bootstrap.js",
    "_static/scripts/pydata-sphinx-theme.js",
    "_static/scripts/sphinx-book-theme.js",
    "_static/sphinx_highlight.js",
    "_static/togglebutton.js",
}
ALWAYS = {"_static/book.css", "_static/favicon.svg", *SCRIPTS}
FIGURE = {"_static/backprop/figure.js"}
FONTS = re.compile(r"_static/fonts/(fa-solid-900|MathJax_\w+(-\w+)?)\.woff")


@pytest.fixture(scope="module")
def chromium():
    with browser.chromium() as started:
        yield started


@pytest.fixture(scope="module")
def root():
    with browser.served(browser.HTML) as address:
        yield address


# ---- what is asked for, and how much it is ----


@pytest.fixture(scope="module", params=browser.PAGES)
def visits(request, chromium):
    """A page as a reader's first one, then as the one after another: (name, bytes) of each file."""
    name = request.param
    return name, sent_for(chromium, [name]), sent_for(chromium, [another(name), name])


def sent_for(chromium, names):
    """Open one page after another, as a new reader; list (name, bytes) of what the last one took.

    The browser asks for a page's icon after all else: who goes on before it has come gets it late,
    and it would be counted for the page that follows.
    """
    sent = []
    with browser.served(browser.HTML, sent) as root, chromium.new_context() as context:
        page = context.new_page()
        for name in names:
            sent.clear()
            browser.open_page(page, root + name)
            page.wait_for_load_state("networkidle")
    return sent


def another(name):
    """A page with a figure and formulas, but not this one."""
    return next(page for page in browser.FIGURE_PAGES if page != name)


def test_a_first_page_is_light(visits):
    _, first, _ = visits
    assert sum(size for _, size in first) <= FIRST_AT_MOST, first


def test_a_later_page_is_lighter(visits):
    _, _, later = visits
    assert sum(size for _, size in later) <= LATER_AT_MOST, later


def test_a_page_asks_for_what_is_on_this_list_once(visits):
    name, first, _ = visits
    asked = Counter(file for file, _ in first if not FONTS.fullmatch(file))
    page = BeautifulSoup((browser.HTML / name).read_text("utf-8"), "html.parser")
    pictures = {f"_images/{img['src'].split('/')[-1]}" for img in page.select("img")}
    figure = FIGURE if name in browser.FIGURE_PAGES else set()
    expected = {name, *ALWAYS, *figure, *pictures, *own_scripts(page)}
    assert asked == Counter(expected)


def own_scripts(page):
    """The scripts of search, which is a page of its own kind."""
    names = {script["src"].split("?")[0] for script in page.select("script[src]")}
    return names & {"_static/searchtools.js", "_static/language_data.js", "searchindex.js"}


def test_a_later_page_asks_for_nothing_again(visits):
    name, _, later = visits
    kept = {*ALWAYS, *FIGURE}
    assert not kept & {file for file, _ in later}
    assert name in {file for file, _ in later}


# ---- the page stands still ----

WATCH = """
    window.shifts = [];
    new PerformanceObserver((list) => {
        for (const { value, hadRecentInput, sources } of list.getEntries()) {
            const what = ({ node }) => (node?.parentElement ?? node)?.outerHTML?.slice(0, 80);
            if (!hadRecentInput) window.shifts.push([value, ...sources.map(what)]);
        }
    }).observe({ type: "layout-shift", buffered: true });
"""


@pytest.mark.parametrize("width", [1200, 360])
@pytest.mark.parametrize("at_figure", [False, True], ids=["top", "figure"])
@pytest.mark.parametrize("name", browser.FIGURE_PAGES)
def test_nothing_moves_while_a_page_comes(chromium, root, name, at_figure, width):
    place = f"#{section_of_figure(name)}" if at_figure else ""
    with chromium.new_context(viewport={"width": width, "height": 800}) as context:
        page = context.new_page()
        page.add_init_script(WATCH)
        browser.open_page(page, root + name + place)
        page.wait_for_load_state("networkidle")
        browser.settle(page)
        shifts = page.evaluate("window.shifts")
        assert sum(shift[0] for shift in shifts) < SHIFT_AT_MOST, shifts


def section_of_figure(name):
    """The id of the section that holds the first figure of a page."""
    page = BeautifulSoup((browser.HTML / name).read_text("utf-8"), "html.parser")
    return page.select_one(".bp-figure").find_parent("section")["id"]


# ---- what is read first is drawn and laid out first ----


@pytest.mark.parametrize(("width", "scheme"), [(1200, "light"), (360, "dark")])
@pytest.mark.parametrize("name", browser.FIGURE_PAGES)
def test_what_is_read_first_needs_no_style_sheet(chromium, root, name, width, scheme):
    size = {"width": width, "height": 800}
    with chromium.new_context(
        viewport=size, color_scheme=scheme, reduced_motion="reduce"
    ) as context:
        page = context.new_page()
        held = []
        page.route("**/book.css*", lambda route: held.append(route))
        page.route("**/scripts/*", lambda route: route.abort())  # the theme's, which come last
        page.goto(root + name, wait_until="commit")
        page.wait_for_selector(".bp-figure[data-live]")
        page.evaluate("document.fonts.ready")
        by_its_own_rules = first_looks(page)
        held[0].continue_()
        page.wait_for_selector("html:not([data-fresh])", state="attached")
        (top, figure), (styled_top, styled_figure) = by_its_own_rules, first_looks(page)
        assert differing(top, styled_top) is None
        assert [a for a, b in zip(figure, styled_figure, strict=True) if a != b] == []


def first_looks(page):
    """Take a picture of the page's top, and list the styles of all that the first figure has."""
    page.evaluate("delete document.documentElement.dataset.fresh")
    browser.settle(page)
    width = min(page.viewport_size["width"], 900)  # the contents, on the right, come with the rest
    top = page.screenshot(clip={"x": 0, "y": 0, "width": width, "height": 400})
    return top, page.locator(".bp-figure").first.evaluate(STYLES)


STYLES = """figure => [figure, ...figure.querySelectorAll("*")].map((element) => {
    const style = getComputedStyle(element);
    const names = ["display", "position", "visibility", "opacity", "color", "background", "border",
        "font", "margin", "padding", "width", "height"];
    return [element.className, ...names.map((name) => style.getPropertyValue(name))];
})"""


def differing(picture, other):
    """Return the box of the pixels that differ clearly, or None; edges of letters may flicker."""
    a, b = (Image.open(io.BytesIO(data)).convert("RGB") for data in (picture, other))
    return ImageChops.difference(a, b).point(lambda value: value > 40 and 255).getbbox()


FRESH = """document.addEventListener("DOMContentLoaded", () => {
    window.came = "fresh" in document.documentElement.dataset;
});"""


@pytest.mark.parametrize("at_figure", [False, True], ids=["top", "figure"])
def test_sections_below_the_window_are_laid_out_last(chromium, root, at_figure):
    name = browser.FIGURE_PAGES[0]
    place = f"#{section_of_figure(name)}" if at_figure else ""
    with chromium.new_context() as context:
        page = context.new_page()
        page.add_init_script(FRESH)
        browser.open_page(page, root + name + place)
        assert page.evaluate("window.came") != at_figure
        end = page.locator(".bd-article > section > section > *").last
        assert end.evaluate("block => block.checkVisibility({ contentVisibilityAuto: true })")
        assert end.evaluate("block => getComputedStyle(block).contentVisibility") == "visible"


FIRST_FRAME = """
    requestAnimationFrame(() => {
        window.alive = document.querySelectorAll(".bp-figure[data-live]").length;
    });
    new MutationObserver((_, watch) => {
        if (!document.querySelector('script[src*="pydata-sphinx-theme"]')) return;
        watch.disconnect();
        const blocks = [...document.querySelectorAll(".bd-article > section > section > *")];
        const waits = (block) => getComputedStyle(block).contentVisibility !== "visible";
        window.left = blocks.filter(waits).length;
    }).observe(document, { subtree: true, childList: true });
"""


@pytest.mark.parametrize("name", browser.FIGURE_PAGES)
def test_a_page_is_drawn_before_it_does_more(chromium, root, name):
    with chromium.new_context() as context:
        page = context.new_page()
        page.add_init_script(FIRST_FRAME)
        browser.open_page(page, root + name)
        assert page.evaluate("window.alive") <= 1, "one figure comes to life before the first frame"
        assert page.evaluate("window.left") == 0, "the theme measures what is not laid out"
        assert not page.locator(".bp-figure:not([data-live])").count()

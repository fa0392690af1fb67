"""The built book, as a reader meets it: in a browser, online or from a folder, with no network."""

import functools
import gzip
import json
import math
import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit
from zipfile import ZipFile

import pytest
from bs4 import BeautifulSoup
from fontTools.ttLib import TTFont

from tests.site import axe, browser, paper
from tests.site.formulas import cell_values

pytestmark = [
    pytest.mark.skipif(not browser.PAGES, reason="no book is built; make html builds it"),
    pytest.mark.skipif(not browser.CHROMIUM, reason="no Chromium found; the site needs one"),
]
BASES = ["server", "file"]


@pytest.fixture(scope="module")
def chromium():
    with browser.chromium() as started:
        yield started


@pytest.fixture(scope="module")
def roots():
    """Where the book is: its address on a local server, and its folder."""
    with browser.served(browser.HTML) as address:
        yield {"server": address, "file": browser.HTML.as_uri() + "/"}


# ---- every page, looked at once from each place ----


@dataclass
class Visit:
    """What one visit to a page has shown."""

    complaints: browser.Complaints
    raw: list
    dead: int
    sideways: list
    lost: list
    paper: list
    faults: list = field(default_factory=list)


def look(chromium, root, name, *, with_axe):
    """Visit a page: wide first, then on a phone in the dark, then wide again."""
    with chromium.new_context(viewport={"width": 1200, "height": 900}) as context:
        page = context.new_page()
        complaints = browser.Complaints(page, root)
        browser.open_page(page, root + name)
        folded = paper.faults(page)
        browser.unfold(page)
        visit = Visit(
            complaints=complaints,
            raw=browser.raw_mathematics(page),
            dead=page.locator(".bp-figure:not([data-live=true])").count(),
            sideways=browser.sideways(page, 360),
            lost=browser.lost_on_a_phone(page),
            paper=folded + paper.faults(page),
        )
        if with_axe:
            visit.faults = axe_faults(page)
        return visit


def axe_faults(page):
    """Ask axe-core about a page on a phone in the dark, then about the same, wide and light."""
    faults = axe.reach_faults(page)
    page.evaluate(axe.THIN_OUT)
    for scheme, width in (("dark", 360), ("light", 1200)):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        browser.settle(page)
        assert page.locator(f"html[data-theme={scheme}]").count(), "the theme does not follow"
        faults += [f"{scheme}, {width} px: {fault}" for fault in axe.faults(page)]
    return faults


@pytest.fixture(
    scope="module", params=[(base, name) for name in browser.PAGES for base in BASES], ids=" ".join
)
def visit(request, chromium, roots):
    base, name = request.param
    return look(chromium, roots[base], name, with_axe=base == "server")


def test_a_page_raises_no_error(visit):
    assert visit.complaints.errors == []


def test_every_request_is_answered(visit):
    assert visit.complaints.failed == []


def test_nothing_is_asked_of_a_third_party(visit):
    assert visit.complaints.foreign == []


def test_every_figure_is_live(visit):
    assert visit.dead == 0


def test_mathematics_is_set(visit):
    assert visit.raw == []


def test_nothing_scrolls_sideways_on_a_phone(visit):
    assert visit.sideways == []


def test_a_phone_shows_whole_formulas_with_their_commas_and_readable_pictures(visit):
    assert visit.lost == []


def test_paper_shows_all_of_a_page_and_nothing_to_press(visit):
    assert visit.paper == []


def test_axe_finds_nothing(visit):
    assert visit.faults == []


# ---- every figure, used ----


@pytest.fixture(
    scope="module",
    params=[(base, name) for name in browser.FIGURE_PAGES for base in BASES],
    ids=" ".join,
)
def page(request, chromium, roots):
    """A page with figures, open for the tests that follow."""
    base, name = request.param
    with chromium.new_context(reduced_motion="reduce") as context:
        page = context.new_page()
        page.set_default_timeout(30_000)
        browser.open_page(page, roots[base] + name)
        browser.unfold(page)
        yield page


def figures(page):
    """Each figure of a page with the JSON it was made from."""
    for figure in page.locator(".bp-figure").all():
        yield figure, json.loads(figure.locator(".bp-spec").text_content())


def variants(figure, spec):
    """Choose each variant of a figure in turn, at its first step; give its worksheet."""
    for k, variant in enumerate(spec["variants"]):
        if len(spec["variants"]) > 1:
            figure.locator(".bp-variants label").nth(k).click()
        go_to(figure, variant["worksheet"], 0)
        yield variant["worksheet"]


def go_to(figure, sheet, step):
    """Drag the slider to a step; a figure of one step has no slider."""
    if len(sheet["steps"]) > 1:
        figure.locator(".bp-controls input[type=range]").fill(str(step + 1))


def targets(step):
    """The cells that a step computes; there may be none."""
    return set(step.get("targets", []))


def named(figure, spec, word):
    """Locate a button by the name that the figure's words give it."""
    return figure.get_by_role("button", name=spec["words"][word], exact=True)


def drawn_values(figure):
    """Read {cell id: value} from the page."""
    return figure.locator("[data-cell]").evaluate_all(
        "(cells) => Object.fromEntries(cells.map((c) => [c.dataset.cell, Number(c.dataset.value)]))"
    )


def marked(figure):
    """Name the cells that the current step outlines."""
    return set(
        figure.locator(".bp-target [data-cell]").evaluate_all(
            "(cells) => cells.map((c) => c.dataset.cell)"
        )
    )


def editable(figure, sheet):
    """Go to a step that shows it, for each given grid; give the grid and its first entry."""
    for grid in sheet["grids"]:
        shows = [k for k, step in enumerate(sheet["steps"]) if shown(grid, step)]
        if "given" in grid and shows:
            go_to(figure, sheet, shows[0])
            yield grid, figure.locator(f'[data-grid="{grid["name"]}"] input').first


def shown(grid, step):
    """Say whether a step shows a grid."""
    return grid["name"] in step["show"] if "show" in step else not grid.get("hidden")


def other_value(grid):
    """Another value for a grid's first entry: the next choice, where there are some."""
    first, choices = grid["given"][0], grid.get("choices")
    return next(value for value in choices if value != first) if choices else first + 2.5


def test_the_arrow_keys_step_through_a_figure(page):
    for figure, spec in figures(page):
        for sheet in variants(figure, spec):
            steps = [targets(step) for step in sheet["steps"]]
            if len(steps) == 1:
                continue
            named(figure, spec, "play").focus()
            seen = [marked(figure)]
            for _ in steps[1:]:
                page.keyboard.press("ArrowRight")
                seen.append(marked(figure))
            assert seen == steps
            page.keyboard.press("ArrowLeft")
            assert marked(figure) == steps[-2]


def test_a_figure_shows_what_numpy_computes(page):
    for figure, spec in figures(page):
        for sheet in variants(figure, spec):
            assert drawn_values(figure) == pytest.approx(cell_values(sheet), rel=1e-12, abs=1e-12)


def test_an_edited_number_changes_what_numpy_changes(page):
    for figure, spec in figures(page):
        for sheet in variants(figure, spec):
            given = {}
            for grid, entry in editable(figure, sheet):
                given[grid["name"]] = [other_value(grid), *grid["given"][1:]]
                entry.fill(str(given[grid["name"]][0]))
                entry.press("Enter")
                expected = cell_values(sheet, **given)
                assert drawn_values(figure) == pytest.approx(expected, rel=1e-12, abs=1e-12)
            assert given, "a figure in which nothing can be changed"
            named(figure, spec, "reset").click()
            assert drawn_values(figure) == pytest.approx(cell_values(sheet), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("refused", ["two", "", "1e999", "1+1"])
def test_a_refused_entry_says_why_and_keeps_the_old_value(page, refused):
    for figure, spec in figures(page):
        sheet = next(variants(figure, spec))
        before = drawn_values(figure)
        _, entry = next(editable(figure, sheet))
        old = entry.input_value()
        entry.fill(refused)
        entry.press("Enter")
        assert drawn_values(figure) == before
        assert entry.input_value() == old
        assert figure.get_by_role("status").inner_text().strip()


def test_a_figure_plays_to_its_end(page):
    page.clock.install()
    for figure, spec in figures(page):
        sheet = next(variants(figure, spec))
        if len(sheet["steps"]) == 1:
            continue
        play = named(figure, spec, "play")
        play.click()
        assert marked(figure) == targets(sheet["steps"][0])
        for _ in range(120):
            if marked(figure) == targets(sheet["steps"][-1]) and play.is_visible():
                break
            page.clock.run_for(1000)
        else:
            pytest.fail(f"{spec['title']}: still playing after two minutes")


# ---- the theme's own controls ----


@pytest.fixture(params=BASES)
def chapter(request, chromium, roots):
    """A chapter with folds and code, on a wide screen."""
    with chromium.new_context(
        viewport={"width": 1200, "height": 900},
        color_scheme="light",
        reduced_motion="reduce",
        permissions=["clipboard-read", "clipboard-write"],
    ) as context:
        page = context.new_page()
        page.set_default_timeout(10_000)
        browser.open_page(page, roots[request.param] + "book/04-the-kernels-gradient.html")
        yield page


def test_the_theme_can_be_switched_and_stays_so(chapter):
    html = chapter.locator("html")
    for _ in range(3):  # auto, light, dark
        chapter.locator(".theme-switch-button:visible").click()
        if html.get_attribute("data-mode") == "dark":
            break
    assert html.get_attribute("data-theme") == "dark"
    chapter.reload()
    assert html.get_attribute("data-theme") == "dark"


def test_search_opens_by_its_button_and_by_the_keyboard(chapter):
    dialog = chapter.locator("#pst-search-dialog")
    chapter.locator(".search-button__button:visible").first.click()
    assert dialog.is_visible()
    chapter.keyboard.press("Escape")
    assert dialog.is_hidden()
    chapter.keyboard.press("Control+k")
    assert dialog.is_visible()
    chapter.keyboard.type("kernel")
    chapter.keyboard.press("Enter")
    chapter.wait_for_url("**/search.html?q=kernel")


def test_code_can_be_copied(chapter):
    cell = chapter.locator(".cell_input").first
    cell.hover()
    cell.locator("button.copybtn").click()
    chapter.locator("button.copybtn.success").wait_for()
    assert chapter.evaluate("document.activeElement.matches('.copybtn.success')")
    copied = chapter.evaluate("() => navigator.clipboard.readText()")
    assert copied.strip() == cell.locator("pre").inner_text().strip()


def test_prints_that_arrive_in_parts_leave_no_gap(chapter):
    first = chapter.locator(".cell_output .output.stream").first
    gaps = first.evaluate(
        """first => {
          first.querySelector("pre").textContent = "one line";
          first.after(first.cloneNode(true), first.cloneNode(true));
          const parts = [...first.parentElement.querySelectorAll(".output.stream pre")];
          const edges = parts.map((part) => part.getBoundingClientRect());
          return edges.slice(1).map((edge, k) => edge.top - edges[k].bottom);
        }"""
    )
    assert gaps == [0, 0]


def test_an_answer_is_folded_until_it_is_opened(chapter):
    answer = chapter.locator(".admonition.toggle").first
    inside = answer.locator("p:not(.admonition-title)").first
    assert inside.is_hidden()
    answer.locator("button.toggle-button").click()
    assert inside.is_visible()


def test_the_sidebars_open_and_close(chapter):
    menu = chapter.locator("#pst-primary-sidebar")
    assert menu.is_visible()
    chapter.locator(".primary-toggle:visible").click()
    menu.wait_for(state="hidden")
    chapter.set_viewport_size({"width": 360, "height": 800})
    for side in ("primary", "secondary"):
        dialog = chapter.locator(f"#pst-{side}-sidebar-modal")
        chapter.locator(f".{side}-toggle:visible").click()
        dialog.wait_for(state="visible")
        chapter.keyboard.press("Escape")
        dialog.wait_for(state="hidden")
    chapter.locator(".secondary-toggle:visible").click()
    place = dialog.locator("a").last
    anchor = place.get_attribute("href")
    place.click()
    dialog.wait_for(state="hidden")  # the choice is no longer in the way of what was chosen
    assert chapter.url.endswith(anchor)


def test_every_icon_is_in_the_font(chapter):
    drawn = chapter.locator("[class*='fa-']").evaluate_all(
        "(all) => all.map((e) => getComputedStyle(e, '::before').content)"
    )
    signs = {content.strip('"') for content in drawn}
    assert len(signs) > 6
    font = TTFont(browser.HTML / "_static" / "fonts" / "fa-solid-900.woff")
    assert {ord(sign) for sign in signs} <= set(font.getBestCmap())
    assert chapter.evaluate("() => document.fonts.check('900 1em \"Font Awesome 6 Free\"')")


# ---- what is in the folder ----


@pytest.fixture(scope="module", params=browser.PAGES)
def document(request):
    """A built page, parsed; it knows where it is."""
    path = browser.HTML / request.param
    parsed = BeautifulSoup(path.read_text("utf-8"), "html.parser")
    parsed.path = path
    return parsed


def test_every_internal_link_leads_somewhere(document):
    broken = [a["href"] for a in document.select("a[href]") if leads_nowhere(document, a["href"])]
    assert broken == []


def leads_nowhere(document, href):
    """Say whether a link into the book has no file, or no such place in the file."""
    link = urlsplit(href)
    if link.scheme or link.netloc:
        return link.scheme not in {"https", "mailto"}
    target = (document.path.parent / unquote(link.path)).resolve() if link.path else document.path
    if not target.is_file():
        return True
    if not link.fragment or target.suffix != ".html":
        return False
    return unquote(link.fragment) not in places(target)


@functools.cache
def places(path):
    """The names of all places in a page; asked for many times, it is read once."""
    page = BeautifulSoup(path.read_text("utf-8"), "html.parser")
    return {element["id"] for element in page.find_all(id=True)}


def test_every_picture_says_what_it_shows(document):
    pictures = document.select("article img, main img")
    silent = [str(img)[:120] for img in pictures if len(img.get("alt", "").split()) < 4]
    assert silent == []


def test_a_page_carries_no_widget_state_and_no_kernel_script(document):
    types = {script.get("type", "") for script in document.select("script")}
    sources = " ".join(script.get("src", "") for script in document.select("script"))
    assert not any(kind.startswith("application/vnd.jupyter") for kind in types)
    assert not any(name in sources + str(document.head) for name in ["thebe", "require", "embed"])


def test_a_figure_is_light():
    script = (browser.HTML / "_static" / "backprop" / "figure.js").read_bytes()
    assert len(gzip.compress(script)) <= 12_288


def test_the_json_of_a_figure_is_small(document):
    sizes = [len(spec.text.encode()) for spec in document.select(".bp-spec")]
    assert all(size <= 12 * 1024 for size in sizes), sizes


# ---- what a reader takes along ----


def test_a_page_offers_the_notebook_as_its_author_saved_it(document):
    source = browser.ROOT / document.path.relative_to(browser.HTML).with_suffix(".ipynb")
    offered = document.select('.bp-take a[href$=".ipynb"]')
    assert len(offered) == source.is_file()
    for link in offered:
        assert (document.path.parent / link["href"]).read_bytes() == source.read_bytes()


def test_what_a_page_offers_is_saved_by_a_click(chromium, roots):
    with chromium.new_context() as context:
        page = context.new_page()
        page.goto(roots["server"] + browser.FIGURE_PAGES[0])
        offers = page.locator(".bp-take a").all()
        for link in offers:
            with page.expect_download() as started:
                link.click()
            saved = Path(started.value.path())
            assert saved.read_bytes() == (browser.HTML / offered_file(link)).read_bytes()
        assert {offered_file(link).suffix for link in offers} == {".ipynb", ".whl", ".zip"}


def test_in_a_folder_a_click_shows_the_notebook_as_text_to_save(chromium, roots):
    """A browser saves no file for a page that is a file itself; it opens it instead."""
    with chromium.new_context() as context:
        page = context.new_page()
        page.goto(roots["file"] + browser.FIGURE_PAGES[0])
        link = page.locator('.bp-take a[href$=".ipynb"]')
        source = (browser.HTML / offered_file(link)).read_text("utf-8")
        link.click()
        page.wait_for_url("**/*.ipynb")
        assert json.loads(page.locator("body").inner_text()) == json.loads(source)


def offered_file(link):
    """Say where in the site a link's file lies; every page is one folder down."""
    return Path(link.get_attribute("href").removeprefix("../"))


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    """The archive, unpacked in another place."""
    folder = tmp_path_factory.mktemp("another place")
    with ZipFile(browser.HTML / "backprop-by-hand.zip") as archive:
        archive.extractall(folder)
    return folder / "backprop-by-hand"


def test_the_archive_holds_every_page(unpacked):
    def pages(folder):
        return {path.relative_to(folder).as_posix() for path in folder.rglob("*.html")}

    assert pages(unpacked) == pages(browser.HTML)


def test_the_archive_opens_where_it_is_unpacked(chromium, unpacked):
    root = unpacked.as_uri() + "/"
    with chromium.new_context() as context:
        page = context.new_page()
        complaints = browser.Complaints(page, root)
        page.goto(root + "index.html")
        page.wait_for_url("**/book/index.html")
        # who goes on at once breaks off what the page has asked for, and it counts as failed
        page.wait_for_load_state("networkidle")
        browser.open_page(page, root + browser.FIGURE_PAGES[0])
        assert page.locator(".bp-figure:not([data-live=true])").count() == 0
        assert browser.raw_mathematics(page) == []
        assert page.locator(".bp-take").count() == 1
        page.wait_for_load_state("networkidle")
        page.goto(root + "search.html?q=kernel")
        page.locator("#search-results li a").first.wait_for()
        page.wait_for_load_state("networkidle")
        page.locator("#search-results li a").first.click()
        page.wait_for_url("**/backprop-by-hand/book/*")
        assert complaints.errors + complaints.failed + complaints.foreign == []


# ---- the book as a whole ----


@pytest.mark.parametrize("base", BASES)
def test_the_front_door_leads_to_the_index(chromium, roots, base):
    with chromium.new_context() as context:
        page = context.new_page()
        page.goto(roots[base] + "index.html")
        page.wait_for_url("**/book/index.html")


@pytest.mark.parametrize("missing", ["book/none.html", "none/of/these/", "none"])
def test_a_lost_reader_is_led_back_into_the_book(chromium, missing):
    place = browser.HostOfMany.place
    hosted = browser.served(browser.HTML, handler=browser.HostOfMany)
    with hosted as address, chromium.new_context() as context:
        page = context.new_page()
        answer = page.goto(f"{address.rstrip('/')}{place}{missing}")
        assert answer.status == 404
        page.locator("#lost").wait_for(state="detached")
        links = [link.get_attribute("href") for link in page.get_by_role("link").all()]
        assert len(links) >= 3
        for link in links:
            assert page.evaluate("async (link) => (await fetch(link)).status", link) == 200
        page.get_by_role("link").first.click()
        page.wait_for_url(f"**{place}book/index.html")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_for_the_lost_is_open_to_all(chromium, roots, scheme):
    with chromium.new_context(
        color_scheme=scheme, viewport={"width": 360, "height": 800}
    ) as context:
        page = context.new_page()
        complaints = browser.Complaints(page, roots["file"])
        browser.open_page(page, roots["file"] + "404.html")
        assert axe.faults(page) == []
        assert browser.sideways(page, 360) == []
        assert complaints.errors + complaints.failed + complaints.foreign == []


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize(
    ("words", "chapter"), [("kernel", "04-the-kernels-gradient"), ("180", "06-why-180-degrees")]
)
def test_search_finds_a_page(chromium, roots, base, words, chapter):
    with chromium.new_context() as context:
        page = context.new_page()
        complaints = browser.Complaints(page, roots[base])
        page.goto(f"{roots[base]}search.html?q={words}")
        page.get_by_text(re.compile(r"^Places found: \d+")).wait_for()
        assert page.locator(f'#search-results li a[href^="book/{chapter}"]').count()
        page.wait_for_load_state("networkidle")
        assert complaints.errors + complaints.failed + complaints.foreign == []


@pytest.mark.parametrize(
    ("words", "chapter"),
    [
        ("kernel gradient", "04-the-kernels-gradient"),
        ("layer norm", "09-layernorm"),
        ("γ", "09-layernorm"),
    ],
)
def test_search_puts_first_what_is_called_so_and_shows_its_first_sentences(
    chromium, roots, words, chapter
):
    with chromium.new_context() as context:
        page = context.new_page()
        page.goto(f"{roots['server']}search.html?q={words}")
        page.get_by_text(re.compile(r"^Places found: \d+")).wait_for()
        first = page.locator("#search-results li").first
        assert first.locator("a").get_attribute("href").startswith(f"book/{chapter}")
        excerpt = first.locator("p").inner_text()
        assert len(excerpt) > 150
        assert "Contents" not in excerpt


def test_search_says_in_the_books_words_that_nothing_was_found(chromium, roots):
    with chromium.new_context() as context:
        page = context.new_page()
        page.goto(roots["server"] + "search.html?q=qwertz")
        page.get_by_text("Nothing found. A page must have all the words").wait_for()


WATCH = """() => {
    const folds = () => document.querySelectorAll(".toggle-hidden").length;
    window.state = () => ({ theme: document.documentElement.dataset.theme, closed: folds() });
    addEventListener("beforeprint", () => { window.printed = window.state(); });
}"""


def test_a_dark_page_prints_light_and_keeps_its_folds_closed(chromium, roots):
    with chromium.new_context(color_scheme="dark") as context:
        page = context.new_page()
        browser.open_page(page, roots["file"] + browser.FIGURE_PAGES[0])
        page.evaluate(WATCH)
        before = page.evaluate("state()")
        assert before["theme"] == "dark"
        assert before["closed"] > 0
        assert len(re.findall(rb"/Type /Page\b", page.pdf())) > 1
        assert page.evaluate("printed") == before | {"theme": "light"}
        assert page.evaluate("state()") == before


@pytest.mark.parametrize("name", browser.FIGURE_PAGES)
def test_without_javascript_the_numbers_are_there(chromium, roots, name):
    with chromium.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(roots["file"] + name)
        browser_tables = page.locator(".bp-figure .bp-static table")
        assert browser_tables.count() >= page.locator(".bp-figure").count()
        assert browser_tables.first.is_visible()


def test_formulas_are_evaluated_as_a_hand_does():
    """The oracle of the tests above, on one formula of each kind."""
    grids = [
        {"name": "x", "shape": [2], "given": [3, 4]},
        {"name": "s", "shape": [], "formulas": [["sqrt", ["+", ["^", "x1", 2], ["*", "x2", 4]]]]},
        {
            "name": "y",
            "shape": [3],
            "formulas": [
                ["max", "x1", ["/", "s", 2]],
                ["if", ["<", "x1", 0], ["/", 1, 0], ["exp", ["log", "x2"]]],
                0,
            ],
        },
    ]
    values = cell_values({"grids": grids}, x=[3, 4])
    assert values == pytest.approx(
        {"x1": 3, "x2": 4, "s": math.sqrt(25), "y1": 3, "y2": 4, "y3": 0}
    )

"""One figure, walked through by ear and by keyboard alone; and every page, stop by stop."""

import pytest
from playwright.sync_api import expect

from tests.site import browser

pytestmark = [
    pytest.mark.skipif(not browser.PAGES, reason="no book is built; make html builds it"),
    pytest.mark.skipif(not browser.CHROMIUM, reason="no Chromium found; the site needs one"),
]

PAGE = "book/04-the-kernels-gradient.html"


@pytest.fixture(scope="module")
def chromium():
    with browser.chromium() as started:
        yield started


@pytest.fixture
def page(chromium):
    """The chapter of the kernel's gradient, at its top."""
    with chromium.new_context(
        viewport={"width": 1200, "height": 900}, reduced_motion="reduce"
    ) as context:
        page = context.new_page()
        page.set_default_timeout(10_000)
        browser.open_page(page, browser.HTML.joinpath(PAGE).as_uri())
        yield page


@pytest.fixture
def figure(page):
    return page.locator("#first-figure")


# ---- by ear: what a screen reader is given ----


def test_the_figure_says_what_it_is_and_what_it_holds(figure):
    expect(figure).to_match_aria_snapshot(
        """
        - group "The kernel's gradient":
          - paragraph: The kernel's gradient
          - group "Steps":
            - button "First step" [disabled]
            - button "Previous step" [disabled]
            - button "Play"
            - button "Next step"
            - button "Last step"
            - slider "Step": "1"
            - button "Predict"
            - button "Reset numbers"
          - table "x":
            - caption: x
            - rowgroup:
              - row:
                - cell
                - columnheader "1"
                - columnheader "2"
                - columnheader "3"
            - rowgroup:
              - row:
                - rowheader "1"
                - cell:
                  - textbox "x row 1 column 1": "5"
                - cell:
                  - textbox "x row 1 column 2": "8"
                - cell:
                  - textbox "x row 1 column 3": "3"
          - table "dy":
            - caption: dy
          - table "dF":
            - caption: dF
            - rowgroup
            - rowgroup:
              - row:
                - rowheader "1"
                - cell:
                  - 'button "dF row 1 column 1: 8"'
                - cell:
                  - 'button "dF row 1 column 2: 11"'
          - paragraph: F₁₁ touched these cells, one in each window.
          - status
        """.replace("          - paragraph: /dF 11 = dy 11 ·x 11 \\+ .* = 8/\n", "")
    )


def test_a_step_is_told(figure):
    told = figure.locator("[aria-live]")
    assert told.get_attribute("aria-live") == "polite"
    assert told.get_attribute("aria-atomic") == "true"
    assert current(figure) == ["dF row 1 column 1: 8"]
    figure.get_by_role("button", name="Next step").click()
    assert spoken(told).startswith(
        "dF12 = dy11·x12 + dy12·x13 + dy21·x22 + dy22·x23 = 2·8 + (−3)·3 + 1·4 + 4·0 = 11"
    )
    assert current(figure) == ["dF row 1 column 2: 11"]
    slider = figure.get_by_role("slider", name="Step")
    assert slider.get_attribute("aria-valuetext") == "Step 2 of 4"
    expect(figure.get_by_role("button", name="Previous step")).to_be_enabled()


def test_a_refused_entry_is_told(figure):
    entry = figure.get_by_role("textbox", name="x row 1 column 2")
    entry.fill("two")
    entry.press("Enter")
    expect(figure.get_by_role("status")).to_have_text("“two” is not a number. x₁₂ stays 8.")
    expect(entry).to_have_value("8")


def test_what_is_to_be_predicted_is_not_given_away(figure):
    predict = figure.get_by_role("button", name="Predict")
    predict.click()
    assert predict.get_attribute("aria-pressed") == "true"
    for name in ["1 column 1", "1 column 2", "2 column 1", "2 column 2"]:
        expect(figure.get_by_role("button", name=f"dF row {name}: hidden")).to_be_visible()
    assert "= 8" not in spoken(figure.locator("[aria-live]"))
    expect(figure.get_by_role("textbox", name="What is dF₁₁?")).to_be_visible()
    expect(figure.get_by_role("button", name="Play")).to_be_disabled()


def current(figure):
    """The names of the cells that are told as the current step."""
    return figure.locator("[aria-current=step]").evaluate_all(
        "(cells) => cells.map((cell) => cell.ariaLabel)"
    )


def spoken(region):
    """The text of a live region, as it is read: with single spaces."""
    return " ".join(region.text_content().split()).replace("= ", " = ").replace("  ", " ")


# ---- by keyboard: from the top of the page, and back out ----


def focused(page):
    """The name of what has the focus."""
    return page.evaluate(
        "() => document.activeElement.ariaLabel || document.activeElement.textContent.trim()"
        " || document.activeElement.labels?.[0].textContent.trim()"
    )


def tab_to(page, name, key="Tab"):
    """Press Tab until something has the focus; it must come within 20 stops."""
    for _ in range(20):
        page.keyboard.press(key)
        if focused(page) == name:
            return
    pytest.fail(f"{key} does not lead to {name!r}")


def test_a_figure_can_be_used_by_keyboard_alone(page, figure):
    keys, said = page.keyboard, figure.get_by_role("status")
    numbers = figure.locator("[data-grid=dF] [data-cell]")
    start = numbers.all_inner_texts()

    # past the menus
    keys.press("Tab")
    assert focused(page) == "Skip to main content"
    keys.press("Tab")
    assert focused(page) == "Skip to the first figure"
    browser.settle(page)
    expect(page.get_by_text("Skip to the first figure")).to_be_in_viewport(ratio=1)
    keys.press("Enter")
    expect(figure).to_be_in_viewport()
    expect(figure).to_be_focused()
    assert figure.evaluate("(figure) => getComputedStyle(figure).outlineStyle") == "solid"

    # step
    keys.press("Tab")
    assert focused(page) == "First step"
    keys.press("ArrowRight")
    assert current(figure) == ["dF row 1 column 2: 11"]
    tab_to(page, "Play")
    keys.press("ArrowLeft")
    assert current(figure) == ["dF row 1 column 1: 8"]
    tab_to(page, "Last step")
    keys.press("Enter")
    assert current(figure) == ["dF row 2 column 2: 14"]
    tab_to(page, "Step")
    keys.press("Home")
    assert current(figure) == ["dF row 1 column 1: 8"]

    # edit, and an entry that is refused
    tab_to(page, "x row 1 column 1")
    keys.press("ArrowDown")
    keys.press("ArrowRight")
    assert focused(page) == "x row 2 column 2"
    keys.type("−1,5")
    keys.press("Enter")
    edited = numbers.all_inner_texts()
    assert edited == ["−14", "5.5", "33.5", "3"]
    keys.type("1+1")
    keys.press("Enter")
    expect(said).to_have_text("“1+1” is not a number. x₂₂ stays −1.5.")
    assert numbers.all_inner_texts() == edited

    # predict
    tab_to(page, "Predict", "Shift+Tab")
    keys.press("Space")
    assert focused(page) == "What is dF₁₁?", "the box has the focus at once"
    keys.type("8")
    keys.press("Enter")
    expect(said).to_contain_text("8 is not dF₁₁.")
    keys.type("-14")
    keys.press("Enter")
    expect(said).to_have_text("Right: dF₁₁ = −14.")
    assert focused(page) == "Next step", "the focus goes on by itself"
    keys.press("Enter")
    assert focused(page) == "What is dF₁₂?"
    keys.press("ArrowLeft")
    assert focused(page) == "What is dF₁₁?", "an empty box leaves the arrow keys to the steps"

    # reset, and out of the figure
    tab_to(page, "Predict", "Shift+Tab")
    keys.press("Space")
    tab_to(page, "Reset numbers")
    keys.press("Enter")
    expect(said).to_have_text("The numbers are back to where they began.")
    assert numbers.all_inner_texts() == start
    for _ in range(8):
        keys.press("Tab")
    assert not page.evaluate(
        "() => document.querySelector('#first-figure').contains(document.activeElement)"
    )


# ---- every page, stop by stop ----

CONTROLS = """() => {
    const all = document.querySelectorAll(
        "a[href], button, input, select, textarea, summary, [tabindex]");
    const shown = (e) => e.checkVisibility({ visibilityProperty: true }) && !e.disabled;
    const stop = (e) => e.tabIndex >= 0 && (e.type !== "radio" || e.checked);
    window.controls = [...all].filter(shown).filter(stop);
    return window.controls.length;
}"""
STOP = """() => {
    const e = document.activeElement;
    if (e === document.body) return null;
    // a choice of variants is marked on its label, the field of search on its box
    const face = e.matches(".bp-variants input") ? e.nextElementSibling : e.closest(".bd-search");
    const style = getComputedStyle(face ?? e);
    const marked = (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1)
        || style.boxShadow !== "none";
    return { at: window.controls.indexOf(e), marked, html: e.outerHTML.slice(0, 120) };
}"""


@pytest.mark.parametrize("name", browser.PAGES)
def test_every_control_is_a_stop_that_is_seen(chromium, name):
    with chromium.new_context(
        viewport={"width": 1200, "height": 900}, reduced_motion="reduce"
    ) as context:
        page = context.new_page()
        browser.open_page(page, browser.HTML.joinpath(name).as_uri())
        page.wait_for_timeout(500)  # the theme looks late for boxes that scroll
        page.evaluate("() => document.activeElement.blur()")  # search begins in its field
        count = page.evaluate(CONTROLS)
        stops = list(walk(page, count + 20))
        assert [stop["html"] for stop in stops if not stop["marked"]] == []
        missed = sorted(set(range(count)) - {stop["at"] for stop in stops})
        html = page.evaluate("(all) => all.map((k) => controls[k].outerHTML)", missed)
        assert [one[:120] for one in html] == []


def walk(page, at_most):
    """Press Tab from the top of a page until the focus leaves it; yield each stop."""
    for _ in range(at_most):
        page.keyboard.press("Tab")
        stop = page.evaluate(STOP)
        if stop is None:
            return
        yield stop
    pytest.fail(f"the focus does not come out of {stop['html']}")


def test_an_answer_is_called_by_its_title(page):
    buttons = page.locator(".toggle-button")
    titles = page.locator(".admonition.toggle > .admonition-title").all_inner_texts()
    titles = [title.strip() for title in titles]
    assert {"Answer", "Hint"} <= set(titles)
    assert buttons.evaluate_all("(all) => all.map((one) => one.ariaLabel)") == titles


@pytest.mark.parametrize("name", browser.PAGES)
def test_a_fold_is_called_by_what_it_holds(name):
    html = browser.HTML.joinpath(name).read_text("utf-8")
    assert "<summary aria-label" not in html
    assert html.count("<summary") == html.count("<summary>")

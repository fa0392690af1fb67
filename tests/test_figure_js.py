"""figure.js in a browser, on worksheets written by hand; what it shows is compared with Python."""

import gzip
import re

import numpy as np
import pytest
from playwright.sync_api import expect

from backprop.figure.words import WORDS
from tests.js import specs
from tests.js.stage import SOURCE, Stage, cell, formula, marked, numbers, type_into
from tests.site import axe, browser
from tests.site.formulas import cell_values

pytestmark = pytest.mark.skipif(not browser.CHROMIUM, reason="no Chromium found to draw in")


@pytest.fixture(scope="module")
def chromium():
    with browser.chromium() as started:
        yield started


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("figures")
    with browser.served(folder) as address:
        yield folder, address


@pytest.fixture
def stage(chromium, folder):
    """A place to open figures; no page of it may raise an error."""
    stage = Stage(chromium, *folder)
    yield stage
    stage.close()
    assert stage.errors == []


@pytest.fixture
def convolution(stage):
    return stage.show(specs.spec(specs.CONVOLUTION))


def press(figure, word):
    """Press the button that has this word of the figure for its name."""
    figure.get_by_role("button", name=WORDS[word], exact=True).click()


def status(figure):
    return figure.get_by_role("status").inner_text()


KERNEL = ["F11", "F12", "F21", "F22"]


# ---- drawing ----


def test_a_figure_comes_alive_in_place_of_its_static_table(convolution):
    assert convolution.get_attribute("data-live") == "true"
    assert convolution.locator(".bp-static").count() == 0
    tables = convolution.locator("table")
    assert [t.locator("caption").text_content() for t in tables.all()] == ["x", "F", "y"]
    assert tables.first.locator("thead th").all_text_contents() == ["1", "2", "3"]
    assert tables.first.locator("tbody th").all_text_contents() == ["1", "2", "3"]


@pytest.mark.parametrize("name", specs.ALL)
def test_all_numbers_are_pythons(stage, name):
    figure = stage.show(specs.ALL[name])
    assert numbers(figure) == cell_values(specs.ALL[name]["variants"][0]["worksheet"])


def test_cells_have_names_for_the_ear(stage):
    figure = stage.show(specs.spec(specs.SOFTMAX))
    assert cell(figure, "z2").get_attribute("aria-label") == "z 2"
    assert cell(figure, "q").get_attribute("aria-label") == "1/(z₁ − 5): −0.25"
    figure = stage.show(specs.spec(specs.KERNEL_GRADIENT))
    assert figure.get_by_role("textbox", name="L/dy, from above row 2 column 1").count() == 1
    assert figure.get_by_role("button", name="dF row 1 column 2: 14").count() == 1


def test_a_cell_and_its_table_are_called_by_the_symbol_that_is_drawn(stage):
    grids = [
        specs.given("h", (2,), [3, 4], symbol="x̂"),
        specs.defined("k", (), [["+", "h1", "h2"]], symbol="Σ", label="sum", error=True),
    ]
    figure = stage.show(specs.spec(specs.sheet(grids, [(["k"],)])))
    assert cell(figure, "h2").get_attribute("aria-label") == "x̂ 2"
    assert cell(figure, "k").get_attribute("aria-label") == "sum: 7, disagrees"
    assert figure.locator("caption").all_text_contents() == ["x̂", "sum"]
    assert figure.locator(".bp-verdicts").inner_text().startswith("sum: 1 of 1")


def test_a_step_marks_target_sources_and_window(convolution):
    press(convolution, "next")
    assert marked(convolution) == ["y12"]
    assert marked(convolution, "source") == [f"x{i}" for i in (12, 13, 22, 23)] + KERNEL
    lens = convolution.locator("[data-grid=x] .bp-frame").bounding_box()
    first, last = (cell(convolution, c).locator("..").bounding_box() for c in ("x12", "x23"))
    assert 0 < first["x"] - lens["x"] < 5
    assert 0 < first["y"] - lens["y"] < 5
    assert 0 < lens["x"] + lens["width"] - last["x"] - last["width"] < 5
    assert 0 < lens["y"] + lens["height"] - last["y"] - last["height"] < 5
    assert not convolution.locator("[data-grid=y] .bp-frame").is_visible()
    assert formula(convolution) == [
        "y12 = x12·F11 + x13·F12 + x22·F21 + x23·F22= 2·1 + 3·2 + 5·3 + 6·5= 53"
    ]
    assert convolution.locator(".bp-note").inner_text() == "The window of y12."


def test_a_step_of_several_targets_has_a_line_for_each(stage):
    figure = stage.show(specs.spec(specs.SOFTMAX, start=1))
    assert len(formula(figure)) == 3
    assert figure.locator(".bp-more").count() == 0


def test_of_many_targets_the_first_has_a_line_and_the_others_are_counted(stage):
    grids = [specs.X, specs.defined("y", (5,), ["x11"] * 5)]
    targets = [f"y{k}" for k in range(1, 6)]
    figure = stage.show(specs.spec(specs.sheet(grids, [(targets, "All.")])))
    assert formula(figure) == ["y1 = x11= 1and 4 more: point at one"]
    figure.page.emulate_media(media="print")
    assert figure.locator(".bp-more").inner_text() == "and 4 more"  # paper cannot be pointed at
    figure.page.emulate_media(media="screen")
    assert figure.locator(".bp-note").inner_text() == "All."
    cell(figure, "y4").hover()
    assert formula(figure) == ["y4 = x11= 1"]


def test_a_list_may_be_drawn_as_a_column(stage):
    grids = [
        specs.given("a", (3,), [4, 5, 6], column=True, tint=0),
        specs.defined("y", (3,), ["a1", "a2", "a3"], column=True),
    ]
    figure = stage.show(specs.spec(specs.sheet(grids, [(["y3"],)])))
    table = figure.locator("[data-grid=y] table")
    assert table.locator("tbody tr").all_inner_texts() == ["1\t\n4", "2\t\n5", "3\t\n6"]
    assert table.locator("thead").count() == 0
    assert table.locator("th").evaluate_all("(all) => all.map((th) => th.scope)") == ["row"] * 3
    assert cell(figure, "y3").get_attribute("aria-label") == "y 3: 6"
    assert formula(figure) == ["y3 = a3= 6"]
    lens, source = (
        figure.locator("[data-grid=a] .bp-frame").bounding_box(),
        cell(figure, "a3").locator("..").bounding_box(),
    )
    assert 0 < source["x"] - lens["x"] < 5
    assert 0 < source["y"] - lens["y"] < 5
    cell(figure, "a1").focus()
    figure.page.keyboard.press("ArrowDown")
    assert focused(figure) == "a2"


def test_a_step_shows_only_its_grids(stage):
    figure = stage.show(specs.TURNED_OR_NOT)
    shown = figure.locator(".bp-grid:visible").evaluate_all("(all) => all.map(g => g.dataset.grid)")
    assert shown == ["F", "R"]
    press(figure, "last")
    shown = figure.locator(".bp-grid:visible").evaluate_all("(all) => all.map(g => g.dataset.grid)")
    assert shown == ["T", "p", "dx", "e"]


A, B = "a1", "a2"


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        (["+", A, ["*", -1, B]], "a1 − a2= 4 − (−2)= 6"),
        (["+", ["*", -1, A], ["*", -3, B, B]], "−a1 − 3·a2·a2= −4 − 3·(−2)·(−2)= −16"),
        (["+", A, B, -2], "a1 + a2 − 2= 4 + (−2) − 2= 0"),
        (["*", ["+", A, 1], B], "(a1 + 1)·a2= (4 + 1)·(−2)= −10"),
        (["*", B, ["*", -2, A]], "a2·(−2·a1)= (−2)·(−2·4)= 16"),
        (["*", ["/", 1, 4], ["+", A, B]], "(a1 + a2)/4= (4 + (−2))/4= 0.5"),
        (["/", ["+", A, B], ["*", 2, A]], "(a1 + a2)/(2·a1)= (4 + (−2))/(2·4)= 0.25"),
        (["/", 1, ["/", A, B]], "1/(a1/a2)= 1/(4/(−2))= −0.5"),
        (["^", B, 2], "a2^2= (−2)^2= 4"),
        (["^", ["+", A, B], 3], "(a1 + a2)^3= (4 + (−2))^3= 8"),
        (["*", 2, ["exp", ["+", A, ["*", 2, B]]]], "2·e^a1 + 2·a2= 2·e^4 + 2·(−2)= 2"),
        (["+", A, ["*", -1, ["+", B, 1]]], "a1 − (a2 + 1)= 4 − (−2 + 1)= 5"),
        (["/", B, ["sqrt", A]], "a2/√(a1)= (−2)/√(4)= −1"),
        (["max", 0, A, B], "max(0, a1, a2)= max(0, 4, −2)= 4"),
        (["log", ["+", A, -3]], "log(a1 − 3)= log(4 − 3)= 0"),
        (["if", ["<=", B, A], A, 0], "a1 if a2 ≤ a1 else 0= 4 if −2 ≤ 4 else 0= 4"),
        (
            ["*", 3, ["if", ["==", A, B], 1, 2]],
            "3·(1 if a1 == a2 else 2)= 3·(1 if 4 == −2 else 2)= 6",
        ),
        (A, "a1= 4"),
        (0, "0"),
    ],
)
def test_a_formula_is_written_as_by_hand_and_means_what_it_says(stage, tree, expected):
    sheet = specs.sheet(
        [specs.given("a", (2,), [4, -2]), specs.defined("y", (), [tree])], [(["y"],)]
    )
    figure = stage.show(specs.spec(sheet))
    assert formula(figure) == [f"y = {expected}"]
    assert numbers(figure)["y"] == cell_values(sheet)["y"]


def test_relations_mean_what_they_mean_in_python(stage):
    pairs = [(1, 2), (2, 2), (3, 2)]
    formulas = [["if", [r, a, b], 1, 0] for r in ("<", "<=", ">", ">=", "==") for a, b in pairs]
    sheet = specs.sheet([specs.defined("y", (5, 3), formulas)], [(["y11"],)])
    assert numbers(stage.show(specs.spec(sheet))) == cell_values(sheet)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (-3, "−3"),
        (1 / 3, "0.3333"),
        (2 / 3 * 100, "66.6667"),
        (0.5, "0.5"),
        (1_000_000, "1000000"),
        (12_345_678, "1.235e7"),
        (-0.00001, "−1e−5"),
        (0.00123456, "0.001235"),
        (0, "0"),
    ],
)
def test_a_number_is_written_short_and_kept_whole(stage, value, text):
    sheet = specs.sheet([specs.given("a", (), [1]), specs.defined("y", (), [value])], [(["y"],)])
    figure = stage.show(specs.spec(sheet))
    assert cell(figure, "y").inner_text() == text
    assert numbers(figure)["y"] == value


def test_text_is_text(stage):
    sheet = specs.sheet([specs.given("a", (), [1], label="<b>a</b>")], [([], "<i>note</i>")])
    figure = stage.show(specs.spec(sheet, title="<u>title</u>"))
    assert figure.locator("b, i, u").count() == 0
    assert figure.locator(".bp-note").inner_text() == "<i>note</i>"


# ---- stepping ----


def test_a_step_scrolls_a_wide_grid_to_its_cells(stage):
    sheet = specs.WIDE | {"steps": [{"targets": [f"b{i}"]} for i in ("1,1", "10,15")]}
    figure = stage.show(specs.spec(sheet), width=360)
    press(figure, "next")
    box = figure.locator("[data-grid=b]").bounding_box()
    target = cell(figure, "b10,15").bounding_box()
    assert target["x"] + target["width"] <= box["x"] + box["width"]
    assert figure.page.evaluate("scrollY") == 0


def test_a_step_of_a_whole_wide_grid_begins_at_its_left(stage):
    steps = [{"targets": ["b10,15"]}, {"targets": [f"b1,{k}" for k in range(1, 16)]}]
    figure = stage.show(specs.spec(specs.WIDE | {"steps": steps}), width=360)
    press(figure, "next")
    for box in figure.locator(".bp-grid").all():
        assert box.evaluate("(box) => [box.scrollLeft, box.scrollWidth > box.clientWidth]") == [
            0,
            True,
        ]


def test_the_name_of_a_table_stays_while_it_scrolls(stage):
    figure = stage.show(specs.spec(specs.WIDE), width=360)
    box, label = figure.locator("[data-grid=a]"), figure.locator("[data-grid=a] .bp-label")
    before = label.bounding_box()["x"]
    box.evaluate("(box) => (box.scrollLeft = 1e6)")
    assert box.evaluate("(box) => box.scrollLeft") > 100
    assert abs(label.bounding_box()["x"] - before) < 4


def test_buttons_slider_and_arrow_keys_step(convolution):
    keys, slider = convolution.page.keyboard, convolution.get_by_role("slider")
    convolution.get_by_role("button", name=WORDS["play"]).focus()
    keys.press("ArrowRight")
    keys.press("ArrowRight")
    assert marked(convolution) == ["y21"]
    keys.press("ArrowLeft")
    assert slider.get_attribute("aria-valuetext") == "Step 2 of 4"
    slider.focus()
    keys.press("ArrowRight")
    assert marked(convolution) == ["y21"]
    slider.fill("1")
    assert marked(convolution) == ["y11"]
    keys.press("ArrowLeft")
    assert marked(convolution) == ["y11"]
    press(convolution, "last")
    assert marked(convolution) == ["y22"]
    press(convolution, "previous")
    press(convolution, "first")
    assert marked(convolution) == ["y11"]


def test_playing_is_silent_ends_at_the_last_step_and_starts_again(convolution):
    clock = convolution.page.clock
    clock.install()
    press(convolution, "play")
    assert convolution.locator("[aria-live]").first.get_attribute("aria-live") == "off"
    clock.run_for(4000)
    press(convolution, "pause")
    assert marked(convolution) == ["y21"]
    clock.run_for(9000)
    assert marked(convolution) == ["y21"]
    press(convolution, "play")
    clock.run_for(9000)
    assert marked(convolution) == ["y22"]
    assert convolution.locator("[aria-live]").first.get_attribute("aria-live") == "polite"
    press(convolution, "play")
    assert marked(convolution) == ["y11"]


def plays(figure):
    return figure.get_by_role("button", name=WORDS["pause"], exact=True).count() == 1


def moving(stage, **options):
    """Open a figure that plays by itself, for a reader who has nothing against motion."""
    spec = specs.spec(specs.CONVOLUTION, autoplay=True)
    return stage.show(spec, **{"reduced_motion": "no-preference"} | options)


def test_a_figure_may_play_by_itself_and_takes_no_focus(stage):
    figure = moving(stage)
    assert figure.page.evaluate("document.activeElement === document.body")
    cell(figure, "y12").and_(figure.locator("[aria-current]")).wait_for()
    press(figure, "pause")
    assert not plays(figure)
    assert marked(figure) == ["y12"]
    press(figure, "play")
    assert plays(figure)


def test_a_figure_plays_by_itself_for_nobody_who_wants_rest(stage):
    assert plays(moving(stage))
    assert not plays(moving(stage, reduced_motion="reduce"))


def test_a_figure_plays_by_itself_only_when_it_is_told_to(stage):
    assert not plays(stage.show(specs.spec(specs.CONVOLUTION), reduced_motion="no-preference"))


@pytest.mark.parametrize("hold", ["pointer", "keyboard"])
def test_who_takes_hold_of_a_playing_figure_has_it_stand_still(stage, hold):
    figure = moving(stage)
    assert plays(figure)
    if hold == "pointer":
        figure.locator(".bp-title").click()
    else:
        figure.page.keyboard.press("Tab")
    assert not plays(figure)


def test_a_figure_plays_by_itself_once_it_is_seen(stage):
    above = {f"above{k}": specs.spec(specs.WIDE) for k in range(4)}
    stage.write(**above, figure=specs.spec(specs.CONVOLUTION, autoplay=True))
    figure = stage.open(reduced_motion="no-preference").locator("#figure")
    assert figure.bounding_box()["y"] > 900
    assert not plays(figure)
    figure.scroll_into_view_if_needed()
    figure.get_by_role("button", name=WORDS["pause"], exact=True).wait_for()


def test_values_are_seen_to_move_unless_the_reader_wants_rest(stage):
    figure = stage.show(specs.TURNED_OR_NOT, reduced_motion="no-preference")
    motion = figure.page.context.new_cdp_session(figure.page)
    motion.send("Animation.enable")
    motion.send("Animation.setPlaybackRate", {"playbackRate": 0.05})  # or we may come too late
    press(figure, "next")
    ghosts = figure.locator(".bp-flight span")
    assert ghosts.all_text_contents() == ["5", "3", "2", "1"]
    start = ghosts.first.bounding_box()
    moved = "([ghost, x]) => Math.abs(ghost.getBoundingClientRect().x - x) > 1"
    figure.page.wait_for_function(moved, arg=[ghosts.first.element_handle(), start["x"]])
    assert ghosts.count() == 4
    motion.send("Animation.setPlaybackRate", {"playbackRate": 1})
    ghosts.first.wait_for(state="detached")
    figure = stage.show(specs.TURNED_OR_NOT, reduced_motion="reduce")
    press(figure, "next")
    assert marked(figure) == ["T11", "T12", "T21", "T22"]
    assert figure.locator(".bp-flight").count() == 0


# ---- pointing ----


def test_pointing_at_a_cell_shows_what_it_is_made_of_and_leaving_returns(convolution):
    step = formula(convolution)
    cell(convolution, "y22").hover()
    assert marked(convolution) == ["y22"]
    assert formula(convolution)[0].startswith("y22 = x22·F11 + ")
    assert convolution.locator(".bp-note").count() == 0, "it speaks of another cell"
    convolution.page.mouse.move(0, 0)
    assert formula(convolution) == step
    assert convolution.locator(".bp-note").inner_text() == "The window of y11."
    cell(convolution, "y11").hover()
    assert convolution.locator(".bp-note").inner_text() == "The window of y11."
    cell(convolution, "y21").focus()
    assert marked(convolution) == ["y21"]
    cell(convolution, "x11").focus()
    assert formula(convolution) == step
    cell(convolution, "y22").hover()
    cell(convolution, "y12").focus()
    assert marked(convolution) == ["y12"], "the latest way of pointing wins"


def test_a_tap_points_too(stage):
    figure = stage.show(specs.spec(specs.CONVOLUTION), has_touch=True)
    cell(figure, "y22").tap()
    assert marked(figure) == ["y22"]
    figure.get_by_role("slider").focus()
    assert marked(figure) == ["y11"]


def focused(figure):
    return figure.page.evaluate("document.activeElement.dataset.cell")


def test_each_grid_is_one_tab_stop_and_arrows_move_within(convolution):
    stops = convolution.locator("[data-cell][tabindex='0']")
    assert stops.count() == 3
    keys = convolution.page.keyboard
    cell(convolution, "x11").focus()
    for key, reached in [
        ("ArrowRight", "x12"),
        ("ArrowDown", "x22"),
        ("ArrowDown", "x32"),
        ("ArrowDown", "x32"),
        ("ArrowLeft", "x31"),
        ("ArrowUp", "x21"),
        ("Tab", "F11"),
        ("Shift+Tab", "x21"),
    ]:
        keys.press(key)
        assert focused(convolution) == reached
    assert stops.count() == 3
    cell(convolution, "y11").focus()
    keys.press("ArrowRight")
    assert focused(convolution) == "y12"


def test_left_and_right_belong_to_the_text_until_its_end(convolution):
    keys = convolution.page.keyboard
    cell(convolution, "x22").focus()
    keys.type("12")
    keys.press("ArrowLeft")
    assert focused(convolution) == "x22"
    keys.press("ArrowRight")
    assert focused(convolution) == "x22"
    keys.press("ArrowRight")
    assert focused(convolution) == "x23"


# ---- editing ----


@pytest.mark.parametrize(
    ("typed", "value", "kept"),
    [
        *[("12", 12, "12"), ("-2.5", -2.5, "−2.5"), ("−0,25", -0.25, "−0.25"), (" .5", 0.5, "0.5")],
        *[("1,5", 1.5, "1.5"), ("1/4", 0.25, "0.25"), ("− 5 ", -5, "−5"), ("–7/-2", 3.5, "3.5")],
    ],
)
def test_an_edit_is_followed_as_by_numpy(convolution, typed, value, kept):
    type_into(convolution, "x22", typed)
    x = np.array([[1, 2, 3], [4, value, 6], [7, 8, 10]])
    F = np.array([[1, 2], [3, 5]])
    y = [[(x[i : i + 2, j : j + 2] * F).sum() for j in (0, 1)] for i in (0, 1)]
    shown = numbers(convolution)
    assert [[shown[f"y{i}{j}"] for j in (1, 2)] for i in (1, 2)] == y
    assert cell(convolution, "x22").input_value() == kept
    assert formula(convolution)[0].endswith(f"= {y[0][0]:g}".replace("-", "−"))
    assert status(convolution) == "Computed cells changed: 4."


def test_numbers_follow_while_they_are_typed_and_escape_takes_them_back(convolution):
    before = numbers(convolution)
    cell(convolution, "F22").click()
    convolution.page.keyboard.press("ControlOrMeta+a")
    convolution.page.keyboard.type("7")
    assert numbers(convolution)["y11"] == before["y11"] + 2 * 5
    convolution.page.keyboard.press("Escape")
    assert numbers(convolution) == before
    assert cell(convolution, "F22").input_value() == "5"


@pytest.mark.parametrize(
    "typed",
    [
        *["two", "1e999", "NaN", "Infinity", "1000", "-999.5", "1+1", "--1", "", " "],
        *["1/0", "0/0", "1/2/3", "1 5", "1,2,3", "1.234,5", "0x10", "½", "12px", "5-", "9" * 400],
    ],
)
def test_a_refused_entry_says_why_and_the_old_value_stays(convolution, typed):
    before = numbers(convolution)
    type_into(convolution, "x33", typed)
    assert typed in status(convolution)
    assert "x₃₃ stays 10" in status(convolution)
    assert cell(convolution, "x33").input_value() == "10"
    assert numbers(convolution) == before
    type_into(convolution, "x33", "11")
    assert status(convolution) == "Computed cells changed: 1."


def test_a_long_word_is_quoted_within_the_page(stage):
    figure = stage.show(specs.spec(specs.CONVOLUTION), width=360)
    type_into(figure, "x33", "w" * 200)
    assert "w" * 200 in status(figure)
    assert browser.sideways(figure.page, 360) == []


def test_an_entry_is_judged_when_the_reader_leaves_too(convolution):
    cell(convolution, "x11").click()
    convolution.page.keyboard.type("x")
    convolution.page.keyboard.press("Tab")
    assert "x₁₁ stays 1" in status(convolution)
    assert cell(convolution, "x11").input_value() == "1"


def test_an_edit_that_ends_in_no_number_is_refused(stage):
    figure = stage.show(specs.spec(specs.SOFTMAX))
    before = numbers(figure)
    type_into(figure, "z1", "5")
    assert status(figure) == "With 5, q would not be a finite number. z₁ stays 1."
    assert numbers(figure) == before


def test_a_worksheet_that_is_broken_already_can_be_edited(stage):
    grids = [specs.given("a", (2,), [0, 1]), specs.defined("y", (), [["/", "a2", "a1"]])]
    figure = stage.show(specs.spec(sheet := specs.sheet(grids, [(["y"],)])))
    assert cell(figure, "y").inner_text() == "∞"
    type_into(figure, "a2", "-3")
    assert cell(figure, "y").inner_text() == "−∞"
    type_into(figure, "a1", "2")
    assert numbers(figure) == cell_values(sheet, a=[2, -3])


def test_a_grid_of_choices_takes_nothing_else(stage):
    figure = stage.show(specs.spec(specs.SOFTMAX))
    type_into(figure, "k", "4")
    assert status(figure) == "4 is not one of 1, 2, 3. k stays 2."
    type_into(figure, "k", "3")
    assert numbers(figure) == pytest.approx(cell_values(specs.SOFTMAX, k=[3]))


def test_what_an_edit_has_changed_is_marked_until_the_next_one(convolution):
    changed = convolution.locator(".bp-changed")

    def names():
        return changed.evaluate_all("(all) => all.map((c) => c.dataset.cell)")

    type_into(convolution, "x12", "20")
    assert names() == ["y11", "y12"]
    convolution.page.keyboard.press("Tab")
    assert names() == ["y11", "y12"], "to look around is no edit"
    type_into(convolution, "x33", "12")
    assert names() == ["y22"]
    type_into(convolution, "x33", "1+1")
    assert names() == [], "a refused entry changes nothing"
    for leave in ("next", "reset"):
        type_into(convolution, "x11", "9" if leave == "next" else "8")
        assert names() == ["y11"]
        press(convolution, leave)
        assert names() == []


def test_of_cells_that_changed_those_in_sight_are_counted(stage):
    figure = stage.show(specs.TURNED_OR_NOT)
    type_into(figure, "F11", "7")
    assert status(figure) == "Computed cells changed: 1."  # R21, and not T, dx and e
    press(figure, "predict")
    type_into(figure, "F11", "8")
    assert status(figure) == "Computed cells changed: 0.", "R21 is a question mark"


def test_a_grid_may_have_a_least_number(stage):
    grids = [
        specs.given("a", (), [1], minimum=0),
        specs.defined("y", (), [["sqrt", ["+", "a", 9]]]),
    ]
    figure = stage.show(specs.spec(specs.sheet(grids, [(["y"],)])))
    type_into(figure, "a", "-9")
    assert status(figure) == "-9 is not between 0 and 999. a stays 1."
    assert numbers(figure) == {"a": 1, "y": 10**0.5}
    type_into(figure, "a", "0")
    assert numbers(figure) == {"a": 0, "y": 3}


def test_reset_brings_the_first_numbers_back(convolution):
    before = numbers(convolution)
    type_into(convolution, "x11", "9")
    assert numbers(convolution) != before
    press(convolution, "reset")
    assert numbers(convolution) == before
    assert cell(convolution, "x11").input_value() == "1"


def test_an_edit_of_300_cells_is_quick(stage):
    figure = stage.show(specs.spec(specs.WIDE))
    for k in range(40):
        type_into(figure, "a1,1", str(k + 5))
    assert (
        numbers(figure)["b10,15"]
        == cell_values(specs.WIDE, a=[44, *specs.WIDE["grids"][0]["given"][1:]])["b10,15"]
    )
    times = figure.page.evaluate(
        "performance.getEntriesByName('backprop:edit').map((entry) => entry.duration)"
    )
    print(f"\n300 cells: {np.median(times):.2f} ms an edit (median of {len(times)})")
    assert len(times) >= 40


def test_what_cancels_but_for_rounding_is_zero(stage):
    """In float64 0.1 + 0.2 − 0.3 is 5.6e-17; what is small by itself stays."""
    left, power = ["+", "a1", "a2", ["*", -1, "a3"]], ["exp", ["*", -100, "a1"]]
    formulas = [left, ["*", 7, left], power, ["+", power, ["*", -2, power]]]
    sheet = specs.sheet(
        [specs.given("a", (3,), [0.1, 0.2, 0.3]), specs.defined("y", (4,), formulas)], [(["y1"],)]
    )
    figure = stage.show(specs.spec(sheet))
    shown = [cell(figure, f"y{k}").inner_text() for k in range(1, 5)]
    assert shown == ["0", "0", "4.54e−5", "−4.54e−5"]
    type_into(figure, "a3", "0.30000001")
    assert cell(figure, "y1").inner_text() == "−1e−8"


# ---- predicting ----


@pytest.fixture
def predicting(stage):
    figure = stage.show(specs.spec(specs.KERNEL_GRADIENT))
    press(figure, "predict")
    return figure


def answer(figure, text):
    figure.locator(".bp-answer input").fill(text)
    figure.locator(".bp-answer input").press("Enter")


def test_predicting_hides_the_answer_what_comes_later_and_what_tells(predicting):
    hidden = ["dF11", "dF12", "dF21", "dF22", "s", "n"]
    assert {cell(predicting, name).inner_text() for name in hidden} == {"?"}
    assert not set(hidden) & set(numbers(predicting))
    assert formula(predicting) == ["dF11 = x11·dy11 + x12·dy12 + x21·dy21 + x22·dy22"]
    assert "11.5" not in predicting.inner_text()
    cell(predicting, "dF12").hover()
    assert formula(predicting) == ["dF12 = x12·dy11 + x13·dy12 + x22·dy21 + x23·dy22"]


def test_a_wrong_answer_gets_a_hint_and_a_right_one_the_next_step(predicting):
    answer(predicting, "12")
    assert "12 is not dF₁₁" in status(predicting)
    assert formula(predicting)[0].endswith("= 1·1 + 2·(−2) + 4·3 + 5·0.5")
    assert cell(predicting, "dF11").inner_text() == "?"
    answer(predicting, "11,5")
    assert status(predicting) == "Right: dF₁₁ = 11.5."
    assert cell(predicting, "dF11").inner_text() == "11.5"
    assert cell(predicting, "dF12").inner_text() == "?"
    predicting.page.keyboard.press("Enter")  # the button for the next step has the focus
    assert marked(predicting) == ["dF12"]
    assert cell(predicting, "dF11").inner_text() == "11.5"
    assert predicting.page.evaluate("document.activeElement.closest('.bp-answer') !== null")
    answer(predicting, "28/2")
    assert status(predicting) == "Right: dF₁₂ = 14."


def asked(figure):
    """What the box asks that has the focus; None where the focus is elsewhere."""
    return figure.page.evaluate("document.activeElement.labels?.[0]?.textContent.trim()")


@pytest.mark.parametrize("how", ["keyboard", "pointer"])
def test_the_focus_goes_to_the_box_where_the_reader_predicts(stage, how):
    figure = stage.show(specs.spec(specs.KERNEL_GRADIENT))

    def use(word):
        button = figure.get_by_role("button", name=WORDS[word], exact=True).first
        button.press("Enter") if how == "keyboard" else button.click()

    use("predict")
    assert asked(figure) == "What is dF₁₁?"
    use("next")
    assert asked(figure) == "What is dF₁₂?"
    use("last")
    assert asked(figure) == "What is s?"
    use("predict")
    assert figure.page.evaluate("document.activeElement.textContent") == WORDS["predict"]


def test_the_arrow_keys_step_from_an_empty_box_and_move_within_a_full_one(predicting):
    keys = predicting.page.keyboard
    for key, cell_asked in [("ArrowRight", "dF₁₂"), ("ArrowRight", "dF₂₁"), ("ArrowLeft", "dF₁₂")]:
        keys.press(key)
        assert asked(predicting) == f"What is {cell_asked}?"
    keys.type("14")
    keys.press("ArrowLeft")
    keys.type("0")
    assert predicting.locator(".bp-answer input").input_value() == "104"
    assert marked(predicting) == ["dF12"]
    predicting.get_by_role("slider").focus()
    keys.press("ArrowRight")
    assert marked(predicting) == ["dF21"]
    assert asked(predicting) is None, "the slider is held on to"


def test_box_and_verdict_are_scrolled_into_sight(stage):
    figure = stage.show(specs.spec(specs.KERNEL_GRADIENT), width=360)
    figure.page.set_viewport_size({"width": 360, "height": 320})
    press(figure, "predict")
    expect(figure.locator(".bp-answer input")).to_be_in_viewport(ratio=1)
    for typed in ("w" * 60, "12", "11.5"):
        answer(figure, typed)
        expect(figure.get_by_role("status")).to_be_in_viewport(ratio=0.99)


def test_a_whole_number_must_be_met_exactly_another_nearly(stage):
    grids = [specs.given("a", (2,), [300, 3]), specs.defined("y", (2,), [["/", 1, "a2"], "a1"])]
    figure = stage.show(specs.spec(specs.sheet(grids, [(["y1"],), (["y2"],)])))
    press(figure, "predict")
    for typed, right in [("0.3", False), ("0.33", True)]:
        answer(figure, typed)
        assert status(figure).startswith("Right") == right
    figure.page.keyboard.press("Enter")
    for typed, right in [("301", False), ("300", True)]:
        answer(figure, typed)
        assert status(figure).startswith("Right") == right


@pytest.mark.parametrize("typed", ["nonsense", "", " ", "1/2/3", "1e", "0/0"])
def test_nonsense_is_no_answer(predicting, typed):
    answer(predicting, typed)
    told = f"“{typed}” is not a number" if typed.strip() else "Type a number for dF₁₁,"
    assert status(predicting).startswith(told)
    assert cell(predicting, "dF11").inner_text() == "?"
    assert formula(predicting)[0].count("=") == 1, "nonsense earns no hint"


def test_an_answer_can_be_shown_and_predicting_ended(predicting):
    predicting.locator(".bp-answer").get_by_role("button", name=WORDS["show"]).click()
    assert cell(predicting, "dF11").inner_text() == "11.5"
    press(predicting, "predict")
    assert numbers(predicting) == cell_values(specs.KERNEL_GRADIENT)
    assert not predicting.locator(".bp-answer").is_visible()


def test_several_targets_are_asked_one_after_the_other(stage):
    figure = stage.show(specs.spec(specs.SOFTMAX, start=1))
    press(figure, "predict")
    for name, right in [("e₁", "0.37"), ("e₂", "1"), ("e₃", "0.05")]:
        assert figure.locator(".bp-answer label").inner_text().startswith(f"What is {name}?")
        answer(figure, right)
        assert status(figure).startswith("Right")
    assert figure.locator(".bp-asking").is_hidden()


def test_of_many_targets_the_first_new_one_is_asked(stage):
    y = specs.defined("y", (6,), [["*", k, "x11"] for k in range(2, 8)])
    targets = [f"y{k}" for k in range(1, 7)]
    steps = [{"targets": ["y1"]}, {"targets": targets, "note": "All."}]
    sheet = specs.sheet([specs.X, y], []) | {"steps": steps}
    figure = stage.show(specs.spec(sheet, start=1))
    press(figure, "predict")
    assert figure.locator(".bp-answer label").inner_text().startswith("What is y₂?")
    assert [cell(figure, name).inner_text() for name in targets] == ["2", "?", "4", "5", "6", "7"]
    answer(figure, "4")
    hint = "y2 = 3·x11= 3·1and 5 more: point at one"
    assert formula(figure) == [hint], "a wrong answer gets its hint here too"
    answer(figure, "3")
    assert status(figure) == "Right: y₂ = 3."
    assert cell(figure, "y2").inner_text() == "3"
    assert figure.locator(".bp-asking").is_hidden()


# ---- variants and errors ----


def test_a_variant_keeps_numbers_and_step(stage):
    figure = stage.show(
        TWO := specs.spec(specs.CONVOLUTION, specs.KERNEL_GRADIENT, names=["y", "dF"])
    )
    assert figure.get_by_role("group", name=WORDS["variants"], exact=True).count() == 1
    type_into(figure, "x11", "20")
    type_into(figure, "F11", "30")
    press(figure, "next")
    figure.get_by_role("radio", name="dF").check(force=True)
    assert marked(figure) == ["dF12"]
    sheet = TWO["variants"][1]["worksheet"]
    assert numbers(figure) == cell_values(sheet, x=[20, 2, 3, 4, 5, 6, 7, 8, 10])
    press(figure, "last")
    figure.get_by_role("radio", name="y", exact=True).check(force=True)
    assert marked(figure) == ["y22"], "there is no fifth step there"
    assert numbers(figure)["F11"] == 30, "numbers that the other variant has no place for are kept"


def test_variants_that_begin_with_other_numbers_keep_them_apart(stage):
    """Python gives such a grid a key; a change of one leaves the other as it was."""
    names, grids = ["plain", "apart"], []
    for dy in (specs.DY, specs.DY | {"given": [7, 8, 9, 6], "key": "apart: dy"}):
        y = specs.defined("y", (2, 2), [f"dy{i}" for i in (11, 12, 21, 22)])
        grids.append(specs.sheet([specs.X, dy, y], [(["y11"],)]))
    figure = stage.show(specs.spec(*grids, names=names))
    type_into(figure, "dy11", "20")
    type_into(figure, "x11", "30")
    figure.get_by_role("radio", name="apart").check(force=True)
    assert [numbers(figure)[name] for name in ("x11", "dy11", "y11", "y22")] == [30, 7, 7, 6]
    type_into(figure, "dy22", "-5")
    figure.get_by_role("radio", name="plain").check(force=True)
    assert [numbers(figure)[name] for name in ("x11", "y11", "y22")] == [30, 20, 0.5]
    figure.get_by_role("radio", name="apart").check(force=True)
    assert [numbers(figure)[name] for name in ("x11", "y11", "y22")] == [30, 7, -5]
    press(figure, "reset")
    assert numbers(figure) == cell_values(grids[1])


def test_a_variant_that_the_numbers_would_break_is_refused(stage):
    z = specs.given("z", (), [1])
    power = specs.sheet([z, specs.defined("e", (), [["exp", "z"]])], [(["e"],)])
    plain = specs.sheet([z, specs.defined("d", (), [["*", 2, "z"]])], [(["d"],)])
    figure = stage.show(specs.spec(power, plain, names=["power", "plain"]))
    figure.get_by_role("radio", name="plain").check(force=True)
    type_into(figure, "z", "800")
    figure.locator(".bp-variants label").first.click()
    assert status(figure) == "With these numbers, e would not be a finite number in “power”."
    assert figure.get_by_role("radio", name="plain").is_checked()
    assert numbers(figure) == {"z": 800, "d": 1600}
    type_into(figure, "z", "2")
    figure.locator(".bp-variants label").first.click()
    assert figure.get_by_role("radio", name="power").is_checked()
    assert status(figure) == ""


def test_errors_are_marked_and_counted(stage):
    figure = stage.show(TURNED := specs.TURNED_OR_NOT)
    press(figure, "last")
    line = figure.locator(".bp-verdicts")
    assert line.inner_text() == "dx − true dx: all 9 entries agree."
    assert figure.locator(".bp-error").count() == 0
    figure.get_by_role("radio", name="not turned").check(force=True)
    truth = cell_values(TURNED["variants"][1]["worksheet"])
    errors = {name: v for name, v in truth.items() if re.fullmatch(r"e\d\d", name)}
    wrong = [name for name, v in errors.items() if abs(v) > 1e-9]
    assert marked_errors(figure) == wrong
    worst = max(map(abs, errors.values()))
    assert line.inner_text() == (
        f"dx − true dx: {len(wrong)} of 9 entries disagree; the largest error is {worst:g}."
    )
    name = cell(figure, wrong[0]).get_attribute("aria-label")
    assert name.endswith("disagrees")
    figure.get_by_role("radio", name="turned", exact=True).check(force=True)
    press(figure, "first")
    for entry in KERNEL:  # a symmetric kernel hides the mistake
        type_into(figure, entry, "2")
    figure.get_by_role("radio", name="not turned").check(force=True)
    assert line.inner_text() == "dx − true dx: all 9 entries agree."


def marked_errors(figure):
    return figure.locator(".bp-error").evaluate_all("(all) => all.map((c) => c.dataset.cell)")


# ---- as a widget ----

WIDGET = """(spec) => {
    const state = {spec, variant: 0, step: 0, given: {}}, heard = {};
    window.saved = [];
    window.model = {
        get: (name) => state[name],
        set(name, value) {
            state[name] = value;
            (heard[`change:${name}`] ?? []).forEach((f) => f());
        },
        save_changes() { window.saved.push(structuredClone(state)); },
        on: (event, f) => (heard[event] ??= []).push(f),
        off: (event, f) => (heard[event] = heard[event].filter((other) => other !== f)),
    };
    const el = document.body.appendChild(document.createElement("div"));
    el.id = "widget";
    window.done = widget.render({model, el});
    window.listening = () => Object.values(heard).flat().length;
}"""


def test_a_widget_writes_to_its_model_and_follows_it(stage):
    stage.write()
    page = stage.open()
    page.evaluate(WIDGET, specs.spec(specs.CONVOLUTION, specs.KERNEL_GRADIENT))
    figure = page.locator("#widget")
    assert figure.get_attribute("data-live") == "true"
    type_into(figure, "F11", "4")
    saved = page.evaluate("saved.at(-1)")
    assert saved["given"] == {"F": [4, 2, 3, 5]}
    press(figure, "next")
    assert page.evaluate("saved.at(-1).step") == 1
    page.evaluate("model.set('given', {F: [0, 0, 0, 1]})")
    assert [numbers(figure)[f"y{k}"] for k in (11, 12, 21, 22)] == [5, 6, 8, 10]
    page.evaluate("model.set('step', 3)")
    assert marked(figure) == ["y22"]
    page.evaluate("model.set('variant', 1)")
    assert marked(figure) == ["dF22"]
    page.evaluate("done()")
    assert page.evaluate("listening()") == 0
    assert figure.locator(".bp-stage").count() == 0


# ---- for every reader ----


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1000, 360])
def test_axe_finds_nothing_and_nothing_sticks_out(stage, width, scheme):
    stage.write(**specs.ALL)
    page = stage.open(width=width, color_scheme=scheme)
    figures = [page.locator(f"#{name}") for name in specs.ALL]
    for figure in figures:
        figure.get_by_role("button", name=WORDS["predict"]).click()
        answer(figure, "12345")
    assert axe.faults(page) == []
    assert browser.sideways(page, width) == []
    for figure in figures:
        figure.get_by_role("button", name=WORDS["predict"]).click()
        for variant in figure.get_by_role("radio").all():
            variant.check(force=True)
        figure.get_by_role("slider").fill("2") if figure.get_by_role("slider").count() else None
        type_into(
            figure, figure.locator("input[data-cell]:visible").first.get_attribute("data-cell"), "x"
        )
    assert axe.faults(page) == []
    assert browser.sideways(page, width) == []


def test_everything_to_press_is_32_pixels_high(stage):
    figure = stage.show(specs.TURNED_OR_NOT, width=360)
    press(figure, "predict")
    low = figure.locator("button:visible, input:visible").evaluate_all(
        "(all) => all.filter((e) => (e.closest('td, label') ?? e).offsetHeight < 32)"
        ".map((e) => e.outerHTML)"
    )
    assert low == []


@pytest.mark.parametrize(
    ("script", "system", "dark"),
    [
        ("", "light", False),
        ("", "dark", True),
        ("document.documentElement.dataset.theme = 'light'", "dark", False),
        ("document.documentElement.dataset.theme = 'dark'", "light", True),
        ("document.body.dataset.jpThemeLight = 'true'", "dark", False),
        ("document.body.dataset.jpThemeLight = 'false'", "light", True),
    ],
)
def test_the_colours_follow_the_page_then_the_system(stage, script, system, dark):
    figure = stage.show(specs.spec(specs.CONVOLUTION), color_scheme=system)
    figure.page.evaluate(script)
    paper = figure.evaluate("(e) => getComputedStyle(e).backgroundColor")
    assert paper == ("rgb(20, 24, 30)" if dark else "rgb(255, 255, 255)")


def test_paper_gets_the_first_state_without_controls(convolution):
    press(convolution, "last")
    for media, target in [("print", "y11"), ("screen", "y22")]:
        convolution.page.emulate_media(media=media)
        convolution.locator(f".bp-target [data-cell={target}]").wait_for()
        assert convolution.locator(".bp-controls").is_visible() == (media == "screen")


def test_paper_names_the_variant_that_it_shows(stage):
    figure = stage.show(specs.spec(specs.CONVOLUTION, specs.KERNEL_GRADIENT, names=["y", "dF"]))
    figure.get_by_role("radio", name="dF").check(force=True)
    figure.page.emulate_media(media="print")
    assert figure.locator(".bp-variants").inner_text() == "dF"


# ---- the source ----


def test_the_script_is_small():
    assert len(gzip.compress((SOURCE / "figure.js").read_bytes())) <= 12_588


def test_every_word_comes_from_python_and_is_used():
    source = (SOURCE / "figure.js").read_text("utf-8")
    quoted = set(re.findall(r'"([a-z_0-9]+)"', source)) | {"cell_0", "cell_1", "cell_2"}
    said = set(re.findall(r'(?:say|Button|button|reply|reveal|to)\("([a-z_]+)"', source))
    assert said | {word for word in quoted if word.startswith("refused_")} <= set(WORDS)
    assert set(WORDS) <= quoted


def test_the_script_ends_with_its_two_exports_and_evaluates_no_text():
    source = (SOURCE / "figure.js").read_text("utf-8")
    assert source.endswith("\nexport { mount };\nexport default { render };\n")
    assert len(re.findall(r"^export", source, re.MULTILINE)) == 2
    assert not re.search(r"\beval\b|new Function|innerHTML|^import\b", source, re.MULTILINE)

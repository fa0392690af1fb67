import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex, to_rgb

from backprop import Worksheet, plots
from backprop.site import pictures


@pytest.fixture
def ax():
    figure, axes = plt.subplots()
    yield axes
    plt.close(figure)


def test_every_frame_is_seen_on_a_light_page_and_on_a_dark_one(ax):
    assert {to_hex(spine.get_edgecolor()) for spine in ax.spines.values()} == {plots.INK}


def test_each_letter_has_its_own_colour_whatever_its_place(ax):
    plots.letters(ax, [["b", "", "a"], ["", "a", "b"]], rows=["y₁", "y₂"], columns="123")
    filled = [p for p in ax.patches if p.get_facecolor()[3]]
    drawn = [(*patch.get_xy(), to_hex(patch.get_facecolor())) for patch in filled]
    a, b = (to_hex([1 - 0.45 * (1 - c) for c in to_rgb(tint)]) for tint in plots.TINTS[:2])
    assert drawn == [(0, 0, b), (2, 0, a), (1, 1, a), (2, 1, b)]


def test_letters_and_sources_stand_out_from_their_tints(ax):
    plots.letters(ax, [list("abcde")])
    sheet = Worksheet("tints")
    cells = [sheet.given(name, 1)[()] for name in "uvwxy"]
    cells.append(sheet.define("d", cells[0])[()])
    sheet.step(sheet.define("b", sum(cells)))
    (strip,) = plots.filmstrip(sheet).axes
    for drawn in (ax, strip):
        faces = [to_rgb(p.get_facecolor()) for p in drawn.patches if p.get_facecolor()[3]]
        tinted = [text for text in drawn.texts if text.get_color() == "k"]
        assert len(faces) == len(tinted) >= 5
        assert all((luminance(face) + 0.05) / 0.05 >= 4.5 for face in faces)


def test_letters_are_written_into_their_cells_and_names_beside(ax):
    plots.letters(ax, [["b", "", "a"], ["", "a", "b"]], rows=["y₁", "y₂"], columns="123")
    named = {text.get_text(): text.xy for text in ax.texts if hasattr(text, "xy")}
    assert named["y₂"] == (0, 1.5)
    assert named["3"] == (2.5, 0)
    inside = [text for text in ax.texts if not hasattr(text, "xy")]
    assert sorted((*t.get_position(), t.get_text()) for t in inside) == [
        (0.5, 0.5, "b"),
        (1.5, 1.5, "a"),
        (2.5, 0.5, "a"),
        (2.5, 1.5, "b"),
    ]


def test_a_film_strip_names_a_grid_as_the_figure_does():
    sheet = Worksheet("captions")
    a = sheet.given("a", [1], symbol="α")
    sheet.step(sheet.define("b", [a[0] * 2], symbol="β", label="twice α"))
    (ax,) = plots.filmstrip(sheet).axes
    assert [text.get_text() for text in ax.texts if text.get_va() == "bottom"] == ["α", "twice α"]


def test_a_film_strip_underlines_as_the_figure_does_and_draws_a_column():
    sheet = Worksheet("rules")
    grids = [sheet.given(name, [1, 2], column=True) for name in "uvwxy"]
    grids.append(sheet.define("d", grids[0], column=True))
    sheet.step(sheet.define("b", sum(grid[0] for grid in grids)))
    (ax,) = plots.filmstrip(sheet).axes
    rules = [line.get_linestyle() for line in ax.lines]
    assert rules == ["-", "--", ":", "-", "-", "--", "-"], "the fourth has two lines"
    columns = [text.get_position() for text in ax.texts if text.get_text() == "2"]
    assert [y for _, y in columns] == [plots.ABOVE + 1.5] * 6
    assert len({x for x, _ in columns}) == 6


def test_a_film_strip_is_no_wider_than_a_page():
    sheet = Worksheet("steps")
    x = sheet.given("x", [1, 2, 3, 4])
    for cell in sheet.define("y", list(x)):
        sheet.step(cell)
    figure = plots.filmstrip(sheet)
    assert 3 < figure.get_figwidth() <= plots.STRIP, "two panels side by side would be wider"


def test_grids_that_a_page_is_too_narrow_for_go_on_in_the_next_line():
    sheet = Worksheet("wide")
    a = sheet.given("a", [[1] * 12, [2] * 12])
    b = sheet.define("b", [cell + 10 for cell in a[0]])
    sheet.step(sheet.define("c", [a[0, 0] - 10])[0], show=["a", "c"])
    sheet.step(b, "in two lines", show=["a", "b"])
    figure = plots.filmstrip(sheet)
    first, second = figure.axes
    assert figure.get_figwidth() <= plots.STRIP
    names = [{t.get_text(): t.get_position() for t in ax.texts} for ax in (first, second)]
    assert names[0]["a"][1] == names[0]["c"][1] == names[1]["a"][1], "one line"
    lower = names[1]["b"][1] - names[1]["a"][1]
    assert lower == pytest.approx(2 + plots.ABOVE), "below the two rows of a"
    assert names[1]["in two lines"][1] > names[1]["11"][1] > names[1]["b"][1]
    high = [ax.get_window_extent().height / ax.get_ylim()[0] for ax in figure.axes]
    assert high[0] == pytest.approx(high[1]), "cells are square in both panels"
    assert first.get_ylim()[0] < second.get_ylim()[0], "no empty line under the first"


def test_a_film_strip_draws_the_grids_and_columns_that_are_asked_for():
    sheet = Worksheet("steps")
    x = sheet.given("x", [1, 2, 3])
    for cell in sheet.define("y", [2 * x[0], 2 * x[1], 2 * x[2]], label="twice"):
        sheet.step(cell)
    whole, narrow = (plots.filmstrip(sheet, grids=g, columns=1) for g in (None, ["y"]))
    assert narrow.get_figwidth() < whole.get_figwidth()
    assert len(narrow.axes) == 3
    for ax in narrow.axes:
        assert ax.get_position().x0 == 0, "one column"
        assert [text.get_text() for text in ax.texts if text.get_va() == "bottom"] == ["twice"]
    with pytest.raises(KeyError, match="z"):
        plots.filmstrip(sheet, grids=["z"])


def test_the_columns_of_a_film_strip_are_as_wide_as_their_numbers():
    sheet = Worksheet("shares")
    a = sheet.given("a", [1, 3])
    sheet.step(sheet.define("b", [-a[0] / a[1], a[0]]))
    figure = plots.filmstrip(sheet)
    figure.canvas.draw()
    (ax,) = figure.axes
    texts = {text.get_text(): text.get_window_extent() for text in ax.texts}
    boxes = [patch.get_window_extent() for patch in ax.patches if patch.get_height() == 1]
    holding = [box for box in boxes if box.contains(*texts["−0.3333"].get_points().mean(axis=0))]
    assert holding
    assert all(box.width > texts["−0.3333"].width for box in holding)


def test_the_parts_of_a_bar_stand_on_one_another_by_sign_and_a_line_marks_their_sum(ax):
    plots.stacked(ax, {"a": [2, -1], "b": [-3, -2], "c": [4, 0.5]}, whole="all")
    drawn = {
        bars.get_label(): [tuple(np.sort([b.get_y(), b.get_y() + b.get_height()])) for b in bars]
        for bars in ax.containers
    }
    assert drawn == {"a": [(0, 2), (-1, 0)], "b": [(-3, 0), (-3, -1)], "c": [(2, 6), (0, 0.5)]}
    (sums,) = ax.collections
    assert sums.get_label() == "all"
    assert [segment[0, 1] for segment in sums.get_segments()] == [3, -2.5]
    named = [text.get_text() for text in ax.get_legend().get_texts()]
    assert named == ["a", "b", "c", "all"]


def test_each_part_of_a_bar_has_a_colour_and_a_hatch_of_its_own(ax):
    plots.stacked(ax, {name: [1, 2] for name in "abcde"})
    looks = [(bars[0].get_facecolor(), bars[0].get_hatch()) for bars in ax.containers]
    assert len({colour for colour, _ in looks}) == len({hatch for _, hatch in looks}) == 5


def test_tiles_share_their_limit_where_one_is_given_and_stand_row_by_row():
    arrays = [np.full((2, 3), value) for value in (1, -2, 4)]
    figure = plots.tiles(arrays, titles="abc", columns=2, limit=4)
    drawn = [ax for ax in figure.axes if ax.images]
    assert [ax.get_title() for ax in drawn] == ["a", "b", "c"]
    assert [ax.images[0].get_array()[0, 0] for ax in drawn] == [1, -2, 4]
    assert {ax.images[0].get_clim() for ax in drawn} == {(-4, 4)}
    rows = [ax.get_subplotspec().rowspan.start for ax in drawn]
    assert rows == [0, 0, 1]
    own = plots.tiles(arrays, columns=2)
    assert [ax.images[0].get_clim()[1] for ax in own.axes if ax.images] == [1, 2, 4]


def test_tiles_name_their_rows_and_fit_a_phone_as_a_page_measures_it(tmp_path):
    arrays = [np.eye(3)] * 16
    figure = plots.tiles(arrays, titles=[0, *"bcdefghijklmnop"], rows=["before", "after"])
    first = [ax for ax in figure.axes if ax.get_subplotspec().colspan.start == 0]
    assert [[text.get_text() for text in ax.texts] for ax in first] == [["before"], ["after"]]
    assert figure.axes[0].get_title() == "0"
    figure.savefig(tmp_path / "a.png", dpi=100, bbox_inches="tight")
    height, width, _ = plt.imread(tmp_path / "a.png").shape
    assert height < width <= pictures.WIDE


def test_curves_start_at_step_1_and_differ_in_colour_and_dash(ax):
    plots.curves(ax, {"a": [4, 2, 1], "b": [3, 0.3, 0.03]}, x="step", y="loss")
    first, second = ax.lines
    assert first.get_xdata().tolist() == [1, 2, 3]
    assert list(second.get_ydata()) == [3, 0.3, 0.03]
    assert first.get_color() != second.get_color()
    assert first.get_linestyle() != second.get_linestyle()
    assert ax.get_yscale() == "log"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "b"]


def test_the_numbers_of_a_heat_map_stand_out_from_their_cells(ax):
    numbers = np.linspace(-3, 3, 41)
    plots.heatmap(ax, [numbers], numbers=True)
    colours = ax.images[0].to_rgba(numbers)[:, :3]
    for text, colour in zip(ax.texts, colours, strict=True):
        ink = np.array(to_rgb(text.get_color()))
        for pair in ((ink, colour), (turned_over(ink), turned_over(colour))):
            light, dark = sorted(map(luminance, pair))[::-1]
            assert (light + 0.05) / (dark + 0.05) >= 4.5, text.get_text()
    assert ax.texts[0].get_text() == "−3"


def turned_over(colour):
    """What a dark page makes of it: invert(1) hue-rotate(180deg), by CSS Filter Effects 1."""
    red, green, blue = 0.213, 0.715, 0.072
    gray = np.array([[red, green, blue]] * 3)
    return np.clip((2 * gray - np.eye(3)) @ (1 - colour), 0, 1)


def luminance(colour):
    """Relative luminance as WCAG 2 defines it."""
    r, g, b = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in colour[:3])
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def test_legends_of_two_plots_side_by_side_do_not_meet():
    figure, axes = plt.subplots(1, 2, figsize=(8.6, 3.6))
    for ax in axes:
        plots.stacked(ax, {"direct": [1], "through the variance": [2], "through the mean": [3]})
    figure.canvas.draw()
    left, right = (ax.get_legend().get_window_extent() for ax in axes)
    assert left.x1 <= right.x0
    plt.close(figure)

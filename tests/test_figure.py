import json
import re

import ipywidgets
import numpy as np
import pytest
import traitlets

from backprop.figure import Figure
from backprop.figure.words import WORDS
from backprop.worked import conv
from backprop.worksheet import Worksheet

X, F, DY = [[5, 8, 3], [6, 4, 0], [9, 2, 1]], [[-3, 1], [4, 2]], [[2, -3], [1, 4]]


@pytest.fixture
def figure():
    gather, scatter = conv.input_gradient(X, F, DY), conv.input_gradient_scattered(X, F, DY)
    return Figure({"gather": gather, "scatter": scatter}, title="Two stories")


def test_it_is_an_ipywidget_whose_step_can_be_linked(figure):
    assert isinstance(figure, ipywidgets.DOMWidget)
    slider = ipywidgets.IntSlider(max=8)
    traitlets.link((slider, "value"), (figure, "step"))
    slider.value = 5
    assert figure.step == 5


def test_values_are_the_worksheets_until_the_reader_changes_a_number(figure):
    np.testing.assert_array_equal(figure.values["dx"], [[-6, 11, -3], [5, -19, -2], [4, 18, 8]])
    figure.given = {"F": [-3, 1, 4, 3]}
    assert figure.values["dx"][2, 2] == 4 * 3
    figure.variant = 1
    assert figure.values["dx"][2, 2] == 4 * 3, "variants share the reader's numbers"


def apart():
    """Three variants: x begins alike in all, dy in the last two alone, and n is the last's."""
    sheets = {}
    for name, dy in {"same": [5, 6], "other": [7, 8], "more": [7, 8]}.items():
        sheets[name] = sheet = Worksheet(name)
        x, up = sheet.given("x", [1, 2]), sheet.given("dy", dy)
        sheet.step(sheet.define("y", [x[0] * up[0]]))
    sheets["more"].given("n", 3)
    return sheets


def test_variants_share_the_numbers_of_a_grid_only_where_it_begins_alike():
    figure = Figure(apart())
    keys = [
        {g["name"]: g.get("key", g["name"]) for g in v["worksheet"]["grids"] if "given" in g}
        for v in figure.spec["variants"]
    ]
    assert keys == [
        {"x": "x", "dy": "dy"},
        {"x": "x", "dy": "other: dy"},
        {"x": "x", "dy": "other: dy", "n": "n"},
    ]
    figure.given = {"x": [10, 2], "dy": [50, 6]}
    assert [values_of(figure, k)["y"].item() for k in range(3)] == [500, 70, 70]
    figure.given = {"x": [10, 2], "other: dy": [70, 8]}
    assert [values_of(figure, k)["y"].item() for k in range(3)] == [50, 700, 700]


def values_of(figure, variant):
    figure.variant = variant
    return figure.values


def test_grids_of_another_size_or_with_other_limits_are_kept_apart():
    sheets = {name: Worksheet() for name in ("row", "column", "label", "two", "list", "least")}
    row, column, label, two, plain, least = sheets.values()
    for sheet, values, limits in [
        (row, [[1, 2]], {}),
        (column, [[1], [2]], {}),
        (label, [1, 2], {"choices": (1, 2, 3)}),
        (two, [1, 2], {"choices": (1, 2)}),
        (plain, [1, 2], {}),
        (least, [1, 2], {"minimum": 0}),
    ]:
        a = sheet.given("a", values, **limits)
        sheet.step(sheet.define("b", [a.flat[0]]))
    figure = Figure(sheets)
    figure.given = {"a": [5, 6], "column: a": [7, 8], "label: a": [3, 2], "list: a": [9, 8]}
    assert [values_of(figure, k)["b"].item() for k in range(6)] == [5, 7, 3, 1, 9, 1]


def test_numbers_for_another_shape_are_left_aside():
    sheet = Worksheet("one")
    a = sheet.given("a", [1, 2])
    sheet.step(sheet.define("b", [a[0] + a[1]]))
    figure = Figure(sheet)
    figure.given = {"a": [1, 2, 3], "b": [9], "c": [4]}
    assert figure.values["b"] == 3


def test_the_page_holds_the_document_and_a_first_state(figure):
    page = figure.to_html()
    spec = json.loads(re.search(r'class="bp-spec">(.*?)</script>', page)[1])
    assert spec == figure.spec
    assert [v["name"] for v in spec["variants"]] == ["gather", "scatter"]
    assert re.findall(r"<caption>(.*?)</caption>", page) == ["F", "dy", "dx"]
    assert "<td>-19</td>" in page


def test_the_first_state_calls_a_grid_by_its_label_or_its_symbol():
    sheet = Worksheet()
    cells = sheet.given("h", [1, 2], symbol="x̂")
    sheet.step(sheet.define("s", sum(cells), symbol="Σ", label="sum"))
    captions = re.findall(r"<caption>(.*?)</caption>", Figure(sheet).to_html())
    assert captions == ["x̂", "sum"]


def test_the_first_state_has_a_column_as_a_column():
    sheet = Worksheet()
    a = sheet.given("a", [1, 2])
    sheet.step(sheet.define("b", a, column=True))
    rows = [table.count("<tr>") for table in Figure(sheet).to_html().split("</table>")]
    assert rows == [1, 2, 0]


def test_text_from_a_worksheet_cannot_break_out_of_the_page():
    sheet = Worksheet("</script><b>bold</b>")
    sheet.step(sheet.given("a", 1, label="<i>a</i>"), "</script>")
    page = Figure(sheet).to_html()
    assert page.count("</script>") == 1
    assert "<b>" not in page.split("</script>")[1]
    assert "<i>" not in page.split("</script>")[1]
    assert json.loads(re.search(r'bp-spec">(.*?)</script>', page)[1])["title"] == sheet.title


def test_a_notebook_gets_the_widget_and_the_page(figure):
    data, _ = figure._repr_mimebundle_()
    assert {"application/vnd.jupyter.widget-view+json", "text/html", "text/plain"} <= set(data)
    assert data["text/plain"] == repr(figure) == "Figure('Two stories', 9 steps)"


def test_words_can_be_replaced():
    sheet = conv.forward(X, F)
    assert Figure(sheet, words={"play": "Chạy"}).spec["words"] == WORDS | {"play": "Chạy"}


def test_a_figure_says_that_it_plays_by_itself_only_where_it_does(figure):
    assert "autoplay" not in figure.spec
    assert Figure(conv.forward(X, F), autoplay=True).spec["autoplay"] is True


@pytest.mark.parametrize("worksheet", [{}, Worksheet("no steps"), {"a": Worksheet()}])
def test_a_figure_without_a_step_is_refused(worksheet):
    with pytest.raises(ValueError, match="at least one worksheet, and each at least one step"):
        Figure(worksheet)


@pytest.mark.parametrize(
    "variants",
    [
        {"one": conv.kernel_gradient(X, F, DY)},
        {
            "gather": conv.input_gradient(X, F, DY),
            "scatter": conv.input_gradient_scattered(X, F, DY),
        },
        {turn: conv.input_gradient_turned(X, F, DY, turn=turn) for turn in ("180", "rows", "none")},
    ],
    ids=["kernel", "scatter and gather", "turned or not"],
)
def test_the_document_of_a_figure_stays_small(variants):
    document = json.dumps(Figure(variants).spec, ensure_ascii=False, separators=(",", ":"))
    assert len(document.encode()) <= 12 * 1024

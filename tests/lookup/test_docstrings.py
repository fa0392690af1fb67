"""The descriptions made of docstrings."""

import pytest

import backprop
from backprop import lookup


def entry(name, folder="no such folder"):
    return lookup.entries(name, folder=folder)


def test_an_entry_has_a_heading_a_signature_and_the_docstring():
    heading, signature, first, *_ = entry("conv2d").split("\n\n")
    assert heading == "### conv2d"
    assert signature == "`conv2d(x, w, b, *, stride=1, padding=0, dilation=1, groups=1)`"
    assert first == (
        "Slide every kernel over every image: (N,C,H,W), (F,C/groups,U,V), (F,) -\\> (N,F,I,J)."
    )


def test_the_signs_of_a_formula_are_text():
    assert r"w\[f,c,u,v\]" in entry("conv2d")
    assert r"i\*stride + u\*dilation" in entry("conv2d")
    assert r"\|received - expected\| \<= atol" in entry("check_gradients")
    assert '`momentum_weighs="batch"`: new' in entry("update_running_statistics")


def test_chapters_and_names_become_links(tmp_path):
    for name in ("04-the-kernel.ipynb", "05-the-input.ipynb"):
        (tmp_path / name).touch()
    text = entry("conv2d_backward", tmp_path)
    assert "chapters [04](04-the-kernel.ipynb) (dw), [05](05-the-input.ipynb) (dx) and 08" in text
    assert "whatever [`conv2d`](#conv2d) raises" in text
    assert "`stride` and `dilation` are" in entry("conv2d"), "an argument is no name of its own"


@pytest.mark.parametrize(
    ("name", "signature"),
    [
        ("Worksheet", "Worksheet(title='')"),
        ("Worksheet.values", "Worksheet.values(**given)"),
        ("Figure", "Figure(worksheet, *, title=None, words=None, autoplay=False)"),
        ("practice.check", "practice.check(name, function, *, seconds=5.0, dtype=numpy.float64)"),
    ],
)
def test_a_signature_is_what_a_caller_writes(name, signature):
    assert entry(name).split("\n\n")[1] == f"`{signature}`"


def test_a_named_tuple_is_told_by_its_fields():
    assert lookup.returned("LinearGrads") == (
        "### LinearGrads\n\n`dx`, `dw`, `db`. "
        "The gradients of [`linear`](#linear), each of its argument's shape."
    )


def test_the_chapters_of_a_name():
    assert lookup.derived_in("conv2d_backward") == ["04", "05", "08"]
    assert lookup.derived_in("dilate") == []


def test_every_operation_says_its_chapter_or_has_none():
    silent = {name for name in backprop.__all__ if name.islower() and not lookup.derived_in(name)}
    activations = {"sigmoid", "sigmoid_backward", "tanh", "tanh_backward", "relu_backward"}
    assert silent == activations | {"dilate", "pad", "rotate180", "sliding_windows"}

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
        "Slide every kernel over every image: (N,C,H,W), (F,C/groups,U,V), (F,)\u00a0→ (N,F,I,J)."
    )


def test_the_signs_of_a_formula_are_text():
    assert r"w\[f,c,u,v\]" in entry("conv2d")
    assert r"i\*stride + u\*dilation" in entry("conv2d")
    assert "\\|received −\u00a0expected\\| \\<= atol" in entry("check_gradients")
    assert '`momentum_weighs="batch"`: new' in entry("update_running_statistics")


def test_a_minus_is_no_hyphen_and_stays_with_what_it_takes_away():
    assert "+ bottom −\u00a0(U−1)\\*dilation −\u00a01)" in entry("conv2d")
    assert "The padding is −inf" in entry("max_pool2d")
    assert "dmean = −sum(g) / std" in entry("batch_norm_inference_backward")
    assert "dy\u00a0→ Jᵀ dy" in entry("vjp")
    assert "vector-Jacobian product" in entry("vjp"), "a hyphen stays one"


def test_an_address_is_a_link():
    assert "Ba, <https://arxiv.org/abs/1412.6980>, algorithm 1." in entry("adam")


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
        ("Layer", "Layer(op, parameters=(), options={})"),
        ("Worksheet", "Worksheet(title='')"),
        ("Worksheet.values", "Worksheet.values(**given)"),
        ("Figure", "Figure(worksheet, *, title=None, words=None, autoplay=False)"),
        ("practice.check", "practice.check(name, function, *, seconds=5.0, dtype=numpy.float64)"),
    ],
)
def test_a_signature_is_what_a_caller_writes(name, signature):
    assert entry(name).split("\n\n")[1] == f"`{signature}`"


def test_a_named_tuple_is_told_by_its_fields():
    assert lookup.returned("LinearGrads", "SgdStep") == (
        "- `LinearGrads` (`dx`, `dw`, `db`). "
        "The gradients of [`linear`](#linear), each of its argument's shape.\n"
        "- `SgdStep` (`w`, `v`). What [`sgd`](#sgd) returns."
    )


def test_a_name_without_an_entry_is_no_link():
    assert "and its `Gradients`, by [`vjp`](#vjp)" in entry("loss_and_gradients")


def test_the_chapters_of_a_name():
    assert lookup.derived_in("conv2d_backward") == ["04", "05", "08"]
    assert lookup.derived_in("dilate") == []


def test_every_operation_says_its_chapter_or_has_none():
    silent = {name for name in backprop.__all__ if name.islower() and not lookup.derived_in(name)}
    activations = {"sigmoid", "sigmoid_backward", "tanh", "tanh_backward", "relu_backward"}
    assert silent == activations | {"dilate", "pad", "rotate180", "sliding_windows"}

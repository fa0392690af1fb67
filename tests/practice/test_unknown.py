"""Wrong answers that no catalogue holds: the message names the entry, the tables mark it."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest

from backprop.practice import EXERCISES, check


def answer(name):
    return EXERCISES[name].answer


def last_entry(dy, x):
    dF = answer("conv2d.dF")(dy, x)
    dF[-1, -1] += 0.5
    return dF


def wrong_on_oblong(dy, F):
    dx = answer("conv2d.dx")(dy, F)
    if dy.shape[0] != dy.shape[1]:
        dx[1, 2] = 0.25
    return dx


def second_sample(dy, x, gamma, *, eps=1e-5):
    dx = answer("layer_norm.dx")(dy, x, gamma, eps=eps)
    dx[1] *= 1.01
    return dx


def third_axis(dy, x, w, b):
    dx, dw, db = answer("conv2d_backward")(dy, x, w, b)
    dw[1, 0, 1, 0] = np.nan
    return dx, dw, db


def bias(dy, x, w, b, *, stride=1, padding=0):
    dx, dw, db = answer("conv2d_backward.options")(dy, x, w, b, stride=stride, padding=padding)
    return dx, dw, db + 1e-5


def one_number(dy, x, F):
    dx, dF, db = answer("conv2d.one_channel")(dy, x, F)
    return dx, dF, np.float64(db + 2)


@pytest.mark.parametrize(
    ("name", "function", "output", "index", "shapes"),
    [
        ("conv2d.dF", last_entry, "dF", (1, 1), "dy (2, 2), x (3, 3)"),
        ("conv2d.dx", wrong_on_oblong, "dx", (1, 2), "dy (3, 4), F (2, 3)"),
        ("layer_norm.dx", second_sample, "dx", (1, 0), "dy (2, 3), x (2, 3), gamma (3,)"),
        ("conv2d_backward", third_axis, "dw", (1, 0, 1, 0), "dy (2, 2, 2, 2), x (2, 1, 3, 3)"),
        ("conv2d_backward.options", bias, "db", (0,), "dy (1, 1, 2, 2), x (1, 1, 3, 3)"),
        ("conv2d.one_channel", one_number, "db", (), "dy (2, 2), x (3, 3), F (2, 2)"),
    ],
)
def test_the_first_wrong_entry_is_named_with_both_values(name, function, output, index, shapes):
    verdict = check(name, function)
    assert verdict.status == "wrong", verdict
    assert verdict.output == output
    place = f"[{', '.join(map(str, index))}]" if index else ""
    right, ours = verdict.expected[index], verdict.received[index]
    said = re.fullmatch(
        re.escape(f"{output}{place} should be ") + r"(\S+), yours is (\S+)\. It was given (.+)\.",
        verdict.message,
    )
    assert said, verdict.message
    assert said[1] != said[2]
    np.testing.assert_allclose([float(said[1]), float(said[2])], [right, ours], rtol=1e-4)
    assert said[3].startswith(shapes)


def leaky(dy, x):
    return dy * np.where(x > 0, 1, 0.01)


def rounded_shares(logits, labels):
    e = np.exp(logits)
    p = np.round(e / e.sum(axis=1, keepdims=True), 1)
    return (p - np.eye(logits.shape[1])[labels]) / len(logits)


def the_same_column(x):
    p = np.exp(x) / np.exp(x).sum()
    return np.diag(p) - p[:, None] * p[0]


def centred(dy, x, w, b):
    dx, _, db = answer("linear_backward")(dy, x, w, b)
    return dx, (x - x.mean(axis=0)).T @ dy, db


def without_the_last_window(dy, x, *, kernel_size, stride):
    less = dy.copy()
    less[:, -1] = 0
    return answer("max_pool2d.dx")(less, x, kernel_size=kernel_size, stride=stride)


def divided_by_the_stride(dy, x, *, kernel_size, stride, padding, count_include_pad):
    how = {"kernel_size": kernel_size, "stride": stride, "padding": padding}
    dx = answer("avg_pool2d_backward")(dy, x, **how, count_include_pad=count_include_pad)
    return dx * kernel_size**2 / (stride + 1) ** 2


def edges_repeated(dy, F):
    U, V = F.shape
    padded = np.pad(dy, [(U - 1, U - 1), (V - 1, V - 1)], mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, F.shape)
    return np.einsum("ijuv,uv->ij", windows, F[::-1, ::-1])


def stride_of_two_at_most(dy, x, w, b, *, stride=1, padding=0):
    dx, dw, db = answer("conv2d_backward.options")(dy, x, w, b, stride=stride, padding=padding)
    dw[..., -1] *= stride
    return dx, dw, db


def a_wrong_tap(dy, x, F, *, stride=1, padding=0, dilation=1):
    how = {"stride": stride, "padding": padding, "dilation": dilation}
    dx, dF = answer("conv_row_backward")(dy, x, F, **how)
    return dx, dF + (dilation - 1)


def not_normalised(dy, x, gamma, beta, *, eps=1e-5):
    dx, _, dbeta = answer("layer_norm_backward")(dy, x, gamma, beta, eps=eps)
    return dx, (dy * (x - x.mean(axis=-1, keepdims=True))).sum(axis=0), dbeta


def another_eps(dy, x, gamma, *, eps=1e-5):
    return answer("batch_norm.dx")(dy, x, gamma, eps=0.001)


def one_gamma_for_a_group(dy, x, gamma, groups, eps):
    means = gamma.reshape(groups, -1).mean(axis=1)
    gamma = np.repeat(means, len(gamma) // groups)
    return answer("group_norm.dx")(dy, x, gamma, groups, eps)


UNKNOWN = {
    "relu.dx": leaky,
    "softmax_cross_entropy.dlogits": rounded_shares,
    "softmax.jacobian": the_same_column,
    "linear_backward": centred,
    "max_pool2d.dx": without_the_last_window,
    "avg_pool2d_backward": divided_by_the_stride,
    "conv2d.dx": edges_repeated,
    "conv2d_backward.options": stride_of_two_at_most,
    "conv_row_backward": a_wrong_tap,
    "layer_norm_backward": not_normalised,
    "batch_norm.dx": another_eps,
    "group_norm.dx": one_gamma_for_a_group,
}


def first_wrong(exercise, function):
    """Go through cases, results and entries in order; give the first entry that is wrong."""
    for arguments, options in exercise.cases(np.random.default_rng(0)):
        pair = (f(*arguments, **options) for f in (function, exercise.answer))
        ours, right = (r if isinstance(r, tuple) else (r,) for r in pair)
        for name, got, expected in zip(exercise.returns, ours, right, strict=True):
            for index in np.ndindex(expected.shape):
                if abs(got[index] - expected[index]) > 1e-6:
                    return name, list(index), got[index], expected[index], arguments
    raise AssertionError("it is right")


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_no_catalogue_holds_is_shown_at_its_first_wrong_entry(name):
    output, index, ours, right, arguments = first_wrong(EXERCISES[name], UNKNOWN[name])
    verdict = check(name, UNKNOWN[name])
    assert verdict.status == "wrong", verdict
    said = re.match(r"(\w+)(\[.*?\]) should be (\S+), yours is (\S+)\. It was", verdict.message)
    assert (said[1], said[2]) == (output, str(index))
    np.testing.assert_allclose([float(said[3]), float(said[4])], [right, ours], rtol=1e-4)
    sizes = [f" {a.shape}" for a in arguments if isinstance(a, np.ndarray)]
    assert all(size in verdict.message for size in sizes), verdict.message
    mine, _, right_one = repr(verdict).partition("the right ")
    assert "✗" in mine
    assert "✗" not in right_one


def test_the_text_marks_the_entries_that_differ():
    lines = repr(check("conv2d.dF", last_entry)).splitlines()
    assert lines[0].startswith("conv2d.dF: wrong. dF[1, 1] should be ")
    assert lines[1] == "your dF:"
    assert lines[4] == "the right dF:"
    assert [line.count("✗") for line in lines] == [0, 0, 0, 1, 0, 0, 0]  # the right ones unmarked
    assert lines[3].endswith("✗")


def test_the_text_shows_the_slice_in_which_the_difference_is():
    text = repr(check("conv2d_backward", third_axis))
    assert "your dw[1, 0]:" in text
    assert "nan ✗" in text


def test_a_value_that_looks_the_same_gets_more_digits():
    message = check("conv2d_backward.options", bias).message
    assert re.search(r"should be (-?\d+), yours is (-?\d+\.\d{5,6})\.", message), message


class Cells(HTMLParser):
    """Collect the tables: captions, and each cell with whether it is outlined."""

    def __init__(self):
        super().__init__()
        self.open, self.captions, self.cells = [], [], []

    def handle_starttag(self, tag, attributes):
        self.open.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, data):
        tag, attributes = self.open[-1]
        if tag == "caption":
            self.captions.append(data)
        if tag == "td":
            self.cells.append((data, "outline" in attributes.get("style", "")))


def test_the_html_outlines_and_crosses_the_entries_that_differ():
    page = Cells()
    page.feed(check("conv2d.dF", last_entry)._repr_html_())
    assert page.open == []
    assert page.captions == ["your dF", "the right dF"]
    mine = [False, False, False, True] + [False] * 4  # what is right has no mark
    assert [outlined for _, outlined in page.cells] == mine
    assert [text.endswith(" ✗") for text, _ in page.cells] == mine


def test_the_html_of_a_right_answer_and_of_a_starter_has_no_tables():
    for function, mark in [(answer("conv2d.dF"), "✓"), (lambda dy, x: None, "…")]:
        page = check("conv2d.dF", function)._repr_html_()
        assert f"<strong>{mark} conv2d.dF: " in page
        assert "<table" not in page


def test_the_html_shows_a_readers_words_as_text():
    def shout(dy, x):
        raise ValueError("<b>&")

    assert "ValueError: &lt;b&gt;&amp;" in check("conv2d.dF", shout)._repr_html_()


def test_a_vector_and_a_number_are_tables_too():
    page = Cells()
    page.feed(check("conv2d.one_channel", one_number)._repr_html_())
    assert len(page.cells) == 2
    row = check("conv2d.db", lambda dy: dy.sum(axis=(0, 2, 3)) + np.arange(dy.shape[1]))
    assert row._repr_html_().count("<tr>") == 2


def test_a_wrong_shape_has_no_tables():
    assert "\n" not in repr(check("conv2d.dF", lambda dy, x: dy[:1, :1]))

"""What `check` says to each kind of answer, catalogued or not."""

import re
import time

import numpy as np
import pytest

import backprop
from backprop.practice import check
from backprop.windows import rotate180

X, F, DY = [[5, 8, 3], [6, 4, 0], [9, 2, 1]], [[-3, 1], [4, 2]], [[2, -3], [1, 4]]


def right_dF(dy, x):
    dF = np.zeros((x.shape[0] - dy.shape[0] + 1, x.shape[1] - dy.shape[1] + 1))
    for i, j in np.ndindex(dy.shape):
        dF += dy[i, j] * x[i : i + dF.shape[0], j : j + dF.shape[1]]
    return dF


def refuse(dy, x):
    raise NotImplementedError


def test_a_right_answer_is_right_and_true():
    verdict = check("conv2d.dF", right_dF)
    assert verdict
    assert repr(verdict) == "conv2d.dF: right. All 3 cases agree, entry by entry."


def test_it_is_found_in_the_package():
    assert backprop.practice.check("conv2d.dF", right_dF)


@pytest.mark.parametrize(
    "starter", [lambda dy, x: None, lambda dy, x: ..., refuse, lambda dy, x: (None, ...)]
)
def test_a_starter_cell_is_not_attempted(starter):
    verdict = check("conv2d.dF", starter)
    assert not verdict
    assert verdict.status == "not attempted"
    assert verdict.message == "Write my_dF, which returns dF; then check it again."


def test_the_readers_own_error_is_shown_with_the_shapes():
    def my_dF(dy, x):
        return dy @ x

    verdict = check("conv2d.dF", my_dF)
    assert verdict.status == "raised"
    assert "Your function raised ValueError: matmul" in verdict.message
    line = my_dF.__code__.co_firstlineno + 1
    assert f" It happened in line {line}: “return dy @ x”. It was given" in verdict.message
    assert verdict.message.endswith("It was given dy (2, 2), x (3, 3).")


def test_an_error_within_numpy_is_shown_at_the_readers_own_line():
    def my_dF(dy, x):
        return np.linalg.inv(x.sum())

    line = my_dF.__code__.co_firstlineno + 1
    said = f"It happened in line {line}: “return np.linalg.inv("
    assert said in check("conv2d.dF", my_dF).message


def test_a_function_that_cannot_be_called_so_has_no_line():
    message = check("conv2d.dF", lambda dy: dy).message
    assert re.search(r"raised TypeError: .* takes 1 .* but 2 were given\. It was given dy", message)


def test_a_function_whose_source_is_unknown_has_a_line_without_words():
    names = {}
    exec("def my_dF(dy, x):\n    return dy[5]", names)
    message = check("conv2d.dF", names["my_dF"]).message
    assert "size 2. It happened in line 2. It was given" in message


def test_an_error_without_words_and_an_exit_are_errors_like_others():
    def leave(dy, x):
        raise SystemExit

    def insist(dy, x):
        raise AssertionError

    assert "Your function raised SystemExit. It happened" in check("conv2d.dF", leave).message
    assert "Your function raised AssertionError. It happ" in check("conv2d.dF", insist).message


def test_a_smaller_case_that_is_wrong_says_more_than_a_later_error():
    def square_only(dy, x):
        dF = right_dF(dy, x) + 1
        if dF.shape != (2, 2):
            raise IndexError("out of bounds")
        return dF

    assert check("conv2d.dF", square_only).status == "wrong"


def test_an_error_in_a_larger_case_is_shown_where_the_smaller_ones_are_right():
    def square_only(dy, x):
        if dy.shape[0] != dy.shape[1]:
            raise IndexError("out of bounds")
        return right_dF(dy, x)

    verdict = check("conv2d.dF", square_only)
    assert verdict.status == "raised"
    assert verdict.message.endswith("It was given dy (3, 4), x (4, 6).")


def test_an_option_is_told_with_the_shapes():
    def fails(dy, x, w, b, *, stride, padding):
        raise TypeError("no")

    message = check("conv2d_backward.options", fails).message
    assert "w (1, 1, 2, 2), b (1,), stride=1, padding=0." in message


def test_an_endless_loop_ends():
    state = {"rounds": 0}

    def for_ever(dy, x):
        while True:
            state["rounds"] += 1

    began = time.monotonic()
    verdict = check("conv2d.dF", for_ever, seconds=0.05)
    assert time.monotonic() - began < 20
    assert verdict.status == "too slow"
    assert verdict.message == "It ran for more than 0.05 s. It was given dy (2, 2), x (3, 3)."
    rounds = state["rounds"]
    time.sleep(0.05)
    assert state["rounds"] == rounds, "the loop still runs"


def test_a_loop_that_catches_what_it_can_is_stopped_too():
    state = {"caught": 0, "over": False}

    def stubborn(dy, x):
        while not state["over"]:
            try:
                time.sleep(0.001)
            except BaseException:
                state["caught"] += 1
                state["over"] = state["caught"] == 2

    assert check("conv2d.dF", stubborn, seconds=0.05).status == "too slow"
    assert state["over"]


@pytest.mark.parametrize("place", [0, 1])
def test_a_changed_input_is_named_and_the_right_result_does_not_excuse_it(place):
    def careless(*arguments):
        dF = right_dF(*arguments)
        arguments[place][0, 0] = 7.5
        return dF

    verdict = check("conv2d.dF", careless)
    assert verdict.status == "changed its input"
    assert f"changed {('dy', 'x')[place]};" in verdict.message


def test_what_a_function_does_to_its_arrays_reaches_no_later_call():
    seen = []

    def spoil(dy, x):
        seen.append((dy.copy(), x.copy()))
        dy[...] = x[...] = 0

    for _ in range(2):
        check("conv2d.dF", spoil)
    assert len(seen) == 2
    assert all(np.array_equal(a, b) for a, b in zip(*seen, strict=True))
    assert check("conv2d.dF", right_dF)


def test_a_result_that_is_reused_later_is_compared_as_it_was():
    buffers = {}

    def reuse(dy, x):
        dF = right_dF(dy, x)
        buffer = buffers.setdefault("only", np.zeros((9, 9)))
        view = buffer[: dF.shape[0], : dF.shape[1]]
        view[...] = dF
        return view

    assert check("conv2d.dF", reuse)


@pytest.mark.parametrize(
    ("returned", "words"),
    [
        (lambda dF: dF.tolist(), "dF should be an array, not a list."),
        (lambda dF: dF.astype(int), "dF should be of type float64, as the inputs are, not int64."),
        (lambda dF: dF.astype("f4"), "dF should be of type float64, as the inputs are, not float3"),
        (lambda dF: dF.astype(complex), "not complex128."),
        (lambda dF: dF.astype(object), "not object."),
        (lambda dF: "dF", "dF should be an array or one number, not str."),
        (lambda dF: {"dF": dF}, "dF should be an array or one number, not dict."),
        (lambda dF: (dF, dF), "The number of results is 2. It should be 1: dF."),
    ],
)
def test_a_wrong_type_is_named(returned, words):
    verdict = check("conv2d.dF", lambda dy, x: returned(right_dF(dy, x)))
    assert verdict.status == "wrong type"
    assert words in verdict.message


@pytest.mark.parametrize("numbers", [[2, -2, 0, 0], [2.0, -2, 0, 0]])
def test_where_no_array_is_given_the_numbers_may_be_whole(numbers):
    verdict = check("layer_norm.four_entries", lambda: np.array(numbers))
    assert repr(verdict) == "layer_norm.four_entries: right. It agrees, entry by entry."


def test_a_count_may_be_whole_but_not_a_word():
    assert check("batch_norm.counts", lambda N, C, H, W: (np.prod([N, H, W]), 1))
    verdict = check("batch_norm.counts", lambda N, C, H, W: (np.array(["many"]), 1))
    assert verdict.status == "wrong type"
    assert verdict.message == "training should be made of numbers, not of <U4."


def test_a_whole_number_by_itself_is_compared():
    verdict = check("layer_norm.missing_path", lambda dx, x_hat: 3)
    assert verdict.status == "wrong"
    assert verdict.message.startswith("path should be 1, yours is 3.")


def test_float32_is_asked_for_where_the_arrays_are_float32():
    verdict = check("conv2d.dF", right_dF, dtype=np.float32)  # np.zeros made float64 of it
    assert verdict.message == "dF should be of type float32, as the inputs are, not float64."


def test_a_missing_result_among_several_is_named():
    verdict = check("conv2d.one_channel", lambda dy, x, F: (np.zeros(x.shape), None, 0.0))
    assert verdict.message == "dF should be an array or one number, not None."
    verdict = check("conv2d.one_channel", lambda dy, x, F: np.zeros(x.shape))
    assert verdict.message == "The number of results is 1. It should be 3: dx, dF, db."


def test_one_result_may_come_in_a_tuple_and_several_in_a_list_or_with_none_at_the_end():
    assert check("conv2d.dF", lambda dy, x: (right_dF(dy, x),))
    exercises = backprop.practice.EXERCISES
    whole, depthwise = exercises["conv2d_backward"], exercises["depthwise_backward"]
    assert check(whole.name, lambda *arrays: list(whole.answer(*arrays)))
    assert check(depthwise.name, lambda *arrays: (*depthwise.answer(*arrays), None))


def test_a_shape_that_no_mistake_explains_is_told():
    verdict = check("conv2d.dF", lambda dy, x: right_dF(dy, x).ravel())
    assert verdict.status == "wrong shape"
    assert verdict.message == (
        "dF should be (2, 2), yours is (4,). It was given dy (2, 2), x (3, 3)."
    )


def _scattered(dy, F):
    dx = np.zeros((dy.shape[0] + F.shape[0] - 1, dy.shape[1] + F.shape[1] - 1))
    for i, j in np.ndindex(dy.shape):
        dx[i : i + F.shape[0], j : j + F.shape[1]] += dy[i, j] * F
    return dx


@pytest.mark.parametrize(
    ("spoil", "needless"),
    [
        (rotate180, "The kernel lies the wrong way round"),
        (lambda F: F[::-1], "The kernel's rows are in the wrong order"),
        (lambda F: F[:, ::-1], "The kernel's columns are in the wrong order"),
    ],
)
def test_a_needless_turn_in_a_scatter_is_told_as_what_it_is(spoil, needless):
    assert check("conv2d.dx", _scattered)
    verdict = check("conv2d.dx", lambda dy, F: _scattered(dy, spoil(F)))
    assert verdict.status == "known mistake"
    assert verdict.message.startswith(needless)
    assert "pushing windows with += needs n" in verdict.message


def test_a_second_mistake_elsewhere_does_not_hide_the_first():
    def two(dy, x, F):
        padded = np.pad(dy, [(k - 1, k - 1) for k in F.shape])
        return right_dF(F, padded), rotate180(right_dF(dy, x)), dy.mean()

    verdict = check("conv2d.one_channel", two)
    assert verdict.status == "known mistake"
    assert "the wrong way round in dx, by 180°" in verdict.message
    assert verdict.output == "dx"


def test_it_is_deterministic():
    def my_dF(dy, x):
        return right_dF(dy, x) + 1

    first, again = (check("conv2d.dF", my_dF) for _ in range(2))
    assert repr(first) == repr(again)
    assert first._repr_html_() == again._repr_html_()


@pytest.mark.parametrize("form", [list, tuple, np.array])
def test_what_is_written_down_may_be_any_table_of_numbers(form):
    verdict = check("dF_of_y22", lambda: form([[4, 0], [2, 1]]))
    assert verdict
    assert verdict.message == "It agrees, entry by entry."


@pytest.mark.parametrize("form", [int, float, np.int64, np.array])
def test_what_is_written_down_may_be_one_number(form):
    assert check("silent_pixels", lambda: form(11))
    assert check("silent_pixels", lambda: form(14)).status == "known mistake"
    wrong = check("silent_pixels", lambda: form(20))
    assert wrong.message == "Not right yet: count is not 20."
    listed = check("silent_pixels", lambda: [11])
    assert listed.message == "count should be one number, yours is (1,)."


def test_what_is_right_but_for_rounding_is_told_so():
    verdict = check("dz_of_the_second_class", lambda: [0.11419, -0.95799, 0.84379])
    assert verdict.status == "wrong"
    exact = np.exp([0, -1, 2]) / np.exp([0, -1, 2]).sum() - [0, 1, 0]
    assert "Round them" in check("dz_of_the_second_class", lambda: exact).message


def test_what_is_written_down_is_told_how_many_entries_are_wrong_but_not_the_answer():
    verdict = check("dF_of_y22", lambda: [[4, 7], [2, 9]])
    assert verdict.status == "wrong"
    assert verdict.message == (
        "2 of 4 entries are not right yet. The first is dF[0, 1]; yours is 7."
    )
    assert "\n" not in repr(verdict)
    hinted = check("dF_of_y22", lambda: [[5, 8], [6, 4]])
    assert hinted.status == "known mistake"
    assert "\n" not in repr(hinted)


@pytest.mark.parametrize(
    ("written", "status", "words"),
    [
        (None, "not attempted", "Write my_gradient_of_y22, which returns dF; then check it again."),
        ([[4, 0], [2]], "wrong type", "dF should be made of numbers, in rows of one length."),
        ([[4, "a"], [2, 1]], "wrong type", "dF should be made of numbers, in rows of one length."),
        ("4", "wrong type", "dF should be an array or one number, not str."),
        ([4, 0, 2, 1], "wrong shape", "dF should be (2, 2), yours is (4,)."),
    ],
)
def test_what_is_no_table_is_told_what_it_lacks(written, status, words):
    verdict = check("dF_of_y22", lambda: written)
    assert (verdict.status, verdict.message) == (status, words)


def test_an_error_while_writing_down_is_shown_at_its_line():
    def my_gradient_of_y22():
        return [1][2]

    message = check("dF_of_y22", my_gradient_of_y22).message
    assert message.endswith(": “return [1][2]”.")


def test_an_unknown_name_lists_the_names():
    with pytest.raises(LookupError, match=r"no exercise 'conv3d'; there are .*conv2d\.dF, .*relu|"):
        check("conv3d", right_dF)
    with pytest.raises(LookupError, match=r"conv2d\.dF, .*layer_norm\.direct, "):
        check("conv3d", right_dF)


def test_a_result_in_the_place_of_the_function_is_refused():
    with pytest.raises(TypeError, match="give it the function itself, without parentheses: None"):
        check("conv2d.dF", None)

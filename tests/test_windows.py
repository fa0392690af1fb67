from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop import windows
from backprop.windows import (
    crop,
    dilate,
    output_size,
    pad,
    padding_pairs,
    rotate180,
    seen_by_tap,
    size_pair,
    sliding_windows,
    span,
    whole,
)

PAIRS = st.tuples(st.integers(1, 3), st.integers(1, 3))
IMAGES = st.tuples(st.integers(1, 2), st.integers(7, 9), st.integers(7, 9))


@given(IMAGES, PAIRS, PAIRS, PAIRS)
def test_each_window_holds_what_its_formula_says(shape, kernel, stride, dilation):
    x = np.arange(np.prod(shape)).reshape(shape)
    seen = sliding_windows(x, kernel, stride=stride, dilation=dilation)
    for n, i, j, u, v in np.ndindex(seen.shape):
        row, column = i * stride[0] + u * dilation[0], j * stride[1] + v * dilation[1]
        assert seen[n, i, j, u, v] == x[n, row, column]


@given(IMAGES, PAIRS, PAIRS, PAIRS)
def test_no_further_window_fits(shape, kernel, stride, dilation):
    grid = sliding_windows(np.zeros(shape), kernel, stride=stride, dilation=dilation).shape[1:3]
    for n, out, k, s, d in zip(shape[1:], grid, kernel, stride, dilation, strict=True):
        starts = [start for start in range(0, n, s) if start + (k - 1) * d < n]
        assert out == len(starts) == output_size(n, k, stride=s, dilation=d)


@given(IMAGES, PAIRS, PAIRS, PAIRS)
def test_what_a_tap_sees_is_one_slice_of_the_windows(shape, kernel, stride, dilation):
    x = np.arange(np.prod(shape)).reshape(shape)
    seen = sliding_windows(x, kernel, stride=stride, dilation=dilation)
    for u, v in np.ndindex(kernel):
        tap = seen_by_tap(x, u, v, seen.shape[1:3], stride=stride, dilation=dilation)
        assert np.array_equal(tap, seen[..., u, v])
        assert np.shares_memory(tap, x)


@pytest.mark.parametrize(
    ("size", "kernel", "options", "expected"),
    [
        (5, 2, {}, 4),  # the article's network
        (3, 2, {}, 2),
        (28, 5, dict(padding=(2, 2)), 28),
        (7, 3, dict(stride=2), 3),
        (8, 3, dict(stride=2), 3),  # the last row is reached by no window
        (7, 3, dict(dilation=3), 1),
        (6, 3, dict(dilation=3), 0),  # does not fit
        (4, 3, dict(stride=2, padding=(0, 1)), 2),
    ],
)
def test_output_size(size, kernel, options, expected):
    assert output_size(size, kernel, **options) == expected


def test_windows_are_read_only_and_a_kernel_that_does_not_fit_is_refused():
    x = np.zeros((3, 4))
    with pytest.raises(ValueError, match="read-only"):
        sliding_windows(x, (2, 2))[0, 0, 0, 0] = 1
    with pytest.raises(ValueError, match="does not fit") as raised:
        sliding_windows(x, (2, 5))
    assert str(raised.value) == "sliding_windows: kernel (2, 5) does not fit: x (3, 4)"


def test_padding_goes_where_it_is_said_and_crop_takes_it_off():
    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    padded = pad(x, ((1, 0), (0, 2)), value=-9)
    assert padded.tolist() == [[-9, -9, -9, -9], [1, 2, -9, -9], [3, 4, -9, -9]]
    assert np.array_equal(crop(padded, ((1, 0), (0, 2))), x)
    assert not np.shares_memory(pad(x, ((0, 0), (0, 0))), x)


def test_dilate_puts_zeros_between_neighbours():
    x = np.array([[1, 2], [3, 4]])
    assert dilate(x, (2, 3)).tolist() == [[1, 0, 0, 2], [0, 0, 0, 0], [3, 0, 0, 4]]
    assert np.array_equal(dilate(x, 1), x)
    assert [span(3, d) for d in (1, 2, 3)] == [3, 5, 7]


def test_rotate180_reverses_rows_and_columns_of_each_kernel():
    w = np.arange(12).reshape(2, 2, 3)
    assert rotate180(w).tolist() == [[[5, 4, 3], [2, 1, 0]], [[11, 10, 9], [8, 7, 6]]]
    assert np.array_equal(rotate180(rotate180(w)), w)


def test_the_forms_of_a_size():
    assert size_pair("f: stride", 2) == size_pair("f: stride", [2, 2]) == (2, 2)
    assert padding_pairs("f: padding", 1) == ((1, 1), (1, 1))
    assert padding_pairs("f: padding", (1, 2)) == ((1, 1), (2, 2))
    assert padding_pairs("f: padding", ((1, 2), (3, 4))) == ((1, 2), (3, 4))
    assert type(whole("f: groups", np.int64(3), 1)) is int


@pytest.mark.parametrize("value", [1.5, "2", None, True, np.array([1, 2])])
def test_a_size_must_be_whole(value):
    with pytest.raises(TypeError) as raised:
        whole("f: stride", value, 1)
    assert str(raised.value) == f"f: stride must be a whole number: {value!r}"


def test_a_size_must_be_large_enough():
    with pytest.raises(ValueError, match="f: stride must be at least 1: 0"):
        whole("f: stride", 0, 1)


def test_only_windows_uses_stride_tricks():
    sources = Path(windows.__file__).parent.rglob("*.py")
    users = {path.name for path in sources if "stride_tricks" in path.read_text(encoding="utf-8")}
    assert users == {"windows.py"}

import tracemalloc

import numpy as np
import pytest
from hypothesis import given

from backprop import check_gradients, conv2d, conv2d_backward
from backprop.ops import conv
from tests.ops.cases import SEEDS, dy_for, random_conv
from tests.ops.oracles import agree_with_torch, conv2d_loops


@given(SEEDS)
def test_conv2d_and_its_gradients_equal_the_definition_written_as_loops(seed):
    rng = np.random.default_rng(seed)
    x, w, b, options = random_conv(rng, most=3)
    dy = dy_for(rng, conv2d, x, w, b, **options)
    y, *gradients = conv2d_loops(dy, x, w, b, **options)
    np.testing.assert_allclose(conv2d(x, w, b, **options), y, atol=1e-12)
    for ours, right in zip(conv2d_backward(dy, x, w, b, **options), gradients, strict=True):
        np.testing.assert_allclose(ours, right, atol=1e-12)


@pytest.mark.parametrize("seed", range(300))
def test_conv2d_agrees_with_pytorch(torch, seed):
    rng = np.random.default_rng(seed)
    x, w, b, options = random_conv(rng)
    b = None if seed % 4 == 0 else b
    top_bottom, left_right = options["padding"]

    def theirs(x, w, b=None):
        padded = torch.nn.functional.pad(x, (*left_right, *top_bottom))
        rest = {name: options[name] for name in ("stride", "dilation", "groups")}
        return torch.nn.functional.conv2d(padded, w, b, **rest)

    dy = dy_for(rng, conv2d, x, w, b, **options)
    agree_with_torch(torch, conv2d, conv2d_backward, theirs, (x, w, b), dy, **options)


@pytest.mark.parametrize("seed", range(20))
def test_conv2d_gradients_agree_with_finite_differences(seed):
    rng = np.random.default_rng(seed)
    x, w, b, options = random_conv(rng, most=3)
    check_gradients(conv2d, x, w, None if seed % 4 == 0 else b, rng=rng, **options)


@pytest.mark.parametrize(
    ("short", "full"),
    [
        (dict(stride=2), dict(stride=(2, 2))),
        (dict(dilation=2), dict(dilation=(2, 2))),
        (dict(padding=2), dict(padding=((2, 2), (2, 2)))),
        (dict(padding=(1, 2)), dict(padding=((1, 1), (2, 2)))),
        (dict(padding=[1, (2, 0)]), dict(padding=((1, 1), (2, 0)))),
        (dict(stride=np.int64(3)), dict(stride=3)),
        ({}, dict(stride=1, padding=0, dilation=1, groups=1)),
    ],
)
def test_the_short_forms_of_the_options_mean_the_long_ones(short, full):
    rng = np.random.default_rng(0)
    x, w, b = (rng.standard_normal(s) for s in ((2, 3, 7, 9), (4, 3, 3, 2), 4))
    assert np.array_equal(conv2d(x, w, b, **short), conv2d(x, w, b, **full))


def test_cells_that_no_window_reaches_get_exactly_zero():
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal((2, 3, 6, 9)), rng.standard_normal((4, 3, 2, 2))
    dy = rng.standard_normal((2, 4, 2, 3))
    dx = conv2d_backward(dy, x, w, None, stride=3, dilation=2).dx  # windows see rows 0 2, 3 5
    reached = np.zeros((6, 9), dtype=bool)
    reached[np.ix_([0, 2, 3, 5], [0, 2, 3, 5, 6, 8])] = True
    assert np.all(dx[:, :, ~reached] == 0)
    assert np.all(dx[:, :, reached] != 0)


def test_an_empty_batch_has_an_empty_output_and_zero_gradients():
    x, w, b = np.ones((0, 2, 5, 5)), np.ones((3, 2, 2, 2)), np.ones(3)
    y = conv2d(x, w, b)
    assert y.shape == (0, 3, 4, 4)
    dx, dw, db = conv2d_backward(y, x, w, b)
    assert dx.shape == x.shape
    assert not dw.any()
    assert not db.any()


@pytest.mark.parametrize("block_bytes", [1, 500, 3000])
def test_the_size_of_a_block_does_not_change_the_result(monkeypatch, block_bytes):
    rng = np.random.default_rng(1)
    x, w, b = (rng.standard_normal(s) for s in ((5, 4, 7, 6), (6, 2, 3, 2), 6))
    options = dict(groups=2, stride=(1, 2), padding=((1, 0), (2, 1)))
    dy = dy_for(rng, conv2d, x, w, b, **options)
    whole = conv2d(x, w, b, **options), *conv2d_backward(dy, x, w, b, **options)
    monkeypatch.setattr(conv, "COLUMN_BYTES", block_bytes)
    blocks = conv2d(x, w, b, **options), *conv2d_backward(dy, x, w, b, **options)
    for a, c in zip(whole, blocks, strict=True):
        np.testing.assert_allclose(a, c, atol=1e-12)


def extra_memory(N, C, H, W, dtype):
    """Return the peak memory of conv2d and of its backward, beyond what they return."""
    x, w = np.zeros((N, C, H, W), dtype=dtype), np.ones((C, C, 3, 3), dtype=dtype)
    peaks = []
    for run in (
        lambda: conv2d(x, w, None, padding=1),
        lambda: conv2d_backward(x, x, w, None, padding=1),
    ):
        tracemalloc.start()
        run()
        peaks.append(tracemalloc.get_traced_memory()[1] - x.nbytes)
        tracemalloc.stop()
    return np.array(peaks)


def test_the_extra_memory_stays_under_64_mb():
    assert np.all(extra_memory(160, 16, 28, 28, np.float32) < 64 * 2**20)  # columns: 72 MB


def test_the_extra_memory_grows_neither_with_the_batch_nor_with_the_columns(monkeypatch):
    monkeypatch.setattr(conv, "COLUMN_BYTES", 2**16)
    assert np.all(extra_memory(256, 4, 12, 10, float) < 1.3 * extra_memory(64, 4, 12, 10, float))
    one_image = 4 * 400 * 20 * 8
    assert np.all(extra_memory(1, 4, 400, 20, float) < 5 * one_image)  # columns: 9 images

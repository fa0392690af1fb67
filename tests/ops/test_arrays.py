import numpy as np
import pytest

from backprop import batch_norm, batch_norm_backward, layer_norm, layer_norm_backward
from backprop.ops import _arrays
from backprop.ops._arrays import blocks, copy_images, keep, row_by_row


@pytest.mark.parametrize("count", [0, 1, 2, 7, 100])
@pytest.mark.parametrize("size", [0, 1, _arrays.BLOCK_BYTES // 3, 2 * _arrays.BLOCK_BYTES])
@pytest.mark.parametrize("at_least", [1, 5])
def test_every_number_lies_in_one_block(count, size, at_least):
    cut = list(blocks(range(count), size, at_least=at_least))
    assert [n for block in cut for n in range(block.start, block.stop)] == list(range(count))
    many = [block.stop - block.start for block in cut]
    assert all(at_least <= n for n in many[:-1])
    assert all(n <= at_least or n * size <= _arrays.BLOCK_BYTES for n in many)


@pytest.mark.parametrize("length", [3, 1000])
def test_numpys_buffer_is_as_before_also_after_an_error(length):
    before = np.getbufsize()

    def fail():
        with row_by_row(length):
            raise ZeroDivisionError("in a row")

    with row_by_row(length):
        assert (np.getbufsize() < before) == (length == 1000)
    assert np.getbufsize() == before
    with pytest.raises(ZeroDivisionError, match="in a row"):
        fail()
    assert np.getbufsize() == before


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", np.longdouble, ">f4"])
def test_keep_passes_what_the_mask_holds_and_nothing_else(dtype):
    a = np.array([[1.5, -2, np.inf, np.nan], [np.inf, np.nan, -0.5, 3]], dtype=dtype)
    mask = np.array([[True, False, True, True], [False, False, True, False]])
    kept = keep(mask, a)
    assert kept.dtype == a.dtype
    np.testing.assert_array_equal(kept, np.array([[1.5, 0, np.inf, np.nan], [0, 0, -0.5, 0]]))
    np.testing.assert_array_equal(keep(mask.T, a.T), kept.T)


@pytest.mark.parametrize(
    ("op", "backward", "channels"),
    [(layer_norm, layer_norm_backward, (5, 6)), (batch_norm, batch_norm_backward, (9,))],
)
def test_norms_in_blocks_are_norms(monkeypatch, op, backward, channels):
    rng = np.random.default_rng(2)
    x, dy = rng.standard_normal((2, 7, 9, 5, 6))
    gamma, beta = rng.standard_normal((2, *channels))
    whole = op(x, gamma, beta), *backward(dy, x, gamma, beta)
    monkeypatch.setattr(_arrays, "BLOCK_BYTES", 1)
    blocks = op(x, gamma, beta), *backward(dy, x, gamma, beta)
    for a, b in zip(whole, blocks, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-12)


@pytest.mark.parametrize("count", [1, 64, 65])
@pytest.mark.parametrize("shape", [(3, 8, 8), (4, 8, 8), (1, 16, 16), (5, 7, 3)])
def test_images_are_copied_whole_whatever_their_distance(count, shape):
    a = np.random.default_rng(0).standard_normal((count, *shape)).astype("f4")
    out = np.empty((*shape, count), dtype="f4")
    copy_images(a, np.moveaxis(out, -1, 0))
    np.testing.assert_array_equal(out, np.moveaxis(a, 0, -1))
    copy_images(np.broadcast_to(a[:1], a.shape), np.moveaxis(out, -1, 0))
    np.testing.assert_array_equal(out, np.broadcast_to(a[0, ..., None], out.shape))

import itertools
import threading

import numpy as np
import pytest

from backprop import batch_norm, batch_norm_backward, layer_norm, layer_norm_backward
from backprop.ops import _arrays
from backprop.ops._arrays import in_blocks, in_parallel, keep


@pytest.mark.parametrize("count", [0, 1, 2, 7, 100])
@pytest.mark.parametrize("processors", [1, 2, 3])
def test_every_number_is_worked_on_once(monkeypatch, count, processors):
    monkeypatch.setattr(_arrays, "processors", lambda: processors)
    seen = []
    in_blocks(lambda block: seen.extend(range(block.start, block.stop)), count, 2**18)
    assert sorted(seen) == list(range(count))
    shares = in_parallel(list, count, 2**20)
    assert list(itertools.chain(*shares)) == list(range(count))
    assert len(shares) <= processors


def test_parts_run_side_by_side(monkeypatch):
    """Each part waits for the other: one after the other they would wait for ever."""
    monkeypatch.setattr(_arrays, "processors", lambda: 2)
    both = threading.Barrier(2, timeout=20)
    in_parallel(lambda share: both.wait(), 2, 2**20)


def test_what_fits_a_block_gets_no_second_thread(monkeypatch):
    monkeypatch.setattr(_arrays, "processors", lambda: 2)
    assert in_parallel(list, 4, 2**18) == [[0, 1, 2, 3]]


@pytest.mark.parametrize("number", [0, 3])
def test_an_error_in_any_part_reaches_the_caller(monkeypatch, number):
    monkeypatch.setattr(_arrays, "processors", lambda: 2)

    def work(share):
        if number in share:
            raise ZeroDivisionError("in a part")

    with pytest.raises(ZeroDivisionError, match="in a part"):
        in_parallel(work, 4, 2**20)


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
@pytest.mark.parametrize("processors", [1, 3])
def test_norms_in_blocks_are_norms(monkeypatch, op, backward, channels, processors):
    rng = np.random.default_rng(2)
    x, dy = rng.standard_normal((2, 7, 9, 5, 6))
    gamma, beta = rng.standard_normal((2, *channels))
    whole = op(x, gamma, beta), *backward(dy, x, gamma, beta)
    monkeypatch.setattr(_arrays, "BLOCK_BYTES", 1)
    monkeypatch.setattr(_arrays, "processors", lambda: processors)
    blocks = op(x, gamma, beta), *backward(dy, x, gamma, beta)
    for a, b in zip(whole, blocks, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-12)

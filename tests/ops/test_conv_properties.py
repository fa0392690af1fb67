import numpy as np
from hypothesis import given

from backprop import conv2d, conv2d_backward, rotate180
from backprop.windows import crop, dilate, pad
from tests.ops.cases import SEEDS, dy_for, random_conv


@given(SEEDS)
def test_a_stride_keeps_every_other_output(seed):
    x, w, b, options = random_conv(np.random.default_rng(seed))
    dense = conv2d(x, w, b, **(options | dict(stride=1)))
    down, across = options["stride"]
    np.testing.assert_allclose(conv2d(x, w, b, **options), dense[..., ::down, ::across], atol=1e-12)


@given(SEEDS)
def test_dilation_is_a_kernel_spread_with_zeros(seed):
    x, w, b, options = random_conv(np.random.default_rng(seed))
    spread = dilate(w, options["dilation"])
    np.testing.assert_allclose(
        conv2d(x, w, b, **options),
        conv2d(x, spread, b, **(options | dict(dilation=1))),
        atol=1e-12,
    )


@given(SEEDS)
def test_groups_are_separate_convolutions_side_by_side(seed):
    x, w, b, options = random_conv(np.random.default_rng(seed))
    groups = options.pop("groups")
    parts = (np.split(a, groups, axis=k) for a, k in ((x, 1), (w, 0), (b, 0)))
    separate = [conv2d(*part, **options) for part in zip(*parts, strict=True)]
    np.testing.assert_allclose(
        conv2d(x, w, b, groups=groups, **options), np.concatenate(separate, axis=1), atol=1e-12
    )


@given(SEEDS)
def test_dx_is_the_turned_kernel_slid_over_dy_spread_and_padded_in_full(seed):
    rng = np.random.default_rng(seed)
    x, w, b, options = random_conv(rng)
    options["groups"], w = 1, rng.standard_normal((len(w), x.shape[1], *w.shape[2:]))
    dy = dy_for(rng, conv2d, x, w, b, **options)
    # the last rows and columns, which no window reaches, come back as zeros
    reach = [(k - 1) * d for k, d in zip(w.shape[2:], options["dilation"], strict=True)]
    spread = dilate(dy, options["stride"])
    padded = [n + sum(p) for n, p in zip(x.shape[2:], options["padding"], strict=True)]
    rest = [n - k - r for n, k, r in zip(padded, spread.shape[2:], reach, strict=True)]
    full = tuple((r, r + more) for r, more in zip(reach, rest, strict=True))
    turned = rotate180(w).swapaxes(0, 1)
    whole = conv2d(spread, turned, None, padding=full, dilation=options["dilation"])
    np.testing.assert_allclose(
        conv2d_backward(dy, x, w, b, **options).dx, crop(whole, options["padding"]), atol=1e-12
    )


@given(SEEDS)
def test_shifting_the_input_shifts_the_output_where_no_border_is_met(seed):
    rng = np.random.default_rng(seed)
    x, w = rng.standard_normal((2, 3, 4, 5)), rng.standard_normal((4, 3, 3, 2))
    down, across = (int(k) for k in rng.integers(0, 3, 2))
    around = ((down + 2, 2), (across + 1, 1))
    here = conv2d(pad(x, ((2, down + 2), (1, across + 1))), w, None)
    there = conv2d(pad(x, around), w, None)
    size = here.shape[2] - down, here.shape[3] - across
    np.testing.assert_allclose(
        there[:, :, down:, across:], here[:, :, : size[0], : size[1]], atol=1e-12
    )

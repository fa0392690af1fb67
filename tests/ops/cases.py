"""Random calls of the ops: all sizes differ, and every option is drawn."""

import numpy as np
from hypothesis import strategies as st

SEEDS = st.integers(0, 2**32 - 1)


def dy_for(rng, op, *args, **options):
    """Draw an upstream gradient in the shape of op's result."""
    return rng.standard_normal(np.shape(op(*args, **options)))


def random_conv(rng, most=5):
    """Draw x, w, b and options; the sizes differ, and so do the two axes and the four paddings."""
    groups = int(rng.choice([1, 1, 1, 2, 3]))
    N, c, f, U, V = (int(k) for k in rng.integers(1, 4, 5))
    stride, dilation = (tuple(int(k) for k in rng.integers(1, 4, 2)) for _ in range(2))
    padding = tuple(tuple(int(k) for k in rng.integers(0, 3, 2)) for _ in range(2))
    H, W = (
        max(1, (k - 1) * d + 1 - sum(p) + int(rng.integers(0, most)))
        for k, d, p in zip((U, V), dilation, padding, strict=True)
    )
    x = rng.standard_normal((N, c * groups, H, W))
    w = rng.standard_normal((f * groups, c, U, V))
    b = rng.standard_normal(f * groups)
    return x, w, b, dict(stride=stride, padding=padding, dilation=dilation, groups=groups)


def random_pool(rng):
    """Draw an image of distinct numbers and the options of a pooling."""
    kernel, stride = (tuple(int(k) for k in rng.integers(1, 5, 2)) for _ in range(2))
    padding = tuple(tuple(int(p) for p in rng.integers(0, k // 2 + 1, 2)) for k in kernel)
    N, C, more_rows, more_columns = (int(k) for k in rng.integers(1, 5, 4))
    H = max(1, kernel[0] - sum(padding[0])) + more_rows
    W = max(1, kernel[1] - sum(padding[1])) + more_columns
    numbers = np.arange(N * C * H * W) - N * C * H * W / 2  # negative ones too: padding is not 0
    x = rng.permutation(numbers).reshape(N, C, H, W)
    return x, dict(kernel_size=kernel, stride=stride, padding=padding)


def random_norm(rng, name):
    """Draw arrays and options for the norm of that name: 1-D to 4-D, gamma and beta away from 1."""
    if name in ("layer_norm", "rms_norm"):
        shape = rng.integers(2, 6, rng.integers(1, 5))
        size = shape[int(rng.integers(0, len(shape))) :]  # one trailing axis, or several
    else:
        groups = int(rng.integers(1, 4))
        positions = rng.integers(2, 5, rng.integers(1 if name == "instance_norm" else 0, 3))
        channels = groups * int(rng.integers(1, 4))
        shape = (int(rng.integers(2, 5)), channels, *positions)
        size = (channels,)
    x = rng.uniform(-5, 5) + 10 ** rng.uniform(-1, 1) * rng.standard_normal(shape)
    drawn = [rng.standard_normal(size) for _ in range(3)]
    options = dict(eps=float(rng.choice([1e-5, 1e-3, 0.1])))
    if name == "group_norm":
        options["groups"] = groups
    if name == "batch_norm_inference":
        return (x, *drawn, rng.uniform(0, 3, channels)), options
    return (x, *drawn[: 1 if name == "rms_norm" else 2]), options

import numpy as np
import pytest
from hypothesis import assume, given

from backprop import (
    batch_norm,
    batch_norm_backward,
    batch_norm_inference_backward,
    group_norm,
    group_norm_backward,
    instance_norm,
    instance_norm_backward,
    layer_norm,
    layer_norm_backward,
    ops,
    rms_norm,
    rms_norm_backward,
    update_running_statistics,
)
from tests.ops.cases import SEEDS, random_norm

CENTRED = ["layer_norm", "batch_norm", "group_norm", "instance_norm"]


def averaged(name, x, gamma, options):
    """Return x (or what has its shape) as (sets, values of one set), by hand for each norm."""
    N, C = x.shape[0], x.shape[1] if x.ndim > 1 else 1
    return {
        "layer_norm": lambda a: a.reshape(-1, gamma.size),
        "rms_norm": lambda a: a.reshape(-1, gamma.size),
        "batch_norm": lambda a: np.moveaxis(a, 1, 0).reshape(C, -1),
        "group_norm": lambda a: a.reshape(N * options.get("groups", 1), -1),
        "instance_norm": lambda a: a.reshape(N * C, -1),
    }[name]


@pytest.mark.parametrize("name", CENTRED)
@given(seed=SEEDS)
def test_dx_sums_to_zero_and_is_orthogonal_to_x_hat(name, seed):
    rng = np.random.default_rng(seed)
    (x, gamma, beta), options = random_norm(rng, name)
    options["eps"] = 1e-14
    x = rng.permutation(np.arange(float(x.size))).reshape(x.shape)  # no tiny variance
    assume(averaged(name, x, gamma, options)(x).shape[1] > 1)
    dy = rng.standard_normal(x.shape)
    sets = averaged(name, x, gamma, options)
    ones, zeros = np.ones_like(gamma), np.zeros_like(beta)
    x_hat = sets(getattr(ops, name)(x, ones, zeros, **options))
    dx = sets(getattr(ops, f"{name}_backward")(dy, x, gamma, beta, **options).dx)
    size = np.abs(dx).max() + 1
    np.testing.assert_allclose(x_hat.mean(axis=1), 0, atol=1e-10)
    np.testing.assert_allclose(x_hat.var(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(dx.sum(axis=1), 0, atol=1e-10 * size)
    np.testing.assert_allclose((dx * x_hat).sum(axis=1), 0, atol=1e-6 * size)


@pytest.mark.parametrize("name", CENTRED)
@given(seed=SEEDS)
def test_dx_is_the_sum_of_three_paths(name, seed):
    """Each path by itself: the statistics held still, then the variance, then the mean moved."""
    rng = np.random.default_rng(seed)
    (x, gamma, beta), options = random_norm(rng, name)
    dy = rng.standard_normal(x.shape)
    sets = averaged(name, x, gamma, options)
    if name == "layer_norm":
        scale = np.broadcast_to(gamma, x.shape)
    else:
        scale = np.broadcast_to(gamma.reshape(-1, *(1,) * (x.ndim - 2)), x.shape)
    # each set is a channel of its own for the norm whose statistics are given
    values, g = sets(x), sets(dy * scale)
    count = len(values)
    mean, var = values.mean(axis=1), values.var(axis=1)
    direct, _, _, dmean, dvar = batch_norm_inference_backward(
        g.T, values.T, np.ones(count), np.zeros(count), mean, var, eps=options["eps"]
    )
    through_variance = dvar * 2 * (values.T - mean) / values.shape[1]
    through_mean = dmean / values.shape[1]
    dx = sets(getattr(ops, f"{name}_backward")(dy, x, gamma, beta, **options).dx)
    total = direct + through_variance + through_mean
    np.testing.assert_allclose(dx, total.T, atol=1e-11 * (1 + np.abs(direct).max()))


@given(SEEDS)
def test_group_norm_between_its_two_limits(seed):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((3, 4, 2, 5))
    gamma, beta = rng.standard_normal((2, 4))
    dy = rng.standard_normal(x.shape)
    # as many groups as channels: instance norm
    ours, right = group_norm(x, gamma, beta, groups=4), instance_norm(x, gamma, beta)
    np.testing.assert_allclose(ours, right, atol=1e-12)
    pairs = zip(
        group_norm_backward(dy, x, gamma, beta, groups=4),
        instance_norm_backward(dy, x, gamma, beta),
        strict=True,
    )
    for a, b in pairs:
        np.testing.assert_allclose(a, b, atol=1e-12)
    # one group: layer norm over all axes but the first, gamma the same at all positions
    wide_gamma, wide_beta = (
        np.broadcast_to(a[:, None, None], x.shape[1:]).copy() for a in (gamma, beta)
    )
    ours, right = group_norm(x, gamma, beta, groups=1), layer_norm(x, wide_gamma, wide_beta)
    np.testing.assert_allclose(ours, right, atol=1e-12)
    ours = group_norm_backward(dy, x, gamma, beta, groups=1)
    right = layer_norm_backward(dy, x, wide_gamma, wide_beta)
    np.testing.assert_allclose(ours.dx, right.dx, atol=1e-12)
    np.testing.assert_allclose(ours.dgamma, right.dgamma.sum(axis=(1, 2)), atol=1e-12)
    np.testing.assert_allclose(ours.dbeta, right.dbeta.sum(axis=(1, 2)), atol=1e-12)


@given(SEEDS)
def test_layer_norm_of_minus_x_is_minus_layer_norm_of_x(seed):
    rng = np.random.default_rng(seed)
    (x, gamma, _), options = random_norm(rng, "layer_norm")
    zero = np.zeros_like(gamma)
    ours, right = layer_norm(-x, gamma, zero, **options), -layer_norm(x, gamma, zero, **options)
    np.testing.assert_allclose(ours, right, atol=1e-12)
    np.testing.assert_allclose(rms_norm(-x, gamma), -rms_norm(x, gamma), atol=1e-12)


@given(SEEDS)
def test_shift_and_scale_change_a_norm_only_where_they_may(seed):
    rng = np.random.default_rng(seed)
    (x, gamma, beta), _ = random_norm(rng, "layer_norm")
    tiny = dict(eps=1e-14)
    np.testing.assert_allclose(
        layer_norm(3 * x + 7, gamma, beta, **tiny), layer_norm(x, gamma, beta, **tiny), atol=1e-6
    )
    np.testing.assert_allclose(
        rms_norm(3 * x, gamma, **tiny), rms_norm(x, gamma, **tiny), atol=1e-6
    )
    dx = rms_norm_backward(rng.standard_normal(x.shape), x, gamma, **tiny).dx
    sums = (dx * x).reshape(-1, gamma.size).sum(axis=1)  # no scale: no gradient along x
    np.testing.assert_allclose(sums, 0, atol=1e-7 * (1 + np.abs(dx * x).max()))


def test_with_two_features_layer_norm_has_no_gradient():
    dx = layer_norm_backward(np.array([[3.0, -8]]), [[1.0, 5]], [1, 2], [0, 0], eps=0).dx
    np.testing.assert_allclose(dx, 0, atol=1e-15)


def test_an_upstream_of_ones_tells_nothing_about_batch_norm():
    x = np.random.default_rng(0).standard_normal((8, 3))
    dx = batch_norm_backward(np.ones((8, 3)), x, np.ones(3), np.zeros(3)).dx
    np.testing.assert_allclose(dx, 0, atol=1e-14)


def test_a_bias_before_batch_norm_does_nothing():
    rng = np.random.default_rng(0)
    x, gamma, beta = rng.standard_normal((8, 3)), np.array([1.0, 2, 3]), np.zeros(3)
    shifted = batch_norm(x + np.array([5.0, -7, 9]), gamma, beta)
    np.testing.assert_allclose(shifted, batch_norm(x, gamma, beta), atol=1e-12)


@pytest.mark.parametrize("seed", range(10))
def test_running_statistics_follow_pytorch(torch, seed):
    rng = np.random.default_rng(seed)
    (x, *_, mean, var), _ = random_norm(rng, "batch_norm_inference")
    momentum = float(rng.uniform(0, 1))
    theirs = torch.tensor(mean), torch.tensor(var)
    torch.nn.functional.batch_norm(torch.tensor(x), *theirs, training=True, momentum=momentum)
    ours = update_running_statistics(mean, var, x, momentum=momentum)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b.numpy(), atol=1e-12)


def test_running_statistics_in_both_conventions():
    x = np.array([[2.0], [4], [4], [4], [5], [5], [7], [9]])  # mean 5, variance 4, or 32/7
    one = np.array([1.0]), np.array([2.0])
    torch_like = update_running_statistics(*one, x, momentum=0.25)
    keras_like = update_running_statistics(
        *one, x, momentum=0.75, momentum_weighs="running", variance="biased"
    )
    assert torch_like.mean == keras_like.mean == 0.75 * 1 + 0.25 * 5
    assert torch_like.var == pytest.approx(0.75 * 2 + 0.25 * 32 / 7, rel=1e-15)
    assert keras_like.var == 0.75 * 2 + 0.25 * 4
    assert one == (1, 2)  # unchanged

import numpy as np
import pytest

from backprop import ops

X, C = np.random.default_rng(0).standard_normal((3, 4, 5)), np.ones(4)
CHANNELS = "x (3, 4, 5), gamma (5,), beta (4,)"
ONE = np.ones((1, 4))


@pytest.mark.parametrize(
    ("name", "args", "options", "message"),
    [
        (
            "layer_norm",
            (X, C, C),
            {},
            "gamma must have the shape of x's last axes: x (3, 4, 5), gamma (4,), beta (4,)",
        ),
        (
            "layer_norm",
            (X, np.ones((1, 5)), np.ones((1, 5))),  # would broadcast
            {},
            "gamma must have the shape of x's last axes: x (3, 4, 5), gamma (1, 5), beta (1, 5)",
        ),
        (
            "layer_norm",
            (X, 1.0, 0.0),
            {},
            "gamma must have the shape of x's last axes: x (3, 4, 5), gamma (), beta ()",
        ),
        (
            "layer_norm",
            (X, np.ones(5), np.ones(1)),
            {},
            "beta must have gamma's shape: x (3, 4, 5), gamma (5,), beta (1,)",
        ),
        (
            "rms_norm",
            (X, C),
            {},
            "gamma must have the shape of x's last axes: x (3, 4, 5), gamma (4,)",
        ),
        (
            "rms_norm",
            (X[..., :0], np.ones(0)),
            {},
            "there are no values to average: x (3, 4, 0)",
        ),
        (
            "layer_norm",
            (X[..., :0], np.ones(0), np.ones(0)),
            {},
            "there are no values to average: x (3, 4, 0)",
        ),
        (
            "batch_norm",
            (X, np.ones(5), C),
            {},
            f"gamma needs one entry for each of 4 channels: {CHANNELS}",
        ),
        (
            "batch_norm",
            (X, C, np.ones(1)),
            {},
            "beta needs one entry for each of 4 channels: x (3, 4, 5), gamma (4,), beta (1,)",
        ),
        (
            "batch_norm",
            (ONE, C, C),
            {},
            "each channel needs at least two values, it has 1: x (1, 4)",
        ),
        (
            "batch_norm",
            (X[:0], C, C),
            {},
            "each channel needs at least two values, it has 0: x (0, 4, 5)",
        ),
        ("batch_norm", (C, C, C), {}, "x must have at least 2 axes (N,C,…): x (4,)"),
        (
            "batch_norm_inference",
            (X, C, C, C, np.ones(5)),
            {},
            "var needs one entry for each of 4 channels: "
            "x (3, 4, 5), gamma (4,), beta (4,), mean (4,), var (5,)",
        ),
        (
            "batch_norm_inference",
            (X, C, C, C, np.array([1, 2, -0.5, 1])),
            {},
            "var must not be negative, var[2] is -0.5",
        ),
        (
            "group_norm",
            (X, np.ones(5), C),
            dict(groups=2),
            f"gamma needs one entry for each of 4 channels: {CHANNELS}",
        ),
        (
            "group_norm",
            (X, C, C),
            dict(groups=3),
            "3 groups do not divide 4 channels: x (3, 4, 5)",
        ),
        ("group_norm", (X, C, C), dict(groups=0), "groups must be at least 1: 0"),
        (
            "group_norm",
            (X[..., :0], C, C),
            dict(groups=2),
            "there are no values to average: x (3, 4, 0)",
        ),
        (
            "instance_norm",
            (X[..., :1], C, C),
            {},
            "each channel of a sample needs at least two values, it has 1: x (3, 4, 1)",
        ),
        ("instance_norm", (C, C, C), {}, "x must have at least 2 axes (N,C,…): x (4,)"),
    ],
)
def test_norms_name_the_rule_that_is_broken(name, args, options, message):
    x = np.asarray(args[0])
    for run in (
        lambda: getattr(ops, name)(*args, **options),
        lambda: getattr(ops, f"{name}_backward")(x, *args, **options),
    ):
        with pytest.raises(ValueError, match=name) as raised:
            run()
        assert str(raised.value) == f"{name}: {message}"


@pytest.mark.parametrize("eps", [-1e-5, np.nan, np.inf])
@pytest.mark.parametrize(
    ("name", "args", "options"),
    [
        ("layer_norm", (X, np.ones(5), np.ones(5)), {}),
        ("rms_norm", (X, np.ones(5)), {}),
        ("batch_norm", (X, C, C), {}),
        ("batch_norm_inference", (X, C, C, C, C), {}),
        ("group_norm", (X, C, C), dict(groups=2)),
        ("instance_norm", (X, C, C), {}),
    ],
)
def test_eps_must_not_be_negative(name, args, options, eps):
    with pytest.raises(ValueError, match="eps") as raised:
        getattr(ops, name)(*args, eps=eps, **options)
    assert str(raised.value) == f"{name}: eps must be a number that is not negative: {eps!r}"


def test_groups_must_be_whole():
    with pytest.raises(TypeError, match=r"^group_norm: groups must be a whole number: 2\.0$"):
        ops.group_norm(X, C, C, groups=2.0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(momentum=1.5), "momentum must lie in 0 … 1: 1.5"),
        (dict(momentum_weighs="new"), 'momentum_weighs is "batch" or "running": \'new\''),
        (dict(variance="sample"), 'variance is "unbiased" or "biased": \'sample\''),
        (
            dict(mean=np.ones(1)),
            "mean needs one entry for each of 4 channels: x (3, 4, 5), mean (1,), var (4,)",
        ),
        (dict(x=ONE), "each channel needs at least two values, it has 1: x (1, 4)"),
        (dict(x=C), "x must have at least 2 axes (N,C,…): x (4,)"),
    ],
)
def test_running_statistics_name_the_rule_that_is_broken(change, message):
    with pytest.raises(ValueError, match="update_running") as raised:
        ops.update_running_statistics(**(dict(mean=C, var=C, x=X) | change))
    assert str(raised.value) == f"update_running_statistics: {message}"

import numpy as np
import pytest

from backprop import ops
from tests.ops.cases import dy_for, random_norm
from tests.ops.oracles import agree_with_torch

NAMES = ["layer_norm", "rms_norm", "batch_norm", "batch_norm_inference", "group_norm"]


def theirs(torch, name, args, options):
    """Return PyTorch's norm of that name as a function of tensors."""
    F, eps = torch.nn.functional, options["eps"]
    gamma_shape = args[1].shape
    return {
        "layer_norm": lambda x, g, b: F.layer_norm(x, gamma_shape, g, b, eps),
        "rms_norm": lambda x, g: F.rms_norm(x, gamma_shape, g, eps),
        "batch_norm": lambda x, g, b: F.batch_norm(x, None, None, g, b, True, 0.0, eps),
        # PyTorch's own inference gives mean and var no gradient
        "batch_norm_inference": lambda x, g, b, mean, var: (
            _along(g, x) * (x - _along(mean, x)) / torch.sqrt(_along(var, x) + eps) + _along(b, x)
        ),
        "group_norm": lambda x, g, b: F.group_norm(x, options["groups"], g, b, eps),
        "instance_norm": lambda x, g, b: F.instance_norm(x, None, None, g, b, True, 0.0, eps),
    }[name]


def _along(a, x):
    return a.reshape(-1, *(1,) * (x.ndim - 2))


@pytest.mark.parametrize("seed", range(200))
@pytest.mark.parametrize("name", [*NAMES, "instance_norm"])
def test_norms_agree_with_pytorch(torch, name, seed):
    rng = np.random.default_rng(seed)
    args, options = random_norm(rng, name)
    op, backward = getattr(ops, name), getattr(ops, f"{name}_backward")
    function = theirs(torch, name, args, options)
    agree_with_torch(
        torch, op, backward, function, args, dy_for(rng, op, *args, **options), **options
    )


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("name", [*NAMES, "instance_norm"])
def test_norms_agree_with_pytorch_in_float32(torch, name, seed):
    rng = np.random.default_rng(seed)
    args, options = random_norm(rng, name)
    options["eps"] = 1e-3  # where the variance is tiny its inverse is not known to 1e-4
    args = tuple(a.astype(np.float32) for a in args)
    op, backward = getattr(ops, name), getattr(ops, f"{name}_backward")
    dy = dy_for(rng, op, *args, **options).astype(np.float32)
    function = theirs(torch, name, args, options)
    agree_with_torch(torch, op, backward, function, args, dy, atol=1e-4, **options)


def test_the_given_inference_is_pytorchs(torch):
    rng = np.random.default_rng(0)
    (x, gamma, beta, mean, var), options = random_norm(rng, "batch_norm_inference")
    tensors = (torch.as_tensor(a) for a in (x, mean, var, gamma, beta))
    expected = torch.nn.functional.batch_norm(*tensors, False, 0.0, options["eps"])
    y = ops.batch_norm_inference(x, gamma, beta, mean, var, **options)
    np.testing.assert_allclose(y, expected.numpy(), atol=1e-12)


def agree_in_float32(name, x, tolerance):
    """Compare a norm and its gradients with those of the same numbers in float64."""
    rng = np.random.default_rng(1)
    x = x.astype(np.float32)
    D = x.shape[-1:] if name in ("layer_norm", "rms_norm") else x.shape[1:2]
    args = [x, *(rng.uniform(0.5, 2, D).astype(np.float32) for _ in range(2))]
    options = dict(groups=2) if name == "group_norm" else {}
    if name == "rms_norm":
        args = args[:2]
    if name == "batch_norm_inference":
        args += [x.mean(axis=(0, 2), dtype=float).astype("f4"), np.ones(D, dtype="f4")]
    op, backward = getattr(ops, name), getattr(ops, f"{name}_backward")
    dy = rng.standard_normal(x.shape).astype(np.float32)
    exact_args = [a.astype(float) for a in args]
    pairs = [(op(*args, **options), op(*exact_args, **options))]
    exact = backward(dy.astype(float), *exact_args, **options)
    pairs += zip(backward(dy, *args, **options), exact, strict=True)
    for ours, right in pairs:
        assert ours.dtype == np.float32
        error = np.linalg.norm(ours - right) / np.linalg.norm(right)
        assert error < tolerance
        scale = np.maximum(np.abs(right), np.std(right))
        assert np.max(np.abs(ours - right) / scale) < tolerance


@pytest.mark.parametrize("name", [*NAMES, "instance_norm"])
def test_a_large_mean_costs_few_digits_in_float32(name):
    """Mean 10,000 and variance 1: E[x²] - E[x]² has no correct digit left here."""
    by_row = name in ("layer_norm", "rms_norm", "instance_norm")
    shape = (3, 5, 4096) if by_row else (4096, 4, 3)
    agree_in_float32(name, 1e4 + np.random.default_rng(0).standard_normal(shape), 1e-3)


@pytest.mark.parametrize("name", [*NAMES, "instance_norm"])
def test_a_first_sixteenth_far_from_the_rest_costs_few_digits(name):
    """The offset is then as far from the mean as it can be: 4 standard deviations."""
    x = np.random.default_rng(0).standard_normal((3, 6, 4096))
    x[..., :256] += 1e3
    agree_in_float32(name, x, 1e-4)


@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_equal_numbers_give_beta(offset):
    """Their deviations are 0, whatever the rounding of their mean."""
    x = np.full((2, 3, 49), offset + 0.1, dtype=np.float32)
    beta = np.array([1, 2, 3], dtype=np.float32)
    for norm in (ops.batch_norm, ops.instance_norm):
        y = norm(x, np.ones_like(beta), beta)
        np.testing.assert_allclose(y, np.broadcast_to(beta[:, None], x.shape), atol=1e-4)

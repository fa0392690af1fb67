"""What is timed: each case is one op on arrays of one shape, forward and backward, in float32."""

import importlib
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

import backprop
from backprop import avg_pool2d, conv2d, max_pool2d


class Case(NamedTuple):
    """One call of an op and of its backward, and `theirs`: (torch, *tensors, **options) -> y."""

    name: str
    op: Callable
    arrays: tuple
    dy: np.ndarray
    options: dict
    theirs: Callable

    def __call__(self):
        """Run forward, then backward."""
        backward = getattr(backprop, f"{self.op.__name__}_backward")
        y = self.op(*self.arrays, **self.options)
        return y, *backward(self.dy, *self.arrays, **self.options)


class Sizes(NamedTuple):
    """How large the cases are, and how often each is timed; convs: x, F, kernel, options."""

    convs: tuple = (
        ((64, 1, 28, 28), 8, 3, {}),
        ((64, 16, 14, 14), 32, 3, {}),
        ((32, 32, 28, 28), 64, 3, {}),
        ((32, 64, 14, 14), 64, 3, {}),
        ((8, 3, 64, 64), 32, 5, {}),
        ((32, 32, 28, 28), 64, 3, {"stride": 2}),
        ((32, 32, 28, 28), 64, 3, {"groups": 4}),
    )
    small_conv: tuple = ((8, 3, 14, 14), 8, 3, {"padding": 0})
    images: tuple = (32, 32, 28, 28)
    rows: tuple = (512, 768)
    maps: tuple = (32, 32, 14, 14)
    logits: tuple = ((512, 10), (512, 1000))
    dense: tuple = (64, 256, 128)  # N, D, M
    batches: tuple = (8, 16, 32, 64, 128, 256, 512)
    product: int = 1024
    rounds: int = 15
    pause: float = 0.03  # seconds


def drawn(rng, *shape):
    """Draw an array in float32."""
    return np.asarray(rng.standard_normal(shape), dtype=np.float32)


def case(name, op, arrays, theirs=None, **options):
    """Make a case; where `theirs` is not given, PyTorch has the same function."""

    def same(torch, *tensors, **options):
        return getattr(torch.nn.functional, op.__name__)(*tensors, **options)

    dy = drawn(np.random.default_rng(1), *np.shape(op(*arrays, **options)))
    name = f"{op.__name__} {said(arrays[0].shape)}{name}"
    return Case(name, op, arrays, dy, options, theirs or same)


def said(shape):
    """Write a shape without blanks."""
    return f"({','.join(map(str, shape))})"


def conv(x, F, kernel, options):
    """Make a convolution, padded so that a stride of 1 keeps the size unless options say more."""
    options = {"stride": 1, "padding": kernel // 2, "groups": 1} | options
    rng, c = np.random.default_rng(0), x[1] // options["groups"]
    arrays = drawn(rng, *x), drawn(rng, F, c, kernel, kernel), drawn(rng, F)
    rest = [f"{name} {options[name]}" for name in ("stride", "groups") if options[name] > 1]
    name = ", ".join([f" → {F}, {kernel}×{kernel}", *rest])
    return case(name, conv2d, arrays, **options)


def operations(conv):
    """Count the operations of a convolution: multiply and add, forward, for dx and for dw."""
    N, F, I, J = conv.dy.shape
    return 3 * 2 * N * I * J * F * conv.arrays[1][0].size


def pools(sizes):
    """Yield both poolings with windows that touch, that overlap, and that move by one."""
    x = drawn(np.random.default_rng(0), *sizes.images)
    for op in (max_pool2d, avg_pool2d):
        for kernel, stride, padding in ((2, 2, 0), (3, 2, 1), (3, 1, 1)):
            options = {"kernel_size": kernel, "stride": stride, "padding": padding}
            name = f", {kernel}×{kernel}, stride {stride}"
            yield case(name, op, (x,), **options)


def norms(sizes):
    """Yield all norms; PyTorch takes their arguments in other orders."""
    rng, C = np.random.default_rng(0), sizes.images[1]
    x, channels = drawn(rng, *sizes.images), (drawn(rng, C), drawn(rng, C))
    yield case("", backprop.batch_norm, (x, *channels), _batch_norm)
    yield case(", 4 groups", backprop.group_norm, (x, *channels), _group_norm, groups=4)
    yield case("", backprop.instance_norm, (x, *channels), _instance_norm)
    for shape in (sizes.rows, sizes.maps):
        arrays = (drawn(rng, *axes) for axes in (shape, shape[1:], shape[1:]))
        yield case("", backprop.layer_norm, tuple(arrays), _layer_norm)
    arrays = drawn(rng, *sizes.rows), drawn(rng, sizes.rows[1])
    yield case("", backprop.rms_norm, arrays, _rms_norm)


def _batch_norm(torch, x, gamma, beta):
    return torch.nn.functional.batch_norm(x, None, None, gamma, beta, training=True)


def _group_norm(torch, x, gamma, beta, groups):
    return torch.nn.functional.group_norm(x, groups, gamma, beta)


def _instance_norm(torch, x, gamma, beta):
    return torch.nn.functional.instance_norm(x, weight=gamma, bias=beta)


def _layer_norm(torch, x, gamma, beta):
    return torch.nn.functional.layer_norm(x, gamma.shape, gamma, beta)


def _rms_norm(torch, x, gamma):
    return torch.nn.functional.rms_norm(x, gamma.shape, gamma, eps=1e-5)


def _cross_entropy(torch, logits, labels):
    return torch.nn.functional.cross_entropy(logits, torch.from_numpy(labels))


def _linear(torch, x, w, b):
    return torch.addmm(b, x, w)


def others(sizes):
    """Yield the loss, the dense layer and ReLU."""
    rng = np.random.default_rng(0)
    for shape in sizes.logits:
        labels = rng.integers(shape[1], size=shape[0])
        arrays = (drawn(rng, *shape),)
        yield case("", backprop.softmax_cross_entropy, arrays, _cross_entropy, labels=labels)
    N, D, M = sizes.dense
    arrays = drawn(rng, N, D), drawn(rng, D, M), drawn(rng, M)
    yield case(f" → {M}", backprop.linear, arrays, _linear)
    yield case("", backprop.relu, (drawn(rng, *sizes.images),))


class Step(NamedTuple):
    """One step of training chapter 12's network by stochastic gradient descent."""

    name: str
    network: list
    parameters: dict
    images: np.ndarray
    labels: np.ndarray

    def __call__(self):
        """Return the loss and the gradients, once the parameters have made their step."""
        found = backprop.loss_and_gradients(self.network, self.parameters, self.images, self.labels)
        backprop.descend(backprop.sgd, self.parameters, found.parameters, {}, learning_rate=0.01)
        return found.loss, *(found.parameters[name] for name in self.parameters)


def step(N=50):
    """Make a training step of chapter 12's network on N random images of 8×8."""
    digits = importlib.import_module("backprop.digits")
    parameters = digits.initial(np.random.default_rng(0))
    rng = np.random.default_rng(1)
    images, labels = drawn(rng, N, 1, 8, 8), rng.integers(10, size=N)
    name = f"training step {said((N, 1, 8, 8))}"
    return Step(name, digits.NETWORK, parameters, images, labels)

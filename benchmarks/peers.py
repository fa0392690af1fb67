"""What the package is compared with. A peer turns a case into a call that does the same work."""

import importlib
from typing import NamedTuple

import numpy as np

from backprop.windows import crop, pad, seen_by_tap, sliding_windows
from benchmarks.machine import cores


def installed(module):
    """Return a module, or None where it is missing."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError:
        return None


def pytorch(case):
    """Run a case in PyTorch on all cores, on the same arrays."""
    torch = importlib.import_module("torch")
    torch.set_num_threads(cores())
    tensors = [torch.from_numpy(a).requires_grad_() for a in case.arrays]
    dy = torch.from_numpy(np.asarray(case.dy))

    def run():
        y = case.theirs(torch, *tensors, **case.options)
        return y.detach().numpy(), *(g.numpy() for g in torch.autograd.grad(y, tensors, dy))

    return run


def pytorch_step(step):
    """Run a training step of chapter 12's network in PyTorch."""
    torch = importlib.import_module("torch")
    torch.set_num_threads(cores())
    tensors = {n: torch.tensor(w, requires_grad=True) for n, w in step.parameters.items()}
    images, labels = torch.from_numpy(step.images), torch.from_numpy(step.labels)
    optimiser = torch.optim.SGD(tensors.values(), lr=0.01, momentum=0.9)

    def run():
        optimiser.zero_grad()
        loss = torch.nn.functional.cross_entropy(_logits(torch, images, **tensors), labels)
        loss.backward()
        optimiser.step()
        return loss.detach().numpy(), *(tensor.grad.numpy() for tensor in tensors.values())

    return run


def _logits(torch, x, *, w1, b1, w2, gamma, beta, w3, b3):
    """Run images through the layers of `backprop.digits.NETWORK`."""
    f = torch.nn.functional
    x = f.relu(f.conv2d(x, w1, b1, padding=1))
    x = f.conv2d(f.max_pool2d(x, 3, stride=2, padding=1), w2, padding=1)
    x = f.relu(f.batch_norm(x, None, None, gamma, beta, training=True))
    return torch.addmm(b3, x.flatten(1), w3)


def autograd(case):
    """Run a convolution without options in HIPS autograd, whose kernels are turned by 180°."""
    make_vjp = importlib.import_module("autograd").make_vjp
    convolve = importlib.import_module("autograd.scipy.signal").convolve
    meet = {"axes": ([2, 3], [2, 3]), "dot_axes": ([1], [1]), "mode": "valid"}

    def forward(x, w, b):
        return convolve(x, w[:, :, ::-1, ::-1], **meet) + b[:, None, None]

    def run():
        pullback, y = make_vjp(forward, (0, 1, 2))(*case.arrays)
        return y, *pullback(case.dy)

    return run


def im2col(case):
    """Run a convolution by the table of all windows, made at once for the whole batch."""
    x, w, b = case.arrays
    N, F, I, J = case.dy.shape
    stride, padding = (case.options["stride"],) * 2, ((case.options["padding"],) * 2,) * 2
    kernels = w.reshape(case.options["groups"], -1, w[0].size)

    def rows(a):
        """(N,F,I,J) -> (G,F/G,N*I*J)."""
        return a.swapaxes(0, 1).reshape(*kernels.shape[:2], N * I * J)

    def run():
        seen = pad(x, padding)
        windows = sliding_windows(seen, w.shape[2:], stride=stride).transpose(1, 4, 5, 0, 2, 3)
        columns = windows.reshape(len(kernels), w[0].size, N * I * J)
        y = (kernels @ columns).reshape(F, N, I, J).swapaxes(0, 1) + b[:, None, None]
        dw = (rows(case.dy) @ columns.swapaxes(1, 2)).reshape(w.shape)
        sent = (kernels.swapaxes(1, 2) @ rows(case.dy)).reshape(windows.shape)
        dx = np.zeros_like(seen)
        for u, v in np.ndindex(w.shape[2:]):
            met = seen_by_tap(dx, u, v, (I, J), stride=stride)
            met += sent[:, u, v].swapaxes(0, 1)
        return y, crop(dx, padding), dw, case.dy.sum(axis=(0, 2, 3))

    return run


class Peer(NamedTuple):
    """A name, the module that must be there, and what turns a case into a call."""

    name: str
    module: str
    call: object


PYTORCH = Peer("PyTorch", "torch", pytorch)
PYTORCH_STEP = Peer("PyTorch", "torch", pytorch_step)
AUTOGRAD = Peer("autograd", "autograd", autograd)
IM2COL = Peer("a plain im2col", "numpy", im2col)

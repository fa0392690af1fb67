"""What an op is compared with: PyTorch's autograd, and plain loops over every meeting."""

import numpy as np


def agree_with_torch(torch, op, backward, theirs, args, dy, atol=1e-10, **options):
    """Assert that op and its gradients equal those of theirs, a function of PyTorch tensors."""
    tensors = [None if a is None else torch.tensor(a, requires_grad=True) for a in args]
    expected = theirs(*tensors)
    y = op(*args, **options)
    assert y.shape == tuple(expected.shape)
    np.testing.assert_allclose(y, expected.detach().numpy(), rtol=atol, atol=atol)
    expected.backward(torch.as_tensor(dy))
    grads = backward(dy, *args, **options)
    for name, grad, tensor in zip(grads._fields, grads, tensors, strict=True):
        if tensor is None:
            assert grad is None
            continue
        right = np.zeros(tensor.shape) if tensor.grad is None else tensor.grad.numpy()
        np.testing.assert_allclose(grad, right, rtol=atol, atol=atol, err_msg=name)


def conv_meetings(x, w, shape, stride, padding, dilation, groups):
    """Yield (place in y, in x, in w) for each product of a convolution, by its definition."""
    (F, per_group, U, V), (H, W) = w.shape, x.shape[2:]
    for n, f, i, j in np.ndindex(shape):
        group = f // (F // groups)
        for c, u, v in np.ndindex(per_group, U, V):
            row = i * stride[0] + u * dilation[0] - padding[0][0]
            column = j * stride[1] + v * dilation[1] - padding[1][0]
            if 0 <= row < H and 0 <= column < W:
                yield (n, f, i, j), (n, group * per_group + c, row, column), (f, c, u, v)


def conv2d_loops(dy, x, w, b, stride, padding, dilation, groups):
    """Return y, dx, dw, db of a convolution, one product at a time; dy gives y's shape."""
    y, dx, dw = np.zeros(dy.shape), np.zeros(x.shape), np.zeros(w.shape)
    for out, seen, tap in conv_meetings(x, w, dy.shape, stride, padding, dilation, groups):
        y[out] += x[seen] * w[tap]
        dx[seen] += dy[out] * w[tap]
        dw[tap] += dy[out] * x[seen]
    db = np.zeros(len(w))
    for n, f, i, j in np.ndindex(dy.shape):
        y[n, f, i, j] += b[f]
        db[f] += dy[n, f, i, j]
    return y, dx, dw, db


def windows_of(x_shape, y_shape, kernel_size, stride, padding):
    """Yield (place in y, its cells in x) for each window of a pooling, padding left out."""
    for n, c, i, j in np.ndindex(y_shape):
        rows, columns = (
            [k for k in range(at * s - p[0], at * s - p[0] + size) if 0 <= k < length]
            for at, s, p, size, length in zip(
                (i, j), stride, padding, kernel_size, x_shape[2:], strict=True
            )
        )
        yield (n, c, i, j), [(n, c, row, column) for row in rows for column in columns]

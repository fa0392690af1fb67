import numpy as np

from backprop import (
    batch_norm,
    batch_norm_backward,
    batch_norm_inference_backward,
    layer_norm,
    layer_norm_backward,
)

# mean 5 and variance 4 make every number an exact binary fraction.
EIGHT = np.array([2.0, 4, 4, 4, 5, 5, 7, 9])
EIGHT_HAT = (EIGHT - 5) / 2
FIRST = np.eye(8)[0]  # an upstream gradient that reaches the first value alone
EIGHT_DX = FIRST / 2 - np.full(8, 1 / 16) + EIGHT_HAT * 3 / 32  # direct, mean, variance


def test_layer_norm_of_eight_numbers_is_exact():
    ones, zeros = np.ones(8), np.zeros(8)
    y = layer_norm(EIGHT[None], ones, zeros, eps=0)
    dx, dgamma, dbeta = layer_norm_backward(FIRST[None], EIGHT[None], ones, zeros, eps=0)
    assert y.tolist() == [EIGHT_HAT.tolist()]
    assert dx.tolist() == [EIGHT_DX.tolist()]
    assert dx[0, 0] == 19 / 64
    assert dgamma.tolist() == [-1.5, 0, 0, 0, 0, 0, 0, 0]
    assert dbeta.tolist() == FIRST.tolist()


def test_batch_norm_of_eight_numbers_is_exact():
    x, dy, one, zero = EIGHT[:, None], FIRST[:, None], np.ones(1), np.zeros(1)
    dx, dgamma, dbeta = batch_norm_backward(dy, x, one, zero, eps=0)
    assert batch_norm(x, one, zero, eps=0)[:, 0].tolist() == EIGHT_HAT.tolist()
    assert dx[:, 0].tolist() == EIGHT_DX.tolist()
    assert (dgamma.item(), dbeta.item()) == (-1.5, 1)


def test_each_path_of_eight_numbers_is_exact():
    x, one, zero = EIGHT[:, None], np.ones(1), np.zeros(1)
    paths = batch_norm_inference_backward(FIRST[:, None], x, one, zero, 5 * one, 4 * one, eps=0)
    direct, dmean, dvar = paths.dx[:, 0], paths.dmean.item(), paths.dvar.item()
    assert direct.tolist() == [0.5, 0, 0, 0, 0, 0, 0, 0]
    assert (dmean, dvar) == (-0.5, 0.1875)
    through_mean, through_variance = dmean / 8, dvar * 2 * (EIGHT - 5) / 8
    assert through_mean == -0.0625
    assert through_variance.tolist() == (EIGHT_HAT * 3 / 32).tolist()
    assert through_variance[0] == -0.140625
    assert (direct + through_mean + through_variance).tolist() == EIGHT_DX.tolist()

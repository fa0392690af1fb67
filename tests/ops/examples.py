"""One ordinary call of every op, for the tests of what all ops have in common."""

import numpy as np

from backprop import ops


def _arrays(*shapes):
    rng = np.random.default_rng(7)
    return tuple(rng.standard_normal(shape) for shape in shapes)


# distinct whole numbers, so that no maximum is a tie and none is nearly one
_DISTINCT = np.random.default_rng(7).permutation(2.0 * np.arange(2 * 3 * 6 * 5)).reshape(2, 3, 6, 5)
# entries near 0 would put relu's kink inside a finite difference
_AWAY_FROM_ZERO = np.sign(_arrays((3, 4))[0]) + _arrays((3, 4))[0]

_NORM = _arrays((4, 6, 3, 2), (6,), (6,))
_VARIANCE = 0.5 + np.abs(_arrays((6,))[0])

# op -> (arrays, options)
EXAMPLES = {
    ops.linear: (_arrays((4, 3), (3, 5), (5,)), {}),
    ops.flatten: (_arrays((3, 2, 4, 5)), {}),
    ops.relu: ((_AWAY_FROM_ZERO,), {}),
    ops.sigmoid: (_arrays((3, 4, 2)), {}),
    ops.tanh: (_arrays((3, 4, 2)), {}),
    ops.softmax: (_arrays((3, 2, 5)), {}),
    ops.log_softmax: (_arrays((3, 2, 5)), {}),
    ops.softmax_cross_entropy: (_arrays((4, 3)), dict(labels=np.array([2, 0, 1, 2]))),
    ops.max_pool2d: ((_DISTINCT,), dict(kernel_size=(3, 2), stride=2, padding=((1, 0), (0, 1)))),
    ops.avg_pool2d: (_arrays((2, 3, 6, 5)), dict(kernel_size=3, stride=2, padding=1)),
    ops.layer_norm: (_arrays((4, 2, 3, 5), (3, 5), (3, 5)), dict(eps=1e-3)),
    ops.rms_norm: (_arrays((4, 2, 3, 5), (3, 5)), dict(eps=1e-3)),
    ops.batch_norm: (_NORM, {}),
    ops.batch_norm_inference: ((*_NORM, *_arrays((6,)), _VARIANCE), {}),
    ops.group_norm: (_NORM, dict(groups=2)),
    ops.instance_norm: (_NORM, {}),
    ops.conv2d: (
        _arrays((2, 4, 6, 5), (6, 2, 3, 2), (6,)),
        dict(groups=2, padding=1, stride=(1, 2)),
    ),
}

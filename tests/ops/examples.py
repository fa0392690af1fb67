"""One ordinary call of every op, for the tests of what all ops have in common."""

import numpy as np

from backprop import ops


def _arrays(*shapes):
    rng = np.random.default_rng(7)
    return tuple(rng.standard_normal(shape) for shape in shapes)


# op -> (arrays, options)
EXAMPLES = {
    ops.conv2d: (
        _arrays((2, 4, 6, 5), (6, 2, 3, 2), (6,)),
        dict(groups=2, padding=1, stride=(1, 2)),
    ),
}

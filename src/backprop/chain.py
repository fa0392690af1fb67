"""The chain rule, one op at a time: run an op, and get the function that carries dy back.

Every op obeys one law (see `backprop.ops`), so its backward is found by its name; a network's
gradient is its pullbacks, called in reverse order.
"""

from backprop import ops

BACKWARDS = {
    op: vars(ops)[f"{name}_backward"]
    for name, op in vars(ops).items()
    if f"{name}_backward" in vars(ops)
}


def backward_of(op):
    """Return the backward function of a registered op; a LookupError says that it has none."""
    if op not in BACKWARDS:
        name = getattr(op, "__name__", repr(op))
        raise LookupError(f"{name}: backprop.ops has no {name}_backward")
    return BACKWARDS[op]


def vjp(op, *args, backward=None, **options):
    """Return (y, pullback): y = op(*args, **options), and pullback(dy) gives op's gradients.

    pullback is the vector-Jacobian product dy -> Jᵀ dy, a NamedTuple with one gradient for each
    array argument. Nothing is kept from the forward pass but the arguments themselves.
    `backward` is the one of `backprop.ops` unless another is given, as in `check_gradients`.
    Raises LookupError where op has no backward in `backprop.ops`. Used from chapter 02 on.
    """
    backward = backward or backward_of(op)

    def pullback(dy):
        return backward(dy, *args, **options)

    return op(*args, **options), pullback

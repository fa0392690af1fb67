"""A network as a plain list of layers: run it, and carry the loss back to every parameter.

Nothing is stored in a layer. Parameters are arrays in a dict, and come in as gradients go out.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from backprop.chain import vjp
from backprop.ops import softmax_cross_entropy

NO_OPTIONS = MappingProxyType({})


class Layer(NamedTuple):
    """One op of a network: the names of its parameters, in op's order after x, and its options.

    A name may be None where op allows None, such as the bias of a convolution.
    """

    op: Callable
    parameters: tuple[str | None, ...] = ()
    options: Mapping = NO_OPTIONS


class Gradients(NamedTuple):
    """What `loss_and_gradients` finds: the loss, its gradients, and what was computed on the way.

    parameters: {name: gradient}; dx: the gradient of the images; outputs: what each layer gave.
    """

    loss: np.ndarray
    parameters: dict
    dx: np.ndarray
    outputs: list


def layer_outputs(network, parameters, x):
    """Run x through a network; return what each of its layers gives, the logits last.

    Raises LookupError where a layer asks for a parameter that is not there, and whatever an op
    raises. Used in chapter 12.
    """
    found = []
    for layer in network:
        x = layer.op(x, *_arguments(layer, parameters), **layer.options)
        found.append(x)
    return found


def loss_and_gradients(network, parameters, x, labels, *, backwards=None):
    """Return the mean cross-entropy of a network's logits and its `Gradients`, by `vjp`.

    Forward, each layer leaves its pullback; then the pullbacks run in reverse order. A parameter
    that several layers use adds up their gradients. backwards: {op: backward} replaces those
    of `backprop.ops`, as `backward` does in `check_gradients`.
    Raises LookupError where a layer asks for a parameter that is not there, and whatever an op
    raises. Used in chapter 12.
    """
    layers = [*network, Layer(softmax_cross_entropy, options={"labels": labels})]
    found, pullbacks = [x], []
    for layer in layers:
        arguments = (found[-1], *_arguments(layer, parameters))
        backward = (backwards or {}).get(layer.op)
        y, pullback = vjp(layer.op, *arguments, backward=backward, **layer.options)
        found.append(y)
        pullbacks.append(pullback)
    d, gradients = 1.0, {}
    for layer, pullback in zip(reversed(layers), reversed(pullbacks), strict=True):
        d, *rest = pullback(d)
        for name, gradient in zip(layer.parameters, rest, strict=True):
            if name is not None:
                gradients[name] = gradients[name] + gradient if name in gradients else gradient
    return Gradients(found[-1], gradients, d, found[1:-1])


def _arguments(layer, parameters):
    """Look a layer's parameters up; None stays None."""
    for name in layer.parameters:
        if name is not None and name not in parameters:
            there = ", ".join(parameters)
            raise LookupError(f"{layer.op.__name__}: there is no parameter {name!r} among {there}")
    return [None if name is None else parameters[name] for name in layer.parameters]

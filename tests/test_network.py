import numpy as np
import pytest

from backprop import (
    Layer,
    batch_norm,
    batch_norm_inference,
    conv2d,
    conv2d_backward,
    flatten,
    layer_outputs,
    linear,
    loss_and_gradients,
    max_pool2d,
    numerical_gradients,
    relu,
    softmax_cross_entropy,
    softmax_cross_entropy_backward,
    tanh,
)

NETWORK = [
    Layer(conv2d, ("w1", "b1"), {"padding": (1, 0)}),
    Layer(tanh),
    Layer(max_pool2d, options={"kernel_size": 2, "stride": 1}),
    Layer(conv2d, ("w2", None), {"stride": 2}),
    Layer(batch_norm, ("gamma", "beta"), {"eps": 1e-3}),
    Layer(flatten),
    Layer(linear, ("w3", "b3")),
]
SHAPES = {
    **{"w1": (2, 1, 3, 2), "b1": (2,), "w2": (3, 2, 2, 1), "gamma": (3,), "beta": (3,)},
    **{"w3": (12, 4), "b3": (4,)},
}
LABELS = np.array([2, 0, 3, 1, 0])


def drawn(seed=0):
    """Draw the images and the parameters of NETWORK: all sizes differ."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((5, 1, 5, 6))
    return x, {name: rng.standard_normal(shape) for name, shape in SHAPES.items()}


def test_every_gradient_agrees_with_finite_differences():
    x, parameters = drawn()
    found = loss_and_gradients(NETWORK, parameters, x, LABELS)
    assert set(found.parameters) == set(SHAPES)

    def loss(x, *arrays):
        moved = dict(zip(SHAPES, arrays, strict=True))
        return softmax_cross_entropy(layer_outputs(NETWORK, moved, x)[-1], labels=LABELS)

    measured = numerical_gradients(loss, x, *parameters.values(), dy=1.0)
    received = [found.dx, *(found.parameters[name] for name in SHAPES)]
    for ours, right in zip(received, measured, strict=True):
        assert np.abs(right).max() > 1e-3
        np.testing.assert_allclose(ours, right, rtol=1e-6, atol=1e-8)
    assert found.loss == loss(x, *parameters.values())


def test_the_outputs_are_those_of_the_layers_one_after_another():
    x, parameters = drawn()
    maps = layer_outputs(NETWORK, parameters, x)
    y = conv2d(x, parameters["w1"], parameters["b1"], padding=(1, 0))
    assert np.array_equal(maps[0], y)
    assert np.array_equal(maps[1], tanh(y))
    assert np.array_equal(maps[-1], linear(maps[-2], parameters["w3"], parameters["b3"]))
    assert len(maps) == len(NETWORK)
    found = loss_and_gradients(NETWORK, parameters, x, LABELS)
    assert all(map(np.array_equal, found.outputs, maps))


def test_a_parameter_of_two_layers_adds_up_its_gradients():
    network = [Layer(linear, ("w", "b")), Layer(relu), Layer(linear, ("w", "b"))]
    rng = np.random.default_rng(1)
    x, w, b = (rng.standard_normal(s) for s in ((4, 3), (3, 3), 3))
    labels = np.array([0, 2, 1, 1])
    found = loss_and_gradients(network, {"w": w, "b": b}, x, labels)

    def loss(w, b):
        logits = layer_outputs(network, {"w": w, "b": b}, x)[-1]
        return softmax_cross_entropy(logits, labels=labels)

    for name, right in zip("wb", numerical_gradients(loss, w, b, dy=1.0), strict=True):
        np.testing.assert_allclose(found.parameters[name], right, rtol=1e-6, atol=1e-8)


def test_one_backward_can_be_replaced_and_the_others_stay():
    x, parameters = drawn()
    right = loss_and_gradients(NETWORK, parameters, x, LABELS)

    def no_dx(dy, x, w, b, **options):
        return conv2d_backward(dy, x, w, b, **options)._replace(dx=np.zeros_like(x))

    def twice(dy, logits, *, labels):
        return (2 * softmax_cross_entropy_backward(dy, logits, labels=labels).dlogits,)

    wrong = loss_and_gradients(NETWORK, parameters, x, LABELS, backwards={conv2d: no_dx})
    assert not wrong.dx.any()
    assert not wrong.parameters["w1"].any()
    for name in ("w2", "gamma", "w3"):
        assert np.array_equal(wrong.parameters[name], right.parameters[name])
    other = {softmax_cross_entropy: twice}
    doubled = loss_and_gradients(NETWORK, parameters, x, LABELS, backwards=other)
    np.testing.assert_allclose(doubled.parameters["w1"], 2 * right.parameters["w1"])


def test_no_argument_is_changed_and_float32_stays():
    x, parameters = drawn()
    x, parameters = x.astype("f4"), {name: w.astype("f4") for name, w in parameters.items()}
    before = {name: w.copy() for name, w in {"x": x, **parameters}.items()}
    found = loss_and_gradients(NETWORK, parameters, x, LABELS)
    for name, w in {"x": x, **parameters}.items():
        assert np.array_equal(w, before[name])
    assert {g.dtype for g in found.parameters.values()} == {np.dtype("f4")}


def test_the_network_in_use_is_another_list():
    x, parameters = drawn()
    given = ("gamma", "beta", "mean", "var")
    in_use = [
        layer._replace(op=batch_norm_inference, parameters=given)
        if layer.op is batch_norm
        else layer
        for layer in NETWORK
    ]
    seen = layer_outputs(NETWORK, parameters, x)[3]
    statistics = {"mean": seen.mean(axis=(0, 2, 3)), "var": seen.var(axis=(0, 2, 3))}
    ours = layer_outputs(in_use, parameters | statistics, x)[-1]
    np.testing.assert_allclose(ours, layer_outputs(NETWORK, parameters, x)[-1])


def test_a_parameter_that_is_not_there_is_named():
    x, parameters = drawn()
    del parameters["w2"]
    message = r"^conv2d: there is no parameter 'w2' among w1, b1, gamma, beta, w3, b3$"
    for run in (
        lambda: layer_outputs(NETWORK, parameters, x),
        lambda: loss_and_gradients(NETWORK, parameters, x, LABELS),
    ):
        with pytest.raises(LookupError, match=message):
            run()


def test_an_op_says_what_does_not_fit():
    x, parameters = drawn()
    with pytest.raises(ValueError, match="conv2d: w expects 1 input channels, x has 2"):
        layer_outputs(NETWORK, parameters, np.concatenate([x, x], axis=1))

"""The digits and the network of chapter 12, and PyTorch's losses on it."""

import numpy as np
import pytest

from backprop import adam, descend, digits, layer_outputs, loss_and_gradients, recorded, sgd
from tests import digits_in_torch

# as in tests/digits_in_torch.py
RULES = {
    "sgd": (sgd, {"learning_rate": 0.02, "momentum": 0.9}),
    "adam": (adam, {"learning_rate": 0.002}),
}


def our_losses(rule, options, steps=50):
    data, rng = digits.load(np.float64), np.random.default_rng(0)
    parameters, memory, found = digits.initial(rng, np.float64), {}, []
    for batch in digits.batches(rng, steps):
        images, labels = data.images[batch], data.labels[batch]
        loss, gradients, *_ = loss_and_gradients(digits.NETWORK, parameters, images, labels)
        parameters, memory = descend(rule, parameters, gradients, memory, **options)
        found.append(loss)
    return found


@pytest.mark.parametrize("name", RULES)
def test_the_recorded_losses_are_those_of_pytorch(torch, name):
    theirs = digits_in_torch.losses(torch, name)
    np.testing.assert_allclose(recorded.LOSSES[name], theirs, rtol=0, atol=1e-8)


@pytest.mark.parametrize("name", RULES)
def test_our_losses_are_the_recorded_ones(name):
    ours = our_losses(*RULES[name])
    assert len(recorded.LOSSES[name]) == 50
    np.testing.assert_allclose(ours, recorded.LOSSES[name], rtol=0, atol=1e-6)


def test_the_split_is_fixed_and_shares_no_image():
    data, again = digits.load(), digits.load(np.float64)
    assert (len(data.images), len(data.held_out_images)) == (1400, 397)
    assert data.images.dtype == np.float32
    assert np.array_equal(data.images, again.images)  # sixteenths are exact in both types
    assert data.labels[:8].tolist() == [6, 6, 6, 2, 5, 6, 6, 2]
    assert {image.tobytes() for image in data.images}.isdisjoint(
        image.tobytes() for image in data.held_out_images
    )


def test_the_batches_of_an_epoch_hold_every_image_once():
    epochs = np.array(list(digits.batches(np.random.default_rng(0), 56))).reshape(2, 1400)
    assert all(np.array_equal(np.sort(epoch), np.arange(1400)) for epoch in epochs)
    assert not np.array_equal(*epochs)


def test_the_first_scores_have_the_size_of_the_rule_they_are_drawn_by():
    data = digits.load()
    parameters = digits.initial(np.random.default_rng(0))
    logits = layer_outputs(digits.NETWORK, parameters, data.images)[-1]
    assert logits.shape == (1400, 10)
    assert 0.3 < logits.std() < 3
    assert {w.dtype for w in parameters.values()} == {np.dtype("f4")}

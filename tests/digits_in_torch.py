"""The network of chapter 12 in PyTorch: the same weights, the same batches, its own gradients.

`python -m tests.digits_in_torch` prints the losses that `backprop.recorded` holds.
"""

import numpy as np

from backprop import digits

RULES = {
    "sgd": lambda torch, weights: torch.optim.SGD(weights, lr=0.02, momentum=0.9),
    "adam": lambda torch, weights: torch.optim.Adam(weights, lr=0.002),
}


def logits(torch, p, x):
    """Run the network in training mode, by torch.nn.functional."""
    f = torch.nn.functional
    x = f.relu(f.conv2d(x, p["w1"], p["b1"], padding=1))
    x = f.max_pool2d(x, 3, stride=2, padding=1)
    x = f.conv2d(x, p["w2"], padding=1)
    x = f.relu(f.batch_norm(x, None, None, p["gamma"], p["beta"], training=True))
    return f.linear(x.flatten(1), p["w3"].T, p["b3"])


def losses(torch, rule, steps=50):
    """Train for some steps in float64; return the loss before each of them."""
    data, rng = digits.load(np.float64), np.random.default_rng(0)
    parameters = {
        name: torch.tensor(w, requires_grad=True)
        for name, w in digits.initial(rng, np.float64).items()
    }
    optimizer = RULES[rule](torch, list(parameters.values()))
    found = []
    for batch in digits.batches(rng, steps):
        x, labels = torch.tensor(data.images[batch]), torch.tensor(data.labels[batch])
        loss = torch.nn.functional.cross_entropy(logits(torch, parameters, x), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        found.append(loss.item())
    return found


if __name__ == "__main__":
    import torch

    torch.set_num_threads(1)
    print("LOSSES =", {name: [round(loss, 10) for loss in losses(torch, name)] for name in RULES})

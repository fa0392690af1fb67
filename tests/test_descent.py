import numpy as np
import pytest

from backprop import adam, descend, sgd
from backprop.worked import descent

W, C = np.array([8.0, 3.0]), np.array([1.0, 4.0])


def path(rule, steps, **options):
    """Go down the valley with the gradient C w; return all points."""
    state, points = (W,), [W]
    for _ in range(steps):
        state = rule(state[0], C * state[0], *state[1:], **options)
        points.append(state[0])
    return points


def test_momentum_by_hand():
    # v = 8, 12; then 4 + 6 and 6 + 0; then 5 + 3.5 and 3 - 6
    points = path(sgd, 3, learning_rate=0.25, momentum=0.5)
    assert [p.tolist() for p in points] == [[8, 3], [6, 0], [3.5, -1.5], [1.375, -0.75]]


def test_adam_by_hand():
    # m = 4, 6 and s = 16, 36, divided by 1/2 and 1/4: each weight moves by the learning rate
    first = adam(W, C * W, learning_rate=1, beta1=0.5, beta2=0.75, eps=0)
    assert first.w.tolist() == [7, 2]
    assert (first.m.tolist(), first.s.tolist(), first.count) == ([4, 6], [16, 36], 1)
    # m = 2 + 3.5 and 3 + 4, divided by 3/4; s = 12 + 49/4 and 27 + 16, divided by 7/16
    second = adam(*first[:1], C * first.w, *first[1:], learning_rate=1, beta1=0.5, beta2=0.75)
    step = np.array([5.5, 7]) / 0.75 / np.sqrt(np.array([24.25, 43]) / 0.4375)
    np.testing.assert_allclose(second.w, first.w - step, rtol=1e-7)


def test_both_go_where_the_worksheets_go():
    sheet = descent.momentum(W, C, rate=0.3, momentum=0.7).values()
    ours = path(sgd, 3, learning_rate=0.3, momentum=0.7)
    theirs = [sheet[name] for name in ("w", "wa", "wb", "wc")]
    np.testing.assert_allclose(ours, theirs, rtol=1e-12)
    how = {"beta1": 0.6, "beta2": 0.8, "eps": 0.1}
    sheet = descent.adam(W, C, rate=0.3, steps=3, **how).values()
    theirs = [sheet[name] for name in ("w", "wa", "wb", "wc")]
    np.testing.assert_allclose(path(adam, 3, learning_rate=0.3, **how), theirs, rtol=1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_both_agree_with_pytorch(torch, seed):
    rng = np.random.default_rng(seed)
    w, slopes = rng.standard_normal((3, 2)), rng.standard_normal((6, 3, 2))
    rate, momentum, beta1, beta2 = rng.uniform(0.1, 0.9, 4)
    eps = 10.0 ** -rng.integers(1, 9)
    for rule, options, make in [
        (sgd, {"momentum": momentum}, lambda p: torch.optim.SGD(p, rate, momentum)),
        (
            adam,
            {"beta1": beta1, "beta2": beta2, "eps": eps},
            lambda p: torch.optim.Adam(p, rate, (beta1, beta2), eps),
        ),
    ]:
        theirs = torch.tensor(w, requires_grad=True)
        optimizer = make([theirs])
        ours = (w,)
        for dw in slopes:
            ours = rule(ours[0], dw, *ours[1:], learning_rate=rate, **options)
            theirs.grad = torch.tensor(dw)
            optimizer.step()
        np.testing.assert_allclose(ours[0], theirs.detach().numpy(), rtol=1e-10, atol=1e-12)


def test_adam_does_not_see_the_size_of_the_gradients():
    rng = np.random.default_rng(0)
    ours = theirs = (rng.standard_normal(5),)
    for dw in rng.standard_normal((4, 5)):
        ours = adam(ours[0], dw, *ours[1:], eps=0)
        theirs = adam(theirs[0], 50 * dw, *theirs[1:], eps=0)
    np.testing.assert_allclose(ours[0], theirs[0])


def test_descend_steps_with_every_parameter_that_has_a_gradient():
    parameters = {"a": W, "b": np.ones((2, 3)), "still": np.zeros(2)}
    gradients = {"a": C * W, "b": np.full((2, 3), 0.5)}
    before = {name: w.copy() for name, w in (parameters | gradients).items()}
    once, memory = descend(sgd, parameters, gradients, {}, learning_rate=0.25, momentum=0.5)
    twice, memory = descend(
        sgd,
        once,
        {"a": C * once["a"], "b": gradients["b"]},
        memory,
        learning_rate=0.25,
        momentum=0.5,
    )
    assert once["a"].tolist() == [6, 0]
    assert twice["a"].tolist() == [3.5, -1.5]
    np.testing.assert_allclose(twice["b"], 1 - 0.25 * (0.5 + 0.75))
    assert twice["still"] is parameters["still"]
    assert set(memory) == {"a", "b"}
    for name, w in before.items():
        assert np.array_equal(w, (parameters | gradients)[name])


@pytest.mark.parametrize("rule", [sgd, adam])
def test_nothing_is_changed_in_place_and_the_float_type_stays(rule):
    rng = np.random.default_rng(0)
    given = [rng.standard_normal(3).astype("f4") ** 2 for _ in range(4 if rule is adam else 3)]
    before = [a.copy() for a in given]
    found = rule(*given, learning_rate=0.1)
    assert all(map(np.array_equal, given, before))
    assert {a.dtype for a in found[:-1]} == {np.dtype("f4")}
    assert not any(np.shares_memory(a, b) for a in found for b in given)


@pytest.mark.parametrize("rule", [sgd, adam])
def test_a_gradient_that_would_broadcast_is_refused(rule):
    message = rf"^{rule.__name__}: dw must have the shape of w: w \(2,\), dw \(\)$"
    with pytest.raises(ValueError, match=message):
        rule(W, np.float64(1), learning_rate=0.1)

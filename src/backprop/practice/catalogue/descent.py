"""Steps downhill: momentum and Adam, and their learning rates (chapter 12)."""

import numpy as np

from backprop.descent import adam, sgd
from backprop.practice.catalogue._tools import instead, shown_in, tenths, whole
from backprop.practice.exercise import Exercise, Mistake


def _momentum(w, dw, v, *, learning_rate, momentum):
    return tuple(sgd(w, dw, v, learning_rate=learning_rate, momentum=momentum))


def _momentum_cases(rng):
    for shape, learning_rate, momentum in [((2,), 0.5, 0.75), ((2, 3), 0.1, 0.9)]:
        how = {"learning_rate": learning_rate, "momentum": momentum}
        yield tuple(whole(rng, *shape) for _ in range(3)), how


def _velocity(make):
    """Step with another velocity, and remember that one."""

    def step(w, dw, v, *, learning_rate, momentum):
        v = make(dw, v, learning_rate, momentum)
        return w - learning_rate * v, v

    return step


def _weight(make):
    """Remember the right velocity, but step in another way."""

    def step(w, dw, v, *, learning_rate, momentum):
        new = momentum * v + dw
        return make(w, dw, v, new, learning_rate, momentum), new

    return step


MOMENTUM = Exercise(
    name="momentum_step",
    signature="my_momentum_step(w, dw, v, *, learning_rate, momentum)",
    returns=("w", "v"),
    answer=_momentum,
    cases=_momentum_cases,
    chapter="12",
    mistakes=(
        Mistake(
            "the learning rate twice",
            _velocity(lambda dw, v, rate, mu: mu * v + rate * dw),
            "The learning rate is in v and in the step as well. Here it stands in the step alone.",
        ),
        Mistake(
            "the learning rate in the velocity",
            _weight(lambda w, dw, v, new, rate, mu: w - (mu * v + rate * dw)),
            "The learning rate is multiplied with dw before v is added. Here it multiplies all of "
            "the new v.",
        ),
        Mistake(
            "momentum's sign",
            _velocity(lambda dw, v, rate, mu: dw - mu * v),
            "The old velocity is subtracted: it brakes where it should carry on.",
        ),
        Mistake(
            "an average",
            _velocity(lambda dw, v, rate, mu: mu * v + (1 - mu) * dw),
            "The new gradient is weighed with 1 - momentum, as in an average. Here it counts in "
            "full.",
        ),
        Mistake(
            "uphill",
            _weight(lambda w, dw, v, new, rate, mu: w + rate * new),
            "The step goes uphill. v points where the loss grows, so it is subtracted.",
        ),
        Mistake(
            "the old velocity",
            _weight(lambda w, dw, v, new, rate, mu: w - rate * v),
            "The step was made with the velocity of the step before. Renew v first.",
        ),
        Mistake(
            "no velocity",
            _weight(lambda w, dw, v, new, rate, mu: w - rate * dw),
            "The step uses dw alone: v is remembered and never used.",
        ),
        Mistake(
            "a look ahead",
            _weight(lambda w, dw, v, new, rate, mu: w - rate * (dw + mu * new)),
            "Momentum is applied once more in the step. That is another rule, Nesterov's.",
        ),
        Mistake(
            "all of it remembered",
            instead(
                _momentum,
                1,
                lambda w, dw, v, *, learning_rate, momentum: learning_rate * (momentum * v + dw),
            ),
            "The w is right, but the v that you return holds the learning rate. It is remembered "
            "without.",
        ),
    ),
)


def _adam(w, dw, m, s, k, **how):
    return tuple(adam(w, dw, m, s, k - 1, **how)[:3])


def _adam_cases(rng):
    how = {"learning_rate": 0.5, "beta1": 0.75, "beta2": 0.5, "eps": 0.25}
    yield (whole(rng, 2), whole(rng, 2), np.zeros(2), np.zeros(2), 1), how
    how = {"learning_rate": 0.1, "beta1": 0.9, "beta2": 0.8, "eps": 0.5}
    squares = np.abs(whole(rng, 2, 3)) + 1
    yield (whole(rng, 2, 3), tenths(rng, 2, 3) + 3, whole(rng, 2, 3), squares, 4), how


def _adam_with(
    *,
    factors=lambda b1, b2: (1 - b1, 1 - b2),
    square=lambda dw, m: dw**2,
    correct=lambda m, s, b1, b2, k: (m / (1 - b1**k), s / (1 - b2**k)),
    move=lambda m, s, eps: m / (np.sqrt(s) + eps),
    keep=lambda m, s, m_hat, s_hat: (m, s),
    sign=-1,
):
    """Make Adam's step with one of its parts replaced."""

    def step(w, dw, m, s, k, *, learning_rate, beta1, beta2, eps):
        first, second = factors(beta1, beta2)
        m = beta1 * m + first * dw
        s = beta2 * s + second * square(dw, m)
        m_hat, s_hat = correct(m, s, beta1, beta2, k)
        return w + sign * learning_rate * move(m_hat, s_hat, eps), *keep(m, s, m_hat, s_hat)

    return step


ADAM = Exercise(
    name="adam_step",
    signature="my_adam_step(w, dw, m, s, k, *, learning_rate, beta1, beta2, eps)",
    returns=("w", "m", "s"),
    answer=_adam,
    cases=_adam_cases,
    chapter="12",
    mistakes=(
        Mistake(
            "no bias correction",
            _adam_with(correct=lambda m, s, b1, b2, k: (m, s)),
            "The bias correction is missing. m and s started at 0: divide by 1 - beta**k.",
        ),
        Mistake(
            "only m corrected",
            _adam_with(correct=lambda m, s, b1, b2, k: (m / (1 - b1**k), s)),
            "m is corrected and s is not. Both started at 0.",
        ),
        Mistake(
            "corrected as in the first step",
            _adam_with(correct=lambda m, s, b1, b2, k: (m / (1 - b1), s / (1 - b2))),
            "The correction divides by 1 - beta in every step. It is 1 - beta**k, which comes near "
            "to 1.",
        ),
        Mistake(
            "corrected a step late",
            _adam_with(
                correct=lambda m, s, b1, b2, k: (m / (1 - b1 ** (k + 1)), s / (1 - b2 ** (k + 1)))
            ),
            "The correction counts one step too many. In the first step k is 1.",
        ),
        Mistake(
            "eps inside the root",
            _adam_with(move=lambda m, s, eps: m / np.sqrt(s + eps)),
            "eps is under the root. Adam adds it to the root; a norm is where it stands under it.",
        ),
        Mistake(
            "no root",
            _adam_with(move=lambda m, s, eps: m / (s + eps)),
            "The root is missing. s is of the size of a squared gradient, m of a gradient.",
        ),
        Mistake(
            "no factor",
            _adam_with(factors=lambda b1, b2: (1, 1)),
            "dw and dw² are added in full. Both are averages: the new gradient has the weight "
            "1 - beta.",
        ),
        Mistake(
            "the square of the average",
            _adam_with(square=lambda dw, m: m**2),
            "s averages m². It should average dw²: gradients that cancel in m do not cancel in s.",
        ),
        Mistake(
            "the betas exchanged",
            lambda w, dw, m, s, k, *, beta1, beta2, **how: _adam(
                w, dw, m, s, k, beta1=beta2, beta2=beta1, **how
            ),
            "The two betas are exchanged: beta1 belongs to m, beta2 to s.",
        ),
        Mistake(
            "uphill",
            _adam_with(sign=1),
            "The step goes uphill. m points where the loss grows, so it is subtracted.",
        ),
        Mistake(
            "the corrected ones remembered",
            _adam_with(keep=lambda m, s, m_hat, s_hat: (m_hat, s_hat)),
            "The w is right, but the corrected averages are returned. m and s are to be remembered "
            "as they were before the correction.",
        ),
    ),
)

RATES = Exercise(
    name="learning_rates",
    signature="my_rates(rate, n)",
    returns=("by_momentum", "by_adam"),
    answer=lambda rate, n: (rate * n, rate),
    cases=lambda rng: [((0.5, 2.0), {}), ((0.02, 50.0), {})],
    chapter="12",
    mistakes=(
        Mistake(
            "the other way",
            lambda rate, n: (rate / n, rate),
            "The gradients are too small already. A smaller rate makes the steps smaller still.",
        ),
        Mistake(
            "the same for momentum",
            lambda rate, n: (rate, rate),
            "v is a sum of gradients: it is n times too small, and so is the step.",
        ),
        Mistake(
            "the same for both",
            lambda rate, n: (rate * n, rate * n),
            "Adam divides one gradient by the size of others. What makes all of them smaller "
            "cancels.",
        ),
        Mistake(
            "a root",
            lambda rate, n: (rate * n, rate * np.sqrt(n)),
            "Under Adam's root stand squares, which are n² times too small. Their root is n times "
            "too small, as m is.",
        ),
        Mistake(
            "smaller for Adam",
            lambda rate, n: (rate * n, rate / n),
            "Adam's fraction is neither too large nor too small: n is above its line and below it.",
        ),
    ),
)

EXERCISES = tuple(
    shown_in("Two ways to step downhill", exercise) for exercise in (MOMENTUM, ADAM, RATES)
)

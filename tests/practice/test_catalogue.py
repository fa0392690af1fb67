"""Every mistake of the catalogue is wrong, is recognised, and is told from all others."""

import re

import numpy as np
import pytest

from backprop.check import numerical_gradients
from backprop.ops.loss import softmax, softmax_cross_entropy
from backprop.practice import EXERCISES, check
from backprop.practice.results import agree, outputs
from tests.practice.forward import FORWARD

EACH = pytest.mark.parametrize("exercise", EXERCISES.values(), ids=EXERCISES)
MISTAKES = [(e, m) for e in EXERCISES.values() for m in e.mistakes]
EACH_MISTAKE = pytest.mark.parametrize(
    ("exercise", "mistake"), MISTAKES, ids=[f"{e.name}: {m.name}" for e, m in MISTAKES]
)
CHAPTERS = {f"{k:02d}" for k in range(13)}


def results(function, exercise):
    """Run a function on all cases of an exercise, in float64."""
    cases = exercise.cases(np.random.default_rng(0))
    return [outputs(function(*args, **how), len(exercise.returns)) for args, how in cases]


@EACH
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_right_answer_passes(exercise, dtype):
    verdict = check(exercise.name, exercise.answer, dtype=dtype)
    assert verdict, verdict
    assert verdict.status == "right"


@EACH_MISTAKE
def test_a_mistake_is_wrong_and_recognised_by_its_own_hint(exercise, mistake):
    verdict = check(exercise.name, mistake.function)
    chapter = mistake.chapter or exercise.chapter
    section = f", “{mistake.section}”," if mistake.section else ""
    assert verdict.status == "known mistake", verdict
    assert verdict.message == f"{mistake.hint} Chapter {chapter}{section} shows it."


@EACH
def test_no_two_mistakes_of_an_exercise_give_the_same_answers(exercise):
    found = [(m.name, results(m.function, exercise)) for m in exercise.mistakes]
    found.append(("right", results(exercise.answer, exercise)))
    for k, (name, ours) in enumerate(found):
        for other, theirs in found[:k]:
            assert not all(map(agree, ours, theirs)), f"{name} and {other} look the same"


@EACH
def test_names_and_hints_of_an_exercise_are_its_own(exercise):
    assert len({m.name for m in exercise.mistakes}) == len(exercise.mistakes)
    assert len({m.hint for m in exercise.mistakes}) == len(exercise.mistakes)


@EACH_MISTAKE
def test_a_hint_is_one_to_three_short_sentences_and_names_a_chapter(exercise, mistake):
    assert mistake.hint.endswith(".")
    assert len(re.findall(r"[.:](?: |$)", mistake.hint)) <= 4
    assert len(mistake.hint) <= 200
    assert (mistake.chapter or exercise.chapter) in CHAPTERS


def test_the_catalogue_is_large_enough():
    assert len(MISTAKES) >= 40


@EACH
def test_the_cases_grow_and_are_the_same_every_time(exercise):
    first, again = (list(exercise.cases(np.random.default_rng(0))) for _ in range(2))
    sizes = [sum(np.size(a) for a in arguments) for arguments, _ in first]
    assert len(first) >= (1 if exercise.written else 2)
    assert sizes[0] == min(sizes)
    for (arguments, options), (same, same_options) in zip(first, again, strict=True):
        assert options == same_options
        assert len(arguments) == len(exercise.arguments)
        assert all(np.array_equal(a, b) for a, b in zip(arguments, same, strict=True))


@EACH
def test_a_right_answer_is_not_rounding_noise(exercise):
    for results_of_a_case in results(exercise.answer, exercise):
        for array in results_of_a_case:
            assert np.any(array)
            assert np.abs(array[array != 0]).min() > 1e-4


@EACH
def test_a_case_has_no_upstream_that_hides_mistakes(exercise):
    for arguments, _ in exercise.cases(np.random.default_rng(0)):
        upstream = dict(zip(exercise.arguments, arguments, strict=True)).get("dy")
        assert upstream is None or len(np.unique(upstream)) > 1


def test_the_way_from_the_loss_to_a_agrees_with_finite_differences():
    exercise = EXERCISES["loss_to_a"]
    for (A, W, b, labels), _ in exercise.cases(np.random.default_rng(0)):

        def loss(A, W, b, labels=labels):
            return softmax_cross_entropy(A @ W + b, labels=labels)

        expected = numerical_gradients(loss, A, W, b, dy=1.0)
        for ours, theirs in zip(exercise.answer(A, W, b, labels), expected, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", FORWARD)
def test_the_right_answer_agrees_with_finite_differences(name):
    exercise = EXERCISES[name]
    for (dy, *arguments), options in exercise.cases(np.random.default_rng(0)):
        if "pool" in name and len(np.unique(arguments[0])) < arguments[0].size:
            continue  # at a tie there is no derivative to agree with
        arrays = [a for a in arguments if isinstance(a, np.ndarray)]
        numbers = arguments[len(arrays) :]

        def forward(*moved, numbers=numbers, options=options):
            return FORWARD[name](*moved, *numbers, **options)

        expected = numerical_gradients(forward, *arrays, dy=dy)
        ours = outputs(exercise.answer(dy, *arguments, **options), len(exercise.returns))
        for received, right in zip(ours, expected, strict=False):  # dgamma, dbeta: not in all
            np.testing.assert_allclose(received, right, rtol=1e-6, atol=1e-6)


def test_the_gradients_that_are_asked_for_alone_are_those_of_the_whole():
    rng = np.random.default_rng(1)
    dy, x, w = (rng.normal(size=s) for s in [(2, 3, 4, 2), (2, 2, 5, 4), (3, 2, 2, 3)])
    dx, dw, db = EXERCISES["conv2d_backward"].answer(dy, x, w, np.zeros(3))
    np.testing.assert_allclose(EXERCISES["conv2d.dw_db"].answer(dy, x)[0], dw)
    np.testing.assert_allclose(EXERCISES["conv2d.db"].answer(dy), db)
    one = dy[0, 0], x[0, 0], w[0, 0]
    dx, dF, _ = EXERCISES["conv2d.one_channel"].answer(*one)
    np.testing.assert_allclose(EXERCISES["conv2d.dx"].answer(one[0], one[2]), dx)
    np.testing.assert_allclose(EXERCISES["conv2d.dF"].answer(*one[:2]), dF)


def test_the_three_paths_add_up_to_the_whole():
    rng = np.random.default_rng(1)
    dy, x, gamma = (rng.normal(size=s) for s in [(4, 5), (4, 5), (5,)])
    paths = [EXERCISES[f"layer_norm.{p}"] for p in ("direct", "through_variance", "through_mean")]
    whole = EXERCISES["layer_norm.dx"].answer(dy, x, gamma, eps=0.1)
    np.testing.assert_allclose(sum(p.answer(dy, x, gamma, eps=0.1) for p in paths), whole)
    assert np.abs(whole - EXERCISES["batch_norm.dx"].answer(dy, x, gamma, eps=0.1)).max() > 0.1


def test_the_jacobian_agrees_with_finite_differences():
    exercise = EXERCISES["softmax.jacobian"]
    for (x,), _ in exercise.cases(np.random.default_rng(0)):
        rows = [numerical_gradients(softmax, x, dy=one)[0] for one in np.eye(len(x))]
        np.testing.assert_allclose(exercise.answer(x), rows, rtol=1e-6, atol=1e-8)


def test_the_smallest_of_a_window_gets_its_gradient_with_the_first_of_equals():
    dm, y = np.array([[3.0, -2.0]]), np.array([[1.0, 0, 5], [0, 7, -4]])
    dy = EXERCISES["min_pool2d.dx"].answer(dm, y, 2, 1)
    assert dy.tolist() == [[0, 3, 0], [0, 0, -2]]


def test_relu_at_0_and_the_slide_of_the_book():
    dy, x = np.array([3.0, 4, 5]), np.array([2.0, 0, -1])
    assert EXERCISES["relu.dx"].answer(dy, x).tolist() == [3, 0, 0]
    image, F = np.array([[5.0, 8, 3], [6, 4, 0], [9, 2, 1]]), np.array([[-3.0, 1], [4, 2]])
    assert EXERCISES["slide"].answer(image, F, 1).tolist() == [[25, -5], [26, -2]]

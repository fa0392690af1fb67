"""The chapters and the catalogue fit: what a chapter asks for is checked, as the catalogue says."""

import ast
import re
from collections import defaultdict
from dataclasses import dataclass

import pytest

from backprop.practice import EXERCISES
from tests.test_book import CHAPTERS, cells, ids, markdown


@dataclass(frozen=True)
class Check:
    """One call of `practice.check` in a chapter."""

    chapter: str
    exercise: str
    function: str
    solves: bool  # it is asserted, in a folded cell


def checks(path):
    """List the calls of check that name an exercise and a function."""
    for cell in cells(path, "code"):
        tree = ast.parse(cell.source)
        asserted = {id(node.test) for node in ast.walk(tree) if isinstance(node, ast.Assert)}
        folded = "hide-cell" in cell.metadata.get("tags", [])
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "check":
                match node.args:
                    case [ast.Constant(str(exercise)), ast.Name(function)]:
                        yield Check(path.stem, exercise, function, folded and id(node) in asserted)


def starters(path):
    """List the functions that are left open: {name: its arguments}."""
    functions = [
        node
        for cell in cells(path, "code")
        for node in ast.parse(cell.source).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("my_")
    ]
    return {f.name: ast.unparse(f.args) for f in functions if ast.unparse(f.body[-1]) == "..."}


def by_exercise():
    found = defaultdict(list)
    for path in CHAPTERS:
        for check in checks(path):
            found[check.exercise].append(check)
    return found


CHECKED = by_exercise()


def test_the_chapters_check_what_the_catalogue_has():
    assert set(CHECKED) == set(EXERCISES)
    assert len(CHECKED) >= 18


@pytest.mark.parametrize("name", CHECKED)
def test_an_exercise_is_in_one_chapter_with_a_place_to_write_and_a_checked_solution(name):
    assert len({check.chapter for check in CHECKED[name]}) == 1
    ours = [check.function for check in CHECKED[name] if check.function.startswith("my_")]
    solved = [check.function for check in CHECKED[name] if check.solves]
    assert len(ours) == len(solved) == 1
    assert solved[0].startswith("solution_")


@pytest.mark.parametrize("name", CHECKED)
def test_a_place_to_write_has_the_signature_of_the_catalogue(name):
    [path] = [p for p in CHAPTERS if p.stem == CHECKED[name][0].chapter]
    written, _, arguments = EXERCISES[name].signature.removesuffix(")").partition("(")
    assert written in {check.function for check in CHECKED[name]}
    assert starters(path)[written] == ast.unparse(
        ast.parse(f"lambda {arguments}: 0").body[0].value.args
    )


@pytest.mark.parametrize("name", EXERCISES)
def test_a_section_that_a_hint_names_is_in_its_chapter(name):
    exercise = EXERCISES[name]
    for mistake in exercise.mistakes:
        chapter = mistake.chapter or exercise.chapter
        [path] = [p for p in CHAPTERS if p.stem.startswith(chapter)]
        headings = re.findall(r"^#{2,} (.*)$", markdown(path), flags=re.M)
        assert mistake.section in ["", *headings], mistake.name


@pytest.mark.parametrize("path", CHAPTERS, ids=ids)
def test_a_gradient_that_a_chapter_asks_for_is_checked(path):
    """Where a function of arrays is to be written whose name says that it is a gradient."""
    asked = {
        name
        for name, arguments in starters(path).items()
        if arguments and re.search(r"gradient|backward|_d(\w|logits)$", name)
    }
    assert asked <= {check.function for check in checks(path)}

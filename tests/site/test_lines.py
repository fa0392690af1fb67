"""What stays in one line: a number and its word, the sides of a sign, and nothing else."""

from docutils import nodes
from docutils.frontend import get_default_settings
from docutils.parsers.rst import Parser
from docutils.utils import new_document

from backprop.site import lines


def held(source):
    """Return the text of a document: no-break spaces as "~", a number that is held in brackets."""
    doctree = new_document("page", get_default_settings(Parser))
    Parser().parse(source, doctree)
    lines.hold(None, doctree, "page")
    for node in list(doctree.findall(nodes.inline)):
        node.parent.replace(node, nodes.Text(f"[{node.astext()}]"))
    return doctree.astext().replace(lines.NO_BREAK_SPACE, "~")


def test_a_number_stays_with_its_word():
    assert held("As in chapter 04, step 1 of 3 took 25 numbers.") == (
        "As in chapter~04, step~1 of 3 took 25 numbers."
    )
    assert held("See chapters `01 <a>`_ and `06 <b>`_, *test* 2.") == (
        "See chapters~01 and 06, test~2."
    )


def test_a_short_formula_is_not_broken_a_long_one_may_be():
    assert held("Then D − 1 = 3, and 2·4 = 8.") == "Then D~−~1 = 3, and 2·4~=~8."
    assert held("Where 1 −\xa0y is") == "Where 1~−~y is"
    assert held("new = something_longer − 1") == "new = something_longer − 1"
    assert held("About 1e-7, not x-1.") == "About [1e-7], not x-1."
    assert held("With x = 1e-7 alone") == "With x = [1e-7] alone"


def test_a_shape_is_not_broken():
    assert held("It is (N, C, H, W), or (3, 1), not (a word, or so).") == (
        "It is (N,~C,~H,~W), or (3,~1), not (a word, or so)."
    )


def test_short_code_is_held_and_long_code_may_be_broken():
    doctree = new_document("page", get_default_settings(Parser))
    Parser().parse("``dy[:, f]`` and ``x[n, :, i : i + U, j : j + V]``", doctree)
    lines.hold(None, doctree, "page")
    assert [code["classes"] for code in doctree.findall(nodes.literal)] == [[lines.HELD], []]


def test_no_line_begins_with_a_dash():
    assert held("Exhibit 10 · One\n================\n\nA — B") == "Exhibit~10~· One\n\nA~— B"


def test_code_and_formulas_stay_as_they_are():
    assert held("``step 1`` and chapter :math:`1 + 1`, then\n\n::\n\n    step 1") == (
        "step 1 and chapter 1 + 1, then\n\nstep 1"
    )


def test_a_text_that_stands_twice_is_held_where_it_needs_to_be():
    assert held("*A* step *b* step *1*") == "A step b step~1"

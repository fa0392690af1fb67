"""The prose of the book and of the files around it, against the style in CONTRIBUTING.md."""

import itertools
import re
import statistics
from importlib.resources import files

import pytest

from tests.test_book import PAGES, ROOT, ids, markdown, prose

TEXTS = [*PAGES, ROOT / "README.md", ROOT / "CONTRIBUTING.md"]

# Words that say how hard a thing is to somebody who may find it hard, words that stand in for an
# argument, and a shout.
BANNED = re.compile(
    r"\b(simpl[ey] (?:put|enough)|simply|just|eas(?:y|ily)|obvious(?:ly)?|trivial(?:ly)?|clearly"
    r"|of course|needless to say|note that|it can be shown|straightforward(?:ly)?|basically"
    r"|essentially|actually|merely|as you can see)\b|!",
    re.I,
)

# codespell's list of spellings that differ, less the words that British English has as well.
BRITISH_TOO = {"biased", "license", "practice", "program", "programs", "stories", "story"}
PAIRS = files("codespell_lib").joinpath("data/dictionary_en-GB_to_en-US.txt").read_text("utf-8")
AMERICAN = {word for line in PAIRS.split() for word in line.split("->")[1].split(",") if word}
AMERICAN -= BRITISH_TOO

LONGEST, AVERAGE = 45, 16  # words in a sentence, and on the average of a page


def sentences(path):
    """Split a page's prose at blank lines, items, headings and the ends of sentences."""
    text = re.sub(r"^\s*(?:\||:::|```|:\w+:).*$", "", prose(path), flags=re.M)
    for block in re.split(r"\n\s*\n|^(?=\s*(?:[-*+]|\d+\.|#+) )", text, flags=re.M):
        yield from re.split(r"(?<=[.?])[*_)”\"]*\s+", " ".join(block.split()))


def around(text, pattern):
    """Show each place where a pattern is found, with some words on either side."""
    return [text[max(0, m.start() - 40) : m.end() + 20] for m in re.finditer(pattern, text)]


@pytest.mark.parametrize("path", TEXTS, ids=ids)
def test_prose_neither_shouts_nor_calls_things_easy(path):
    assert around(prose(path), BANNED) == []


@pytest.mark.parametrize("path", TEXTS, ids=ids)
def test_sentences_are_short(path):
    lengths = {sentence: len(sentence.split()) for sentence in sentences(path)}
    assert [sentence for sentence, words in lengths.items() if words > LONGEST] == []
    assert statistics.mean(words for words in lengths.values() if words) <= AVERAGE


@pytest.mark.parametrize("path", TEXTS, ids=ids)
def test_words_are_spelled_as_in_britain(path):
    """A title that is quoted keeps its own spelling; it is the text of a link, so links are out."""
    text = re.sub(r"\[[^\]]*\]\(http[^)]*\)", "", markdown(path))
    text = re.sub(r"`[^`]*`|\]\([^)]*\)", "", text)
    assert [word for word in re.findall(r"[a-z]+", text) if word in AMERICAN] == []


@pytest.mark.parametrize("path", TEXTS, ids=ids)
def test_signs_are_the_ones_that_are_meant(path):
    """The page curls quotation marks; a dash is long, and an ellipsis is one sign."""
    assert around(prose(path), r"[“”‘’]|\.\.\.|\w -{1,2} \w|\S  +\S") == []


@pytest.mark.parametrize("path", TEXTS, ids=ids)
def test_a_page_has_one_title_and_skips_no_level(path):
    levels = [len(h) for h in re.findall(r"^(#+) ", prose(path), flags=re.M)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in itertools.pairwise(levels))

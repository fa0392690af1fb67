"""What the package offers: signatures and docstrings, their chapters and names made links."""

import inspect
import re
from operator import attrgetter

import backprop
from backprop.lookup.chapters import chapters, link, slug

CHAPTERS = re.compile(r"\bchapters? \d\d(?: \([^)]*\))?(?:(?:, | and )\d\d(?: \([^)]*\))?)*")


def entries(*names, folder="."):
    """Describe public names, such as "conv2d" or "plots.heatmap": signature and docstring."""
    paths = chapters(folder)
    return "\n\n".join(_entry(name, paths) for name in names)


def returned(*names):
    """Describe the named tuples that functions return: their fields and what they are."""
    found = [(name, getattr(backprop, name)) for name in names]
    return "\n\n".join(
        f"### {name}\n\n{', '.join(f'`{field}`' for field in kind._fields)}. "
        f"{_linked(_escaped(inspect.getdoc(kind)), {})}"
        for name, kind in found
    )


def derived_in(name):
    """Return the numbers of the chapters that a public name's docstring sends its reader to."""
    words = " ".join(inspect.getdoc(attrgetter(name)(backprop)).split())
    return [number for found in CHAPTERS.findall(words) for number in re.findall(r"\d\d", found)]


def _entry(name, paths):
    thing = attrgetter(name)(backprop)
    # A line that ends with a sentence ends a paragraph: so do the docstrings set off their parts.
    paragraphs = re.split(r"\n\n|(?<=\.)\n", inspect.getdoc(thing))
    text = [_linked(_escaped(" ".join(words.split())), paths) for words in paragraphs]
    return "\n\n".join([f"### {name}", f"`{name}{_signature(thing)}`", *text])


def _signature(thing):
    """Write a signature without types, and without what a dataclass makes for itself."""
    parameters = inspect.signature(thing).parameters.values()
    plain = [p.replace(annotation=p.empty) for p in parameters if p.name != "self"]
    text = re.sub(r", \w+=<factory>", "", str(inspect.Signature(plain)))
    return re.sub(r"<class '([\w.]+)'>", r"\1", text)


def _escaped(text):
    """Keep Markdown from reading the signs of a formula; what stands in backticks stays code."""
    code_or_not = re.split(r"(`[^`]*`)", text)
    return "".join(
        part if part.startswith("`") else re.sub(r"([\\*_\[\]<>|$])", r"\\\1", part)
        for part in code_or_not
    )


def _linked(text, paths):
    """Make links of the numbers of chapters, and of names that have an entry of their own."""

    def numbers_linked(found):
        return re.sub(r"\d\d", lambda number: link(number[0], paths), found[0])

    def name_linked(found):
        name = found[1]
        return f"[`{name}`](#{slug(name)})" if name in backprop.__all__ else f"`{name}`"

    return re.sub(r"`(\w+)`", name_linked, CHAPTERS.sub(numbers_linked, text))

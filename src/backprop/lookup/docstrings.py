"""What the package offers: signatures and docstrings, their chapters and names made links."""

import inspect
import re
from operator import attrgetter

import backprop
from backprop.lookup.chapters import chapters, link, slug

ADDRESS = r"https?://[^\s)]*[^\s).,;]"
# A hyphen that stands for a minus: between spaces, before what it makes negative, or in U-1.
MINUS = re.compile(r"(?<= )- |(?<![\w-])-(?=[\w(])|(?<=[A-Z])-(?=\d)")
CHAPTERS = re.compile(r"\bchapters? \d\d(?: \([^)]*\))?(?:(?:, | and )\d\d(?: \([^)]*\))?)*")


def entries(*names, folder="."):
    """Describe public names, such as "conv2d" or "plots.heatmap": signature and docstring."""
    paths = chapters(folder)
    return "\n\n".join(_entry(name, paths) for name in names)


def returned(*names):
    """List the named tuples that functions return: their fields and what they are."""
    return "\n".join(_item(name, getattr(backprop, name)) for name in names)


def _item(name, kind):
    fields = ", ".join(f"`{field}`" for field in kind._fields)
    meaning = _linked(_set(" ".join(inspect.getdoc(kind).split())), {})
    return f"- `{name}` ({fields}). {meaning}"


def derived_in(name):
    """Return the numbers of the chapters that a public name's docstring sends its reader to."""
    words = " ".join(inspect.getdoc(attrgetter(name)(backprop)).split())
    return [number for found in CHAPTERS.findall(words) for number in re.findall(r"\d\d", found)]


def _entry(name, paths):
    thing = attrgetter(name)(backprop)
    # A line that ends with a sentence ends a paragraph: so do the docstrings set off their parts.
    paragraphs = re.split(r"\n\n|(?<=\.)\n", inspect.getdoc(thing))
    text = [_linked(_set(" ".join(words.split())), paths) for words in paragraphs]
    return "\n\n".join([f"### {name}", f"`{name}{_signature(thing)}`", *text])


def _signature(thing):
    """Write a signature without types, and without what a dataclass makes for itself."""
    parameters = inspect.signature(thing).parameters.values()
    plain = [p.replace(annotation=p.empty) for p in parameters if p.name != "self"]
    text = re.sub(r", \w+=<factory>", "", str(inspect.Signature(plain)))
    text = re.sub(r"mappingproxy\((\{.*?\})\)", r"\1", text)
    return re.sub(r"<class '([\w.]+)'>", r"\1", text)


def _set(text):
    """Set the text of a docstring; what stands in backticks stays code, an address is a link."""
    parts = re.split(rf"(`[^`]*`|{ADDRESS})", text)
    return "".join(_one_set(part) for part in parts)


def _one_set(part):
    """Set arrows and minus signs, and hold them to what they belong to; escape Markdown's signs."""
    if part.startswith("`"):
        return part
    if re.fullmatch(ADDRESS, part):
        return f"<{part}>"
    part = part.replace(" -> ", "\u00a0→ ")
    part = MINUS.sub(lambda found: "−\u00a0" if found[0].endswith(" ") else "−", part)
    return re.sub(r"([\\*_\[\]<>|$])", r"\\\1", part)


def _linked(text, paths):
    """Make links of the numbers of chapters, and of functions, which have entries of their own."""

    def numbers_linked(found):
        return re.sub(r"\d\d", lambda number: link(number[0], paths), found[0])

    def name_linked(found):
        name = found[1]
        has_entry = name in backprop.__all__ and name.islower()
        return f"[`{name}`](#{slug(name)})" if has_entry else f"`{name}`"

    return re.sub(r"`(\w+)`", name_linked, CHAPTERS.sub(numbers_linked, text))

"""What belongs together stays in one line: a number and its word, a sign and its two sides."""

import re

from docutils import nodes

# A word such as "chapter" and its number, the two sides of a short formula, a shape such as (N, C),
# a number such as 1e-5; and no line begins with a dash, or with the dot of a heading.
SIDE = r"[−\w.·×/°]{1,8}"
TOGETHER = re.compile(
    r"\b(?:chapters?|exercises?|exhibits?|issue|request|steps?|stride|tests?|version) (?=\d)"
    r"|\(\w{1,3}(?:, \w{1,3}){1,3}\)"
    rf"|(?<![−\w.·×/°]){SIDE} [−+×=≈<>≤≥] {SIDE}(?![\w°-])"
    r"|\b\d[\d.]*e-\d+"
    r"| (?=[—·] )",
    re.I,
)
NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"
SHORT = 20  # characters of code that a line of a phone has room for
HELD = "bp-held"  # for code, and a hyphen: no twin of it could be copied into a program
APART = "\N{OBJECT REPLACEMENT CHARACTER}"  # stands for code and for a formula


def hold(app, doctree, docname):
    """Hold together what belongs together in the text of a page, links and emphasis included."""
    for code in doctree.findall(nodes.literal):
        if len(code.astext()) <= SHORT:
            code["classes"].append(HELD)
    for block in list(doctree.findall(is_running_text)):
        texts = list(block.findall(nodes.Text))
        parts = [text if is_prose(text) else APART * len(text) for text in texts]
        whole = "".join(parts).replace(NO_BREAK_SPACE, " ")
        found = [match.span() for match in TOGETHER.finditer(whole)]
        start = 0
        for text, part in zip(texts, parts, strict=True):
            end = start + len(part)
            spans = [(max(a, start) - start, min(b, end) - start) for a, b in found]
            spans = [(a, b) for a, b in spans if a < b]
            if spans and is_prose(text):
                place = [child is text for child in text.parent].index(True)
                text.parent[place : place + 1] = list(held(part, spans))
            start = end


def is_running_text(node):
    """Say whether a node holds text that is broken into lines: a paragraph, a title, a term."""
    inside = (nodes.Inline, nodes.FixedTextElement, nodes.math_block)
    return isinstance(node, nodes.TextElement) and not isinstance(node, inside)


def is_prose(text):
    """Say whether a text is neither code nor a formula."""
    return not isinstance(text.parent, (nodes.literal, nodes.math, nodes.raw))


def held(part, spans):
    """Split a text into nodes in which nothing breaks between the ends of each span."""
    end = 0
    for a, b in spans:
        yield nodes.Text(part[end:a])
        words = part[a:b].replace(" ", NO_BREAK_SPACE)
        yield nodes.inline("", words, classes=[HELD]) if "e-" in words else nodes.Text(words)
        end = b
    yield nodes.Text(part[end:])

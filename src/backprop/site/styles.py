"""Make one small style sheet of all that the theme and the extensions bring.

A rule is dropped where it asks for an element, a class or an id that stands in no page and in no
script, a custom property where nothing reads it; a font keeps the characters that the rules left
over write. What a page looks like does not change.
"""

from __future__ import annotations

import io
import logging
import posixpath
import re
import shutil

import tinycss2
from fontTools import subset
from fontTools.ttLib import TTFont

logging.getLogger("fontTools").setLevel(logging.WARNING)  # it tells of every table it cuts

GROUPS = {"media", "supports", "layer", "container"}
IMPLIED = {"html", "head", "body", "tbody"}  # a browser adds them where they are not written
JOINED = ("bs-tooltip", "bs-popover")  # Bootstrap joins these names from parts

# What no page needs as it comes: how things look under a pointer, in use, and on paper.
LATER = {":hover", ":active", ":focus", ":focus-visible", ":focus-within", "print"}
IMPORT = re.compile(r"""@import\s+["']([^"']+)["'];""")
URL = re.compile(r"""url\(\s*(["']?)(?!["']|data:|#)([^)]*?)\1\s*\)""")
WRITTEN = re.compile(r'(?:content|--[\w-]+)\s*:\s*"((?:[^"\\]|\\.)*)"')
ESCAPE = re.compile(r"\\([0-9a-fA-F]{1,6})\s?")
READ = re.compile(r"var\(\s*(--[\w-]+)")
FONT = re.compile(r"@font-face[^{]*\{([^}]*)\}")
SOURCE = re.compile(r"src:[^;}]*")


def words_of_page(html):
    """Return the elements, classes and ids of a page, and the custom properties that it reads."""
    named = " ".join(re.findall(r'\b(?:class|id)="([^"]*)', html)).split()
    return {*IMPLIED, *re.findall(r"<([\w-]+)", html), *named, *READ.findall(html)}


def words_of_script(script):
    """Return every word of a script: each may name an element, or a class that it gives to one."""
    return set(re.findall(r"[\w-]+", script))


def bundle(static, names, words):
    """Join style sheets of the folder `static` into one text that holds what `words` needs.

    Its addresses begin in `static`; its fonts are written to `static/fonts`.
    """
    shutil.rmtree(static / "fonts", ignore_errors=True)
    (static / "fonts").mkdir()
    text = "".join(read(static, name) for name in names)
    text = needed(text, words | LATER)
    letters, naming = characters(text), FONT.sub("", text)
    return FONT.sub(lambda rule: font_face(static, rule[1], letters, naming), text)


def read(static, name):
    """Read a style sheet and what it imports; make its addresses begin in `static`."""
    folder = posixpath.dirname(name)
    text = placed((static / name).read_text(encoding="utf-8"), folder)
    return IMPORT.sub(lambda found: read(static, posixpath.join(folder, found[1])), text)


def placed(text, folder):
    """Make the addresses of a style sheet begin where the sheet's folder lies."""

    def address(found):
        return f'url("{posixpath.normpath(posixpath.join(folder, found[2]))}")'

    return URL.sub(address, text)


def needed(text, words):
    """Write out the rules of a style sheet that can match, less the selectors that cannot.

    A custom property that nothing reads goes; then one that only it has read goes, and so on.
    """
    read = set(READ.findall(text))
    text = needed_rules(tinycss2.parse_stylesheet(text, True, True), words | read)
    return needed(text, words) if read - set(READ.findall(text)) else text


def needed_rules(rules, words):
    """Write out what is left of a list of rules."""
    return "".join(filter(None, (needed_rule(rule, words) for rule in rules)))


def needed_rule(rule, words):
    """Write out one rule as far as it can match; None where it cannot, or where it says nothing."""
    if rule.type == "qualified-rule":
        kept = [s for s in parted(rule.prelude, ",") if words.issuperset(asked(s))]
        content = [d for d in parted(rule.content, ";") if words.issuperset(declared(d))]
        written = ";".join(map(tinycss2.serialize, content)).strip()
        return kept and written and f"{','.join(map(tinycss2.serialize, kept))}{{{written}}}"
    if rule.type == "at-rule" and rule.lower_at_keyword in GROUPS and rule.content:
        if not words.issuperset(LATER.intersection(asked(rule.prelude))):
            return None
        inner = needed_rules(tinycss2.parse_rule_list(rule.content, True, True), words)
        return inner and f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}{{{inner}}}"
    return rule.serialize()


def parted(tokens, mark):
    """Yield the lists of tokens between marks: selectors between commas, or declarations."""
    one = []
    for token in tokens:
        if token == mark:
            yield one
            one = []
        else:
            one.append(token)
    yield one


def asked(selector):
    """Yield the names without which a selector matches nothing; not those in :not(…)."""
    before = None
    for token in selector:
        if token.type == "ident" and before == ":":
            if f":{token.value}" in LATER:
                yield f":{token.value}"
        elif token.type in ("ident", "hash") and not token.value.startswith(JOINED):
            yield token.value
        before = token


def declared(declaration):
    """Yield the custom property that a declaration sets, if it sets one."""
    for token in declaration:
        if token.type == "ident":
            if token.value.startswith("--"):
                yield token.value
            return


# ---- what is read first ----


def first_rules(sheet, html, script):
    """Return the rules of a sheet for the beginning of a page and for what a script adds to it."""
    return needed(sheet, (words_of_page(html) | words_of_script(script)) - LATER)


# ---- fonts ----


def characters(text):
    """Return all characters that a style sheet may write before or after an element."""
    strings = "".join(WRITTEN.findall(text))
    return set(ESCAPE.sub(lambda escaped: chr(int(escaped[1], 16)), strings))


def font_face(static, content, letters, naming):
    """Write a @font-face of those letters; a font that has none, or that no rule names, goes."""
    family = re.search(r"font-family:([^;]*)", content)[1].strip()
    if not re.search(rf"{re.escape(family)}(?![\w-])", naming):
        return ""
    names = [address for _, address in URL.findall(content)]
    name = next(name for name in names if name.endswith((".ttf", ".woff")))
    font = shortened(static / name, letters)
    if font is None:
        return ""
    address = f"fonts/{posixpath.splitext(posixpath.basename(name))[0]}.woff"
    (static / address).write_bytes(font)
    source = f'src:url("{address}") format("woff")'
    return f"@font-face{{{SOURCE.sub(lambda _: source, content)}}}"


def shortened(path, letters):
    """Return a font as WOFF with those letters alone, or None where it has none of them.

    A font of one character stays whole: MathJax has one that only gives a line its height.
    """
    font = TTFont(path)
    has = set(font.getBestCmap())
    kept = has & set(map(ord, letters)) or (has if len(has) == 1 else None)
    if not kept:
        return None
    options = subset.Options()
    options.drop_tables += ["FFTM"]  # when the font was edited
    cut = subset.Subsetter(options)
    cut.populate(unicodes=kept)
    cut.subset(font)
    font.flavor = "woff"
    out = io.BytesIO()
    font.save(out)
    return out.getvalue()

"""Make one small style sheet of all that the theme and the extensions bring.

A rule is dropped where it asks for a class or an id that stands in no page and in no script; a
font keeps the characters that the rules left over write. What a page looks like does not change.
"""

from __future__ import annotations

import io
import posixpath
import re
import shutil

import tinycss2
from fontTools import subset
from fontTools.ttLib import TTFont

GROUPS = {"media", "supports", "layer", "container"}
JOINED = ("bs-tooltip", "bs-popover")  # Bootstrap joins these names from parts
IMPORT = re.compile(r"""@import\s+["']([^"']+)["'];""")
URL = re.compile(r"""url\(\s*(["']?)(?!["']|data:|#)([^)]*?)\1\s*\)""")
WRITTEN = re.compile(r'(?:content|--[\w-]+)\s*:\s*"((?:[^"\\]|\\.)*)"')
ESCAPE = re.compile(r"\\([0-9a-fA-F]{1,6})\s?")
FONT = re.compile(r"@font-face[^{]*\{([^}]*)\}")
SOURCE = re.compile(r"src:[^;}]*")


def words_of_page(html):
    """Return the classes and ids of a page."""
    return set(" ".join(re.findall(r'\b(?:class|id)="([^"]*)', html)).split())


def words_of_script(script):
    """Return every word of a script: each may be a class that it gives to an element."""
    return set(re.findall(r"[\w-]+", script))


def bundle(static, names, words):
    """Join style sheets of the folder `static` into one text that holds what `words` needs.

    Its addresses begin in `static`; its fonts are written to `static/fonts`.
    """
    shutil.rmtree(static / "fonts", ignore_errors=True)
    (static / "fonts").mkdir()
    text = "".join(read(static, name) for name in names)
    text = needed(tinycss2.parse_stylesheet(text, True, True), words)
    letters, naming = characters(text), FONT.sub("", text)
    return FONT.sub(lambda rule: font_face(static, rule[1], letters, naming), text)


def read(static, name):
    """Read a style sheet and what it imports; make its addresses begin in `static`."""

    def placed(address):
        return posixpath.normpath(posixpath.join(posixpath.dirname(name), address))

    text = (static / name).read_text(encoding="utf-8")
    text = URL.sub(lambda found: f'url("{placed(found[2])}")', text)
    return IMPORT.sub(lambda found: read(static, placed(found[1])), text)


def needed(rules, words):
    """Write out the rules that can match, less the selectors that cannot."""
    return "".join(filter(None, (needed_rule(rule, words) for rule in rules)))


def needed_rule(rule, words):
    """Write out one rule as far as it can match; None where it cannot."""
    if rule.type == "qualified-rule":
        kept = [s for s in selectors(rule.prelude) if all(there(n, words) for n in asked(s))]
        content = tinycss2.serialize(rule.content)
        return kept and f"{','.join(map(tinycss2.serialize, kept))}{{{content}}}"
    if rule.type == "at-rule" and rule.lower_at_keyword in GROUPS and rule.content:
        inner = needed(tinycss2.parse_rule_list(rule.content, True, True), words)
        return inner and f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}{{{inner}}}"
    return rule.serialize()


def selectors(prelude):
    """Yield the selectors of a rule, which commas part, as lists of tokens."""
    one = []
    for token in prelude:
        if token == ",":
            yield one
            one = []
        else:
            one.append(token)
    yield one


def asked(selector):
    """Yield the classes and ids without which a selector matches nothing; not those in :not(…)."""
    before = None
    for token in selector:
        if token.type == "hash" or (token.type == "ident" and before == "."):
            yield token.value
        before = token


def there(name, words):
    """Say whether a class or an id may occur."""
    return name in words or name.startswith(JOINED)


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

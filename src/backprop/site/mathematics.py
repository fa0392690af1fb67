"""Set every formula while the book is built, so that no page needs MathJax's scripts.

MathJax itself does it, in an embedded V8: what stands in the page is what its scripts would have
put there, MathML for screen readers included, and nothing moves when the page is read.
"""

from __future__ import annotations

import functools
import importlib.util
import re
import shutil
from pathlib import Path

from docutils import nodes
from py_mini_racer import MiniRacer
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

HERE = Path(__file__).parent
FONTS = "output/chtml/fonts/woff-v2"
PARTS = (
    "loader.js",
    "core.js",
    "adaptors/liteDOM.js",
    "input/tex-full.js",
    "output/chtml.js",
    "output/chtml/fonts/tex.js",
    "a11y/assistive-mml.js",
)
# Between a formula and a comma a browser would begin a new line, in spite of a word joiner.
START = '<span class="math notranslate nohighlight">'
COMMA = re.compile(rf"{START}((?!</?span).)*</span>[.,:;!?)’”]+", re.DOTALL)
log = logging.getLogger(__name__)


def mathjax():
    """Return the folder of MathJax's own files."""
    # The package's name has hyphens, so it can be found but not imported by a statement.
    spec = importlib.util.find_spec("sphinx-mathjax-offline")
    return Path(spec.origin).parent / "static" / "mathjax"


@functools.cache
def engine():
    """Start V8 with MathJax in it; `stop` ends it."""
    v8 = MiniRacer()
    v8.eval("const window = this, global = this; var MathJax = {loader: {load: []}}; 0")
    for part in [*(mathjax() / part for part in PARTS), HERE / "mathematics.js"]:
        v8.eval(part.read_text(encoding="utf-8") + "\n;0")
    return v8


def stop():
    """End V8: Python would wait for it on leaving."""
    if engine.cache_info().currsize:
        engine().close()
        engine.cache_clear()
    typeset.cache_clear()


@functools.cache
def typeset(tex, display):
    """Return the HTML of a formula; raise ValueError with MathJax's message for bad TeX."""
    html = engine().call("typeset", tex, display)
    if error := re.search(r'data-mjx-error="([^"]*)"', html):
        raise ValueError(f"{error[1]}: {tex}")
    return html


def write_assets(folder):
    """Write MathJax's style sheet into a folder, and its fonts beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mathematics.css").write_text(engine().call("styles"), encoding="utf-8")
    shutil.copytree(mathjax() / FONTS, folder / "woff-v2", dirs_exist_ok=True)


def keep_commas(body):
    """Hold each inline formula of a page and the comma behind it together."""
    return COMMA.sub(r'<span class="bp-held">\g<0></span>', body)


# ---- the renderer, as Sphinx asks for one ----


def visit_inline(writer, node):
    """Write a formula of the running text."""
    start = writer.starttag(node, "span", "", CLASS="math notranslate nohighlight")
    writer.body.append(f"{start}{_formula(writer, node, node.astext(), display=False)}</span>")
    raise nodes.SkipNode


def visit_display(writer, node):
    """Write a formula that stands by itself, with its number where it has one."""
    writer.body.append(writer.starttag(node, "div", CLASS="math notranslate nohighlight"))
    if node["number"]:
        writer.body.append(f'<span class="eqno">({get_node_equation_number(writer, node)})')
        writer.add_permalink_ref(node, "Link to this equation")
        writer.body.append("</span>")
    tex = node.astext()
    if r"\\" in tex and not node["nowrap"]:  # lines that no environment of their own holds
        tex = rf"\begin{{split}}{tex}\end{{split}}"
    writer.body.append(f"{_formula(writer, node, tex, display=True)}</div>\n")
    raise nodes.SkipNode


def _formula(writer, node, tex, *, display):
    """Set a formula; where its TeX is bad, show the TeX and warn."""
    try:
        return typeset(tex, display)
    except ValueError as error:
        log.warning(str(error), location=node, type="mathematics")
        return writer.encode(tex)

"""Make the book's figures live in a page that no kernel serves, and keep the page to itself.

One line in `_config.yml` switches it on: `sphinx: extra_extensions: [backprop.sphinx_ext]`.
A page then asks nobody else for anything: figures, mathematics and fonts come from `_static`.
"""

from __future__ import annotations

import hashlib
import importlib.util
import re
import shutil
from pathlib import Path

PACKAGE = Path(__file__).parent
FIGURE = PACKAGE / "figure"
SITE = PACKAGE / "site"

# What every page is given, beside what stands in its head.
SITE_FILES = ("page.css", "page.js", "print.css")

# What a page loads of MathJax: the engine, the fonts, and the TeX extensions it fetches on demand.
MATHJAX_PARTS = ("tex-chtml.js", "input/tex/extensions", "output/chtml/fonts/woff-v2")

# A page cannot import, so what figure.js exports is made plain: the lists go, a declaration loses
# the word.
EXPORT = re.compile(
    r"^export (?:(?:default )?\{[^}]*\};?$|(?=async |function |const |class ))", re.M
)

# The script is deferred, so it finds the whole page. A figure that fails keeps its static tables
# and is reported, and the others come to life all the same.
PAGE_SCRIPT = """\
(() => {
"use strict";

%s

for (const figure of document.querySelectorAll(".bp-figure")) {
  try {
    mount(figure);
  } catch (error) {
    reportError(error);
  }
}
})();
"""


def setup(app):
    """Connect everything to Sphinx; called once, after Jupyter Book's own extensions."""
    # Sphinx reads every page again when a value of the environment changes: no page is stale
    # after a change in the package, although Sphinx looks at the notebooks alone.
    app.add_config_value("backprop_sources", sources_digest(), "env", str)
    app.add_config_value("backprop_lists", [], "env", list)
    disconnect(app, "sphinx_thebe")
    app.connect("config-inited", configure)
    app.connect("builder-inited", write_assets)
    app.connect("env-get-outdated", renew_lists)
    app.connect("html-page-context", dress_page, priority=999)
    app.add_js_file(None, body=(SITE / "head.js").read_text(encoding="utf-8"))
    app.add_js_file("backprop/page.js", loading_method="defer")
    app.add_css_file("backprop/page.css")
    app.add_css_file("backprop/print.css", media="print")
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def sources_digest(package=PACKAGE):
    """Return a digest of every source file of the package: names and contents."""
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*")):
        if path.suffix in {".py", ".js", ".css", ".html"}:
            digest.update(f"{path.relative_to(package).as_posix()}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def disconnect(app, module):
    """Take out what an extension that Jupyter Book always loads has connected.

    sphinx-thebe wants a server for its kernels, and its scripts declare a constant twice.
    """
    for listeners in list(app.events.listeners.values()):
        for listener in list(listeners):
            if listener.handler.__module__ == module:
                app.disconnect(listener.id)


def configure(app, config):
    """Prefer the figure's HTML to its widget view, and MathJax from the site to a CDN's."""
    config.nb_mime_priority_overrides = [
        *config.nb_mime_priority_overrides,
        ("html", "text/html", 0),
    ]
    config.nb_ipywidgets_js = {}
    config.mathjax_path = "mathjax/tex-chtml.js"
    # No menu on each formula: it is a tab stop each, and its entries load what is not copied.
    # The MathML that screen readers read is there without it.
    mathjax = dict(config.mathjax3_config or {})
    mathjax["options"] = {**mathjax.get("options", {}), "enableMenu": False}
    config.mathjax3_config = mathjax


def renew_lists(app, env, added, changed, removed):
    """Read the pages that list what is in others, `backprop_lists`, when any page has changed."""
    return app.config.backprop_lists if added | changed | removed else []


def write_assets(app):
    """Put MathJax and the figure into `_static`, before any page takes their checksums."""
    if app.builder.format != "html":
        return
    Path(app.outdir, "404.html").write_text(lost_page(app.config.html_baseurl), encoding="utf-8")
    static = Path(app.outdir, "_static")
    copy_mathjax(static / "mathjax")
    own = static / "backprop"
    own.mkdir(parents=True, exist_ok=True)
    script = page_script((FIGURE / "figure.js").read_text(encoding="utf-8"))
    (own / "figure.js").write_text(script, encoding="utf-8")
    for source in (FIGURE / "figure.css", *(SITE / name for name in SITE_FILES)):
        shutil.copyfile(source, own / source.name)


def lost_page(address=""):
    """Write the page that a server sends for what it does not have.

    It may be sent for an address of any depth. Where the book's own address is known, its links
    start from there; else a script in it looks for the place.
    """
    page = (SITE / "404.html").read_text(encoding="utf-8")
    base = f'<base href="{address.rstrip("/")}/">\n' if address else ""
    return page.replace("<title>", f"{base}<title>", 1)


def copy_mathjax(destination):
    """Copy the parts of MathJax that a page loads: 2.2 MB of the package's 24 MB."""
    # The package's name has hyphens, so it can be found but not imported by a statement.
    spec = importlib.util.find_spec("sphinx-mathjax-offline")
    source = Path(spec.origin).parent / "static" / "mathjax"
    for part in MATHJAX_PARTS:
        target = destination / part
        if target.exists():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        if (source / part).is_dir():
            shutil.copytree(source / part, target)
        else:
            shutil.copyfile(source / part, target)


def page_script(module):
    """Turn the ES module `figure.js` into a classic script that brings every figure to life.

    A browser refuses `<script type="module" src>` from a file, and a page opened from a folder
    must work too. Raises ValueError for an import, or an export written in another way.
    """
    body = EXPORT.sub("", module)
    if left := re.search(r"^\s*(?:export|import)\b.*", body, flags=re.M):
        raise ValueError(f"figure.js: a page cannot use {left.group().strip()!r}")
    return PAGE_SCRIPT % body.strip()


def dress_page(app, pagename, templatename, context, doctree):
    """Give a page with a figure its script and style, and take away what no page needs."""
    body = context.get("body", "")
    if 'class="bp-figure"' in body:
        app.add_js_file("backprop/figure.js", loading_method="defer")
        app.add_css_file("backprop/figure.css")
    # The empty corner of a table with two heads heads nothing.
    context["body"] = body.replace('<th class="head"><p></p></th>', "<td></td>")
    context["script_files"][:] = [f for f in context["script_files"] if wanted(f)]
    context["css_files"][:] = [f for f in context["css_files"] if wanted(f)]


def wanted(asset):
    """Say whether a page needs a script or style that an extension has added to it."""
    name = str(getattr(asset, "filename", asset) or "")
    kind = getattr(asset, "attributes", {}).get("type") or ""
    # The state of the widgets is for html-manager; the figures carry their own JSON.
    return "thebe" not in name and not kind.startswith("application/vnd.jupyter")

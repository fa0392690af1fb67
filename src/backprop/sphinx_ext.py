"""Make the book's figures live in a page that no kernel serves, and keep the page to itself.

One line in `_config.yml` switches it on: `sphinx: extra_extensions: [backprop.sphinx_ext]`.
A page then asks nobody else for anything: figures and fonts come from `_static`, and formulas are
set while the book is built. What a page loads is small, and what it shows comes first.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from pathlib import Path

from docutils import nodes

from backprop.site import lines, mathematics, pictures, styles

PACKAGE = Path(__file__).parent
FIGURE = PACKAGE / "figure"
SITE = PACKAGE / "site"

# What every page is given, beside what stands in its head.
SITE_FILES = ("page.css", "page.js", "print.css")

FIRST_FIGURE = "first-figure"
BOOK_CSS = re.compile(r'href="([^"]*_static/)book\.css[^"]*"')
FIRST_RULES = re.compile('(<style id="first-rules">).*?(?=</style>)', re.S)
# The theme's template names these itself; ours of the same name leaves them to this list.
THEME_STYLES = ("styles/theme.css", "styles/pydata-sphinx-theme.css")
STYLES = (
    "mathjax/mathematics.css",
    "backprop/page.css",
    "backprop/print.css",
    "backprop/figure.css",
)
THEME_SCRIPTS = ("scripts/bootstrap.js", "scripts/pydata-sphinx-theme.js")

# What a page needs to look as it should; all other scripts of a chapter wait for these.
SHAPING_SCRIPTS = ("togglebutton.js", "backprop/page.js")

NAME_IN_HEADING = re.compile(r"(?<=<h3>)[\w.]+")

# A page cannot import, so what figure.js exports is made plain: the lists go, a declaration loses
# the word.
EXPORT = re.compile(
    r"^export (?:(?:default )?\{[^}]*\};?$|(?=async |function |const |class ))", re.M
)

# Lines of comment are for who reads the source; a page leaves them out.
COMMENT = re.compile(r"^[ \t]*(?://[^\n]*|/\*(?:[^*]|\*(?!/))*\*/)\n", re.M)

# A page may be read while the rest of it is on its way, so each figure comes to life as soon as it
# is there: its static tables, which follow its numbers, have begun. The first one does so at once;
# each other one waits for a frame, so that none holds up what is drawn. A figure that fails keeps
# its tables and is reported, and the others come to life all the same.
PAGE_SCRIPT = """\
(() => {
"use strict";

%s

let resting = false;

function mountNext() {
  const figure = document.querySelector(".bp-figure:not([data-tried]):has(> .bp-static)");
  resting = Boolean(figure);
  if (!figure) return;
  figure.dataset.tried = "";
  requestAnimationFrame(() => setTimeout(mountNext));
  try {
    mount(figure);
  } catch (error) {
    reportError(error);
  }
}

const arrivals = new MutationObserver(() => resting || mountNext());
arrivals.observe(document, { childList: true, subtree: true });
addEventListener("DOMContentLoaded", () => arrivals.disconnect());
mountNext();
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
    app.connect("env-get-outdated", forget)
    app.connect("doctree-read", lift_headings, priority=400)  # before the contents are gathered
    app.connect("doctree-resolved", mark_addresses)
    app.connect("doctree-resolved", lines.hold)
    app.connect("html-page-context", dress_page, priority=999)
    app.connect("html-page-context", order_assets, priority=1000)
    app.connect("build-finished", finish, priority=900)  # the theme writes colours of code then
    app.add_html_math_renderer(
        "set", (mathematics.visit_inline, None), (mathematics.visit_display, None)
    )
    app.add_js_file(None, body=(SITE / "head.js").read_text(encoding="utf-8"))
    app.add_js_file("backprop/page.js", loading_method="defer")
    for name in THEME_SCRIPTS:
        app.add_js_file(name, priority=900, loading_method="defer")
    for name in STYLES:
        app.add_css_file(name)
    # V8, which sets the formulas, does not survive a fork.
    return {"parallel_read_safe": True, "parallel_write_safe": False}


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
    """Prefer the figure's HTML to its widget view; set formulas here; use our templates."""
    config.nb_mime_priority_overrides = [
        *config.nb_mime_priority_overrides,
        ("html", "text/html", 0),
    ]
    config.nb_ipywidgets_js = {}
    config.html_math_renderer = "set"
    config.templates_path = [*config.templates_path, str(SITE / "templates")]


def renew_lists(app, env, added, changed, removed):
    """Read the pages that list what is in others, `backprop_lists`, when any page has changed."""
    return app.config.backprop_lists if added | changed | removed else []


def forget(app, env, added, changed, removed):
    """Take out of the site the pages that are no longer part of the book."""
    for name in removed:
        Path(app.builder.get_outfilename(name)).unlink(missing_ok=True)
        for source in Path(app.outdir, "_sources").glob(f"{name}.*"):
            source.unlink()
    return []


def lift_headings(app, doctree):
    """Make sections of the headings that a cell without code has made, so the contents have them.

    A heading in an output is none to Sphinx, because it stands in a box; the box is taken away.
    """
    for made in list(doctree.findall(is_made_with_headings)):
        cell = made.parent.parent.parent
        parts = []
        for node in made.children:
            if isinstance(node, nodes.rubric):
                title = nodes.title(node.rawsource, "", *node.children)
                parts.append(nodes.section("", title, ids=node["ids"], names=node["names"]))
            elif parts:
                parts[-1] += node
            else:
                parts.append(node)
        place = cell.parent.index(cell)
        cell.parent[place : place + 1] = parts


def is_made_with_headings(node):
    """Say whether a node is Markdown with headings, made by a cell whose code is not shown."""
    return (
        isinstance(node, nodes.container)
        and node.get("mime_type") == "text/markdown"
        and "tag_remove-input" in node.parent.parent.parent["classes"]
        and any(isinstance(child, nodes.rubric) for child in node.children)
    )


def mark_addresses(app, doctree, docname):
    """Mark each link whose text is its address: paper need not have the address twice."""
    for link in doctree.findall(nodes.reference):
        if link.get("refuri") == link.astext():
            link["classes"].append("bp-address")


def write_assets(app):
    """Put what pages load into `_static`, before any page takes its checksum."""
    if app.builder.format != "html":
        return
    Path(app.outdir, "404.html").write_text(lost_page(app.config.html_baseurl), encoding="utf-8")
    static = Path(app.outdir, "_static")
    mathematics.write_assets(static / "mathjax")
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


def page_script(module):
    """Turn the ES module `figure.js` into a classic script that brings every figure to life.

    A browser refuses `<script type="module" src>` from a file, and a page opened from a folder
    must work too. Raises ValueError for an import, or an export written in another way.
    """
    body = COMMENT.sub("", EXPORT.sub("", module))
    if left := re.search(r"^\s*(?:export|import)\b.*", body, flags=re.M):
        raise ValueError(f"figure.js: a page cannot use {left.group().strip()!r}")
    return PAGE_SCRIPT % body.strip()


def dress_page(app, pagename, templatename, context, doctree):
    """Give a page with a figure its script and a way to it, a picture its place; mend a corner.

    The style sheet of such a page stands after the section of its first figure, which need not wait
    for it.
    """
    body = context.get("body", "")
    if 'class="bp-figure"' in body:
        app.add_js_file(
            "backprop/figure.js", loading_method="async", fetchpriority="high", blocking="render"
        )
        # who comes by the link has the focus there, and sees it
        place = f'class="bp-figure" id="{FIRST_FIGURE}" tabindex="-1"'
        before, after = body.split('class="bp-figure"', 1)
        # What stands before the sheet is drawn without it, by the rules in the page's head.
        sheet = f'<link rel="stylesheet" href="{context["pathto"]("_static/book.css", 1)}" />'
        body = before + place + after.replace("</section>", f"{sheet}</section>", 1)
        context["first_figure"] = FIRST_FIGURE  # the template makes a link to it
    # The empty corner of a table with two heads heads nothing.
    body = body.replace('<th class="head"><p></p></th>', "<td></td>")
    # All folds would be read out by the same name; each has words of its own.
    body = body.replace('<summary aria-label="Toggle hidden content">', "<summary>")
    # A long name in a heading may go on in the next line after an underscore or a dot.
    body = NAME_IN_HEADING.sub(lambda name: re.sub("[_.]", r"\g<0><wbr>", name[0]), body)
    body = mathematics.keep_commas(body)
    context["body"] = pictures.sized(body, picture_sources(app))


def picture_sources(app):
    """Return {file name on the site: the picture it is copied from}."""
    return {name: Path(app.srcdir, source) for source, name in app.builder.images.items()}


# ---- what a page loads, and when ----


def order_assets(app, pagename, templatename, context, doctree):
    """Sort a page's scripts: before its text, after it, and when all of it is laid out.

    The one style sheet, which `finish` makes, stands for all others.
    """
    scripts = sorted(filter(has_use, context["script_files"]), key=lambda f: f.priority)
    if "sd-tab-set" not in context.get("body", ""):
        scripts = [f for f in scripts if "design-tabs" not in str(f.filename)]
    # A page such as search has scripts of its own, which need all others before them.
    early = scripts if doctree is None else [f for f in scripts if is_early(f)]
    late = [f for f in scripts if f not in early]
    context["early_scripts"] = early
    context["shaping_scripts"] = [deferred(f) for f in late if is_shaping(f)]
    context["late_scripts"] = [f for f in late if not is_shaping(f)]
    context["script_files"] = []
    sheets = sorted(filter(has_use, context["css_files"]), key=lambda f: f.priority)
    names = [str(f.filename).removeprefix("_static/") for f in sheets]
    app.builder.backprop_styles = [*THEME_STYLES, *names]
    context["css_files"] = []


def is_early(script):
    """Say whether a script stands before the text: what is in the page itself, and the figure's."""
    return not script.filename or "async" in script.attributes


def is_shaping(script):
    """Say whether a page looks otherwise before the script has run than after it."""
    return str(script.filename).removeprefix("_static/") in SHAPING_SCRIPTS


def has_use(asset):
    """Say whether a script or style that an extension has added is of use to any page."""
    return not (
        "thebe" in str(asset.filename)
        # html-manager would read the state of the widgets; figures carry their own numbers
        or (asset.attributes.get("type") or "").startswith("application/vnd.jupyter")
        # a choice between versions of the book would read the page's name
        or (asset.attributes.get("body") or "").startswith("DOCUMENTATION_OPTIONS.pagename")
    )


def deferred(script):
    """Return a script that runs when the page is there, in its turn."""
    return type(script)(
        script.filename, priority=script.priority, **script.attributes | {"defer": "defer"}
    )


def finish(app, exception):
    """Make the one style sheet of all pages, and name it in them; make the pictures small."""
    mathematics.stop()
    names = getattr(app.builder, "backprop_styles", None)
    if exception or names is None:  # no page was written: nothing has changed
        return
    out = Path(app.outdir)
    # A page that was not written anew still has the first rules of the build before.
    pages = {p: FIRST_RULES.sub(r"\1", p.read_text(encoding="utf-8")) for p in pages_of(out)}
    words = set().union(*map(styles.words_of_page, pages.values()))
    for name in scripts_of(pages):
        words |= styles.words_of_script((out / name).read_text(encoding="utf-8"))
    sheet = styles.bundle(out / "_static", names, words)
    (out / "_static" / "book.css").write_text(sheet, encoding="utf-8")
    digest = hashlib.sha256(sheet.encode()).hexdigest()[:8]
    script = (FIGURE / "figure.js").read_text(encoding="utf-8")
    for path, text in pages.items():
        path.write_text(styled(text, sheet, digest, script), encoding="utf-8")
    for picture in (out / "_images").glob("*.png"):
        pictures.shrink(picture)


def styled(page, sheet, digest, script):
    """Name the version of the style sheet in a page, and write into its head what comes first."""
    link = BOOK_CSS.search(page)
    page = BOOK_CSS.sub(rf'href="\1book.css?v={digest}"', page)
    if not FIRST_RULES.search(page):
        return page
    rules = styles.placed(styles.first_rules(sheet, page[: link.start()], script), link[1])
    return FIRST_RULES.sub(lambda style: style[1] + rules, page)


def pages_of(out):
    """List the pages of the built book."""
    return [path for path in out.rglob("*.html") if "_static" not in path.relative_to(out).parts]


def scripts_of(pages):
    """Name the scripts that pages load, by their path in the book."""
    found = {
        name for text in pages.values() for name in re.findall(r'<script[^>]* src="([^"?]*)', text)
    }
    return sorted({re.sub(r"^(\.\./)*", "", name) for name in found})

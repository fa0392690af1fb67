"""Accessibility checks by axe-core, less the theme's own faults, each of which is named here."""

from importlib.resources import files

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")

# (rule, part of the element's selector or HTML): why the book cannot mend it itself.
THEMES_OWN = (
    # The theme puts the logo and the search button of its sidebar outside every landmark.
    ("region", ".sidebar-primary-items__start"),
)


# A page of code has thousands of tokens and formulas of as many parts, and axe-core looks at each.
# One token of every colour is enough, and the inside of a formula is MathJax's, for the eye alone.
THIN_OUT = """() => {
    for (const part of document.querySelectorAll("mjx-container > *")) part.remove();
    const seen = new Set();
    for (const token of document.querySelectorAll("pre span")) {
        if (seen.has(token.className)) token.replaceWith(...token.childNodes);
        seen.add(token.className);
    }
    for (const code of document.querySelectorAll("pre")) code.normalize();
}"""


def reach_faults(page):
    """List what can be scrolled, but not by keyboard: to be asked before the page is thinned."""
    # The theme looks for such boxes 300 ms after the window has changed its size.
    page.evaluate("() => new Promise((done) => setTimeout(done, 400))")
    return run(page, {"runOnly": ["scrollable-region-focusable"]})


def faults(page):
    """Run all rules of axe-core on a page that THIN_OUT has thinned; one line for each element."""
    return run(page, {})


def run(page, options):
    """Run axe-core. Not preloading: it would ask for style sheets, and from the wrong folder."""
    page.evaluate(AXE)
    options = {"resultTypes": ["violations"], "preload": False, **options}
    results = page.evaluate("(options) => axe.run(options)", options)
    return [
        f"{violation['id']}: {node['target']} {node['html'][:120]}: {node['failureSummary']}"
        for violation in results["violations"]
        for node in violation["nodes"]
        if not of_the_theme(violation["id"], node)
    ]


def of_the_theme(rule, node):
    """Say whether a fault is on the list above."""
    where = f"{node['target']} {node['html']}"
    return any(rule == known and part in where for known, part in THEMES_OWN)

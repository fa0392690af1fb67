"""Accessibility checks by axe-core, less the theme's own faults, each of which is named here."""

from importlib.resources import files

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")

# (rule, part of the element's selector or HTML): why the book cannot mend it itself.
THEMES_OWN = (
    # The theme puts the logo and the search button of its sidebar outside every landmark.
    ("region", ".sidebar-primary-items__start"),
)


def faults(page):
    """Run axe-core on a page and list what it finds, one line for each element."""
    page.evaluate(AXE)
    # Without preloading: axe would ask for style sheets, and from the wrong folder.
    results = page.evaluate("() => axe.run({resultTypes: ['violations'], preload: false})")
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

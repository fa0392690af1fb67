"""A page as it is printed: what paper would cut off, or show though nobody can press it there."""

WIDTH = 680  # px: an A4 page is 210 mm wide, and print.css leaves 15 mm on either side


def faults(page):
    """List what is wrong with a page on paper; its folds stay as they are."""
    before = page.viewport_size
    page.set_viewport_size({"width": WIDTH, "height": 900})
    page.emulate_media(media="print")
    found = page.evaluate(LOOK, WIDTH)
    page.emulate_media(media="screen")
    page.set_viewport_size(before)
    return found


# MathJax itself cuts off what it writes for screen readers, and the ends of what it stretches.
LOOK = """(width) => {
    const spoken = "mjx-assistive-mml";
    const all = document.querySelectorAll(`body *:not(${spoken}, ${spoken} *)`);
    const formula = (e) => e.closest("mjx-container") || e.querySelector("mjx-container");
    const seen = [...all].filter((e) => e.checkVisibility({ visibilityProperty: true }));
    const faults = {
        "too wide": (e) => e.getBoundingClientRect().right > width + 0.5,
        "cut off": (e) => getComputedStyle(e).overflowX !== "visible" && e.clientWidth > 1
            && e.scrollWidth > e.clientWidth + 1 && !formula(e),
        "a control": (e) => e.matches("button, select, input") && !e.dataset.cell,
        "no part of the page": (e) => e.matches(".bd-sidebar, .prev-next-area, .bd-header"),
        "a closed fold": (e) => e.matches("details:not([open]), .toggle-hidden"),
    };
    const name = (e) => `${e.tagName} ${e.className} ${e.textContent.trim().slice(0, 40)}`;
    return Object.entries(faults).flatMap(
        ([fault, has]) => seen.filter(has).slice(0, 5).map((e) => `${fault}: ${name(e)}`));
}"""

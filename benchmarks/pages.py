"""How long a reader waits, and how much a page weighs: `python -m benchmarks.pages`.

It reads the book that was built last. The reader's connection is slow 4G (1.6 Mbit/s down, 150 ms)
and the processor four times slower than this one: the numbers of Lighthouse's phone. On a busy
machine the times grow; the weights do not. Prints Markdown tables.
"""

from __future__ import annotations

import statistics
import sys

from benchmarks.report import table
from tests.site import browser

SLOW_4G = {
    "offline": False,
    "latency": 150,  # milliseconds
    "downloadThroughput": 1.6e6 / 8,  # bytes in a second
    "uploadThroughput": 750e3 / 8,
}
SLOWER = 4
RUNS = 3
WIDTH, HEIGHT = 412, 823  # a phone

# A figure can be used when it is alive and has been drawn.
WATCH = """
    new MutationObserver((_, watch) => {
        if (!document.querySelector(".bp-figure[data-live]")) return;
        watch.disconnect();
        performance.mark("alive");
        requestAnimationFrame(() => setTimeout(() => performance.mark("usable")));
    }).observe(document, { subtree: true, childList: true, attributes: true });
"""
TIMES = """() => {
    const at = (name) => performance.getEntriesByName(name)[0].startTime;
    return [at("first-contentful-paint"), at("usable")];
}"""

# One worksheet of 300 cells: a row of 150 given numbers, and 150 sums along it.
SHEET = """() => {
    const n = 150, names = Array.from({ length: n }, (_, k) => `x${k + 1}`);
    const grids = [
        { name: "x", shape: [n], given: names.map((_, k) => k) },
        { name: "s", shape: [n], formulas: names.map((x, k) => (k ? ["+", `s${k}`, x] : x)) },
    ];
    const spec = { title: "", words: {}, variants: [{ name: "", worksheet: { grids } }] };
    const figure = document.createElement("div");
    figure.className = "bp-figure";
    figure.id = "large";
    const json = document.createElement("script");
    json.type = "application/json";
    json.className = "bp-spec";
    json.textContent = JSON.stringify(spec);
    const still = document.createElement("div");
    still.className = "bp-static";
    figure.append(json, still);
    return figure.outerHTML;
}"""


def main():
    """Print all tables."""
    if not browser.PAGES or not browser.CHROMIUM:
        sys.exit("benchmarks: build the book (make html) and install Chromium first")
    sent = []
    with browser.served(browser.HTML, sent) as root, browser.chromium() as chromium:
        print(table(["page", "first load, KB", "later, KB"], weights(chromium, root, sent)))
        print(table(["page", "first paint, ms", "figure usable, ms"], waits(chromium, root)))
        print(table(["an edit in a figure of 300 cells", "ms"], edits(chromium, root)))


def weights(chromium, root, sent):
    """Yield (page, KB as a reader's first page, KB as a later one), compressed."""
    for name in browser.FIGURE_PAGES:
        other = next(page for page in browser.FIGURE_PAGES if page != name)
        taken = []
        for before in (None, other):
            with chromium.new_context() as context:
                page = context.new_page()
                if before:
                    browser.open_page(page, root + before)
                sent.clear()
                browser.open_page(page, root + name)
                page.wait_for_load_state("networkidle")
                taken.append(round(sum(size for _, size in sent) / 1024))
        yield name, *taken


def waits(chromium, root):
    """Yield (page, first paint, first figure usable): medians on a slow phone, in ms."""
    for name in browser.FIGURE_PAGES:
        runs = [wait(chromium, root + name) for _ in range(RUNS)]
        yield name, *(round(statistics.median(times)) for times in zip(*runs, strict=True))


def wait(chromium, url):
    """Open a page on a slow phone; return its first paint and its first figure's readiness."""
    with chromium.new_context(viewport={"width": WIDTH, "height": HEIGHT}) as context:
        page = context.new_page()
        page.add_init_script(WATCH)
        slow = context.new_cdp_session(page)
        slow.send("Network.enable")
        slow.send("Network.emulateNetworkConditions", SLOW_4G)
        slow.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        page.goto(url, timeout=120_000)
        page.wait_for_function("() => performance.getEntriesByName('usable').length")
        return page.evaluate(TIMES)


def edits(chromium, root):
    """Yield (the processor, median time for an edit to reach every cell, in ms)."""
    for rate, words in ((1, "this processor"), (SLOWER, f"{SLOWER} times slower")):
        with chromium.new_context() as context:
            page = context.new_page()
            page.goto(root + browser.FIGURE_PAGES[0])
            context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": rate})
            yield words, round(edit(page), 1)


def edit(page):
    """Put a large figure into a page, change its first number often; return the median time."""
    add_figure(page)
    entry = page.locator("#large [data-cell=x1]")
    for k in range(30):
        entry.fill(str(k + 1))
    last = page.locator("#large [data-cell=s150]").get_attribute("data-value")
    assert float(last) == 30 + sum(range(150)), "the edit has not reached the last cell"
    times = page.evaluate(
        "() => performance.getEntriesByName('backprop:edit').map((entry) => entry.duration)"
    )
    return statistics.median(times)


def add_figure(page):
    """Add the large figure as its page's own script would find it."""
    script = (browser.HTML / "_static" / "backprop" / "figure.js").read_text("utf-8")
    html = page.evaluate(SHEET)
    page.evaluate("(html) => document.body.insertAdjacentHTML('beforeend', html)", html)
    page.evaluate(script)


if __name__ == "__main__":
    main()

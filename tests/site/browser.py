"""The built book in Chromium, from a local server and from files, with the network shut off."""

import gzip
import re
import shutil
import threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[2]
HTML = ROOT / "_build" / "html"
NAMES = ["chromium", "chromium-browser", "google-chrome"]
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)

# All pages of the theme; the first one only redirects, and the one for lost readers is bare.
NO_PAGES = {HTML / "index.html", HTML / "404.html"}
PAGES = sorted(
    path.relative_to(HTML).as_posix()
    for path in HTML.rglob("*.html")
    if "_static" not in path.parts and path not in NO_PAGES
)
FIGURE_PAGES = [page for page in PAGES if 'class="bp-figure"' in (HTML / page).read_text("utf-8")]

# Each window would open two more pages, for suggestions below an address bar that nobody sees; they
# take as much of the processor as the page itself. Playwright's own list, which this one replaces,
# has the other names that matter here.
NO_ADDRESS_BAR = (
    "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup,"
    "MediaRouter,OptimizationHints,PaintHolding"
)
# Whatever has a name other than the local server's cannot be found.
OFFLINE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"


class Host(SimpleHTTPRequestHandler):
    """Serves files as a host on the web does: compressed, and to be kept for ten minutes."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        """Send a file; note its name and how many bytes it took."""
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            self.send_error(404)
            return
        kind = self.guess_type(path)
        body = path.read_bytes()
        squeezed = bool(re.search(r"text|javascript|json|xml", kind))
        if squeezed:
            body = gzip.compress(body, 6)
        # noted first: when the browser has the file, it is on the list
        self.server.sent.append((urlsplit(self.path).path.lstrip("/"), len(body)))
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "max-age=600")
        if squeezed:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Say nothing."""


class HostOfMany(Host):
    """Serves a book as a public host of files does: under a path, and with a page for the lost."""

    place = "/a/place/"

    def translate_path(self, path):
        """Find the file, which is there only for an address below the place."""
        below = path.removeprefix(self.place)
        return super().translate_path("/nothing" if below == path else f"/{below}")

    def send_error(self, code, *_):
        """Send the page for the lost, where there is no file."""
        page = Path(self.directory, "404.html").read_bytes()
        self.send_response(code)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(page)


@contextmanager
def chromium():
    """Start the system's Chromium, without a sandbox so that root can run it in a container."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", OFFLINE, NO_ADDRESS_BAR]
        )
        yield browser
        browser.close()


@contextmanager
def served(folder, sent=None, handler=Host):
    """Serve a folder on a free port of this machine; give the address.

    sent: a list that receives (name, bytes on the wire) of every file that is sent.
    """
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=folder))
    server.sent = [] if sent is None else sent
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Complaints:
    """What goes wrong on a page, as the browser tells it: read the lists after the visit."""

    def __init__(self, page, root):
        self.errors, self.failed, self.foreign = [], [], []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda m: m.type == "error" and self.errors.append(m.text))
        page.on("requestfailed", lambda request: self.failed.append(request.url))
        page.on("response", lambda r: r.status >= 400 and self.failed.append(r.url))
        page.on("request", lambda request: self.judge(request.url, root))

    def judge(self, url, root):
        """Note a request that leaves the book."""
        if not url.startswith((root, "data:", "blob:")):
            self.foreign.append(url)


def open_page(page, url):
    """Go to a page and wait until it is laid out, and its fonts and pictures are there."""
    page.goto(url, wait_until="load")
    page.wait_for_selector("html:not([data-fresh])", state="attached")
    page.evaluate(
        """async () => {
        for (const picture of document.images) picture.loading = "eager";
        await Promise.all([...document.images].map((picture) => picture.decode()));
        await document.fonts.ready;
        }"""
    )


def unfold(page):
    """Open everything that is folded, so that it is measured and checked too."""
    page.evaluate(
        """() => {
        for (const fold of document.querySelectorAll("details")) fold.open = true;
        for (const fold of document.querySelectorAll(".toggle-hidden"))
            fold.classList.remove("toggle-hidden");
        }"""
    )
    settle(page)


def settle(page):
    """Let a change be drawn, and end what is still fading: a colour half way is no colour."""
    page.evaluate(
        """async () => {
        const frame = () => new Promise((done) => requestAnimationFrame(done));
        await frame().then(frame);
        for (const motion of document.getAnimations())
            if (motion.effect.getComputedTiming().endTime !== Infinity) motion.finish();
        await frame();
        }"""
    )


def raw_mathematics(page):
    r"""List the texts, code apart, in which a reader would see \( or \[ or a TeX error."""
    return page.evaluate(
        r"""() => {
        const found = [...document.querySelectorAll("mjx-merror")].map((e) => e.outerHTML);
        const skip = "pre, code, script, style, #search-results";
        const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        for (let node; (node = walker.nextNode());)
            if (/\\[([]|\$\$/.test(node.data) && !node.parentElement.closest(skip))
                found.push(node.data.trim());
        return found;
        }"""
    )


def sideways(page, width):
    """Return what sticks out of a window of this width: [] where nothing can be scrolled to."""
    page.set_viewport_size({"width": width, "height": 800})
    settle(page)
    return page.evaluate(
        """(width) => {
        const all = document.scrollingElement.scrollWidth;
        if (all <= width) return [];
        const out = [...document.querySelectorAll("main *")].filter(
            (e) => e.getBoundingClientRect().right > width + 0.5);
        const name = (e) => `${e.tagName} ${e.className}: ${e.textContent.trim().slice(0, 40)}`;
        return [`${all} px`, ...out.slice(0, 8).map(name)];
        }""",
        width,
    )


def lost_on_a_phone(page):
    """List the formulas of the text that are cut off, commas that left theirs, tiny pictures."""
    page.set_viewport_size({"width": 360, "height": 800})
    settle(page)
    return page.evaluate(
        """() => {
        const lost = [];
        const seen = (all) => [...document.querySelectorAll(all)].filter((e) => e.offsetWidth);
        for (const formula of seen("mjx-container:not([display])")) {
            const { right } = formula.querySelector("mjx-math").getBoundingClientRect();
            const block = formula.closest("p, li, td, th, dd, h1, h2, h3");
            const name = formula.textContent.slice(0, 60);
            const edge = block?.getBoundingClientRect().right ?? innerWidth;
            if (right > edge + 2) lost.push(`cut off: ${name}`);
            const next = formula.parentElement.nextSibling;
            if (!/^[.,:;!?)]/.test(next?.data ?? "")) continue;
            const comma = document.createRange();
            comma.setStart(next, next.data.search(/[.,:;!?)]/));
            comma.setEnd(next, comma.startOffset + 1);
            if (comma.getBoundingClientRect().left < right - 3) lost.push(`no comma: ${name}`);
        }
        for (const picture of seen(".cell_output > img")) {
            const least = picture.matches(".own-size") ? 1 : 0.6;
            if (picture.offsetWidth < least * picture.getAttribute("width"))
                lost.push(`tiny: ${picture.alt.slice(0, 60)}`);
        }
        return lost;
        }"""
    )

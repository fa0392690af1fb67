"""What the chapters hold: their exercises, and the addresses that they cite."""

import ast
import json
import re
from pathlib import Path
from urllib.parse import urlsplit

from backprop.practice import EXERCISES

EXERCISE = re.compile(r"^### Exercise (\d+\.\d+) — (.+)$", re.M)
CHECKED_BY = re.compile(r'practice\.check\("([^"]+)", my_')
OUTSIDE = re.compile(r"\[([^\]]+)\]\((https?://[^)\s]+)\)")
THREAD = re.compile(r"https://github\.com/([^/]+/[^/]+)/(issues|pull)/(\d+)")
FILE = re.compile(r"https://github\.com/([^/]+/[^/]+)/blob/.*/([^/]+)$")
REFERENCES = "references.ipynb"
DOCUMENTATION = {
    "docs.pytorch.org": "PyTorch",
    "onnx.ai": "ONNX",
    "www.paddlepaddle.org.cn": "Paddle",
    "www.tensorflow.org": "TensorFlow",
}


def slug(heading):
    """Return the anchor that Jupyter Book gives a heading: its words joined by hyphens."""
    words = re.sub(r"\$[^$]*\$", "", heading).lower().replace(" ", "-")
    return re.sub(r"[^\w-]", "", words)


def chapters(folder):
    """Return {number: path} of the chapters in a folder, in reading order."""
    return {path.name[:2]: path for path in sorted(Path(folder).glob("[0-9][0-9]-*.ipynb"))}


def link(number, paths):
    """Write a chapter's number, as a link if the chapter is there."""
    return f"[{number}]({paths[number].name})" if number in paths else number


# ---- exercises ----


def exercises(folder="."):
    """List the exercises of every chapter in a folder, with a link to each."""
    return "\n\n".join(_exercises_of(path) for path in chapters(folder).values())


def _exercises_of(path):
    """List one chapter's exercises under its title."""
    title, found = None, []
    for kind, source in _cells(path):
        if kind == "markdown":
            title = title or source.partition("\n")[0].lstrip("# ")
            found += [(number, name, []) for number, name in EXERCISE.findall(source)]
        elif found:
            found[-1][2].append(source)
    number = path.name[:2]
    heading = title if title.startswith(number) else f"{number} · {title}"
    return "\n".join([f"## {heading}", "", *(_exercise(path, *exercise) for exercise in found)])


def _exercise(path, number, title, code):
    """Write one exercise as a list item: what it is called, what it asks for, what checks it."""
    anchor = slug(f"Exercise {number} — {title}")
    checks = ", ".join(map(_checker, CHECKED_BY.findall("\n".join(code))))
    item = f"- [{number} — {title}]({path.name}#{anchor})"
    if title.split()[0] not in ("Predict", "Write"):  # else the title says the task
        item += f": {_task(code[0])}"
    if checks:
        return f"{item}. Checked by {checks}."
    tried = any(re.search(r"\bmy_\w", cell) for cell in code[1:])
    return f"{item}. Checked in the page." if tried else f"{item}."


def _task(place):
    """Say what is to be done: a function with arguments is written, numbers are found on paper."""
    functions = [node for node in ast.parse(place).body if isinstance(node, ast.FunctionDef)]
    writes = any(f.name.startswith("my_") and f.args.args for f in functions)
    return "write it" if writes else "work it out"


def _checker(name):
    return f"`{name}` ({len(EXERCISES[name].mistakes)} known mistakes)"


# ---- sources ----


def sources(folder="."):
    """List the addresses outside the book that chapters cite, by kind, with the chapters that do.

    What the page of references names itself, with author and title, is not listed again.
    """
    paths, kinds, places = chapters(folder), {}, {}
    described = {address for _, address in _outside(Path(folder, REFERENCES))}
    for number, path in paths.items():
        for words, address in _outside(path):
            if address not in described:
                kind, name = _kind_and_name(words, address)
                kinds.setdefault(kind, {}).setdefault(address, name)
                places.setdefault(address, {})[number] = link(number, paths)
    return "\n\n".join(_list(kind, names, places) for kind, names in sorted(kinds.items()))


def _list(kind, names, places):
    """List the addresses of one kind by their names; a number in a name counts as a number."""

    def key(address):
        parts = re.split(r"(\d+)", names[address].lower())
        return [int(part) if part.isdigit() else part for part in parts]

    items = (
        f"- [{names[address]}]({address}), in {', '.join(places[address].values())}"
        for address in sorted(names, key=key)
    )
    return "\n".join([f"### {kind}", "", *items])


def _outside(path):
    """Return (words, address) of every link out of the book in a notebook, if it is there."""
    if not path.exists():
        return []
    return [found for source in _sources(path, "markdown") for found in OUTSIDE.findall(source)]


def _kind_and_name(words, address):
    """Name a thread, a file or a page of documentation by what it is; another source as linked."""
    if found := THREAD.match(address):
        repository, kind, number = found.groups()
        name = f"{repository}, {'pull request' if kind == 'pull' else 'issue'} {number}"
        return "Issues and pull requests", name
    if found := FILE.match(address):
        return "Source code", f"{found[1]}, `{found[2]}`"
    url = urlsplit(address)
    if url.netloc in DOCUMENTATION:
        page = re.sub(r"^onnx__|\.html$|\.md\.txt$", "", url.path.rpartition("/")[2])
        return "Documentation", f"{DOCUMENTATION[url.netloc]}, `{page}`"
    return "Other pages", words


# ---- notebooks ----


def _cells(path):
    """Return (kind, source) of every cell of a notebook."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [(cell["cell_type"], "".join(cell["source"])) for cell in cells]


def _sources(path, wanted):
    return [source for kind, source in _cells(path) if kind == wanted]

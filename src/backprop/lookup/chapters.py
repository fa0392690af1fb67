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
    item = f"- [{number} — {title}]({path.name}#{anchor}): {_task(title, code[0])}."
    return f"{item} Checked by {checks}." if checks else item


def _task(title, place):
    """Say what is to be done: a function with arguments is written, numbers are found on paper."""
    functions = [node for node in ast.parse(place).body if isinstance(node, ast.FunctionDef)]
    if any(f.name.startswith("my_") and f.args.args for f in functions):
        return "write it"
    return "predict" if title.startswith("Predict") else "work it out"


def _checker(name):
    return f"`{name}` ({len(EXERCISES[name].mistakes)} known mistakes)"


# ---- sources ----


def sources(folder="."):
    """List every address outside the book that a chapter cites, and the chapters that do."""
    paths, names, places = chapters(folder), {}, {}
    for number, path in paths.items():
        for source in _sources(path, "markdown"):
            for words, address in OUTSIDE.findall(source):
                names.setdefault(address, _source_name(words, address))
                places.setdefault(address, {})[number] = link(number, paths)
    return "\n".join(
        f"- [{names[address]}]({address}), in {', '.join(places[address].values())}"
        for address in sorted(names, key=lambda address: names[address].lower())
    )


def _source_name(words, address):
    """Name a thread, a file or a page of documentation by what it is; another source as linked."""
    if found := THREAD.match(address):
        repository, kind, number = found.groups()
        return f"{repository}, {'pull request' if kind == 'pull' else 'issue'} {number}"
    if found := FILE.match(address):
        return f"{found[1]}, `{found[2]}`"
    url = urlsplit(address)
    if url.netloc in DOCUMENTATION:
        page = re.sub(r"^onnx__|\.html$|\.md\.txt$", "", url.path.rpartition("/")[2])
        return f"{DOCUMENTATION[url.netloc]}, `{page}`"
    return words


# ---- notebooks ----


def _cells(path):
    """Return (kind, source) of every cell of a notebook."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [(cell["cell_type"], "".join(cell["source"])) for cell in cells]


def _sources(path, wanted):
    return [source for kind, source in _cells(path) if kind == wanted]

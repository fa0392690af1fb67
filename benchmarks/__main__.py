"""Measure all parts, or some: `python -m benchmarks --only conv pool`.

Tables go to the terminal. A run of all parts also writes RESULTS.md, the picture, and the README's
section on speed; PyTorch and HIPS autograd take part where they are installed.
"""

import argparse
from importlib import metadata
from pathlib import Path

from benchmarks import machine, report
from benchmarks.cases import Sizes
from benchmarks.parts import PARTS
from benchmarks.peers import AUTOGRAD, PYTORCH, installed

ROOT = Path(__file__).parents[1]
FULL = Sizes()


def main(arguments=None, sizes=FULL, root=ROOT):
    """Run the parts that were asked for; sizes: smaller ones, for those who want it quick."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=PARTS, metavar="PART", help=", ".join(PARTS))
    only = parser.parse_args(arguments).only
    about = machine.describe(versions()) | {"rounds": sizes.rounds}
    print(report.table(["what", "which"], about.items()), flush=True)
    results = []
    for name in only or PARTS:
        results.append(PARTS[name](sizes))
        print(results[-1], flush=True)
    if only is None:
        write(results, about, root)


def versions():
    """Return {name: version} of the peers that are there."""
    there = [peer for peer in (PYTORCH, AUTOGRAD) if installed(peer.module)]
    return {peer.name: metadata.version(peer.module) for peer in there}


def write(results, about, root):
    """Write what a run of all parts leaves behind."""
    folder, readme = root / "benchmarks", root / "README.md"
    if any(result.ratios for result in results):
        report.draw(results).savefig(folder / "speed.png", dpi=110, metadata={"Software": None})
    text = report.document(results, about, "speed.png")
    (folder / "RESULTS.md").write_text(text, encoding="utf-8")
    new = report.put_into_readme(readme.read_text(encoding="utf-8"), results, about, "benchmarks")
    readme.write_text(new, encoding="utf-8")


if __name__ == "__main__":
    main()

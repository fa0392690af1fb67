"""The parts of a run: each measures one thing and returns its `Result`."""

import contextlib
import importlib
import io
import itertools
import subprocess
import sys
import tracemalloc

import numpy as np

from backprop import conv2d, conv2d_backward
from benchmarks import cases
from benchmarks.peers import AUTOGRAD, IM2COL, PYTORCH, PYTORCH_STEP, Peer, installed
from benchmarks.report import Result, table
from benchmarks.timing import geometric_mean, ratio, side_by_side

OURS = "backprop"


def conv(sizes):
    """Compare convolutions with PyTorch, with a plain im2col, and with the processor's peak."""
    convs = [cases.conv(*each) for each in sizes.convs]
    compared = compare(convs, [PYTORCH, IM2COL], sizes)
    peak = peak_speed(sizes)
    speeds = [cases.operations(c) / np.median(compared[c.name][OURS]) for c in convs]
    shares = [[f"{speed / 1e9:.1f}", f"{speed / peak:.0%}"] for speed in speeds]
    text = times_table(compared, ["GFLOP/s", "share of the peak"], shares)
    text += (
        f"\nA product of two {sizes.product}×{sizes.product} matrices runs at {peak / 1e9:.1f} "
        "GFLOP/s: the peak. A convolution counts 3 · 2·N·I·J·F·(C/groups)·U·V operations: "
        "forward, for dx, for dw. The plain im2col makes one table of all windows of the batch and "
        "multiplies it at once; `benchmarks/peers.py` has it.\n"
    )
    title = "Convolution, forward and backward"
    return Result(
        title, text + missing(PYTORCH), ratios_to(PYTORCH.name, compared), findings(compared)
    )


def findings(compared):
    """Sum up the convolutions in a sentence for each peer."""
    return tuple(
        f"`conv2d` and its gradients take {geometric_mean(ratios):.2f} times as long as {peer}'s: "
        f"the geometric mean of {len(ratios)} shapes, from {min(ratios):.2f} to {max(ratios):.2f}."
        for peer, ratios in medians(compared).items()
    )


def peak_speed(sizes):
    """Measure how many operations a second a product of two matrices makes, in float32."""
    rng = np.random.default_rng(0)
    a, b = (cases.drawn(rng, sizes.product, sizes.product) for _ in range(2))
    times = side_by_side({"product": lambda: a @ b}, sizes.rounds, sizes.pause)
    return 2 * sizes.product**3 / np.median(times["product"])


def small_conv(sizes):
    """Compare a small convolution with HIPS autograd."""
    compared = compare([cases.conv(*sizes.small_conv)], [AUTOGRAD], sizes)
    return Result(
        "A small convolution beside HIPS autograd", times_table(compared) + missing(AUTOGRAD), {}
    )


def against_pytorch(title, make):
    """Return a part that compares the cases that make(sizes) yields with PyTorch."""

    def part(sizes):
        compared = compare(make(sizes), [PYTORCH], sizes)
        return Result(
            title, times_table(compared) + missing(PYTORCH), ratios_to(PYTORCH.name, compared)
        )

    return part


def network(sizes):
    """Compare a training step of chapter 12's network with PyTorch."""
    title, needed = "A training step of chapter 12's network", Peer("", "backprop.digits", None)
    if missing(needed):
        return Result(title, missing(needed), {})
    compared = compare([cases.step()], [PYTORCH_STEP], sizes)
    return Result(
        title, times_table(compared) + missing(PYTORCH), ratios_to(PYTORCH.name, compared)
    )


def batch(sizes):
    """Measure the extra memory and the time of a convolution, batch after batch."""
    rows, seconds = [], []
    for N in sizes.batches:
        conv = cases.conv((N, 16, 28, 28), 32, 3, {})
        times = side_by_side({OURS: conv}, sizes.rounds, sizes.pause)
        seconds.append(np.median(times[OURS]))
        rows.append([N, *(f"{b / 2**20:.1f}" for b in extra(conv)), f"{seconds[-1] / N * 1e6:.1f}"])
    slope = np.polyfit(np.log(sizes.batches), np.log(seconds), 1)[0]
    heads = ["batch", "forward, extra MB", "backward, extra MB", "time for an image, µs"]
    text = table(heads, rows) + (
        "\nImages of 16×28×28, 32 kernels of 3×3, padded by 1. The extra memory is the peak beyond "
        f"what goes in and comes out. The time grows as the batch to the power {slope:.2f}.\n"
    )
    return Result("Memory and time against the batch", text, {})


def extra(conv):
    """Return the peak of memory, in bytes, of a convolution and of its backward, beyond results."""
    calls = [
        lambda: [conv2d(*conv.arrays, **conv.options)],
        lambda: conv2d_backward(conv.dy, *conv.arrays, **conv.options),
    ]
    for call in calls:
        tracemalloc.start()
        results = call()
        yield tracemalloc.get_traced_memory()[1] - sum(a.nbytes for a in results)
        tracemalloc.stop()


def imports(sizes):
    """Compare fresh interpreters: one imports the package, the other NumPy alone."""

    def run(module):
        return lambda: subprocess.run([sys.executable, "-c", f"import {module}"], check=True)

    calls = {OURS: run("backprop"), "numpy alone": run("numpy")}
    compared = {"import": side_by_side(calls, sizes.rounds, sizes.pause)}
    return Result("Import", times_table(compared), {})


def pages(sizes):
    """Measure how long the pages of the built book take in a browser."""
    title, needed = "The pages", Peer("", "benchmarks.pages", None)
    if missing(needed):
        return Result(title, missing(needed), {})
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            importlib.import_module(needed.module).main()
    except SystemExit as stop:
        return Result(title, f"{stop}: skipped.\n", {})
    return Result(title, printed.getvalue(), {})


PARTS = {
    "conv": conv,
    "autograd": small_conv,
    "pool": against_pytorch("Pooling, forward and backward", cases.pools),
    "norm": against_pytorch("Norms, forward and backward", cases.norms),
    "other": against_pytorch("Loss, dense layer and ReLU, forward and backward", cases.others),
    "network": network,
    "batch": batch,
    "import": imports,
    "pages": pages,
}


def compare(contests, peers, sizes):
    """Time each case side by side with the peers that are installed: {case: {who: seconds}}.

    Raises AssertionError where a peer finds other numbers: it would be other work.
    """
    compared = {}
    for contest in contests:
        calls = {peer.name: peer.call(contest) for peer in peers if installed(peer.module)}
        for theirs in calls.values():
            agree(contest(), theirs())
        compared[contest.name] = side_by_side({OURS: contest} | calls, sizes.rounds, sizes.pause)
    return compared


def agree(ours, theirs):
    """Assert that two calls found the same numbers, up to the rounding of float32."""
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-3 * max(1, np.abs(b).max()))


def ratios_to(peer, compared):
    """Return {case: Ratio} of our time to a peer's, where the peer was timed."""
    there = {name: times for name, times in compared.items() if peer in times}
    return {name: ratio(times[OURS], times[peer]) for name, times in there.items()}


def medians(compared):
    """Return the medians of the ratios of all cases: {peer: [number]}."""
    peers = [name for name in next(iter(compared.values())) if name != OURS]
    return {peer: [r.median for r in ratios_to(peer, compared).values()] for peer in peers}


def times_table(compared, more_heads=(), more=()):
    """Write a row for each case: our time, the ratios to the peers, and more columns.

    The last row has the geometric means, where there are several cases.
    """
    peers = medians(compared)
    ratios = [ratios_to(peer, compared) for peer in peers]
    rows = [
        [name, f"{np.median(times[OURS]) * 1e3:.3f}", *(each[name] for each in ratios), *columns]
        for (name, times), columns in itertools.zip_longest(compared.items(), more, fillvalue=())
    ]
    if len(rows) > 1:
        means = [f"{geometric_mean(numbers):.2f}" for numbers in peers.values()]
        rows.append(["geometric mean", "", *means, *[""] * len(more_heads)])
    return table(["case", "ms", *(f"ratio to {peer}" for peer in peers), *more_heads], rows)


def missing(peer):
    """Say that a peer is missing; say nothing where it is there."""
    return "" if installed(peer.module) else f"\n{peer.module} is not installed: skipped.\n"

"""The benchmarks run, compare equal work and say what is missing; nothing here asks how fast."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks import cases, machine, parts, peers, report, timing
from benchmarks.__main__ import ROOT, main
from benchmarks.peers import Peer, installed

TINY = cases.Sizes(
    convs=(
        ((2, 4, 5, 6), 6, 3, {}),
        ((2, 4, 7, 6), 6, 3, {"stride": 2}),
        ((2, 4, 5, 6), 6, 3, {"groups": 2}),
    ),
    small_conv=((2, 3, 5, 6), 4, 3, {"padding": 0}),
    images=(2, 8, 5, 6),
    rows=(3, 7),
    maps=(2, 3, 4, 5),
    logits=((4, 3), (3, 5)),
    dense=(3, 5, 4),
    batches=(1, 2),
    product=8,
    rounds=2,
    pause=0,
)
README = "# A book\n\nBefore.\n\n## How fast it is\n\nOld.\n\n## After\n\nAfter it.\n"


@pytest.fixture(autouse=True)
def one_thread_and_no_browser(monkeypatch):
    monkeypatch.setattr(peers, "cores", lambda: 1)  # as tests/conftest.py sets PyTorch
    pages = SimpleNamespace(main=lambda: print("| page | KB |"))
    monkeypatch.setitem(sys.modules, "benchmarks.pages", pages)


def hide(monkeypatch, *modules):
    for module in modules:
        monkeypatch.setitem(sys.modules, module, None)


def first_column(text):
    """List the names of a Markdown table's rows."""
    return [line.split(" | ")[0].lstrip("| ") for line in text.splitlines() if line[:1] == "|"][2:]


@pytest.mark.parametrize(
    ("part", "names"),
    [
        ("conv", ["conv2d (2,4,5,6) → 6, 3×3", "conv2d (2,4,7,6) → 6, 3×3, stride 2",
                  "conv2d (2,4,5,6) → 6, 3×3, groups 2", "geometric mean"]),
        ("autograd", ["conv2d (2,3,5,6) → 4, 3×3"]),
        ("pool", [f"{kind}_pool2d (2,8,5,6), {how}" for kind in ("max", "avg")
                  for how in ("2×2, stride 2", "3×3, stride 2", "3×3, stride 1")]
                 + ["geometric mean"]),
        ("norm", ["batch_norm (2,8,5,6)", "group_norm (2,8,5,6), 4 groups",
                  "instance_norm (2,8,5,6)", "layer_norm (3,7)", "layer_norm (2,3,4,5)",
                  "rms_norm (3,7)", "geometric mean"]),
        ("other", ["softmax_cross_entropy (4,3)", "softmax_cross_entropy (3,5)",
                   "linear (3,5) → 4", "relu (2,8,5,6)", "geometric mean"]),
        ("batch", ["1", "2"]),
        ("import", ["import"]),
    ],
)  # fmt: skip
def test_each_case_has_a_row_and_the_same_result_as_every_peer_that_is_there(part, names):
    assert first_column(parts.PARTS[part](TINY).text) == names


@pytest.mark.parametrize("part", ["conv", "pool", "norm", "other"])
def test_every_case_is_compared_with_pytorch(torch, part):
    result = parts.PARTS[part](TINY)
    assert [*result.ratios] == [name for name in first_column(result.text) if "mean" not in name]
    assert "skipped" not in result.text


@pytest.mark.parametrize(
    ("part", "module"),
    [
        ("conv", "torch"),
        ("pool", "torch"),
        ("norm", "torch"),
        ("other", "torch"),
        ("autograd", "autograd"),
        ("network", "backprop.digits"),
        ("pages", "benchmarks.pages"),
    ],
)
def test_what_is_missing_is_named(monkeypatch, part, module):
    hide(monkeypatch, module)
    result = parts.PARTS[part](TINY)
    assert f"{module} is not installed: skipped." in result.text
    assert result.ratios == {}
    assert "ratio to PyTorch" not in result.text
    assert "ratio to autograd" not in result.text


def test_a_training_step_finds_what_pytorch_finds(torch):
    result = parts.network(TINY)
    if installed("backprop.digits"):
        assert [*result.ratios] == ["training step (50,1,8,8)"]
    else:
        assert result.text == "\nbackprop.digits is not installed: skipped.\n"


def test_pages_are_printed_or_skipped_with_their_reason(monkeypatch):
    assert parts.pages(TINY).text == "| page | KB |\n"
    monkeypatch.setattr(sys.modules["benchmarks.pages"], "main", lambda: sys.exit("no browser"))
    assert parts.pages(TINY).text == "no browser: skipped.\n"


def test_a_peer_that_finds_other_numbers_is_refused():
    conv = cases.conv(*TINY.convs[0])
    wrong = Peer("wrong", "numpy", lambda case: lambda: [2 * a for a in case()])
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        parts.compare([conv], [wrong], TINY)


def test_calls_take_turns_and_each_is_warmed_up():
    seen = []
    calls = {name: lambda name=name: seen.append(name) for name in "abc"}
    seconds = timing.side_by_side(calls, rounds=2, pause=0)
    assert "".join(seen) == "aabbcc" + "ccbbaa"
    assert {name: times.shape for name, times in seconds.items()} == dict.fromkeys("abc", (2,))


def test_a_ratio_is_taken_within_each_round():
    ours, theirs = np.array([1.0, 4, 9, 2, 5]), np.array([1.0, 2, 3, 4, 5])
    assert timing.ratio(ours, theirs) == (1, 1, 2)  # of 1, 2, 3, 0.5, 1
    assert str(timing.ratio(ours, theirs)) == "1.00 (1.00 – 2.00)"
    assert timing.geometric_mean([2, 0.5, 8, 1 / 8]) == pytest.approx(1)


def test_a_convolutions_operations_are_counted():
    conv = cases.conv((2, 4, 5, 7), 6, 3, {"stride": 2, "groups": 2})
    in_each_window, windows = 2 * 3 * 3, 2 * 6 * 3 * 4
    assert cases.operations(conv) == 3 * 2 * in_each_window * windows


def test_extra_memory_is_the_peak_beyond_the_results(monkeypatch):
    def gradients(*_, **__):
        scratch = np.ones(2**20, dtype=np.uint8)
        return [scratch[: 2**10].copy(), np.ones(2**19, dtype=np.uint8)]

    monkeypatch.setattr(parts, "conv2d", lambda *_, **__: np.ones(2**19, dtype=np.uint8))
    monkeypatch.setattr(parts, "conv2d_backward", gradients)
    forward, backward = parts.extra(cases.conv(*TINY.convs[0]))
    assert forward == pytest.approx(0, abs=2**12)
    assert backward == pytest.approx(2**20, abs=2**12)


def run(folder, *arguments):
    """Run the benchmarks in a folder of their own; return the files that are there then."""
    (folder / "benchmarks").mkdir()
    (folder / "README.md").write_text(README, encoding="utf-8")
    main(arguments, TINY._replace(rounds=1), folder)
    return {path.name: path.read_bytes() for path in folder.glob("**/*.*")}


def test_a_run_of_all_parts_leaves_results_a_picture_and_the_readmes_section(torch, tmp_path):
    files = run(tmp_path)
    results, readme = files["RESULTS.md"].decode(), files["README.md"].decode()
    assert files["speed.png"].startswith(b"\x89PNG")
    assert "](speed.png)" in results
    assert "](benchmarks/speed.png)" in readme
    assert "Old." not in readme
    assert readme.startswith(README.partition("Old.")[0])
    assert readme.endswith(README.partition("Old.\n\n")[2])
    assert results.count("\n## ") == 2 + len(parts.PARTS)
    assert summary_in(results) in readme


def test_without_pytorch_a_run_says_so_and_draws_nothing(monkeypatch, tmp_path):
    hide(monkeypatch, "torch", "autograd")
    files = run(tmp_path)
    assert sorted(files) == ["README.md", "RESULTS.md"]
    assert "torch is not installed" in files["RESULTS.md"].decode()
    assert "speed.png" not in files["README.md"].decode()


@pytest.mark.parametrize(("load", "busy"), [(0.9, False), (1.1, True)])
def test_the_summary_says_that_a_machine_was_busy(monkeypatch, load, busy):
    monkeypatch.setattr(machine.os, "getloadavg", lambda: (load, 0, 0))
    about = machine.describe({"PyTorch": "2.13"}) | {"cores": 2}
    text = report.summary([report.Result("Convolution", "", {}, ("It takes long.",))], about)
    assert text.startswith("It takes long. Measured on ")
    assert "PyTorch 2.13." in " ".join(text.split())
    assert ("busy" in text) == busy


def test_some_parts_are_printed_and_nothing_is_written(tmp_path, capsys):
    assert run(tmp_path, "--only", "other", "pages") == {"README.md": README.encode()}
    titles = [line for line in capsys.readouterr().out.splitlines() if line.startswith("## ")]
    assert titles == ["## Loss, dense layer and ReLU, forward and backward", "## The pages"]


def summary_in(results):
    """Return the paragraph that sums up a file of results."""
    return results.split(report.GENERATED)[1].strip().split("\n\n")[0]


def test_the_readme_shows_the_results_that_were_measured_last():
    results = (ROOT / "benchmarks" / "RESULTS.md").read_text(encoding="utf-8")
    assert summary_in(results) in (ROOT / "README.md").read_text(encoding="utf-8")

"""The files around the book: what they promise is what is there."""

import itertools
import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def tracked():
    """List the text files that git knows."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name]


def pins(name):
    lines = re.sub(r"\s*#.*", "", read(name)).split("\n")
    return [line for line in lines if line and not line.startswith("-")]


def canonical(requirement):
    return re.sub(r"[-_.]+", "-", requirement.split("==")[0]).lower()


@pytest.mark.parametrize("name", ["requirements.txt", "constraints.txt"])
def test_every_requirement_is_pinned_to_one_version(name):
    assert [pin for pin in pins(name) if not re.fullmatch(r"[\w.-]+==[\w.]+", pin)] == []


def test_constraints_repeat_every_direct_pin():
    direct = {canonical(pin): pin.split("==")[1] for pin in pins("requirements.txt")}
    all_of_them = {canonical(pin): pin.split("==")[1] for pin in pins("constraints.txt")}
    assert direct.items() <= all_of_them.items()


def test_requirements_end_with_the_package_itself():
    assert read("requirements.txt").splitlines()[-1] == "-e ."


def test_what_the_package_needs_is_pinned():
    project = tomllib.loads(read("pyproject.toml"))["project"]
    extras = project["optional-dependencies"].values()
    needed = itertools.chain(project["dependencies"], *extras)
    names = {canonical(re.split(r"[<>=~![]", need)[0]) for need in needed} - {project["name"]}
    assert names <= {canonical(pin) for pin in pins("requirements.txt")}


def test_pytorch_is_an_oracle_and_no_requirement():
    assert "torch" not in map(canonical, pins("requirements.txt") + pins("constraints.txt"))
    assert "torch==" in read(".ci/run")
    assert len(set(re.findall(r"torch==[\d.]+", read(".ci/run") + read(WORKFLOW)))) == 1


WORKFLOW = ".github/workflows/book.yml"


def test_the_workflow_tests_the_pythons_that_the_book_promises():
    jobs = yaml.safe_load(read(WORKFLOW))["jobs"]
    pythons = jobs["test"]["strategy"]["matrix"]["python"]
    assert pythons == ["3.11", "3.12", "3.13"]
    assert any(step.get("run") == ".ci/run" for step in jobs["test"]["steps"])
    assert f"Python {pythons[0]}, {pythons[1]} and {pythons[2]}" in read("requirements.txt")


def test_the_scripts_can_be_run():
    scripts = [".ci/run", "tools/make-env"]
    assert [name for name in scripts if not os.access(ROOT / name, os.X_OK)] == []


def targets():
    """Return {command: what it does}, as `make help` prints them."""
    return dict(re.findall(r"^([a-z]+):.*?## (.*)$", read("Makefile"), flags=re.M))


def test_make_alone_lists_every_command():
    done = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert re.findall(r"^make (\w+)", done.stdout, flags=re.M) == list(targets())


def test_the_table_of_commands_is_complete():
    in_table = re.findall(r"^\| `make (\w+)` \|", read("CONTRIBUTING.md"), flags=re.M)
    assert sorted(in_table) == sorted(targets())


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_a_document_names_only_what_exists(name):
    text = read(name)
    commands = set(re.findall(r"\bmake ([a-z]+)\b(?= *(?:`|$|#|PORT))", text, flags=re.M))
    assert commands <= set(targets())
    paths = re.findall(r"`([\w./-]+/[\w.-]*|[\w-]+\.(?:md|py|txt|toml|yml))`", text)
    missing = [path for path in paths if not (ROOT / path).exists()]
    assert missing in ([], ["_build/html"])
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", text)
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_no_file_names_a_machine_or_a_package_registry():
    machine = r"/(?:home|Users|root|work|tmp)/[\w.-]+/"
    # The names are put together here, or this file would be found as well.
    hosts = [f"{name}.org" for name in ("pypi", "pythonhosted", "download.pytorch")]
    registry = "|".join(map(re.escape, hosts))
    found = []
    for path in tracked():
        if path.is_file() and path != Path(__file__):
            text = path.read_bytes().decode("utf-8", errors="replace")
            found += [f"{path.name}: {hit}" for hit in re.findall(f"{machine}|{registry}", text)]
    assert found == []


def test_the_readmes_example_runs():
    (example,) = re.findall(r"```python\n(.*?)```", read("README.md"), flags=re.S)
    exec(compile(example, "README.md", "exec"), {})

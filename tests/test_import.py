import json
import subprocess
import sys

import pytest

import backprop

HEAVY = ["sympy", "matplotlib", "anywidget", "ipywidgets", "torch", "scipy", "IPython"]


def loaded_after(statement):
    """Return which heavy modules a fresh interpreter has loaded after the statement."""
    report = f"import json, sys; print(json.dumps([m for m in {HEAVY} if m in sys.modules]))"
    code = f"{statement}\n{report}"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return json.loads(run.stdout)


def test_import_backprop_loads_numpy_and_its_own_modules_alone():
    code = "import sys, numpy; n = set(sys.modules); import backprop; print(*set(sys.modules) - n)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    more = run.stdout.split()
    assert "backprop.ops.conv" in more
    assert [name for name in more if name.split(".")[0] != "backprop"] == []


def test_every_op_and_check_works_with_numpy_alone():
    assert loaded_after("from backprop import *") == []


def test_a_worksheet_loads_on_first_use():
    assert "sympy" in loaded_after("import backprop; backprop.Worksheet")


def test_the_parts_loaded_on_first_use_can_be_found():
    assert {"Worksheet", "Figure", "plots", "worked", "practice", "conv2d"} <= set(dir(backprop))


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'backprop' has no attribute 'conv3d'"):
        _ = backprop.conv3d


def test_all_names_what_the_package_gives():
    public = {n for n in vars(backprop) if not n.startswith("_")}
    submodules = {n for n in public if f"backprop.{n}" in sys.modules}
    assert set(backprop.__all__) == public - submodules - {"import_module"}

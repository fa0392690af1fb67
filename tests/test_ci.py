import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize(("ci", "code"), [("true", 1), ("", 0)])
def test_with_ci_true_a_skipped_test_fails(tmp_path, ci, code):
    shutil.copy(Path(__file__).with_name("conftest.py"), tmp_path)
    (tmp_path / "test_missing.py").write_text("def test_it(torch):\n    pass\n", encoding="utf-8")
    (tmp_path / "hide.py").write_text("import sys\nsys.modules['torch'] = None\n", encoding="utf-8")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "hide", "-p", "no:cacheprovider", "."],
        cwd=tmp_path,
        env=os.environ | {"CI": ci, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert run.returncode == code, run.stdout
    if ci:
        assert "CI=true skips nothing" in run.stdout

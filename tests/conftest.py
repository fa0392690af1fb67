"""What all tests share: PyTorch where it is installed, and the rule that CI skips nothing."""

import os

import pytest
from hypothesis import settings

# the same examples in every run: a failure seen once is seen by everybody
settings.register_profile("book", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("book")


@pytest.fixture(scope="session")
def torch():
    """PyTorch, an oracle; a test that needs it is skipped by name where it is missing."""
    oracle = pytest.importorskip("torch", reason="PyTorch, this test's oracle, is not installed")
    oracle.set_num_threads(1)  # the arrays are tiny: threads would cost more than they bring
    return oracle


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CI") == "true":
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, and CI=true skips nothing: {call.excinfo}"
    return report

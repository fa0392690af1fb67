"""Say what a machine is, without saying whose."""

import os
import platform
import subprocess
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_info

LOAD = "processes that ran or waited in the minute before"


def cores():
    """Count the processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def processor():
    """Name the model of the processor, where the system tells."""
    listed = Path("/proc/cpuinfo")
    if listed.exists():
        for line in listed.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    if platform.system() == "Darwin":
        asked = ["sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    return platform.processor() or platform.machine()


def blas():
    """Name the library that multiplies NumPy's matrices, and how many threads it uses."""
    built = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    threads = (f", {pool['num_threads']} threads" for pool in pools[:1])
    return f"{built['name']} {built['version']}{''.join(threads)}"


def is_busy(machine):
    """Say whether other work took a part of the processors."""
    return machine[LOAD] > machine["cores"] / 2


def describe(versions):
    """Return {what: how} of this machine; versions: {package: version} of the peers."""
    return {
        "processor": processor(),
        "cores": cores(),
        "system": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
        "NumPy": f"{np.__version__}, {blas()}",
        **versions,
        LOAD: round(os.getloadavg()[0], 1),
    }

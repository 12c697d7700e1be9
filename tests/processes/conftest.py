"""Runs on several processes, started by the mpiexec of the mpich wheel."""
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def mpiexec():
    """What to type before a script to run it on n processes: mpiexec(n)."""
    beside = Path(sys.executable).with_name("mpiexec")
    command = str(beside) if beside.exists() else shutil.which("mpiexec")
    if find_spec("mpi4py") is None or command is None:
        pytest.skip("NOT TESTED: training on several processes, for want of mpi4py and mpiexec: "
                    "pip install '.[mpi]'")
    return lambda count: [command, "-n", str(count), sys.executable, "-m", "mpi4py"]


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    """One image cache for all runs."""
    return tmp_path_factory.mktemp("cache")

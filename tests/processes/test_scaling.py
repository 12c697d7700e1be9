"""The benchmark of several processes."""
import subprocess
import sys

from tests.scripts.scripts import ENVIRONMENT, ROOT


def test_scaling_is_measured(mpiexec):
    command = [sys.executable, str(ROOT / "benchmarks" / "scaling.py"), "--mpiexec", mpiexec(1)[0],
               "--processes", "1", "2", "--size", "32", "--width", "0.05", "--batch", "2", "--steps", "1"]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=600)
    assert (done.returncode, done.stderr) == (0, "")
    rows = [line.split() for line in done.stdout.splitlines() if line.startswith(("strong", "weak"))]
    assert [row[:3] for row in rows] == [
        ["strong", "1", "2"], ["strong", "2", "2"], ["weak", "1", "2"], ["weak", "2", "4"]]
    assert [row[-3] for row in rows] == ["0", "40", "0", "40"]        # sums a step: two layers fewer at 32

"""The real image set that some tests read. Where it is missing they are skipped, and said to be."""
from pathlib import Path

import pytest

FASHION_MNIST = Path("/usr/share/datasets/fashion-mnist")
MISSING = f"no {FASHION_MNIST}: apt-get install -y dataset-fashion-mnist"


@pytest.fixture(scope="session")
def fashion_mnist():
    """The folder of Debian's package, with all of Fashion-MNIST."""
    if not FASHION_MNIST.is_dir():
        pytest.skip(MISSING)
    return FASHION_MNIST


def pytest_terminal_summary(terminalreporter):
    skipped = terminalreporter.stats.get("skipped", [])           # by other processes as well
    if any(MISSING in str(report.longrepr) for report in skipped):
        terminalreporter.section("NOT TESTED: the real Fashion-MNIST", red=True, bold=True)
        terminalreporter.line(f"What real images would show is unknown on this machine: {MISSING}")

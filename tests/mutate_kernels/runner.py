"""Run the tests of a kernel file on a changed copy of it; if they pass, run all kernels under sanitizers.

Each mutant has a process of its own.
"""
import hashlib
import json
import multiprocessing
import os
import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path

import pytest

from gpuarray.cuda import source
from gpuarray.cuda.source import FOLDER, INCLUDE
from tests.cuda_on_cpu import SimulatedRuntime, build, device, sanitize

TESTS = Path(__file__).parents[1] / "gpuarray" / "cuda"
NOT_OF_KERNELS = {f"test_{name}.py" for name in ("compile", "sanitizers", "runtime", "checks", "simulator")}
WORKLOAD = "tests.cuda_on_cpu.workload", "fp32", "tf32", "bf16"
DOES_NOT_COMPILE = "g++ does not take this"
CONTEXT = multiprocessing.get_context("fork")        # a child has all modules from the start
QUIET = ("-q", "-p", "no:cacheprovider", "-p", "no:faulthandler")


class Notes:
    """A pytest plugin that notes which files the kernels of each test come from, and how long it takes."""

    def __init__(self):
        self.sources, self.seconds = {}, {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item):
        sources = self.sources[item.nodeid] = set()
        launch = SimulatedRuntime._launch

        def noted(runtime, kernel_file, *args):
            sources.add(str(kernel_file))              # CuPy's stand-in names a compiled program
            return launch(runtime, kernel_file, *args)

        SimulatedRuntime._launch = noted
        begin = time.process_time()
        try:
            return (yield)
        finally:
            SimulatedRuntime._launch = launch
            self.seconds[item.nodeid] = time.process_time() - begin


def tests_by_file():
    """({kernel file: [tests that run it, quickest first]}, {test: seconds}), from one run of all kernel
    tests, which is remembered until a kernel or a test changes."""
    files = sorted((*FOLDER.glob("*.*"), *TESTS.glob("*.py")))
    content = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
    report = build.CACHE / f"tests-{content[:24]}.json"
    if not report.exists():
        process = CONTEXT.Process(target=_note_tests, args=(report,))
        process.start()
        process.join()
        if process.exitcode:
            raise SystemExit("error: the kernel tests fail without any change: make them pass first")
    sources, seconds = json.loads(report.read_text())
    tests = {}
    for test in sorted(sources, key=seconds.get):
        for file in set().union(*map(files_of, sources[test])):
            tests.setdefault(file, []).append(test)
    return tests, seconds


def _note_tests(report):
    notes = Notes()
    paths = [str(path) for path in sorted(TESTS.glob("test_*.py")) if path.name not in NOT_OF_KERNELS]
    status = pytest.main([*QUIET, *paths], plugins=[notes])
    if status == pytest.ExitCode.OK:
        sources = {test: sorted(sources) for test, sources in notes.sources.items()}
        report.write_text(json.dumps([sources, notes.seconds]))
    sys.exit(int(status))


def files_of(kernel_file):
    """The files in this library's folder that a kernel file is made of."""
    if not (FOLDER / kernel_file).exists() or Path(kernel_file).is_absolute():
        return set()
    files, waiting = {"common.cuh"}, [kernel_file]
    while waiting:
        files.add(name := waiting.pop())
        lines = (FOLDER / name).read_text().splitlines()
        waiting += [included[1] for line in lines if (included := INCLUDE.fullmatch(line.strip()))]
    return files


def run_mutants(mutants, tests, seconds, jobs, sanitizers=()):
    """Yield (mutant, 'noticed', 'missed' or 'does not compile') as they are done.

    Sanitizers are slow (a minute each): they run for what the tests let through.
    """
    build.scheduler(), build.parsed_header()             # for all children
    waiting, running = list(mutants), {}
    while waiting or running:
        while waiting and len(running) < jobs:
            mutant = waiting.pop(0)
            chosen = tests.get(mutant.file, [])
            log = tempfile.NamedTemporaryFile(mode="r", suffix=".log")
            allowed = 60 + 5 * sum(map(seconds.get, chosen))
            process = CONTEXT.Process(target=_test, args=(mutant, chosen, log.name, allowed, sanitizers))
            process.start()
            running[process] = mutant, log
        for process in [process for process in running if not process.is_alive()]:
            mutant, log = running.pop(process)
            with log:
                compiled = DOES_NOT_COMPILE not in log.read()
            yield mutant, "does not compile" if not compiled else "noticed" if process.exitcode else "missed"
        time.sleep(0.05)


def _test(mutant, tests, log, seconds, sanitizers):
    """Run tests on a copy of the kernels with one change; exit status 0 where none of them notices."""
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds) + 5))     # an endless loop is noticed
    with open(log, "w") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    with tempfile.TemporaryDirectory() as folder:
        for path in FOLDER.glob("*.cu*"):
            shutil.copy(path, folder)
        changed = Path(folder) / mutant.file
        changed.write_text(mutant.apply(changed.read_text()))
        source.FOLDER = Path(folder)
        source.source_text.cache_clear()
        device.forget_libraries()
        build.CACHE = Path(folder)                       # nobody needs these kernels again
        status = pytest.main([*QUIET, "-x", *tests]) if tests else 0
        for sanitizer in sanitizers:
            status = status or sanitize.reports(sanitizer, *WORKLOAD, "--kernels", folder) != (0, [])
    sys.exit(int(status != 0))

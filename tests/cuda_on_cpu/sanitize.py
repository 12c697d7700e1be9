"""Run a Python module with the kernels built for a sanitizer.

    python -m tests.cuda_on_cpu.sanitize address pytest tests/gpuarray/cuda    # overruns, undefined behaviour
    python -m tests.cuda_on_cpu.sanitize thread pytest tests/gpuarray/cuda     # races in a block

The sanitizer's library must be loaded before everything else, so that a new process is started.
"""
import ctypes
import os
import re
import runpy
import signal
import subprocess
import sys

ADDR_NO_RANDOMIZE = 0x0040000       # ThreadSanitizer expects memory at fixed addresses
FOUND = 66                          # exit status where ThreadSanitizer reported something
REPORT = re.compile(r"runtime error: .*|ERROR: AddressSanitizer: .*|SUMMARY: ThreadSanitizer: .*")
FLAGS = {
    "address": ("-O0", "-fsanitize=address,undefined", "-fsanitize-sections=cuda_shared",
                "-fsanitize-recover=address", "-fno-omit-frame-pointer"),
    "thread": ("-fsanitize=thread", "-fno-omit-frame-pointer"),
}
LIBRARIES = {"address": ("libasan.so", "libubsan.so"), "thread": ("libtsan.so",)}
SETTINGS = {"address": {"ASAN_OPTIONS": f"detect_leaks=0:halt_on_error=0:exitcode={FOUND}"},
            "thread": {"TSAN_OPTIONS": f"ignore_noninstrumented_modules=1:exitcode={FOUND}"}}


def start(sanitizer, arguments, **options):
    """Popen of `python -m arguments` with a sanitizer, 'address' or 'thread', which reports to stderr."""
    libraries = " ".join(_library(name) for name in LIBRARIES[sanitizer])
    environment = {**os.environ, **SETTINGS[sanitizer], "LD_PRELOAD": libraries, "PYTHONMALLOC": "malloc",
                   "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "tests.cuda_on_cpu.sanitize", "--inside", sanitizer, *arguments]
    return subprocess.Popen(command, env=environment, preexec_fn=_keep_addresses, **options)


def reports(sanitizer, *arguments):
    """(exit status, the lines by which the sanitizer says what it found) of `python -m arguments`."""
    process = start(sanitizer, arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    output = process.communicate()[0]
    assert process.returncode in (0, FOUND, -signal.SIGABRT), output
    return process.returncode, REPORT.findall(output)


def _library(name):
    return subprocess.check_output(["g++", f"-print-file-name={name}"], text=True).strip()


def _keep_addresses():
    ctypes.CDLL(None).personality(ADDR_NO_RANDOMIZE)


def _run_inside(sanitizer, module, *arguments):
    from tests.cuda_on_cpu import device
    os.environ.pop("LD_PRELOAD")        # g++ needs no sanitizer
    device.sanitize = FLAGS[sanitizer]
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    if sys.argv[1] == "--inside":
        _run_inside(*sys.argv[2:])
    else:
        sys.exit(start(sys.argv[1], sys.argv[2:]).wait())

"""Run Python with the kernels built for a sanitizer, whose library must be loaded before anything else.

    python -m tests.cuda_on_cpu.sanitize address -m pytest tests/gpuarray/cuda      # overruns, undefined behaviour
    python -m tests.cuda_on_cpu.sanitize thread  -m pytest tests/gpuarray/cuda      # races between threads of a block
"""
import ctypes
import os
import runpy
import subprocess
import sys

ADDR_NO_RANDOMIZE = 0x0040000       # ThreadSanitizer wants the addresses that it knows

FLAGS = {
    "address": ("-fsanitize=address,undefined", "-fsanitize-sections=cuda_shared", "-fno-omit-frame-pointer",
                "-fsanitize-recover=address"),
    "thread": ("-fsanitize=thread", "-fno-omit-frame-pointer"),
}
LIBRARIES = {"address": ("libasan.so", "libubsan.so"), "thread": ("libtsan.so",)}
SETTINGS = {
    "address": {"ASAN_OPTIONS": "detect_leaks=0:halt_on_error=0:exitcode=66", "UBSAN_OPTIONS": "print_stacktrace=0"},
    "thread": {"TSAN_OPTIONS": "ignore_noninstrumented_modules=1:exitcode=66:suppress_equal_stacks=1"},
}


def run_sanitized(sanitizer, arguments, **options):
    """subprocess.run of `python arguments` with the sanitizer ('address' or 'thread'); its reports go to stderr."""
    libraries = " ".join(_library(name) for name in LIBRARIES[sanitizer])
    environment = {**os.environ, **SETTINGS[sanitizer], "LD_PRELOAD": libraries, "PYTHONMALLOC": "malloc",
                   "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "tests.cuda_on_cpu.sanitize", "--inside", sanitizer, *arguments]
    return subprocess.run(command, env=environment, preexec_fn=_keep_addresses, **options)


def _library(name):
    return subprocess.run(["g++", f"-print-file-name={name}"], capture_output=True, text=True, check=True).stdout.strip()


def _keep_addresses():
    ctypes.CDLL(None).personality(ADDR_NO_RANDOMIZE)


def _inside(sanitizer, arguments):
    from tests.cuda_on_cpu import device
    os.environ.pop("LD_PRELOAD")        # g++ itself needs no sanitizer
    device.sanitize = FLAGS[sanitizer]
    if arguments[0] == "-m":
        sys.argv = arguments[1:]
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = arguments
        runpy.run_path(arguments[0], run_name="__main__")


if __name__ == "__main__":
    if sys.argv[1] == "--inside":
        _inside(sys.argv[2], sys.argv[3:])
    else:
        sys.exit(run_sanitized(sys.argv[1], sys.argv[2:]).returncode)

"""Compile an unmodified .cu with g++ into a library whose kernels Python can start."""
import ctypes
import getpass
import hashlib
import os
import re
import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
CACHE = Path(tempfile.gettempdir()) / f"cuda-on-cpu-{getpass.getuser()}"
BASE = ("g++", "-std=c++17", "-fPIC", "-g1", "-fno-strict-aliasing", "-fvisibility=hidden")
WARNINGS = ("-Wall", "-Wno-unknown-pragmas", "-Wno-unused", "-Wno-attributes", "-Wno-sign-compare", "-fmax-errors=5")
OPTIMISE = ("-O1", "-mfma", "-mavx2")
KERNEL = re.compile(r'extern\s+"C"\s+__global__\s+void\s+(?:__launch_bounds__\([^)]*\)\s*)?(\w+)\s*\(')


def kernels_in(text):
    """The names of the kernels of a .cu."""
    return KERNEL.findall(text)


def compile_kernels(text, sanitize=()):
    """The library for the text of a .cu (common.cuh included), from the cache if it was built before.

    sanitize: further options of g++. Raises RuntimeError with what g++ says.
    """
    exports = "".join(f"CUDA_ON_CPU_EXPORT({name})\n" for name in kernels_in(text))
    unit = "namespace {\n" + text + "\n}\n#line 1 \"exports\"\n" + exports
    headers = [(HERE / name).read_text() for name in ("device.h", "ptx.h", "scheduler.h", "scheduler.cpp")]
    command = [*BASE, *WARNINGS, *OPTIMISE, *sanitize, "-include", str(HERE / "device.h")]
    library = CACHE / (_digest(unit, command, *headers) + ".so")
    if not library.exists():
        scheduler = CACHE / (_digest(BASE, *headers) + ".o")
        if not scheduler.exists():
            _run([*BASE, "-O2", "-fcf-protection=none", "-c", str(HERE / "scheduler.cpp")], scheduler)
        _run([*command, "-shared", "-x", "c++", "-", "-x", "none", str(scheduler)], library, unit)
    return _load(library)


def _digest(*parts):
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:24]


def _run(command, output, text=""):
    CACHE.mkdir(parents=True, exist_ok=True)
    unfinished = output.with_suffix(f".{os.getpid()}")
    done = subprocess.run([*command, "-o", str(unfinished)], input=text, capture_output=True, text=True)
    if done.returncode or "warning:" in done.stderr:
        raise RuntimeError(f"g++ does not take this:\n{done.stderr}")
    os.replace(unfinished, output)         # whole or not at all: another process may look at the same time


def _load(path):
    library = ctypes.CDLL(str(path))
    library.simulator_error.restype = ctypes.c_char_p
    library.simulator_fault_address.restype = ctypes.c_void_p
    library.simulator_set_order.argtypes = (ctypes.c_int, ctypes.c_uint64)
    return library

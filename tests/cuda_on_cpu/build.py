"""Compile an unmodified .cu with g++ into a library whose kernels Python can start."""
import ctypes
import hashlib
import os
import re
import subprocess
import tempfile
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
CACHE = Path(tempfile.gettempdir()) / f"cuda-on-cpu-{os.getuid()}"
BASE = ("g++", "-std=c++17", "-fPIC", "-g1", "-fno-strict-aliasing", "-fvisibility=hidden")
WARNINGS = ("-Wall", "-Wno-unknown-pragmas", "-Wno-unused", "-Wno-attributes", "-Wno-sign-compare",
            "-fmax-errors=5")
SCHEDULER = "scheduler.cpp", "banks.cpp", "mma.cpp", "proxy.cpp", "warpgroup.cpp"
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
    command = [*BASE, *WARNINGS, *OPTIMISE, *sanitize, "-shared", "-include", parsed_header(sanitize),
               "-x", "c++", "-"]
    scheduler()                            # loaded first: kernels find its functions
    return ctypes.CDLL(str(_built(".so", command, unit)))


@cache
def parsed_header(sanitize=()):
    """device.h, precompiled: reading it takes half the time of a small kernel file."""
    command = [*BASE, *OPTIMISE, *sanitize, "-w", "-x", "c++-header", str(HERE / "device.h")]
    parsed = _built(".h.gch", command, "", "device.h", "ptx.h", "warpgroup.h", "scheduler.h")
    return str(parsed.with_suffix(""))     # g++ looks for the .gch beside it


@cache
def scheduler():
    """The library that runs the threads of every kernel; never built with a sanitizer."""
    command = [*BASE, *OPTIMISE, "-O3", "-fcf-protection=none", "-shared",
               *(str(HERE / name) for name in SCHEDULER)]
    built = _built(".so", command, "", "scheduler.h", "warpgroup.h", "fibers.h", *SCHEDULER)
    library = ctypes.CDLL(str(built), ctypes.RTLD_GLOBAL)
    library.simulator_error.restype = ctypes.c_char_p
    library.simulator_fault_address.restype = ctypes.c_void_p
    library.simulator_wavefronts.argtypes = (ctypes.c_int, ctypes.POINTER(ctypes.c_longlong))
    library.simulator_set_order.argtypes = (ctypes.c_int, ctypes.c_uint64)
    return library


def _built(suffix, command, text, *files):
    """The path of what the command makes of the text and the files, built now or before."""
    content = repr((command, text, [(HERE / name).read_text() for name in files]))
    output = CACHE / (hashlib.sha256(content.encode()).hexdigest()[:24] + suffix)
    if not output.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        unfinished = output.with_suffix(f".{os.getpid()}")
        done = subprocess.run([*command, "-o", str(unfinished)], input=text, capture_output=True, text=True)
        if done.returncode or "warning:" in done.stderr:
            raise RuntimeError(f"g++ does not take this:\n{done.stderr}")
        os.replace(unfinished, output)     # at once: another process may look for it meanwhile
    return output

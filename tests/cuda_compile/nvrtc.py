"""NVIDIA's run-time compiler, which needs neither a GPU nor a driver (the `nvidia-cuda-nvrtc` package)."""
import ctypes
import importlib.util
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from gpuarray.cuda.source import COMPILER_OPTIONS

# What ptxas reports for each kernel of a program.
REPORT = re.compile(
    r"entry function '(?P<kernel>\w+)'.*?(?P<stores>\d+) bytes spill stores, (?P<loads>\d+) bytes spill loads"
    r".*?Used (?P<registers>\d+) registers(?:[^\n]*?(?P<shared>\d+) bytes smem)?", re.S)


@dataclass(frozen=True)
class KernelReport:
    """What one kernel takes on one architecture."""
    kernel: str
    registers: int        # of a thread
    shared: int           # static, of a block, bytes
    spills: int           # stores and loads, bytes


@cache
def _library():
    """libnvrtc of the newest NVRTC that pip has installed."""
    nvidia = importlib.util.find_spec("nvidia")
    folders = nvidia.submodule_search_locations if nvidia else ()
    found = sorted(path for folder in folders for path in Path(folder).glob("*/lib/libnvrtc.so.*"))
    if not found:
        raise FileNotFoundError("libnvrtc is not installed: pip install nvidia-cuda-nvrtc")
    for builtins in found[-1].parent.glob("libnvrtc-builtins.so.*"):
        ctypes.CDLL(str(builtins), ctypes.RTLD_GLOBAL)
    library = ctypes.CDLL(str(found[-1]))
    library.nvrtcGetErrorString.restype = ctypes.c_char_p
    return library


def compile_program(text, architecture, options=COMPILER_OPTIONS):
    """The KernelReport of each kernel in a .cu's text, compiled for 'sm_90' and the like, which CuPy adds
    behind `options`, too.

    Raises RuntimeError with the compiler's words where it does not compile, or not without a warning, such as
    that wgmma are "serialized": each waits for the one before it.
    """
    library, program = _library(), ctypes.c_void_p()
    options = [*options, f"-arch={architecture}", "--ptxas-options=-v"]
    _succeeds(library.nvrtcCreateProgram(ctypes.byref(program), text.encode(), b"kernels.cu", 0, None, None))
    try:
        array = (ctypes.c_char_p * len(options))(*map(str.encode, options))
        status = library.nvrtcCompileProgram(program, len(options), array)
        size = ctypes.c_size_t()
        _succeeds(library.nvrtcGetProgramLogSize(program, ctypes.byref(size)))
        log = ctypes.create_string_buffer(size.value)
        _succeeds(library.nvrtcGetProgramLog(program, log))
    finally:
        _succeeds(library.nvrtcDestroyProgram(ctypes.byref(program)))
    log = log.value.decode()
    if status or "warning" in log or "serialized" in log:
        raise RuntimeError(f"NVRTC, {architecture}: {log}")
    return [KernelReport(found["kernel"], int(found["registers"]), int(found["shared"] or 0),
                         int(found["stores"]) + int(found["loads"])) for found in REPORT.finditer(log)]


def _succeeds(status):
    if status:
        raise RuntimeError(f"NVRTC: {_library().nvrtcGetErrorString(status).decode()}")

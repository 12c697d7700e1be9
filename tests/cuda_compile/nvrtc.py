"""NVIDIA's run-time compiler, called as CuPy calls it. It needs neither a GPU nor a driver.

Packages: `nvidia-cuda-nvrtc` of CUDA 13, `nvidia-cuda-nvrtc-cu12` of CUDA 12.
"""
import ctypes
import importlib.util
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from gpuarray.cuda.source import COMPILER_OPTIONS

# Versions, and the files that pip puts them in. Both can be loaded in one process.
NVRTC = {"13": "cu13/lib/libnvrtc.so.13", "12.9": "cuda_nvrtc/lib/libnvrtc.so.12"}
# What CuPy 14 adds to a module's options (cupy/cuda/compiler.py), but for folders of headers, which no kernel
# includes. `-arch=sm_90` and the like: machine code for the card that it finds.
ADDED_BY_CUPY = "-ftz=true", "-arch={}", "--device-as-default-execution-space"

# What ptxas reports for each kernel of a program.
REPORT = re.compile(
    r"entry function '(?P<kernel>\w+)'.*?(?P<stores>\d+) bytes spill stores, (?P<loads>\d+) bytes spill loads"
    r".*?Used (?P<registers>\d+) registers(?:[^\n]*?(?P<shared>\d+) bytes smem)?", re.S)


@dataclass(frozen=True)
class KernelReport:
    """What one kernel takes on one architecture."""
    kernel: str
    registers: int                      # of a thread
    shared: int                         # static, of a block, bytes
    spills: int                         # stores and loads, bytes
    cubin: bytes = field(repr=False)    # the machine code of the whole program


@cache
def _library(version):
    """libnvrtc of a version, a key of NVRTC."""
    nvidia = importlib.util.find_spec("nvidia")
    folders = nvidia.submodule_search_locations if nvidia else ()
    found = next((path for folder in folders if (path := Path(folder) / NVRTC[version]).exists()), None)
    if not found:
        raise FileNotFoundError(f"NVRTC {version} is not installed: pip install '.[test]'")
    for builtins in found.parent.glob("libnvrtc-builtins.so.*"):
        ctypes.CDLL(str(builtins), ctypes.RTLD_GLOBAL)
    library = ctypes.CDLL(str(found))
    library.nvrtcGetErrorString.restype = ctypes.c_char_p
    return library


def compile_program(text, architecture, options=COMPILER_OPTIONS, nvrtc="13"):
    """The KernelReport of each kernel in a .cu's text, compiled for 'sm_90' and the like.

    options: of the launcher; CuPy adds its own behind them. nvrtc: the compiler's version, a key of NVRTC.
    Raises RuntimeError with the compiler's words where it does not compile, or not without a warning, such as
    that wgmma are "serialized": each waits for the one before it.
    """
    library, program = _library(nvrtc), ctypes.c_void_p()

    def call(function, *args):
        if status := getattr(library, function)(*args):
            raise RuntimeError(f"NVRTC {nvrtc}: {library.nvrtcGetErrorString(status).decode()}")

    def got(what):
        size = ctypes.c_size_t()
        call(f"nvrtcGet{what}Size", program, ctypes.byref(size))
        content = ctypes.create_string_buffer(size.value)
        call(f"nvrtcGet{what}", program, content)
        return content.raw

    added = [option.format(architecture) for option in ADDED_BY_CUPY]
    options = [*options, *added, "--ptxas-options=-v"]
    call("nvrtcCreateProgram", ctypes.byref(program), text.encode(), b"kernels.cu", 0, None, None)
    try:
        array = (ctypes.c_char_p * len(options))(*map(str.encode, options))
        status = library.nvrtcCompileProgram(program, len(options), array)
        log = got("ProgramLog").rstrip(b"\0").decode()
        if status or "warning" in log or "serialized" in log:
            raise RuntimeError(f"NVRTC {nvrtc}, {architecture}: {log}")
        cubin = got("CUBIN")
    finally:
        call("nvrtcDestroyProgram", ctypes.byref(program))
    return [KernelReport(found["kernel"], int(found["registers"]), int(found["shared"] or 0),
                         int(found["stores"]) + int(found["loads"]), cubin) for found in REPORT.finditer(log)]

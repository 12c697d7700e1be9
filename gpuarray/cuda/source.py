"""The text that is compiled for a kernel file, the same for NVRTC on a GPU and for the tests' compilers."""
import re
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent
COMPILER_OPTIONS = ("-std=c++17",)
INCLUDE = re.compile(r'#include "([\w.]+)"')


def compiler_options(defines):
    """NVRTC's options. wgmma belongs to sm_90a: NVRTC takes the first architecture that it is given, and CuPy
    adds that of the card, sm_90, behind."""
    return (*COMPILER_OPTIONS, "-arch=sm_90a") if ("WGMMA", 1) in defines else COMPILER_OPTIONS


@cache
def source_text(source, defines=()):
    """What is compiled for a kernel file: common.cuh, the defines (which common.cuh does not see), the file.

    Lines `#include "file.cuh"` are replaced by that file: CuPy's cache of compiled kernels looks at this text
    alone.
    """
    chosen = "".join(f"#define {name} {value}\n" for name, value in defines)
    return _joined("common.cuh") + chosen + _joined(source)


def _joined(name):
    lines = [f'#line 1 "{name}"']
    for number, line in enumerate((FOLDER / name).read_text(encoding="utf-8").splitlines(), 1):
        included = INCLUDE.fullmatch(line.strip())
        lines.append(f'{_joined(included[1])}#line {number + 1} "{name}"' if included else line)
    return "\n".join(lines) + "\n"

"""`python -m gpuarray`: which device would be taken and why, with what, and what to do for a better one."""
import contextlib
import os
import platform
from importlib import metadata

import gpuarray

PACKAGES = "numpy", "scipy", "threadpoolctl", "cupy-cuda12x", "cupy-cuda13x", "ml_dtypes"


def lines():
    """What to print."""
    device, why = gpuarray.choose_device()
    yield "device", f"{device}: {why}"
    if device == "cuda":
        precisions = [name for name in ("fp32", "tf32", "bf16") if gpuarray.computes_in(name, "cuda")]
        yield "precisions", ", ".join(precisions)
    yield "cores", f"{gpuarray.available_cores()} of {os.cpu_count()} may be used"
    yield "memory", _memory()
    yield "python", f"{platform.python_version()} on {platform.platform()}"
    for package in PACKAGES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            yield package, metadata.version(package)


def _memory():
    """Of this machine, in GB."""
    try:
        pages = {name: os.sysconf(name) * os.sysconf("SC_PAGE_SIZE") / 1e9
                 for name in ("SC_PHYS_PAGES", "SC_AVPHYS_PAGES")}
    except (AttributeError, ValueError, OSError):             # not on Windows
        return "unknown"
    return f"{pages['SC_PHYS_PAGES']:.1f} GB, {pages['SC_AVPHYS_PAGES']:.1f} GB of it unused"


def main():
    for name, value in lines():
        print(f"{name:14} {value}")


if __name__ == "__main__":
    main()

"""Registers, shared memory and spills of every kernel that a full-size training step launches.

    python -m tests.cuda_compile.table            # the table; needs neither a GPU nor a driver
"""
from concurrent.futures import ProcessPoolExecutor

from gpuarray.cuda.source import compiler_options, source_text
from tests.cuda_compile.nvrtc import compile_program
from tests.cuda_compile.recorder import recording
from tests.cuda_on_cpu.workload import run_every_kernel

ARCHITECTURES = {"sm_75": (7, 5), "sm_80": (8, 0), "sm_90": (9, 0), "sm_120": (12, 0)}
PRECISIONS = {"sm_75": ("fp32",)}                # tensor cores that take tf32 and bf16 came with sm_80
EVERY_PRECISION = "fp32", "tf32", "bf16"
NETWORK = dict(size=64, width=1, z_size=128, hidden=2048, n=64)       # Table 1 of the paper


def launched(architecture):
    """{(source, defines, kernel): bytes of dynamic shared memory} of a full-size step in every precision."""
    with recording(ARCHITECTURES[architecture]) as recorder:
        for precision in PRECISIONS.get(architecture, EVERY_PRECISION):
            run_every_kernel("cuda", precision=precision, **NETWORK)
    return dict(recorder.shared)


def compile_all(architectures=ARCHITECTURES):
    """[(architecture, source, defines, dynamic shared memory, KernelReport)] of every launched kernel."""
    rows = []
    with ProcessPoolExecutor() as pool:
        for architecture in architectures:
            kernels = launched(architecture)
            programs = sorted({(source, defines) for source, defines, _ in kernels})
            texts = [source_text(source, defines) for source, defines in programs]
            options = [compiler_options(defines) for _, defines in programs]
            compiled = pool.map(compile_program, texts, [architecture] * len(texts), options)
            rows += [(architecture, *program, kernels[(*program, report.kernel)], report)
                     for program, reports in zip(programs, compiled) for report in reports
                     if (*program, report.kernel) in kernels]
    return rows


def main():
    row = "{:7} {:26} {:>9} {:>8} {:>8} {:>7}  {}".format
    print(row("arch", "kernel", "registers", "static", "dynamic", "spills", "compiled with"))
    for architecture, _, defines, dynamic, report in compile_all():
        print(row(architecture, report.kernel, report.registers, report.shared, dynamic, report.spills,
                  " ".join(f"{name}={value}" for name, value in defines)))


if __name__ == "__main__":
    main()

"""Registers, shared memory and spills of every kernel that a full-size training step launches.

    python -m tests.cuda_compile.table       # by all compilers, for all architectures: minutes; needs no GPU
"""
import argparse
from concurrent.futures import ProcessPoolExecutor
from functools import cache

from gpuarray.cuda.source import compiler_options, source_text
from tests.cuda_compile.nvrtc import NVRTC, compile_program
from tests.cuda_compile.recorder import recording
from tests.cuda_on_cpu.workload import run_every_kernel

# sm_90a is sm_90 with instructions that no later card has.
ARCHITECTURES = {"sm_75": (7, 5), "sm_80": (8, 0), "sm_86": (8, 6), "sm_89": (8, 9), "sm_90": (9, 0),
                 "sm_90a": (9, 0), "sm_120": (12, 0)}
PRECISIONS = {(7, 5): ("fp32",)}                 # tensor cores that take tf32 and bf16 came with sm_80
EVERY_PRECISION = "fp32", "tf32", "bf16"
NETWORK = dict(size=64, width=1, z_size=128, hidden=2048, n=64)       # Table 1 of the paper

# The architectures for which the tests compile every program, by CUDA 13's compiler. For the others they
# compile a sample, and by CUDA 12's compiler for one of each family (this command: all, by both).
WHOLE, FAMILIES = ("sm_75", "sm_90"), ("sm_75", "sm_80", "sm_90", "sm_120")


@cache
def launched(capability):
    """{(source, defines, kernel): bytes of dynamic shared memory} of a full-size step in every precision."""
    with recording(capability) as recorder:
        for precision in PRECISIONS.get(capability, EVERY_PRECISION):
            run_every_kernel("cuda", precision=precision, **NETWORK)
    return dict(recorder.shared)


def compile_all(architectures=ARCHITECTURES, nvrtc="13", choose=lambda architecture, programs: programs):
    """[(architecture, source, defines, dynamic shared memory, KernelReport)] of every launched kernel.

    nvrtc: the compiler. choose: which of an architecture's programs, (source, defines), are compiled.
    """
    rows = []
    with ProcessPoolExecutor() as pool:
        for architecture in architectures:
            kernels = launched(ARCHITECTURES[architecture])
            programs = choose(architecture, sorted({(source, defines) for source, defines, _ in kernels}))
            texts = [source_text(source, defines) for source, defines in programs]
            how = (texts, [architecture] * len(texts), [compiler_options(defines) for _, defines in programs],
                   [nvrtc] * len(texts))
            compiled = pool.map(compile_program, *how)
            rows += [(architecture, *program, kernels[(*program, report.kernel)], report)
                     for program, reports in zip(programs, compiled) for report in reports
                     if (*program, report.kernel) in kernels]
    return rows


def sample(rows, nvrtc):
    """A choice for compile_all: of each file what takes the most registers in `rows`, of one precision if it
    can be. The precisions take turns, so that a compiler meets all of them.
    """
    registers = {}
    for _, source, defines, _, report in rows:
        registers[source, defines] = max(report.registers, registers.get((source, defines), 0))

    def choose(architecture, programs):
        turn = list(ARCHITECTURES).index(architecture) + list(NVRTC).index(nvrtc)
        of_turn = None, EVERY_PRECISION[turn % 3].upper()
        ordered = sorted(programs, key=lambda program: (dict(program[1]).get("PRECISION") in of_turn,
                                                        registers.get(program, 255)))
        return list({source: (source, defines) for source, defines in ordered}.values())    # the last of each
    return choose


def main():
    argparse.ArgumentParser(prog="python -m tests.cuda_compile.table", description=__doc__,
                            formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    row = "{:5} {:7} {:26} {:>9} {:>8} {:>8} {:>7}  {}".format
    print(row("nvrtc", "arch", "kernel", "registers", "static", "dynamic", "spills", "compiled with"))
    for nvrtc in NVRTC:
        for architecture, _, defines, dynamic, report in compile_all(nvrtc=nvrtc):
            print(row(nvrtc, architecture, report.kernel, report.registers, report.shared, dynamic,
                      report.spills, " ".join(f"{name}={value}" for name, value in defines)), flush=True)


if __name__ == "__main__":
    main()

"""What a step of a product takes in machine code: issue slots, reads from shared memory, copies, barriers.

    python -m benchmarks.gpu.slots            # for an H100; needs neither a GPU nor a driver

Counted, not measured, by NVIDIA's compiler and disassembler, in the programs of a `released` training step
(traffic.py). A step of a product goes through TILE_DEPTH of the depth.
"""
import argparse
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from fractions import Fraction

from benchmarks.gpu.traffic import PRECISIONS, is_product, launches_of_step, steps
from gpuarray.cuda.source import compiler_options, source_text
from tests.cuda_compile.nvdisasm import Loop, loop_of
from tests.cuda_compile.nvrtc import KernelReport, compile_program

# {column: the families of instructions that it counts; none: all}
COLUMNS = {"products": ("HMMA", "HGMMA", "FFMA", "FFMA2"), "slots": (), "LDS": ("LDS",), "LDSM": ("LDSM",),
           "copies": ("LDGSTS", "UTMALDG"), "stores": ("STS",), "barriers": ("BAR",)}


@dataclass(frozen=True)
class Code:
    """A product's kernel on one architecture. steps: in a turn of its loop, or a part of one. warps: of a
    block.
    """
    report: KernelReport
    loop: Loop
    steps: Fraction
    warps: int

    def count(self, *families):
        """Instructions of these families, or of all, that a warp issues in a step."""
        return float(self.loop.count(*families) / self.steps)


def code_of(launches, architecture, reports=()):
    """{(program, kernel): Code} of the products among the launches.

    reports: {program: KernelReports} of what is compiled already.
    """
    reports = dict(reports)
    kernels = sorted({(launch.program, launch.kernel) for launch in filter(is_product, launches)})
    with ProcessPoolExecutor() as pool:
        missing = sorted({program for program, _ in kernels} - reports.keys())
        texts = [source_text(*program) for program in missing]
        options = [compiler_options(defines) for _, defines in missing]
        reports.update(zip(missing, pool.map(compile_program, texts, [architecture] * len(texts), options)))
        chosen = [next(report for report in reports[program] if report.kernel == kernel)
                  for program, kernel in kernels]
        cubins = [report.cubin for report in chosen]
        loops = list(pool.map(loop_of, cubins, [kernel for _, kernel in kernels]))
    return {key: _code(dict(key[0][1]), report, loop) for key, report, loop in zip(kernels, chosen, loops)}


def _code(defines, report, loop):
    warps = defines["THREADS"] // 32
    of_a_step = defines["TILE_ROWS"] * defines["TILE_COLS"] * defines["TILE_DEPTH"]
    share = loop.multiplications * warps / of_a_step
    steps = Fraction(round(share)) if share > 0.75 else Fraction(1, round(1 / share))
    return Code(report, loop, steps, warps)


def issued(launches, code):
    """Issue slots that the steps of all products among the launches take together."""
    products = [(launch, code[launch.program, launch.kernel]) for launch in filter(is_product, launches)]
    return sum(steps(launch) * found.warps * found.count() for launch, found in products)


def rows(code):
    """For each kernel, precision and tile: (kernel, precision, tile, numbers of Code), sorted."""
    for (program, kernel), found in sorted(code.items()):
        defines = dict(program[1])
        tile = "{TILE_ROWS}x{TILE_COLS}x{TILE_DEPTH}".format(**defines)
        yield kernel, defines["PRECISION"].lower(), tile, found


def main():
    argparse.ArgumentParser(prog="python -m benchmarks.gpu.slots", description=__doc__,
                            formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    launches = [launch for precision in PRECISIONS for launch in launches_of_step(precision)]
    lines = [" | ".join(("kernel", "precision", "tile, depth", *COLUMNS, "registers", "spills"))]
    lines.append("|".join(["---"] * (lines[0].count("|") + 1)))
    for kernel, precision, tile, code in rows(code_of(launches, "sm_90")):
        counts = [f"{code.count(*families):.0f}" for families in COLUMNS.values()]
        lines.append(" | ".join((kernel, precision, tile, *counts, str(code.report.registers),
                                 str(code.report.spills))))
    print(*(f"| {line} |" for line in dict.fromkeys(lines)), sep="\n")


if __name__ == "__main__":
    main()

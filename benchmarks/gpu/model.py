"""How long a `released` training step should take on some cards: predicted, not measured.

    python -m benchmarks.gpu.model            # minutes: compiles for three architectures; needs no GPU

A step is the launches that traffic.py records, one after the other. A launch takes as long as the slowest of

    issue       instructions that warps issue, one a clock from each of four schedulers (slots.py)
    products    multiply-adds, at the rate of the tensor cores or of the float32 units
    shared      reads and writes of shared memory, 128 bytes a clock
    L2          bytes that tiles copy (traffic.py): by the card's L2 cache, and 64 a clock to a multiprocessor
    DRAM        all bytes of its arrays, each once

The first four are those of the multiprocessor that gets most blocks; a block takes START steps more than its
depth has. All other kernels take the time of DRAM alone. To each launch GAP is added: the pause between two
kernels of a CUDA graph. What is left out makes a card slower (latencies that nobody hides, caches that miss,
a clock that sinks) or faster (arrays that stay in the L2 cache, kernels that overlap).
"""
import argparse
from collections import Counter, defaultdict

from benchmarks.gpu.cards import CARDS
from benchmarks.gpu.slots import code_of
from benchmarks.gpu.traffic import PRECISIONS, is_product, launches_of_step, operand_bytes, steps

GAP = 1.5e-6                # seconds; assumed
START = 4                   # steps: filling the stages, writing the sums; as choose_splits (tiles.py) has it
_SCHEDULERS, _TO_MULTIPROCESSOR = 4, 64
_WIDTHS = {"64": 2, "128": 4}                       # of a warp's access, in 128 bytes


def bounds(launch, card, code=None):
    """{bound: seconds} of a launch. code: Code (slots.py) of a product."""
    dram = {"DRAM": launch.nbytes / (card.dram * 1e9)}
    if code is None:
        return dram
    blocks = launch.grid[0] * launch.grid[1] * launch.grid[2]
    turns = (steps(launch) / blocks + START) / float(code.steps)                    # of a block
    most = -(-blocks // card.multiprocessors)
    warps = most * turns * code.warps
    nbytes = operand_bytes(launch)
    copied = nbytes / blocks / 512                                                  # by a warp at a time
    further = most * max(0, copied - turns * code.warps * code.loop.count("LDGSTS"))
    clocks = {"issue": (warps * code.loop.count() + further * code.loop.copy) / _SCHEDULERS,
              "products": warps * code.loop.multiplications / rate(code, card, launch.defines["PRECISION"]),
              "shared": warps * wavefronts(code.loop) + further * 4,
              "L2": most * nbytes / blocks / _TO_MULTIPROCESSOR}
    seconds = {bound: number / (card.clock * 1e9) for bound, number in clocks.items()}
    seconds["L2"] = max(seconds["L2"], nbytes / (card.l2 * 1e9))
    return seconds | dram


def rate(code, card, precision):
    """Multiply-adds of a multiprocessor in a clock."""
    if precision == "FP32":
        return card.fma
    return getattr(card, precision.lower()) * (1 if code.loop.count("HGMMA") else card.mma_sync)


def wavefronts(loop):
    """Clocks that shared memory takes for a turn's reads and writes, if their banks are never in conflict.

    wgmma's own reads of its operands are left out.
    """
    return sum(number * _width(opcode.split(".")) for opcode, number in loop.turn.items()
               if opcode.startswith(("LDS", "STS")) or opcode.startswith("LDGSTS"))


def _width(parts):
    if parts[0] == "LDSM":
        return int(parts[-1]) if parts[-1].isdigit() else 1
    return next((_WIDTHS[part] for part in parts if part in _WIDTHS), 1)


def predict(launches, card, code):
    """[(kernel, bound, seconds)] of each launch, the pause before it left out."""
    found = []
    for launch in launches:
        of_launch = bounds(launch, card, code[launch.program, launch.kernel] if is_product(launch) else None)
        bound = max(of_launch, key=of_launch.get)
        found.append((launch.kernel if is_product(launch) else "all others", bound, of_launch[bound]))
    return found


def main():
    argparse.ArgumentParser(prog="python -m benchmarks.gpu.model", description=__doc__,
                            formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    predicted = {}
    for capability, architecture in dict.fromkeys((card.capability, card.architecture) for card in CARDS):
        launches = {precision: launches_of_step(precision, capability=capability) for precision in PRECISIONS}
        code = code_of(sum(launches.values(), []), architecture)
        for card in CARDS:
            if card.capability == capability:
                predicted[card.name] = {precision: predict(launches[precision], card, code)
                                        for precision in PRECISIONS}
    _print_cards(predicted)
    _print_kernels(CARDS[0].name, predicted[CARDS[0].name])


def _print_cards(predicted):
    print("| predicted ms, a step of 64 images | " + " | ".join(PRECISIONS) + " |\n|---" + "|---" * 3 + "|")
    for name, found in predicted.items():
        sums = [1e3 * (sum(seconds for *_, seconds in rows) + GAP * len(rows)) for rows in found.values()]
        print(f"| {name} | " + " | ".join(f"{total:.1f}" for total in sums) + " |")


def _print_kernels(name, found):
    """By kind of kernel, the last two the other kernels and the pauses."""
    sums, shares = defaultdict(Counter), defaultdict(Counter)
    for precision, rows in found.items():
        for kernel, bound, seconds in rows:
            sums[kernel][precision] += seconds
            shares[kernel, precision][bound] += seconds
        sums["pauses between launches"][precision] = GAP * len(rows)
    print(f"\n| predicted ms on {name}, and what bounds most of it | " + " | ".join(PRECISIONS) + " |\n|---" +
          "|---" * 3 + "|")
    for kernel in sorted(sums, key=lambda kernel: (" " in kernel, kernel)):
        cells = []
        for precision in PRECISIONS:
            bound = max(shares[kernel, precision], key=shares[kernel, precision].get, default="")
            cells.append(f"{1e3 * sums[kernel][precision]:.2f} {bound}".strip())
        print(f"| {kernel} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()

"""One command, under ten minutes: python -m benchmarks.gpu

    tests       pytest's tests of the kernels and of whole training steps, on the GPU
    ceilings    what this card's memory and product units reach
    step        the whole training step, ours and PyTorch's, with peak memory
    kernels     every operation of a step of the `released` networks, beside its ceiling and PyTorch

Writes results.json and results.md. What fails is recorded, and the rest goes on. Without a GPU, or with
--simulate, all of it runs tiny on the CPU, kernels included, and the timings say 'not measured yet'.
"""
import argparse
import sys
import time
from pathlib import Path

from benchmarks.gpu import ceilings, kernels, step, tests
from benchmarks.gpu.device import PRECISIONS, open_device
from benchmarks.gpu.results import Results

SECTIONS = {"tests": tests, "ceilings": ceilings, "step": step, "kernels": kernels}
UNTIL = {"tests": 0.35, "ceilings": 0.4, "step": 0.7, "kernels": 0.95}     # share of the budget, by its end


def batch_size(text):
    if not text.isdigit() or int(text) < 2:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a whole number of 2 or more")
    return int(text)


def read_flags():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("docs/gpu"), metavar="DIR")
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=list(SECTIONS), metavar="SECTION")
    parser.add_argument("--precisions", nargs="+", choices=PRECISIONS, default=PRECISIONS, metavar="P")
    parser.add_argument("--batches", nargs="+", type=batch_size, metavar="N", help="64 256; simulated: 3")
    parser.add_argument("--budget", type=float, default=570, metavar="SECONDS",
                        help="start nothing new after it")
    parser.add_argument("--simulate", action="store_true", help="on the CPU, tiny, without timings")
    return parser.parse_args()


def main():
    start = time.monotonic()
    flags = read_flags()
    with open_device(flags.simulate, flags.batches) as device:
        print(device.about, flush=True)
        results = Results(flags.out, device)
        for name in flags.only:
            share = UNTIL[name] if len(flags.only) > 1 else 1
            with results.section(name, start + share * flags.budget) as section:
                SECTIONS[name].run(device, section, flags.precisions)
            tables = results.markdown(SECTIONS)
            (results.folder / "results.md").write_text(tables + "\n")
        print(f"\n{tables}")
        print(f"\nwritten to {results.folder} after {time.monotonic() - start:.0f} s")
    return 1 if results.wrong else 0


if __name__ == "__main__":
    sys.exit(main())

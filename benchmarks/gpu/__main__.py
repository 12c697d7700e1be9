"""One command, under ten minutes: python -m benchmarks.gpu

    correctness   every operation and whole training steps on the GPU, held to the NumPy backend
    ceilings      what this card's memory and product units reach
    step          the whole training step, ours and PyTorch's, with peak memory
    kernels       every kernel at the shapes of the `released` networks, beside its ceiling and PyTorch

Writes results.json and results.md. What fails is recorded, and the rest goes on. Without a GPU, or with
--simulate, all of it runs tiny on the CPU, kernels included, and the timings say 'not measured yet'.
"""
import argparse
import sys
import time
from pathlib import Path

from benchmarks.gpu import ceilings, correctness, kernels, report, step
from benchmarks.gpu.place import PRECISIONS, open_place
from benchmarks.gpu.record import Record

SECTIONS = {"correctness": correctness, "ceilings": ceilings, "step": step, "kernels": kernels}
UNTIL = {"correctness": 0.25, "ceilings": 0.3, "step": 0.65, "kernels": 0.95}     # share of the budget gone


def names(allowed):
    def read(text):
        chosen = text.split(",")
        if not set(chosen) <= set(allowed):
            raise argparse.ArgumentTypeError(f"{text!r}: expected some of {','.join(allowed)}")
        return chosen
    return read


def sizes(text):
    chosen = [int(number) if number.isdigit() else 0 for number in text.split(",")]
    if min(chosen) < 2:
        raise argparse.ArgumentTypeError(f"{text!r}: expected whole numbers of 2 or more, such as 64,256")
    return chosen


def read_flags():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("docs/gpu"), metavar="DIR")
    parser.add_argument("--only", type=names(SECTIONS), default=list(SECTIONS), metavar="SECTION,...")
    parser.add_argument("--precisions", type=names(PRECISIONS), default=list(PRECISIONS),
                        metavar="fp32,tf32,bf16")
    parser.add_argument("--batches", type=sizes, metavar="N,...", help="64,256; simulated: 3")
    parser.add_argument("--budget", type=float, default=570, metavar="SECONDS",
                        help="start nothing new after it")
    parser.add_argument("--simulate", action="store_true", help="on the CPU, tiny, without timings")
    return parser.parse_args()


def main():
    start = time.monotonic()
    flags = read_flags()
    with open_place(flags.simulate, flags.batches) as place:
        print(place.about, flush=True)
        record = Record(flags.out, place)
        for name in flags.only:
            share = UNTIL[name] if len(flags.only) > 1 else 1
            with record.section(name, start + share * flags.budget) as section:
                SECTIONS[name].run(place, section, flags.precisions, record)
            report.write(record)
        print(f"\n{report.markdown(record.results)}")
        print(f"\nwritten to {record.folder} after {time.monotonic() - start:.0f} s")
    return 1 if record.wrong else 0


if __name__ == "__main__":
    sys.exit(main())

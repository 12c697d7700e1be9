"""`python -m tests.mutate_kernels`: see the package."""
import argparse
import os
import sys

from gpuarray.cuda.source import FOLDER
from tests.cuda_on_cpu import sanitize
from tests.mutate_kernels import __doc__ as description
from tests.mutate_kernels.equivalent import EQUIVALENT
from tests.mutate_kernels.mutants import KINDS, find_mutants
from tests.mutate_kernels.runner import run_mutants, tests_by_file


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.mutate_kernels", description=description,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--file", nargs="+", help="kernel files, such as latent.cu; all if not given")
    parser.add_argument("--kind", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--list", action="store_true", help="only say what would be changed")
    options = parser.parse_args()

    paths = [path for path in sorted(FOLDER.glob("*.cu*")) if not options.file or path.name in options.file]
    mutants = [mutant for path in paths for mutant in find_mutants(path.name, path.read_text())
               if mutant.kind in options.kind]
    if options.list:
        print(*mutants, sep="\n")
        return 0
    tests, seconds = tests_by_file()
    results, missed = run_mutants(mutants, tests, seconds, options.jobs, sanitize.FLAGS), []
    for number, (mutant, result) in enumerate(results, 1):
        if result != "noticed" and (mutant.file, mutant.words) in EQUIVALENT:
            result = "equivalent"
        elif result != "noticed":
            missed.append(mutant)
        print(f"{number}/{len(mutants)} {result}: {mutant}", flush=True)
    print(f"{len(mutants)} mutants, {len(missed)} that no test notices", *missed, sep="\n  ")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

"""Training steps of VAE/GAN on several processes of this machine: python benchmarks/scaling.py

    strong scaling      the same batch on more processes
    weak scaling        a batch that grows with them: --batch images for each
For each number of processes the seconds of a step (median, fastest and slowest), beside them what the sums
over the processes take: how many there are, their bytes, the seconds that a process waits for them (the
other processes' lateness is in it). Last, sums of vectors alone: the bandwidth that a step could have at
best. Every number of processes is a program of its own, on an equal share of the cores.
"""
import argparse
import json
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

import gpuarray as ga
import nets
from gpuarray.collectives.mpi import MPICommunicator

VECTORS = 256, 16 * 2 ** 10, 2 ** 20, 16 * 2 ** 20, 128 * 2 ** 20        # bytes


class Counted:
    """A communicator that counts what it is asked."""

    def __init__(self, communicator):
        self._communicator, self.rank, self.size = communicator, communicator.rank, communicator.size
        self.clear()

    def clear(self):
        self.calls, self.bytes, self.seconds = 0, 0, 0.0

    def sum(self, array):
        self._timed(array.nbytes, self._communicator.sum, array)

    def begin_sum(self, array):
        self._timed(array.nbytes, self._communicator.begin_sum, array)

    def finish(self):
        self._timed(0, self._communicator.finish)

    def _timed(self, nbytes, function, *arrays):
        began = time.perf_counter()
        function(*arrays)
        self.calls += nbytes > 0
        self.bytes += nbytes
        self.seconds += time.perf_counter() - began


def build(args):
    rng = np.random.default_rng(0)
    networks = (nets.encoder(args.size, args.z, rng, width=args.width),
                nets.decoder(args.size, args.z, rng, width=args.width),
                nets.discriminator(args.size, rng, width=args.width))
    return nets.VAEGAN(*networks, args.z, gamma=1e-6, gate=None, seed=0, learning_rate=1e-4)


def measure_steps(args, communicator, batch):
    """{what: number} of steps on a batch of so many images."""
    counted, model = Counted(communicator), build(args)
    group = ga.Group(counted, batch) if communicator.size > 1 else ga.ALONE
    model.join(group, args.batchnorm_per_rank)
    x = np.random.default_rng(1).uniform(-1, 1, (batch, args.size, args.size, 3)).astype(np.float32)
    x, seconds = np.ascontiguousarray(x[group.part]), []
    model.step(x)
    counted.clear()
    for _ in range(args.steps):
        began = time.perf_counter()
        model.step(x)
        seconds.append(time.perf_counter() - began)
    per_step = {"sums": counted.calls, "MB": counted.bytes / 1e6, "waiting": counted.seconds}
    return {"batch": batch, "step": statistics.median(seconds), "fastest": min(seconds),
            "slowest": max(seconds), **{name: value / args.steps for name, value in per_step.items()}}


def measure_vectors(communicator):
    """[{bytes, seconds}] of the sum of a vector: the median of some."""
    rows = []
    for nbytes in VECTORS:
        vector, seconds = np.zeros(nbytes // 4, np.float32), []
        for _ in range(4 if nbytes > 2 ** 22 else 20):
            began = time.perf_counter()
            communicator.sum(vector)
            seconds.append(time.perf_counter() - began)
        rows.append({"bytes": nbytes, "seconds": statistics.median(seconds)})
    return rows


def work(args):
    """One of the processes; the first prints what it measured."""
    communicator = MPICommunicator()
    ga.use_cores(max(1, ga.available_cores() // communicator.size))
    found = {"strong": measure_steps(args, communicator, args.batch),
             "weak": measure_steps(args, communicator, args.batch * communicator.size),
             "vectors": measure_vectors(communicator)}
    if communicator.rank == 0:
        print(json.dumps(found), flush=True)
    communicator.close()


def report(args, results):
    print(f"{platform.machine()}, {ga.available_cores()} cores, NumPy {np.__version__}; "
          f"{args.size}x{args.size}, width {args.width:g}, {args.steps} steps after a first\n")
    print("scaling  processes  batch   s a step (fastest - slowest)   images/s   sums   MB a step   "
          "s waiting")
    for kind in "strong", "weak":
        for count, found in results.items():
            row = found[kind]
            print(f"{kind:7} {count:10} {row['batch']:6} {row['step']:10.3f} ({row['fastest']:.3f} - "
                  f"{row['slowest']:.3f}) {row['batch'] / row['step']:13.1f} {row['sums']:6.0f} "
                  f"{row['MB']:11.2f} {row['waiting']:11.3f}")
    print("\nprocesses  bytes of a sum   microseconds   GB/s")
    for count, found in results.items():
        for row in found["vectors"] if count > 1 else []:
            print(f"{count:9} {row['bytes']:15,} {row['seconds'] * 1e6:14,.0f} "
                  f"{row['bytes'] / row['seconds'] / 1e9:6.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--mpiexec", default="mpiexec", help="what starts processes: 'mpiexec -hosts a,b'")
    parser.add_argument("--size", type=int, default=64, choices=nets.SIZES)
    parser.add_argument("--width", type=float, default=1.0, help="of the networks; 1: the released ones")
    parser.add_argument("--z", type=int, default=128)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--batchnorm-per-rank", action="store_true")
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.work:
        return work(args)
    results = {}
    for count in args.processes:
        command = [*args.mpiexec.split(), "-n", str(count), sys.executable, *sys.argv, "--work"]
        results[count] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    report(args, results)


if __name__ == "__main__":
    main()

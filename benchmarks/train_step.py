"""One full training step of VAE/GAN on the CPU, beside PyTorch: python benchmarks/train_step.py

The `released` networks and wiring: fakes from the prior, x~ and x in one batch of Dis, x and x_p in another,
minimax game, RMSProp. Every contender is a process of its own, so that its peak memory is its own; they take
turns, a step each, so that whatever else the machine does meets all of them. Before that, small batches in
float64 show that all compute the same gradients.
"""
import argparse
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from importlib.util import find_spec
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

import gpuarray.cpu
import nets

CONTENDERS = {"ours": "gpuarray, NumPy backend", "tuned": "PyTorch, tuned", "idiomatic": "PyTorch, idiomatic"}
PRODUCTS = ("conv2d", "conv2d_input_grad", "conv2d_weight_grad", "dense", "dense_input_grad",
            "dense_weight_grad")


def build(args, dtype=np.float32):
    """The model, with weights that depend on the arguments alone."""
    rng = np.random.default_rng(0)
    options = dict(width=args.width, dtype=dtype)
    networks = (nets.encoder(args.size, args.z, rng, **options),
                nets.decoder(args.size, args.z, rng, **options),
                nets.discriminator(args.size, rng, **options))
    return nets.VAEGAN(*networks, args.z, gamma=1e-6, gate=None, seed=0, learning_rate=1e-4)


def images(args, count, dtype=np.float32):
    return np.random.default_rng(1).uniform(-1, 1, (count, args.size, args.size, 3)).astype(dtype)


def contender(args):
    """Take a step for every line on stdin and answer with its seconds; at the end with peak memory, MiB."""
    model = build(args)
    if args.contender != "ours":
        from torch_step import TorchVAEGAN
        model = TorchVAEGAN(model, args.size, tuned=args.contender == "tuned")
    x = images(args, args.batch)
    for line in sys.stdin:
        if line == "end\n":
            print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, flush=True)
            return
        start = time.perf_counter()
        model.step(x)
        print(time.perf_counter() - start, flush=True)


def race(args, names):
    """{name: (list of seconds, peak MiB)}: a first step to warm up, then `steps` rounds in turn."""
    command = [sys.executable, *sys.argv, "--contender"]
    pipes = dict(stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    running = {name: subprocess.Popen([*command, name], **pipes) for name in names}

    def ask(name, what):
        running[name].stdin.write(what + "\n")
        running[name].stdin.flush()
        return float(running[name].stdout.readline())

    seconds = {name: [] for name in names}
    for _ in range(args.steps + 1):
        for name in names:
            seconds[name].append(ask(name, "step"))
    return {name: (seconds[name][1:], ask(name, "end")) for name in names}


def check(args):
    """Print the largest relative difference of a layer's gradient from ours, in float64, on four images."""
    import torch
    from torch_step import TorchVAEGAN
    x, worst = images(args, 4, np.float64), {}
    for form in ("idiomatic", "tuned"):
        model = build(args, np.float64)
        twin = TorchVAEGAN(model, args.size, tuned=form == "tuned")
        twin.gradients(x)
        model.gradients(x)
        worst[form] = max(
            np.linalg.norm(theirs - ours.gradient) / np.linalg.norm(ours.gradient)
            for name, network in model.networks.items() for layer in network.layers
            for ours, theirs in zip(layer.parameters, twin.gradient(name)[layer.name]))
    print(f"PyTorch {torch.__version__}; largest relative difference of a layer's gradient, in float64: "
          + ", ".join(f"{form} {error:.1e}" for form, error in worst.items()), flush=True)
    if max(worst.values()) > 1e-9:
        sys.exit("error: the contenders do not compute the same")


def operations(args):
    """Print where a step of ours spends its time: seconds and work of each operation and shape."""
    rows = defaultdict(lambda: [0, 0.0, 0.0])

    def timed(name, function):
        def call(*arrays, **options):
            start = time.perf_counter()
            result = function(*arrays, **options)
            shapes = [array.shape for array in arrays if isinstance(array, np.ndarray)][:2]
            row = rows[name, " ".join("x".join(map(str, shape)) for shape in shapes)]
            row[0] += 1
            row[1] += time.perf_counter() - start
            row[2] += work(name, arrays, result)
            return result

        return call

    model, x = build(args), images(args, args.batch)
    model.step(x)
    names = [name for name, value in vars(gpuarray.cpu).items() if callable(value)]
    plain = {name: getattr(gpuarray.cpu, name) for name in names}
    for name in names:
        setattr(gpuarray.cpu, name, timed(name, plain[name]))
    start = time.perf_counter()
    for _ in range(args.steps):
        model.step(x)
    total = (time.perf_counter() - start) / args.steps
    for name in names:
        setattr(gpuarray.cpu, name, plain[name])
    print(f"\nWhere our step goes, mean of {args.steps}:\n"
          f"{'operation':26}{'shapes of the first two arrays':42}"
          f"{'calls':>6}{'ms':>8}{'share':>7}{'GFLOP/s':>9}")
    for (name, shapes), (calls, seconds, flop) in sorted(rows.items(), key=lambda item: -item[1][1]):
        rate = f"{flop / seconds / 1e9:9.0f}" if flop else ""
        if seconds / args.steps > 0.002 * total:
            print(f"{name:26}{shapes:42}{calls // args.steps:6}{1e3 * seconds / args.steps:8.1f}"
                  f"{seconds / args.steps / total:7.1%}{rate}")
    named = sum(row[1] for row in rows.values()) / args.steps
    print(f"{'between the operations':26}{'':42}{'':6}{1e3 * (total - named):8.1f}{1 - named / total:7.1%}")
    gflop = sum(row[2] for row in rows.values()) / args.steps / 1e9
    print(f"one step: {gflop:.0f} GFLOP as convolutions are counted plainly")


def work(name, arrays, result):
    """Multiplications and additions of a product done plainly."""
    if name not in PRODUCTS:
        return 0
    first, second = arrays[:2]
    if name == "conv2d":
        y = result[0] if isinstance(result, tuple) else result
        return 2 * y[..., 0].size * second.size
    if name == "conv2d_input_grad":
        return 2 * first[..., 0].size * second.size
    if name == "conv2d_weight_grad":
        return 2 * second[..., 0].size * arrays[2].size
    return 2 * len(first) * (arrays[2] if name == "dense_weight_grad" else second).size


def machine():
    cpu = platform.processor()
    if os.path.exists("/proc/cpuinfo"):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        cpu = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), cpu)
    return f"{cpu}, {os.cpu_count()} cores, Python {platform.python_version()}, NumPy {np.__version__}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--size", type=int, default=64, choices=nets.SIZES)
    parser.add_argument("--width", type=float, default=1.0)
    parser.add_argument("--z", type=int, default=128)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--alone", action="store_true", help="leave PyTorch out")
    parser.add_argument("--contender", choices=[*CONTENDERS, "check"], help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.contender == "check":
        check(args)
        return
    if args.contender:
        contender(args)
        return
    print(machine())
    names = ["ours"]
    if not args.alone and find_spec("torch") is None:
        print("PyTorch is not installed: ours alone")
    elif not args.alone:
        subprocess.run([sys.executable, *sys.argv, "--contender", "check"], check=True)
        names = list(CONTENDERS)
    size = f"{args.size}x{args.size}"
    print(f"\nA step of {args.batch} images of {size}, float32, {args.steps} of each in turn:\n"
          f"{'':24}{'median s':>9}{'lowest':>9}{'highest':>9}{'images/s':>10}{'peak MiB':>10}")
    for name, (seconds, peak) in race(args, names).items():
        middle = statistics.median(seconds)
        print(f"{CONTENDERS[name]:24}{middle:9.3f}{min(seconds):9.3f}{max(seconds):9.3f}"
              f"{args.batch / middle:10.1f}{peak:10.0f}")
    operations(args)


if __name__ == "__main__":
    main()

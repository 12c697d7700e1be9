"""How many toyfaces one core paints in a second of its time: python benchmarks/toyfaces.py"""
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from dataset.toyfaces import attributes, render


def per_second(count, work, rounds=5):
    """Images a second of work(count indices): median, lowest, highest of the rounds after the first."""
    rates = []
    for first in range(0, (rounds + 1) * count, count):
        start = time.process_time()
        work(range(first, first + count))
        rates.append(count / (time.process_time() - start))
    rates = rates[1:]
    return statistics.median(rates), min(rates), max(rates)


def show(label, rates):
    print("{:11} {:6.0f} ({:.0f} to {:.0f})".format(label, *rates))


if __name__ == "__main__":
    print("images per second of one core's time: median (lowest to highest of 5 rounds)")
    for side, images in ((32, 1000), (64, 400), (128, 100)):
        show(f"{side} x {side}", per_second(images, lambda indices: render(indices, side)))
    show("attributes", per_second(10_000, attributes))

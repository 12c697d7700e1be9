"""What this card reaches at best: a copy in its memory, PyTorch's large matrix products in each precision."""

COPY_BYTES, SIDE = 2 ** 31, 8192
TIMED_SECONDS = 0.5


def run(place, section, precisions, record):
    section.attempt({"ceiling": "copy", "unit": "GB/s"}, lambda: _copy(place))
    for precision in precisions:
        section.attempt({"ceiling": precision, "unit": "TFLOP/s"}, lambda: _product(place, precision))
        place.tidy()


def _copy(place):
    """GB/s, bytes read and bytes written."""
    count = 1000 if place.simulated else COPY_BYTES // 4
    source = place.normal((count,), 0)
    target = place.normal((count,), 1)

    def copy():
        target[...] = source

    time = place.time(copy, TIMED_SECONDS)
    return {**time, **({"rate": 8 * count / time["ms"] / 1e6} if time else {})}


def _product(place, precision):
    """TFLOP/s of a product of random square matrices."""
    import torch
    place.torch_precision(precision)
    side = 64 if place.simulated else SIDE
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    a, b, c = (torch.randn(side, side, device=place.torch_device).to(dtype) for _ in range(3))
    time = place.time(lambda: torch.mm(a, b, out=c), TIMED_SECONDS)
    return {**time, **({"rate": 2 * side ** 3 / time["ms"] / 1e9} if time else {})}


def rates(results):
    """{'copy': bytes, precision: floating-point operations per millisecond}, those that were measured."""
    rows = results["sections"].get("ceilings", {"rows": []})["rows"]
    per_ms = {"GB/s": 1e6, "TFLOP/s": 1e9}
    return {row["ceiling"]: row["rate"] * per_ms[row["unit"]] for row in rows if "rate" in row}

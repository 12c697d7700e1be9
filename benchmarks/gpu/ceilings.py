"""What this card reaches at best: a copy in its memory, PyTorch's large matrix products in each precision."""

COPY_BYTES, SIDE = 2 ** 31, 8192
TIMED_SECONDS = 0.5
PER_MS = {"GB/s": 1e6, "TFLOP/s": 1e9}
TABLE = {"ceiling": ("ceiling", "{}"), "measured": ("rate", "{:,.0f}"), "unit": ("unit", "{}")}


def run(device, section, precisions):
    section.attempt({"ceiling": "copy", "unit": "GB/s"}, lambda: _copy(device))
    for precision in precisions:
        section.attempt({"ceiling": precision, "unit": "TFLOP/s"}, lambda: _product(device, precision))
        device.tidy()


def _copy(device):
    """GB/s, bytes read and bytes written."""
    count = 1000 if device.simulated else COPY_BYTES // 4
    source, target = device.normal(count, 0), device.normal(count, 1)
    return _rate(device, lambda: target.__setitem__(..., source), 8 * count / 1e6)


def _product(device, precision):
    """TFLOP/s of a product of random square matrices."""
    import torch
    device.torch_precision(precision)
    side = 64 if device.simulated else SIDE
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    a, b, c = (torch.randn(side, side, device=device.torch_device).to(dtype) for _ in range(3))
    return _rate(device, lambda: torch.mm(a, b, out=c), 2 * side ** 3 / 1e9)


def _rate(device, work, amount):
    time = device.time(work, TIMED_SECONDS)
    return time | {"rate": amount / time["ms"]} if time else {}


def rates(content):
    """{'copy': bytes, precision: floating-point operations per millisecond}, those that were measured."""
    rows = content["sections"].get("ceilings", {"rows": []})["rows"]
    return {row["ceiling"]: row["rate"] * PER_MS[row["unit"]] for row in rows if "rate" in row}

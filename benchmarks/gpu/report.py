"""results.json as Markdown tables, ready for the README."""
from benchmarks.gpu.record import NO_TORCH, OUT_OF_TIME

NOT_YET = "not measured yet"
_LABEL = "check", "ceiling", "whose", "variant", "layer", "operation", "batch", "precision"
_IN_SHORT = {OUT_OF_TIME: "out of time", NO_TORCH: "no PyTorch"}       # of errors; any other has 'failed'
STEP_COLUMNS = (("ours", "eager"), ("ours", "graph"), ("pytorch", "eager"), ("pytorch", "channels_last"),
                ("pytorch", "compile"), ("pytorch", "graph"), ("pytorch", "compile+graph"))


def write(record):
    (record.folder / "results.md").write_text(markdown(record.results) + "\n")


def markdown(results):
    tables = {"correctness": _correctness, "ceilings": _ceilings, "step": _step, "kernels": _kernels}
    parts = [_machine(results)]
    for name, section in results["sections"].items():
        parts += [tables[name](results, section["rows"])]
        parts += [f"The section ended early: {section['error']}"] if "error" in section else []
    return "\n\n".join([*parts, *_errors(results)])


def _machine(results):
    machine = results["machine"]
    packages = ", ".join(f"{name} {number}" for name, number in machine["packages"].items())
    where = f"{machine['gpu']}, driver {machine['driver']}" if machine["gpu"] else \
        "No GPU: everything has run tiny on the CPU, kernels on a simulated device; timings are not measured yet"
    return f"{where}. Python {machine['python']}, {packages}. Made with `python -m benchmarks.gpu`."


def _correctness(results, rows):
    lines = []
    for precision in dict.fromkeys(row["precision"] for row in rows):
        chosen = [row for row in rows if row["precision"] == precision]
        done = [row for row in chosen if "error" not in row]
        worst = max(done, key=lambda row: row["error_over_tolerance"], default=None)
        right = sum(not row.get("wrong") for row in done)
        error = [f"{worst['error_over_tolerance']:.2f}", worst["check"]] if worst else ["-", "-"]
        lines.append([precision, f"{right} of {len(chosen)}", *error])
    heads = ["precision", "checks passed", "largest error / tolerance", "of"]
    return "### Correctness\n\n" + _table(heads, lines) + (
        "\n\nAgainst the NumPy backend. Every check ran twice; one has passed where both gave the same bits, too.")


def _ceilings(results, rows):
    lines = [[row["ceiling"], _cell(row, "rate", "{:,.0f} " + row["unit"])] for row in rows]
    return "### Ceilings of this card\n\n" + _table(["", "measured"], lines)


def _step(results, rows):
    found = {(row["whose"], row["variant"], row["precision"], row["batch"]): row for row in rows}
    sizes = list(dict.fromkeys((row["batch"], row["precision"]) for row in rows))
    heads = ["batch", "precision", "ours, eager", "**ours, graph**", "PyTorch eager", "channels_last", "compile",
             "CUDA graph", "compile + CUDA graph"]
    times, memory = [], []
    for batch, precision in sizes:
        row = [found.get((*column, precision, batch), {}) for column in STEP_COLUMNS]
        times.append([batch, precision, *(_cell(one, "ms", "{:.2f}") for one in row), _best_over_ours(row)])
        memory.append([batch, precision, *(_cell(one, "peak_mib", "{:,.0f}") for one in row)])
    return ("### A training step\n\nMilliseconds, median; the last column is the best PyTorch time over our best.\n\n"
            + _table([*heads, "best PyTorch / ours"], times)
            + "\n\nPeak memory of arrays, MiB.\n\n" + _table(heads, memory))


def _best_over_ours(row):
    """The best PyTorch time over our best, with the variant's name, and how many others gave no time."""
    ours = [one["ms"] for one in row[:2] if "ms" in one]
    theirs = [(one["ms"], one["variant"]) for one in row[2:] if "ms" in one]
    if not ours or not theirs:
        return NOT_YET
    best, variant = min(theirs)
    missing = len(row[2:]) - len(theirs)
    return f"{best / min(ours):.2f} ({variant}{f'; {missing} not measured' if missing else ''})"


def _kernels(results, rows):
    lines = []
    for row in rows:
        unit = ("tflops", "{:.1f} TFLOP/s") if row["flop"] else ("gb_per_s", "{:,.0f} GB/s")
        rate = _cell(row, *unit, part="ours")
        share = f"{row['share']:.0%} of {row['bound_by']}" if "share" in row else _absent(row["ours"])
        ratio = _cell(row, "pytorch_over_ours", "{:.2f}", part="pytorch") if "pytorch" in row else "-"
        micro = f"{1e3 * row['ours']['ms']:.1f}" if "ms" in row["ours"] else _absent(row["ours"])
        lines.append([*(row[key] for key in ("batch", "layer", "operation", "precision")), micro, rate, share, ratio])
    heads = ["batch", "layer", "operation", "precision", "µs", "rate", "share of ceiling", "PyTorch / ours"]
    return ("### Kernels\n\nMicroseconds, median over replays of a graph with rotating inputs. 'moments': the sums "
            "for batchnorm are taken in the product, where PyTorch takes them in its batchnorm. In bf16 PyTorch's "
            "weights are bfloat16 already; ours are rounded in each call.\n\n" + _table(heads, lines))


def _errors(results):
    lines = []
    for name, section in results["sections"].items():
        for row in section["rows"]:
            label = " ".join(str(row[key]) for key in _LABEL if key in row)
            for key in (None, "ours", "pytorch", "agreement"):
                part = row.get(key, {}) if key else row
                if "error" in part:
                    lines.append(f"- {name}, {label}{', ' + key if key else ''}: {part['error']}")
            if row.get("wrong") and "error_over_tolerance" in row:
                lines.append(f"- {name}, {row['check']} {row['precision']}: wrong, error / tolerance "
                             f"{row['error_over_tolerance']:.2f}, same bits twice: {row['same_bits_twice']}")
    return ["### What failed or was left out\n\n" + "\n".join(lines)] if lines else []


def _cell(row, key, form, part=None):
    return form.format(row[key]) if key in row else _absent(row.get(part, {}) if part else row)


def _absent(row):
    error = row.get("error")
    return NOT_YET if error is None else _IN_SHORT.get(error, "failed")


def _table(heads, lines):
    rows = [heads, ["---"] * len(heads), *lines]
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in rows)

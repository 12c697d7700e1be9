"""do faces made from attributes have them? A table of conditional runs, read by a regressor (section 4.3)

For the attributes of each test image, samples of every RUN; the regressor reads their attributes back. Beside
them the test images themselves, which no model should surpass, and other test images, which are what chance
gives. Writes similarity.json, similarity.md (the table) and queries.png into --out.
"""
import json
from pathlib import Path

import numpy as np

from experiment.commands.output import new_results
from experiment.commands.shared import (
    add_data, add_device, add_out, check_same_data, open_regressor, path, use_data, whole)
from experiment.compute import compute
from experiment.console import say
from experiment.evaluation import charts, similarity
from experiment.exit import UsageError
from experiment.reopen import reopen
from experiment.run import choose_device, open_images
from experiment.settings import generator

SHOWN, SHOWN_SAMPLES = 8, 5          # rows of the picture, and faces of a model in each
COLUMNS = {"cosine_best": f"cosine, best of {similarity.SAMPLES}", "cosine": "cosine",
           "error_best": f"squared error, best of {similarity.SAMPLES}", "error": "squared error",
           "signs": "signs right"}


def add_flags(parser):
    parser.add_argument("runs", type=path, nargs="+", metavar="RUN",
                        help="a conditional run, or its exported file")
    parser.add_argument("--regressor", type=path, metavar="RUN", required=True,
                        help="a run of lfw_regressor.py")
    add_device(parser)
    parser.add_argument("--count", type=whole(2), default=500, metavar="N", help="test images, at most (500)")
    parser.add_argument("--seed", type=whole(0, 2**62), default=0, metavar="S", help="of z (0)")
    add_data(parser, "whose test images are taken (the data of the regressor)")
    add_out(parser, "DIR", "the folder to write")


def run(options):
    with new_results(options, "similarity") as folder:
        device, _ = choose_device(options.device)
        regressor = open_regressor(options.regressor, device)
        models = {name: _open_model(name, regressor, options.regressor, device) for name in options.runs}
        settings = regressor.settings
        use_data(options, settings)
        images = open_images(settings)
        if images.test.attribute_names != settings.attribute_names:
            raise UsageError(f"--data {settings.data}: has other attributes than {options.regressor} reads")
        test, count = images.test, min(options.count, len(images.test))
        queries = test.attributes[:count]

        read, real = similarity.of_images(regressor.model, test, count, device)
        rows = {"test images": [real], "other test images": similarity.of_others(read, queries, options.seed)}
        for name, model in models.items():
            rows[name] = similarity.of_samples(model.model, regressor.model, queries, device, options.seed,
                                               name)

        notes = _notes(images, count, regressor)
        table = _table(rows, notes)
        (folder / "similarity.json").write_text(json.dumps({
            "notes": notes, "seed": options.seed, "test_images": count, "samples": similarity.SAMPLES,
            "attributes": list(settings.attribute_names), "regressor": str(regressor.source),
            "models": {name: {"source": str(model.source), "step": model.step}
                       for name, model in models.items()},
            "repetitions": rows}, indent=2) + "\n")
        (folder / "similarity.md").write_text(table)
        (folder / "queries.png").write_bytes(_page(images, models, options.seed, device))
    say(table.rstrip())


def _open_model(run, regressor, regressor_name, device):
    opened = reopen(run, device)
    if not opened.model.has_decoder or not opened.settings.attribute_names:
        raise UsageError(f"{run}: is no conditional run: train one with --conditional")
    check_same_data(regressor_name, regressor, run, opened)
    say(f"model: {opened.source}, step {opened.step:,}")
    return opened


def _notes(images, count, regressor):
    with_attributes = len(images.train) + len(images.test)
    dropped = images.train.dropped + images.test.dropped
    at_hand = f"attributes were at hand for {with_attributes:,} of {with_attributes + dropped:,} images"
    return [f"{images.name}, {images.size}x{images.size}: {at_hand}; {count:,} of {len(images.test):,} test "
            "images are queries, none was trained on",
            f"{len(images.test.attribute_names)} attributes; the squared error is summed over them; spread: "
            f"standard deviation of {similarity.REPETITIONS} repetitions with other z",
            f"regressor: {regressor.source}, step {regressor.step:,}"]


def _table(rows, notes):
    lines = [["", *COLUMNS.values()], ["---"] * (1 + len(COLUMNS))]
    for name, repetitions in rows.items():
        found = similarity.mean_and_spread(repetitions)
        lines.append([name, *(_cell(*found[column], len(repetitions)) for column in COLUMNS)])
    lines = [f"| {' | '.join(line)} |" for line in lines]
    return "\n".join([*lines, "", *(f"- {note}" for note in notes), ""])


def _cell(mean, spread, repetitions):
    digits = 2 if mean > 1 else 4
    return f"{mean:.{digits}f}" + (f" ± {spread:.{digits}f}" if repetitions > 1 else "")


def _page(images, models, seed, device):
    """The picture of some test images, and of faces from their attributes, z the same in a column."""
    rng, test = generator(seed, "queries"), images.test
    shown = np.sort(rng.permutation(len(test))[:SHOWN])
    mean, std = images.train.attributes.mean(0), images.train.attributes.std(0)
    words = [", ".join(similarity.standing_out(row, mean, std, test.attribute_names)).replace("_", " ")
             for row in test.attributes[shown]]
    told = np.repeat(test.attributes[shown], SHOWN_SAMPLES, axis=0)
    samples = {}
    for name, model in models.items():
        rng = generator(seed, "queried faces")
        z = rng.standard_normal((SHOWN_SAMPLES, model.model.z_size), np.float32)
        made = compute(model.model.sample, (np.tile(z, (len(shown), 1)), told), device)
        samples[Path(name).name] = made.reshape(len(shown), SHOWN_SAMPLES, *made.shape[1:])
    return charts.queries(test.pictures(shown), words, samples)

"""Damaged files of a run, for every reader: each must end in success or in the one line of a UsageError.

    python -m tests.experiment.fuzz [COUNT] [READER ...]

tries COUNT inputs (50,000) for each reader and prints the outcomes. test_fuzz.py tries a few.
"""
import json
import sys

import celeba_gan
from experiment import bands, checkpoints
from experiment.exit import UsageError
from experiment.flags import read_settings
from experiment.run_folder import RunFolder
from experiment.settings import portable, saved_values
from tests.dataset.fuzz import Fuzzer, main
from tests.experiment.test_checkpoints import make

REPORT = {"step": 25, "epoch": 1, "kl": 20.5, "d_real": 0.7, "d_fake": 0.25, "seconds": 12.0}


def read_checkpoint(folder, content):
    (path,) = folder.glob("checkpoints/*")
    path.write_bytes(content)
    checkpoints.load(path)


def read_config(folder, content):
    run = RunFolder(folder)
    (folder / "config.json").write_bytes(content)
    config = run.config()
    saved_values(celeba_gan.Config, celeba_gan.PRESETS, config, "config.json")
    bands.of(config)


def read_metrics(folder, content):
    """Must give reports, whichever lines are damaged."""
    (folder / "metrics.jsonl").write_bytes(content)
    for report in RunFolder(folder).metrics():
        assert report["step"] + 1 > report["step"]


def sources(folder):
    """{reader: (read, [whole inputs])}"""
    checkpoint = checkpoints.save(RunFolder(folder / "checkpoint"), make(), epoch_size=4).read_bytes()
    settings = read_settings(celeba_gan.Config, celeba_gan.PRESETS, "celeba_gan.py", ["--dry-run"])
    config = json.dumps({"script": "celeba_gan", "settings": portable(settings), "origin": settings.origin})
    lines = "".join(json.dumps(REPORT | {"step": 25 * number}) + "\n" for number in range(1, 5))
    for name in ("config", "metrics"):
        (folder / name).mkdir()
    return {"checkpoint": (read_checkpoint, [checkpoint]), "config": (read_config, [config.encode()]),
            "metrics": (read_metrics, [lines.encode()])}


def run_fuzzer():
    """The Fuzzer of a run's files."""
    return Fuzzer(sources, UsageError)


if __name__ == "__main__":
    main(run_fuzzer(), *sys.argv[1:])

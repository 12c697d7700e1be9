"""Damaged files of a run end in success or in one line, for every reader."""
import random

import pytest

from tests.experiment.fuzz import run_fuzzer


@pytest.fixture(scope="module")
def fuzzer():
    with run_fuzzer() as fuzzer:
        assert sorted(fuzzer.readers) == ["checkpoint", "config", "metrics"]
        yield fuzzer


@pytest.mark.parametrize("reader", ["checkpoint", "config", "metrics"])
def test_every_damaged_input_is_read_or_refused_in_one_line(fuzzer, reader):
    outcomes = {fuzzer.attempt(reader, random.Random(seed)) for seed in range(300)}
    assert outcomes == ({"read"} if reader == "metrics" else {"read", "one line"})

"""Damaged inputs end in success or in one line, for every reader."""
import random

import pytest
from hypothesis import HealthCheck, given, settings, strategies

from tests.dataset.fuzz import Fuzzer

READERS = ["zip", "tar", "images", "cache", "partition", "attributes", "zip of attributes", "people",
           "scores", "idx", "idx labels", "zipped idx", "cifar10", "stl10", "stl10 labels"]


@pytest.fixture(scope="module")
def fuzzer():
    with Fuzzer() as fuzzer:
        assert sorted(fuzzer.readers) == sorted(READERS)
        yield fuzzer


@pytest.mark.filterwarnings("ignore::UserWarning")      # Pillow's, which hypothesis lets through again
@pytest.mark.parametrize("reader", READERS)
def test_every_damaged_input_is_read_or_refused_in_one_line(fuzzer, reader):
    outcomes = set()

    @settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(strategies.integers(0, 2**32))
    def attempt(seed):
        outcomes.add(fuzzer.attempt(reader, random.Random(seed)))

    attempt()
    assert outcomes == ({"read"} if reader == "cache" else {"read", "one line"})   # a cache is made again

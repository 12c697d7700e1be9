"""All kernels, in whole steps, under AddressSanitizer, UndefinedBehaviorSanitizer and ThreadSanitizer."""
import re
import subprocess

import pytest

from tests.cuda_on_cpu.sanitize import FOUND, start

REPORT = re.compile(r"runtime error: .*|ERROR: AddressSanitizer: .*|SUMMARY: ThreadSanitizer: .*")


def reports(sanitizer, *arguments):
    """(exit status, the lines by which the sanitizer says what it found)."""
    process = start(sanitizer, arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    output = process.communicate()[0]
    assert process.returncode in (0, FOUND, -6), output
    return process.returncode, REPORT.findall(output)


@pytest.mark.parametrize("sanitizer", ["address", "thread"])
def test_kernels_are_clean(sanitizer):
    status, found = reports(sanitizer, "tests.cuda_on_cpu.workload", "fp32", "tf32", "bf16")
    assert (status, found) == (0, [])


@pytest.mark.parametrize("sanitizer, kernel, bug, words", [
    ("address", "rotate_twice", "STATIC_PAST", "global-buffer-overflow"),
    ("address", "local_array", "LOCAL_PAST", "index 8 out of bounds"),
    ("address", "local_array", "MISALIGNED", "misaligned address"),
    ("address", "through_shared", "SHARED_PAST", "SEGV"),
    ("thread", "rotate_twice", "BARRIER", "data race"),
    ("thread", "rotate_twice", "BARRIER_AGAIN", "data race"),
    ("thread", "product_tf32", "WAIT_BARRIER", "data race")])
def test_planted_faults_are_found(sanitizer, kernel, bug, words):
    status, found = reports(sanitizer, "tests.cuda_on_cpu.planted", kernel, bug)
    assert any(words in line for line in found), found

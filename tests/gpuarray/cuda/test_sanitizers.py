"""All kernels, in whole steps, under AddressSanitizer, UndefinedBehaviorSanitizer and ThreadSanitizer."""
import pytest

from gpuarray.cuda.source import FOLDER
from tests.cuda_compile.recorder import recording
from tests.cuda_on_cpu.build import kernels_in
from tests.cuda_on_cpu.sanitize import reports
from tests.cuda_on_cpu.workload import run_every_kernel

PRECISIONS = "fp32", "tf32", "bf16"


def test_the_workload_starts_every_kernel():
    kernels = {(path.name, kernel) for path in FOLDER.glob("*.cu") for kernel in kernels_in(path.read_text())}
    with recording((9, 0)) as recorder:
        for precision in PRECISIONS:
            run_every_kernel("cuda", precision=precision)
    only_for_tests = {("noise.cu", "philox_words")}
    assert {(source, kernel) for source, _, kernel in recorder.shared} == kernels - only_for_tests


@pytest.mark.parametrize("sanitizer", ["address", "thread"])
def test_kernels_are_clean(sanitizer):
    status, found = reports(sanitizer, "tests.cuda_on_cpu.workload", *PRECISIONS)
    assert (status, found) == (0, [])


@pytest.mark.parametrize("sanitizer, kernel, bug, words", [
    ("address", "rotate_twice", "STATIC_PAST", "global-buffer-overflow"),
    ("address", "local_array", "LOCAL_PAST", "index 8 out of bounds"),
    ("address", "local_array", "MISALIGNED", "misaligned address"),
    ("address", "through_shared", "SHARED_PAST", "SEGV"),
    ("thread", "rotate_twice", "BARRIER", "data race"),
    ("thread", "rotate_twice", "BARRIER_AGAIN", "data race"),
    ("thread", "product_tf32", "WAIT_BARRIER", "data race"),
    ("thread", "sum_through_copies", "EARLY_COPY", "data race")])
def test_planted_faults_are_found(sanitizer, kernel, bug, words):
    status, found = reports(sanitizer, "tests.cuda_on_cpu.planted", kernel, bug)
    assert any(words in line for line in found), found

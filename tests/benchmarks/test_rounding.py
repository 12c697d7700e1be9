"""The errors in docs/gpu.md, of float32 by Winograd's algorithm and directly."""
import pytest

from benchmarks.gpu import rounding


@pytest.mark.parametrize("operation", rounding.OPERATIONS)
@pytest.mark.parametrize("layer", rounding.LAYERS, ids=str)
def test_errors_are_what_the_documentation_says(layer, operation):
    direct, by_winograd = (rounding.error(operation, algorithm, *layer) for algorithm in rounding.ALGORITHMS)
    assert 4e-7 < direct < 1.2e-6 and 9e-7 < by_winograd < 3e-6
    assert by_winograd < 4.2 * direct


def test_algorithms_are_those_that_are_named():
    full = rounding.IMAGES, 16, 256, 256
    with rounding.ALGORITHMS["direct"]():
        assert rounding.splits_of("y", *full) == 2                                # of conv_forward_patch
    with rounding.ALGORITHMS["Winograd"]():
        assert rounding.splits_of("y", *full) == 1

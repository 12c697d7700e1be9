"""The errors in docs/gpu.md, of float32 by Winograd's algorithm and directly."""
import pytest

from benchmarks.gpu import rounding


# Of dw, the layers with the fewest pixels.
@pytest.mark.parametrize("operation, layer", [
    (operation, layer) for operation in rounding.OPERATIONS for layer in rounding.LAYERS
    if operation != "dw" or layer[0] == 16], ids=str)
def test_errors_are_what_the_documentation_says(operation, layer):
    direct, by_winograd = (rounding.error(operation, algorithm, *layer) for algorithm in rounding.ALGORITHMS)
    assert 2e-7 < direct < 1.2e-6 and 9e-7 < by_winograd < 3e-6


@pytest.mark.parametrize("operation", rounding.OPERATIONS)
def test_algorithms_are_those_that_are_named(operation):
    found = {}
    for name, algorithm in rounding.ALGORITHMS.items():
        with algorithm():
            found[name], _ = rounding.product(operation, rounding.IMAGES, 16, 256, 256)
    assert found["Winograd"] == "winograd_product" and found["direct"].startswith("conv_")

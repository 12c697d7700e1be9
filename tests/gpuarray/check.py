"""One way to hold an operation to its plain float64 reference, whichever backend computes it."""
import numpy as np

# Largest relative error ||got - wanted|| / ||wanted|| by what the operation computes in.
TOLERANCE = {"float64": 1e-10, "float32": 3e-6, "tf32": 1e-3, "bfloat16": 1e-2}
# The same of (gradients and states, metrics) of a whole VAE/GAN training step. Errors of single operations
# add up over some 40 of them, and batchnorm divides by the spread of three images. In the lower precisions
# relus take their other side as well.
STEP_TOLERANCE = {"fp32": (1e-4, 1e-6),      # seen: 2.4e-5, 5e-7
                  "tf32": (8e-2, 1e-3),      # seen: 4.9e-2, 4e-4
                  "bf16": (2.5e-1, 1e-2)}    # seen: 1.8e-1, 4e-3
# Where the input of a relu rounds to the other side of 0, its gradient is there or not: one of some thousand
# units. It depends on the machine's BLAS whether and where that happens.
KINK = 2e-2                                  # seen: 3.2e-3


def relative_error(got, wanted):
    """||got - wanted|| / ||wanted||, infinite where got is not finite or has another shape."""
    got, wanted = np.asarray(got, np.float64), np.asarray(wanted, np.float64)
    if got.shape != wanted.shape or not np.isfinite(got).all():
        return np.inf
    return np.linalg.norm(got - wanted) / max(np.linalg.norm(wanted), 1e-30)


def assert_close(got, wanted, tolerance, name="result"):
    error = relative_error(got, wanted)
    assert error <= tolerance, f"{name}: relative error {error:.2e}, allowed {tolerance:.2e}"


def assert_steps_close(errors, tolerance):
    """Relative errors of the gradients of several float32 steps: within the tolerance, but for one step in
    which a relu may take its other side."""
    *others, worst = sorted(errors)
    assert others[-1] <= tolerance, f"relative errors of steps: {errors}, allowed {tolerance:.2e}"
    assert worst <= KINK, f"relative error of a step: {worst:.2e}, allowed {KINK:.2e}"


def check_op(operation, reference, arrays, tolerance=None, dtypes=("float32", "float64"),
             move=lambda array: array):
    """Compare operation(*arrays) with reference(*arrays in float64) in each dtype.

    Both return a tuple of arrays. Operations that update arrays in place are wrapped to return them. `move`
    puts an array on the backend that is tested. tolerance: dict dtype -> number for what the table's is too
    tight, with the reason.
    """
    for dtype in dtypes:
        rounded = [array.astype(dtype) if array.dtype.kind == "f" else array for array in arrays]
        wanted = reference(*[array.astype(np.float64) if array.dtype.kind == "f" else array.copy()
                             for array in rounded])
        got = operation(*[move(array.copy()) for array in rounded])
        assert len(got) == len(wanted)
        for i, (g, w) in enumerate(zip(got, wanted)):
            assert_close(g, w, (tolerance or TOLERANCE)[dtype], f"output {i} in {dtype}")


def check_gradient(function, gradient, x, rng, step=1e-6, tolerance=1e-6):
    """Compare <gradient, v>, v a random unit vector, with the central difference of `function` along v."""
    v = rng.standard_normal(x.shape)
    v /= np.linalg.norm(v)      # short, so that few rectifiers change sides between the two points
    difference = (function(x + step * v) - function(x - step * v)) / (2 * step)
    product = float(np.sum(gradient * v))
    scale = max(abs(difference), abs(product), 1e-12)
    assert abs(difference - product) <= tolerance * scale, f"differences {difference}, gradient {product}"

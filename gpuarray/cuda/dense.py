"""Launchers of dense layers: convolutions with a kernel of one tap over images of one pixel."""
from gpuarray.cuda import conv
from gpuarray.cuda.checks import check_arrays, check_choice, check_size


def dense(x, w, bias, activation, moments, tf32):
    check_choice("dense", "activation", activation, conv.ACTIVATIONS)
    check_arrays("dense", x=(x, "N D", "T"), w=(w, "D K", "float32"), bias=(bias, "K", "float32"))
    precision = conv.precision_of("dense", x, tf32)
    check_size("dense", "y", (len(x), w.shape[1]))
    result = conv.forward(_pixels(x), _one_tap(w), 1, bias, activation, moments, precision)
    if not moments:
        return result.reshape(len(x), -1)
    y, statistics = result
    return y.reshape(len(x), -1), statistics


def dense_input_grad(dy, w, tf32):
    check_arrays("dense_input_grad", dy=(dy, "N K", "T"), w=(w, "D K", "float32"))
    precision = conv.precision_of("dense_input_grad", dy, tf32)
    check_size("dense_input_grad", "dx", (len(dy), len(w)))
    dx = conv.input_grad(_pixels(dy), _one_tap(w), 1, (1, 1), None, "linear", False, precision)
    return dx.reshape(len(dy), -1)


def dense_weight_grad(x, dy, dw, weight, tf32):
    check_arrays("dense_weight_grad", x=(x, "N D", "T"), dy=(dy, "N K", "T"), dw=(dw, "D K", "float32"))
    precision = conv.precision_of("dense_weight_grad", x, tf32)
    conv.weight_grad(_pixels(x), _pixels(dy), _one_tap(dw), 1, weight, precision)


def _pixels(x):                     # (N, D) -> (N, 1, 1, D)
    return x.reshape(len(x), 1, 1, -1)


def _one_tap(w):                    # (D, K) -> (1, 1, D, K)
    return w.reshape(1, 1, *w.shape)

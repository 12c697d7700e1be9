"""Launchers of dense layers: convolutions with a kernel of one tap over images of one pixel."""
from gpuarray.cuda import conv
from gpuarray.cuda.checks import check_arrays, check_choice


def dense(x, w, bias, activation, moments, tf32):
    check_choice("dense", "activation", activation, conv.ACTIVATIONS)
    check_arrays("dense", x=(x, "N D", "T"), w=(w, "D K", "float32"), bias=(bias, "K", "float32"))
    result = conv.forward(_pixels(x), _one_tap(w), 1, bias, activation, moments, conv.precision_of("dense", x, tf32))
    y, statistics = result if moments else (result, None)
    y = y.reshape(len(x), -1)
    return (y, statistics) if moments else y


def dense_input_grad(dy, w, tf32):
    check_arrays("dense_input_grad", dy=(dy, "N K", "T"), w=(w, "D K", "float32"))
    dx = conv.input_grad(_pixels(dy), _one_tap(w), 1, (1, 1), None, "linear", False,
                         conv.precision_of("dense_input_grad", dy, tf32))
    return dx.reshape(len(dy), -1)


def dense_weight_grad(x, dy, dw, weight, tf32):
    check_arrays("dense_weight_grad", x=(x, "N D", "T"), dy=(dy, "N K", "T"), dw=(dw, "D K", "float32"))
    conv.weight_grad(_pixels(x), _pixels(dy), _one_tap(dw), 1, weight, conv.precision_of("dense_weight_grad", x, tf32))


def _pixels(x):                     # (N, D) -> (N, 1, 1, D)
    return x.reshape(len(x), 1, 1, -1)


def _one_tap(w):                    # (D, K) -> (1, 1, D, K)
    return w.reshape(1, 1, *w.shape)

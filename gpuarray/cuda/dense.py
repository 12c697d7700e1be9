"""Dense layers: convolutions with a kernel of one tap over images of one pixel."""
from gpuarray.cuda import conv


def dense(x, w, bias, activation, moments, tf32):
    result = conv.conv2d(_pixels(x), _one_tap(w), 1, bias, activation, moments, tf32, None)
    if not moments:
        return result.reshape(len(x), -1)
    y, statistics = result
    return y.reshape(len(x), -1), statistics


def dense_input_grad(dy, w, tf32):
    dx = conv.conv2d_input_grad(_pixels(dy), _one_tap(w), 1, (1, 1), None, "linear", False, tf32, None)
    return dx.reshape(len(dy), -1)


def dense_weight_grad(x, dy, dw, weight, tf32):
    conv.conv2d_weight_grad(_pixels(x), _pixels(dy), _one_tap(dw), 1, weight, tf32)


def _pixels(x):                     # (N, D) -> (N, 1, 1, D)
    return x.reshape(len(x), 1, 1, -1)


def _one_tap(w):                    # (D, K) -> (1, 1, D, K)
    return w.reshape(1, 1, *w.shape)

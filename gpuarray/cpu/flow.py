"""Planar normalising flow (Rezende & Mohamed 2015) and its gradients."""
import numpy as np


def _invertible(u, w):
    """(u^, w.u^, m(w.u) - w.u, w.w) with w.u^ = m(w.u) = log(1 + e^(w.u)) - 1 above -1."""
    product, square = w @ u, w @ w
    kept = np.logaddexp(0, product) - 1
    return u + (kept - product) / square * w, kept, kept - product, square


def planar_flow(z, u, w, b):
    u_hat, kept, _, _ = _invertible(u, w)
    h = np.tanh(z @ w + b)                                              # (M,)
    return z + np.outer(h, u_hat), np.log1p(kept * (1 - h**2))


def planar_flow_grad(dy, dlog_det, z, u, w, b, du, dw, db, weight):
    u_hat, kept, moved, square = _invertible(u, w)
    h = np.tanh(z @ w + b)
    slope = 1 - h**2
    dlog = dlog_det / (1 + kept * slope)
    da = (dy @ u_hat - 2 * kept * dlog * h) * slope                     # a = w.z + b

    du_hat, dkept = h @ dy, np.sum(dlog * slope)
    dmoved = du_hat @ w / square                                        # u^ = u + moved / square w
    dkept += dmoved
    dproduct = dkept / (1 + np.exp(-(w @ u))) - dmoved                  # moved = m(product) - product
    du += weight * (du_hat + dproduct * w)
    dw += weight * (da @ z + moved / square * du_hat - 2 * dmoved * moved / square * w + dproduct * u)
    db += weight * np.sum(da)
    return dy + np.outer(da, w)

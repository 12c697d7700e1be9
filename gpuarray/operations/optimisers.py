"""Optimisers: one step over a network's flat buffer of parameters, in place.

Buffers are (n,). lr and gate are arrays (1,) on the same device, float32 or of type P, so that a recorded
step sees them change. Where gate is 0 nothing moves, and the gradient is cleared all the same. rounded (n,)
bfloat16, where given, receives the parameters that moved, for products to read.
"""
from gpuarray.checks import check_value, checked
from gpuarray.rules import BELOW_ONE, FINITE, NOT_NEGATIVE, Whole


def rmsprop_step(p, g, ms, lr, gate=None, decay=0.9, eps=1e-8, weight_decay=0.0, n_decayed=0,
                 rounded=None):
    """One step of RMSProp on parameters p with gradient g and its moving mean square ms.

    g' = g + weight_decay * p for the first n_decayed elements; ms = decay * ms + (1 - decay) * g'^2;
    p -= lr * g' / (sqrt(ms) + eps); then g = 0, ready to be added to.
    """
    backend = _checked("rmsprop_step", p, lr, gate, n_decayed, rounded, g=(g, "n", "P"), ms=(ms, "n", "P"),
                       decay=(decay, BELOW_ONE), eps=(eps, NOT_NEGATIVE), weight_decay=(weight_decay, FINITE))
    backend.rmsprop_step(p, g, ms, lr, gate, decay, eps, weight_decay, n_decayed, rounded)


def adam_step(p, g, m, v, t, lr, gate=None, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.0, n_decayed=0,
              rounded=None):
    """One step of Adam (Kingma & Ba 2015), with g' as in rmsprop_step; t (1,) float32 counts the steps taken.

    t += 1; m, v: moving means of g' and g'^2;
    p -= lr * (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps); then g = 0.
    """
    backend = _checked("adam_step", p, lr, gate, n_decayed, rounded, g=(g, "n", "P"), m=(m, "n", "P"),
                       v=(v, "n", "P"), t=(t, "1", "float32"), beta1=(beta1, BELOW_ONE),
                       beta2=(beta2, BELOW_ONE), eps=(eps, NOT_NEGATIVE), weight_decay=(weight_decay, FINITE))
    backend.adam_step(p, g, m, v, t, lr, gate, beta1, beta2, eps, weight_decay, n_decayed, rounded)


def _checked(operation, p, lr, gate, n_decayed, rounded, **others):
    backend = checked(operation, p=(p, "n", "P"), lr=(lr, "1", "float32|P"),
                      gate=(gate, "1", "float32|P|None"), rounded=(rounded, "n", "bfloat16|None"), **others)
    check_value(operation, "n_decayed", n_decayed, Whole(0, p.size))
    return backend

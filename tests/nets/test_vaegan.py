"""Algorithm 1's routing: every gradient against the finite difference of the scalar that it is defined by."""
import numpy as np
import pytest

from tests.gpuarray.check import check_gradient
from tests.nets.by_hand import Objectives, along, build, images

WIRINGS = [dict(fakes="prior", real_weight=0.5), dict(fakes="prior", real_weight=0.33),
           dict(fakes="prior", real_weight=0.5, non_saturating=True),
           dict(fakes="reconstructions", real_weight=0.5),
           dict(fakes="reconstructions", real_weight=None, decode_again=True),
           dict(fakes="both", real_weight=None), dict(fakes="both", real_weight=0.33, decode_again=True)]


@pytest.mark.parametrize("name", ["encoder", "decoder", "discriminator"])
@pytest.mark.parametrize("wiring", WIRINGS, ids=lambda w: "-".join(map(str, w.values())))
def test_each_network_gets_its_gradient_and_no_other(wiring, name):
    model, x = build(**wiring), images()
    objectives = Objectives(model, x)
    model.gradients(x)
    network = model.networks[name]
    check_gradient(along(network, getattr(objectives, f"{name}_objective")), network.gradients.copy(),
                   network.parameters.copy(), np.random.default_rng(2), tolerance=2e-5)

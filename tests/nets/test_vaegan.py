"""Algorithm 1's routing: every gradient against the finite difference of the scalar that it is defined by."""
import numpy as np
import pytest

from tests.gpuarray.check import check_gradient
from tests.nets.by_hand import Objectives, along, attributes_of, build, images

WIRINGS = [dict(fakes="prior", real_weight=0.5), dict(fakes="prior", real_weight=0.33),
           dict(fakes="prior", real_weight=0.5, non_saturating=True),
           dict(fakes="reconstructions", real_weight=0.5),
           dict(fakes="reconstructions", real_weight=None, decode_again=True),
           dict(fakes="both", real_weight=None, apart=True),
           dict(fakes="both", real_weight=None), dict(fakes="both", real_weight=0.33, decode_again=True)]
MISMATCHED = [dict(wiring, mismatched=True)
              for wiring in (WIRINGS[0], WIRINGS[2], WIRINGS[-2], dict(WIRINGS[2], apart=True))]


@pytest.mark.parametrize("name", ["encoder", "decoder", "discriminator"])
@pytest.mark.parametrize("wiring", WIRINGS, ids=lambda w: "-".join(map(str, w.values())))
def test_each_network_gets_its_gradient_and_no_other(wiring, name):
    check_network(build(**wiring), name, images())


@pytest.mark.parametrize("name", ["encoder", "decoder", "discriminator"])
@pytest.mark.parametrize("wiring", [WIRINGS[0], WIRINGS[3], WIRINGS[-2], WIRINGS[-1], *MISMATCHED],
                         ids=lambda w: "-".join(map(str, w.values())))
def test_conditional_networks_get_their_gradients(wiring, name):
    check_network(build(attributes=4, **wiring), name, images(), attributes_of())


@pytest.mark.parametrize("wiring", [dict(kind="gan"), dict(fakes="both")])
def test_what_is_told_wrongly_is_only_for_conditional_models(wiring):
    models = [build(mismatched=mismatched, **wiring) for mismatched in (False, True)]
    for model in models:
        model.step(images())
    states = [model.state() for model in models]
    assert all(np.array_equal(states[0][name], states[1][name]) for name in states[0])


def check_network(model, name, x, attributes=None):
    objectives = Objectives(model, x, attributes)
    model.gradients(x, attributes)
    network = model.networks[name]
    check_gradient(along(network, getattr(objectives, f"{name}_objective")), network.gradients.copy(),
                   network.parameters.copy(), np.random.default_rng(2), tolerance=2e-5)

"""Several processes train as one does on the whole batch: played by threads, in float64."""
import numpy as np
import pytest

import gpuarray as ga
from tests.gpuarray.check import assert_close, relative_error
from tests.gpuarray.processes import in_processes
from tests.nets.by_hand import attributes_of, build, images

STEPS, BATCH = 3, 4
KINDS = [("vae", {}), ("vae_dis_l", {}), ("gan", dict(gate=(0.68, 0.35))), ("vaegan", {}),
         ("vaegan", dict(fakes="both", decode_again=True, real_weight=None)),
         ("vaegan", dict(fakes="reconstructions", non_saturating=True)),
         ("vaegan", dict(fakes="both", attributes=4, mismatched=True))]


def trained(kind, options, group=ga.ALONE, **joined):
    """(state, metrics) after some steps."""
    model, attributes = build(kind, weight_decay=1e-3, **options), options.get("attributes")
    model.join(group, **joined)
    for _ in range(STEPS):
        batch = [images(BATCH), *([attributes_of(BATCH, attributes)] if attributes else [])]
        model.step(*(np.ascontiguousarray(array[group.part]) for array in batch))
    return model.state(), model.metrics()


def trained_together(size, kind, options, **joined):
    return in_processes(size, lambda communicator: trained(
        kind, options, ga.Group(communicator, BATCH), **joined))


@pytest.mark.parametrize("size", [2, 3])
@pytest.mark.parametrize("kind, options", KINDS, ids=str)
def test_several_processes_end_as_one(size, kind, options):
    state, metrics = trained(kind, options)
    together = trained_together(size, kind, options)
    for other_state, other_metrics in together:
        assert other_metrics == pytest.approx(metrics, rel=1e-9)
        for name, array in state.items():
            assert_close(other_state[name], array, 1e-8, name)               # (seen: 2e-10)
            assert np.array_equal(other_state[name], together[0][0][name]), name


def test_processes_may_have_one_image_each():
    state, _ = trained("vaegan", dict(attributes=4, mismatched=True))
    for other, _ in trained_together(BATCH, "vaegan", dict(attributes=4, mismatched=True)):
        assert_close(other["encoder/parameters"], state["encoder/parameters"], 1e-8)


def test_batchnorm_per_rank_is_another_training():
    (alone, _), ((first, _), (second, _)) = trained("vae", {}), trained_together(
        2, "vae", {}, batchnorm_per_rank=True)
    assert np.array_equal(first["encoder/parameters"], second["encoder/parameters"])
    assert not np.array_equal(first["encoder/statistics"], second["encoder/statistics"])
    assert 1e-4 < relative_error(first["encoder/parameters"], alone["encoder/parameters"]) < 0.5

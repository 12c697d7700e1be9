"""The numbers of the presets are those of the paper and of the released code."""
import importlib
import re
from dataclasses import MISSING, asdict, fields

import pytest

from experiment.training import learning_rate
from experiment.model_settings import GATE
from experiment.settings import FEBRUARY, OURS, PAPER, PRESETS, RELEASED, changed, fill

SCRIPTS = "celeba_vae", "celeba_gan", "celeba_aegan", "lfw_aegan"
ALL = pytest.mark.parametrize("name", (*SCRIPTS, "lfw_regressor"))
VAEGAN = pytest.mark.parametrize("name", SCRIPTS[2:])


def preset(name, which):
    script = importlib.import_module(name)
    return fill(script.Config, script.PRESETS, {"preset": which}, name)


def values(settings, **expected):
    """Are these the values of these fields?"""
    found = {name: getattr(settings, name) for name in expected}
    assert found == expected
    return True


@ALL
def test_presets_give_exactly_the_fields_that_have_no_default(name):
    script = importlib.import_module(name)
    needed = {field.name for field in fields(script.Config) if field.default is MISSING}
    assert tuple(script.PRESETS) == PRESETS
    for which, sources in script.PRESETS.items():
        given = [field for numbers in sources.values() for field in numbers]
        assert len(given) == len(set(given)), which
        assert needed <= set(given) <= needed | {"optimiser", "cores"}, which
        marks = {"quick": {OURS}, "cpu": {OURS}, "paper": {PAPER, FEBRUARY}, "released": {RELEASED}}[which]
        assert set(sources) <= marks | ({OURS} if name == "lfw_regressor" else set())      # never released


@ALL
def test_every_value_passes_its_own_flag(name):
    script = importlib.import_module(name)
    for which in PRESETS:
        settings = preset(name, which)
        for field in fields(script.Config):
            flag, value = field.metadata["flag"], getattr(settings, field.name)
            if flag.read and value is not None:
                assert flag.read(str(value)) == value, field.name


@ALL
def test_quick_is_small_and_needs_no_files(name):
    settings = preset(name, "quick")
    assert (settings.data, settings.image_size) == ("toyfaces", 32) and settings.width < 1


@ALL
@pytest.mark.parametrize("which", ["paper", "released"])
def test_what_paper_and_code_share(name, which):
    settings = preset(name, which)
    assert settings.data == name.split("_")[0]
    assert values(settings, image_size=64, width=1, batch_size=64, epoch_size=250, warmup=0,
                  optimiser="rmsprop", weight_decay=2e-5, augment=True)
    assert name == "lfw_regressor" or values(settings, z_size=128, conditional=False)


@pytest.mark.parametrize("name, start, epochs", [
    ("celeba_vae", .025, 250), ("celeba_gan", .025, 250), ("celeba_aegan", .025, 250),
    ("lfw_aegan", .01, 150), ("lfw_regressor", .01, 20)])
def test_released_learning_rates(name, start, epochs):
    settings = preset(name, "released")
    assert settings.epochs == epochs
    assert learning_rate(settings, 0) * 64 == pytest.approx(start, rel=1e-12)
    middle = learning_rate(settings, epochs // 2 * 250) * 64
    assert middle == pytest.approx(start - 0.5 ** 0.75 * (start - 1e-5), rel=1e-12)


@ALL
def test_paper_learning_rate(name):
    settings = preset(name, "paper")
    assert {learning_rate(settings, step) for step in (0, 100, 37_499)} == {3e-4}
    assert settings.epochs == (20 if name == "lfw_regressor" else 150)


@VAEGAN
def test_vaegan_of_the_paper(name):
    assert values(preset(name, "paper"), encoder_hidden=2048, fakes="both", decode_again=False, gamma=1e-5,
                  gate=False, real_weight=None, cost_eps=0, non_saturating=False)


@pytest.mark.parametrize("name, real_weight", [("celeba_aegan", 0.5), ("lfw_aegan", 0.33)])
def test_vaegan_of_the_released_code(name, real_weight):
    assert values(preset(name, "released"), encoder_hidden=1024, fakes="prior", decode_again=True, gamma=1e-6,
                  gate=True, real_weight=real_weight, cost_eps=1e-3, non_saturating=False)


def test_the_gate_is_that_of_the_released_code():
    assert GATE == (0.68, 0.35)


def test_lfw_differs_from_celeba_only_in_its_data_and_released_numbers():
    differences = {which: {name: value for name, value in asdict(preset("lfw_aegan", which)).items()
                           if value != getattr(preset("celeba_aegan", which), name)} for which in PRESETS}
    assert differences == {"quick": {}, "cpu": dict(data="lfw"), "paper": dict(data="lfw"), "released": dict(
        data="lfw", epochs=150, lr=0.01 / 64, real_weight=0.33)}
    for which in PRESETS:
        assert preset("lfw_aegan", which).origin == preset("celeba_aegan", which).origin


def test_other_numbers_may_come_from_another_origin():
    presets = {"quick": {OURS: dict(a=1, b=2)}, "paper": {PAPER: dict(a=3)}}
    assert changed(presets, paper={PAPER: dict(a=4), FEBRUARY: dict(b=5)}) == {
        "quick": {OURS: dict(a=1, b=2)}, "paper": {PAPER: dict(a=4), FEBRUARY: dict(b=5)}}
    assert presets["paper"] == {PAPER: dict(a=3)}


@pytest.mark.parametrize("name", SCRIPTS[:3])
def test_a_script_shows_its_networks_in_under_100_lines(name):
    with open(importlib.import_module(name).__file__) as file:
        source = file.read()
    assert source.count("\n") < 100 and re.search(r"nets\.decoder\(", source)

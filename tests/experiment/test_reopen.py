"""Finished runs become models again: by load_run, from their folder or from an exported file."""
import json
import shutil
import sys

import numpy as np
import pytest
from safetensors.numpy import load_file

import experiment
from experiment import UsageError, exported, load_discriminator, load_run
from experiment.reopen import EXPERIMENTS, reopen
from experiment.run_folder import RunFolder
from tests.experiment.fakes import settings
from tests.experiment.runs import content, finished_run

EACH = pytest.mark.parametrize("script", EXPERIMENTS)


def z_of(model, settings):
    """z for three samples, and of a conditional model what they are told: arguments of `sample`."""
    rng, told = np.random.default_rng(0), len(settings.attribute_names)
    return [rng.standard_normal((3, size), np.float32) for size in (model.z_size, told) if size]


def images(settings):
    shape = 3, settings.image_size, settings.image_size, settings.channels
    return np.random.default_rng(1).uniform(-1, 1, shape).astype(np.float32)


def same(one, other):
    """Do two models have the same state, bit for bit?"""
    states = one.state(), other.state()
    assert states[0].keys() == states[1].keys()
    return all(states[0][name].tobytes() == states[1][name].tobytes() for name in states[0])


def edit(run, **changes):
    """Change the settings in a run's config.json; None takes one away."""
    config = RunFolder(run).config()
    for name, value in changes.items():
        config["settings"].pop(name, None)
        if value is not None:
            config["settings"][name] = value
    RunFolder(run).write_config(config)


@EACH
def test_a_run_is_the_model_it_was_and_its_folder_is_left_alone(script, tmp_path):
    model = finished_run(tmp_path / "run", script, lr=0.25)
    before = content(tmp_path)
    settings, again = load_run(tmp_path / "run", "cpu")
    assert content(tmp_path) == before
    assert (settings.script, settings.lr, settings.origin["lr"]) == (script, 0.25, "flag")
    assert type(again) is type(model) and same(model, again)
    if again.has_decoder:
        z = z_of(model, settings)
        assert (model.sample(*z) == again.sample(*z)).all() and (model.decode(*z) == again.decode(*z)).all()
    if again.has_encoder:
        assert (model.reconstruct(images(settings)) == again.reconstruct(images(settings))).all()


def test_a_checkpoint_is_named_by_its_epoch_or_its_path(tmp_path):
    model = finished_run(tmp_path / "run")
    first, second = (tmp_path / "run" / "checkpoints" / f"epoch_000{n}.npz" for n in (1, 2))
    for name in ("epoch_0001", "epoch_0001.npz", first):
        _, again = load_run(tmp_path / "run", "cpu", name)
        assert not same(model, again)
    assert same(model, load_run(tmp_path / "run", "cpu", second)[1])
    with pytest.raises(UsageError, match="--checkpoint epoch_0009: no such file, .* has epoch_0001, "):
        load_run(tmp_path / "run", "cpu", "epoch_0009")


def test_a_setting_younger_than_the_run_has_its_present_default(tmp_path):
    model = finished_run(tmp_path / "run")
    edit(tmp_path / "run", warmup=None, non_saturating=None)
    settings, again = load_run(tmp_path / "run", "cpu")
    assert (settings.warmup, settings.non_saturating) == (0, False) and same(model, again)


def test_a_setting_younger_than_the_run_follows_the_runs_preset(tmp_path):
    finished_run(tmp_path / "run", preset="released", image_size=32)
    edit(tmp_path / "run", gamma=None)
    assert load_run(tmp_path / "run", "cpu")[0].gamma == 1e-6


def test_a_precision_that_the_device_lacks_becomes_fp32(tmp_path):
    finished_run(tmp_path / "run")
    edit(tmp_path / "run", precision="bf16")
    assert load_run(tmp_path / "run", "cpu")[0].precision == "fp32"


@pytest.mark.parametrize("name", ["antigravity", "os", "tests.experiment.fakes", "../celeba_aegan", "nets"])
def test_config_imports_nothing_but_experiments(name, tmp_path, monkeypatch):
    finished_run(tmp_path / "run")
    config = RunFolder(tmp_path / "run").config()
    RunFolder(tmp_path / "run").write_config(config | {"script": name})
    monkeypatch.setattr(experiment.reopen.importlib, "import_module", lambda name: pytest.fail(name))
    with pytest.raises(UsageError, match=f"made by {name}.py, which is none of this version's experiments"):
        load_run(tmp_path / "run", "cpu")


def test_a_script_of_the_working_folder_is_not_imported(tmp_path, monkeypatch):
    finished_run(tmp_path / "run", "celeba_vae")
    (tmp_path / "celeba_vae").mkdir()                  # a run's folder looks like a package
    (tmp_path / "celeba_vae.py").write_text("raise SystemExit('run')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "celeba_vae")
    path = list(sys.path)
    load_run(tmp_path / "run", "cpu")
    assert sys.path == path


def test_vae_dis_l_opens_without_its_gan(tmp_path, capsys):
    gan = finished_run(tmp_path / "gan", "celeba_gan")
    model = finished_run(tmp_path / "run", "celeba_vae", similarity="discriminator",
                         discriminator=str(tmp_path / "gan"))
    assert (model.discriminator.parameters == gan.networks["discriminator"].parameters).all()
    assert (model.discriminator.statistics == gan.networks["discriminator"].statistics).all()
    assert capsys.readouterr().out == f"discriminator: {tmp_path}/gan/checkpoints/epoch_0002.npz\n"
    shutil.rmtree(tmp_path / "gan")
    settings, again = load_run(tmp_path / "run", "cpu")
    assert (settings.similarity, settings.discriminator) == ("discriminator", str(tmp_path / "gan"))
    x = images(settings)
    assert same(model, again) and (model.reconstruct(x) == again.reconstruct(x)).all()


@pytest.mark.parametrize("layer, side", [("vaegan", 8), ("conv2", 16), ("conv4", 4)])
def test_vae_dis_l_compares_the_features_of_the_layer_that_it_is_told(tmp_path, layer, side):
    finished_run(tmp_path / "gan", "celeba_gan")
    model = finished_run(tmp_path / "run", "celeba_vae", similarity="discriminator", layer=layer,
                         discriminator=str(tmp_path / "gan"))
    features, _ = model.discriminator.features(np.zeros((2, 32, 32, 3), np.float32), "test")
    assert features.shape[1:3] == (side, side)


def test_a_gan_that_is_still_training_is_told(tmp_path, capsys):
    finished_run(tmp_path / "gan", "celeba_gan", epochs=5)
    finished_run(tmp_path / "run", "celeba_vae", similarity="discriminator",
                 discriminator=str(tmp_path / "gan"))
    assert "epoch_0002.npz (only 4 of its 10 steps)\n" in capsys.readouterr().out


@pytest.mark.parametrize("name, value, complaint", [
    ("epochs", "many", "epochs many is no setting"), ("epoch_size", [3], r"epoch_size \[3\] is no setting"),
    ("image_size", 64, "image_size 64, this run has 32"), ("width", 0.5, "width 0.5, this run has 0.05"),
    ("z_size", 7, "epoch_0002.npz: does not fit")])
def test_a_discriminator_that_cannot_be_used_is_refused(name, value, complaint, tmp_path):
    finished_run(tmp_path / "gan", "celeba_gan")
    edit(tmp_path / "gan", **{name: value})
    with pytest.raises(UsageError, match=f"^--discriminator {tmp_path}/gan.*{complaint}"):
        load_discriminator(tmp_path / "gan", None, settings(width=0.05), "cpu")


@pytest.mark.parametrize("change, complaint", [
    ({"width": 0.5}, r"epoch_0002.npz: does not fit .* \(.*has shape"), ({"z_size": 7}, "does not fit"),
    ({"width": "wide"}, "config.json: width wide is no setting"),
    ({"older": 3}, "config.json: older 3 is no setting")])
def test_a_checkpoint_of_other_networks_is_refused(change, complaint, tmp_path):
    finished_run(tmp_path / "run")
    edit(tmp_path / "run", **change)
    with pytest.raises(UsageError, match=complaint) as caught:
        load_run(tmp_path / "run", "cpu")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("crop, data, expected", [
    ("lfw", "some/folder", "lfw"), (None, "toyfaces", "centre"), (None, "celeba", "celeba"),
    (None, "lfw", "lfw"), (None, "some/folder", None)])
def test_the_crop_of_a_runs_data(crop, data, expected, tmp_path):
    finished_run(tmp_path / "run", crop=crop, data=data)
    if crop is None:                                   # as older versions did
        config = RunFolder(tmp_path / "run").config()
        del config["data"]
        RunFolder(tmp_path / "run").write_config(config)
    assert reopen(tmp_path / "run", "cpu").crop == expected


class TestExported:
    @pytest.fixture
    def file(self, tmp_path):
        return tmp_path / "model.safetensors"

    def export(self, run, file):
        finished = reopen(run, "cpu")
        with open(file, "wb") as opened:
            exported.save(opened, finished.model, finished.config, finished.step)
        return finished

    @EACH
    def test_everything_but_the_optimisers_comes_back_bit_for_bit(self, script, tmp_path, file):
        finished_run(tmp_path / "run", script)
        finished = self.export(tmp_path / "run", file)
        shutil.rmtree(tmp_path / "run")
        again = reopen(file, "cpu")
        assert (again.config, again.step, again.settings) == (finished.config, 4, finished.settings)
        for name, network in finished.model.networks.items():
            other = again.model.networks[name]
            assert other.parameters.tobytes() == network.parameters.tobytes()
            assert other.statistics.tobytes() == network.statistics.tobytes()
        if again.model.has_decoder:
            z = z_of(finished.model, finished.settings)
            assert (load_run(file, "cpu")[1].sample(*z) == finished.model.sample(*z)).all()

    def test_arrays_have_their_layers_names_and_shapes(self, tmp_path, file):
        finished_run(tmp_path / "run")
        model = self.export(tmp_path / "run", file).model
        arrays = load_file(file)
        conv, upconv = model.networks["encoder"].layers[0], model.networks["decoder"].layers[1]
        assert arrays["encoder.conv1.weights"].shape == (5, 5, 3, conv.weights.shape[3])
        assert (arrays["encoder.conv1.running_mean"] == conv.norm.running[0][0]).all()
        for path, name in enumerate(("posterior", "prior")):
            assert (arrays[f"decoder.upconv1.running_inv_std.{name}"] == upconv.norm.running[path][1]).all()
        assert sum(array.size for name, array in arrays.items() if "running" not in name) == sum(
            network.parameter_count for network in model.networks.values())

    def test_another_models_file_is_refused(self, tmp_path, file):
        finished_run(tmp_path / "run")
        finished = reopen(tmp_path / "run", "cpu")
        for change, complaint in (({"width": 0.5}, "does not fit"), ({"older": 3}, "older 3 is no setting")):
            config = json.loads(json.dumps(finished.config))
            config["settings"].update(change)
            with open(file, "wb") as opened:
                exported.save(opened, finished.model, config, 4)
            with pytest.raises(UsageError, match=f"model.safetensors: .*{complaint}"):
                load_run(file, "cpu")

    @pytest.mark.parametrize("spoil", [
        lambda path: path.write_bytes(b""), lambda path: path.write_text("no model"),
        lambda path: path.write_bytes(path.read_bytes()[:-1])])
    def test_a_damaged_file_is_refused(self, spoil, tmp_path, file):
        finished_run(tmp_path / "run")
        self.export(tmp_path / "run", file)
        spoil(file)
        with pytest.raises(UsageError, match="model.safetensors: damaged, or not written by"):
            load_run(file, "cpu")

    def test_a_file_holds_one_model_only(self, tmp_path, file):
        with pytest.raises(UsageError, match="--checkpoint epoch_0001: .* holds one model"):
            load_run(file, "cpu", "epoch_0001")

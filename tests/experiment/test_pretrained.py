"""The models that come with the package, and how one shares a model of one's own."""
import json
import shutil

import numpy as np
import pytest
from safetensors import safe_open

from dataset.toyfaces import render
from experiment import UsageError, exported, load_run, pretrained
from experiment.commands import main
from experiment.evaluation import vectors
from experiment.reopen import reopen
from experiment.run_folder import RunFolder
from tests.experiment.runs import content, finished_run

Z = np.random.default_rng(0).standard_normal((3, 6), np.float32)


def do(*arguments):
    main([*map(str, arguments), "--device", "cpu"])


def metadata(path):
    with safe_open(path, framework="numpy") as file:
        return file.metadata()


class TestThoseOfThePackage:
    @pytest.mark.parametrize("name", pretrained.names())
    def test_small_halved_and_without_a_place_of_the_machine(self, name):
        path = pretrained.find(name)
        assert path.stat().st_size < 3e6
        with safe_open(path, framework="numpy") as file:
            assert {file.get_tensor(array).dtype for array in file.keys()} == {np.dtype(np.float16)}
        config = json.loads(metadata(path)["config"])
        assert not [value for value in config["settings"].values() if isinstance(value, str) and "/" in value]
        card = path.with_suffix(".md").read_text()
        assert f"step {reopen(name, 'cpu').step:,}" in card and "| reconstruction / psnr |" in card

    def test_toyfaces_knows_the_faces_it_is_shown(self):
        settings, model = load_run(pretrained.DEFAULT, "cpu")
        faces = render(range(20_000, 20_064), settings.image_size).astype(np.float32) / np.float32(127.5) - 1
        again = model.reconstruct(faces)
        own = ((again - faces) ** 2).mean()
        others = np.mean([((again - np.roll(faces, shift, 0)) ** 2).mean() for shift in (1, 9, 20)])
        assert own < 0.25 * others                                       # measured 0.15
        samples = model.sample(np.random.default_rng(1).standard_normal((64, settings.z_size), np.float32))
        spread = [np.abs(some[:32] - some[32:]).mean() for some in (samples, faces)]
        assert spread[0] > 0.7 * spread[1]

    def test_it_has_the_vectors_of_attributes(self):
        known = vectors.known(reopen(pretrained.DEFAULT, "cpu"), pretrained.DEFAULT)
        assert len(known["names"]) == len(known["plain"]) == len(known["regressed"]) == 26

    def test_a_name_is_found_unless_something_of_that_name_lies_here(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        assert pretrained.find("toyfaces") == pretrained.find() == pretrained.FOLDER / "toyfaces.safetensors"
        assert str(pretrained.find("toyface")) == "toyface"
        finished_run(tmp_path / "toyfaces")
        assert str(pretrained.find("toyfaces")) == "toyfaces" and reopen("toyfaces", "cpu").step == 4

    def test_commands_use_it_where_no_run_is_named(self, tmp_path, monkeypatch, capsys):
        monkeypatch.chdir(tmp_path)
        do("sample", "--count", 3, "--out", "faces")
        assert "model: toyfaces, which comes with the package, step" in capsys.readouterr().out
        do("sample", "toyfaces", "--count", 3, "--out", "named")
        assert content(tmp_path / "faces") == content(tmp_path / "named")
        ada, bob = tmp_path / "faces" / "000000.png", tmp_path / "faces" / "000001.png"
        for name, arguments in (("one", [ada]), ("two", [ada, bob]), ("run", ["toyfaces", ada, bob])):
            do("reconstruct", *arguments, "--out", name)
        assert len(content(tmp_path / "one")) == 1
        assert content(tmp_path / "two") == content(tmp_path / "run")
        do("interpolate", ada, bob, "--steps", 3, "--out", "row.png")
        do("encode", "faces", "--cache", "cache", "--out", "z.npz")
        with np.load("z.npz") as file:
            assert file["mean"].shape == (3, load_run("toyfaces", "cpu")[0].z_size)


class TestShared:
    @pytest.fixture
    def run(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        self.model = finished_run(tmp_path / "run", cache=str(tmp_path / "cache"))
        return tmp_path / "run"

    def share(self, *flags):
        do("export", "run", "--share", "--out", "model.safetensors", *flags)

    def test_it_is_the_decoder_and_encoder_rounded(self, run, tmp_path):
        do("export", run, "--out", "whole.safetensors")
        self.share()
        sizes = [(tmp_path / name).stat().st_size for name in ("whole.safetensors", "model.safetensors")]
        assert sizes[1] < 0.5 * sizes[0]
        shutil.rmtree(run)
        _, model = load_run("model.safetensors", "cpu")
        assert set(model.networks) == {"encoder", "decoder"}
        for name, network in model.networks.items():
            array, whole = network.parameters, self.model.networks[name].parameters
            assert array.dtype == np.float32 and (array == whole.astype(np.float16)).all()
            assert (network.statistics == self.model.networks[name].statistics.astype(np.float16)).all()
        assert 0 < np.abs(model.sample(Z) - self.model.sample(Z)).max() < 0.01

    def test_it_names_no_place_of_this_machine(self, run, tmp_path):
        config = RunFolder(run).config()
        RunFolder(run).write_config(config | {"command": f"celeba_aegan.py --out {run}",
                                              "data": config["data"] | {"name": "folder"},
                                              "settings": config["settings"] | {"data": str(tmp_path)}})
        self.share()
        assert str(tmp_path) not in (tmp_path / "model.safetensors").read_bytes().decode("latin-1")
        assert str(tmp_path) not in (tmp_path / "model.md").read_text()

    def test_the_card_tells_command_settings_measures_and_limits(self, run, tmp_path):
        self.share()
        card = (tmp_path / "model.md").read_text()
        assert "python celeba_aegan.py --preset quick" in card and "--width 0.05" in card
        assert "step 4 of 4" in card and "--checkpoint" not in card
        assert "Not measured" in card and "terms of the pictures" in card
        measures = {"measures": {"reconstruction": {"psnr": 17.25}}, "step": 4}
        (run / "measures.json").write_text(json.dumps(measures))
        self.share("--overwrite")
        assert "| reconstruction / psnr | 17.25 |" in (tmp_path / "model.md").read_text()
        (run / "measures.json").write_text(json.dumps(measures | {"step": 2}))        # of another checkpoint
        self.share("--overwrite")
        assert "17.25" not in (tmp_path / "model.md").read_text()
        self.share("--overwrite", "--checkpoint", "epoch_0001")
        card = (tmp_path / "model.md").read_text()
        assert "17.25" in card and "step 2 of 4" in card
        assert "export RUN --checkpoint epoch_0001 --share" in card and "--keep-every 1 --out RUN" in card

    def test_attribute_vectors_of_the_checkpoint_go_along(self, run, tmp_path):
        made = {"names": ("Bald", "Male"), "plain": Z[:2], "regressed": Z[1:]}
        (run / "attributes").mkdir()
        np.savez(run / "attributes" / "vectors.npz", **made)
        for step, is_there in ((2, False), (4, True)):
            (run / "attributes" / "attributes.json").write_text(json.dumps({"step": step}))
            self.share("--overwrite")
            found = reopen("model.safetensors", "cpu").vectors
            assert (found is not None) == is_there
        assert found["names"] == made["names"]
        assert all((found[kind] == made[kind].astype(np.float16)).all() for kind in ("plain", "regressed"))
        (run / "attributes" / "vectors.npz").write_bytes(b"no vectors")
        with pytest.raises(UsageError, match="attributes: damaged"):
            self.share("--overwrite")

    def test_what_half_precision_cannot_hold_is_refused(self, run, tmp_path):
        do("export", run, "--out", "whole.safetensors")
        opened = reopen("whole.safetensors", "cpu")
        opened.model.networks["encoder"].layers[0].weights.value[0] = 1e6
        with pytest.raises(UsageError, match="--share: encoder.conv1.weights has numbers too large"):
            with open("large.safetensors", "wb") as file:
                exported.save(file, opened.model, opened.config, 4, share=True)

    def test_a_gan_and_a_regressor_can_be_shared(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        for script in ("celeba_gan", "lfw_regressor"):
            finished_run(tmp_path / script, script)
            do("export", script, "--share", "--out", f"{script}.safetensors")
            assert load_run(f"{script}.safetensors", "cpu")[1].has_decoder == (script == "celeba_gan")

"""Command lines to settings, with the fake experiment of fakes.py."""
import re

import pytest

from experiment.exit import UsageError
from experiment.flags import read_settings
from experiment.run_folder import RunFolder
from experiment.settings import portable
from tests.experiment.fakes import PRESETS, Config


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def read(*arguments):
    return read_settings(Config, PRESETS, "/somewhere/fake.py", arguments)


def test_quick_is_the_default_and_each_value_knows_where_it_is_from():
    settings = read()
    assert (settings.preset, settings.strength, settings.origin["strength"]) == ("quick", 1.0, "ours")


def test_flags_replace_the_presets_numbers():
    settings = read("--preset", "released", "--lr", "1e-3", "--limit", "none", "--no-augment")
    assert (settings.strength, settings.lr, settings.limit, settings.augment) == (3.0, 1e-3, None, False)
    assert (settings.origin["lr"], settings.origin["strength"]) == ("flag", "ours")


def test_default_folder_names_script_preset_and_time():
    assert re.fullmatch(r"runs/fake-paper-\d{8}-\d{6}", read("--preset", "paper").out)


@pytest.mark.parametrize("arguments, message", [
    (["--epochs", "0"], "--epochs 0: expected a whole number from 1 to"),
    (["--epochs", "2.5"], "--epochs 2.5: expected a whole number"),
    (["--epochs"], "--epochs: expected one argument"),
    (["--limit", "-3"], "--limit -3: expected a whole number from 1 to .* or none"),
    (["--lr", "0"], "--lr 0: expected a number above 0 and up to 1"),
    (["--lr", "nan"], "--lr nan: expected a number"),
    (["--width", "inf"], "--width inf: expected a number"),
    (["--weight-decay", "-0.5"], "--weight-decay -0.5: expected a number of at least 0"),
    (["--seed", "-1"], "--seed -1: expected a whole number from 0"),
    (["--image-size", "48"], "--image-size 48: use 28, 32, 64 or 128"),
    (["--preset", "best"], "--preset best: use quick, cpu, paper or released"),
    (["--out", ""], "--out '': the value is empty: expected DIR"),
    (["--data", "  "], "--data '  ': the value is empty: expected DATA"),
    (["--out", "~nobody-of-that-name/x"], "--out '~nobody-of-that-name/x': there is no user nobody-of-that-"),
    (["--batch-size", "1"], "--batch-size 1: batch normalisation .*: use 2 or more"),
    (["--data-changed"], "--data-changed: is for a run that goes on with other images: add --resume"),
    (["--epochs", ""], "--epochs '': expected a whole number"),
    (["--epoch", "3"], r"--epoch: no such flag: did you mean --epochs\?"),
    (["--frobnicate"], "--frobnicate: no such flag: --help lists them all"),
    (["stray"], "stray: no such flag"),
    (["--data", "a.png", "b.png"], "b.png: no such flag: .* give the folder that holds them"),
    (["--data", "a", "--data", "b"], "--data b: is the second --data"),
    (["--no-resume"], "--no-resume: no such flag"),
    (["--augment=1"], "--augment"),
    (["--resume"], "--resume: needs the folder of the run"),
    (["--resume", "--out", "nowhere"], "nowhere: not the folder of a run"),
])
def test_what_is_wrong_is_named(arguments, message, tmp_path):
    with pytest.raises(UsageError, match=message) as caught:
        read(*arguments)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_tilde_is_the_home_folder_in_every_path(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    settings = read("--data", "~/faces", "--cache=~", "--out=~/a/run")
    assert (settings.data, settings.cache) == (f"{tmp_path}/faces", str(tmp_path))
    assert settings.out == f"{tmp_path}/a/run"


def test_without_a_home_a_tilde_is_an_error(monkeypatch):
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    with pytest.raises(UsageError, match="--out '~/run': your home folder is not known: give the whole path"):
        read("--out", "~/run")


def test_an_experiment_may_have_fewer_presets(capsys):
    few = {"quick": PRESETS["quick"], "paper": PRESETS["paper"]}
    with pytest.raises(UsageError, match="--preset cpu: is none of this experiment's presets: use quick or"):
        read_settings(Config, few, "fake.py", ["--preset", "cpu"])
    with pytest.raises(SystemExit):
        read_settings(Config, few, "fake.py", ["--help"])
    assert "paper: " in (told := capsys.readouterr().out) and "cpu: " not in told


def test_help_shows_every_flag_with_its_presets(capsys):
    with pytest.raises(SystemExit) as left:
        read("--help")
    shown = " ".join(capsys.readouterr().out.split())
    assert left.value.code == 0
    assert "of nothing in particular [quick: 1.0, cpu: 4.0, paper: 2.0, released: 3.0]" in shown
    assert "steps between reports [25]" in shown and "SUPPRESS" not in shown


class TestResume:
    @pytest.fixture(autouse=True)
    def run(self):
        settings = read("--out", "run", "--lr", "0.25")
        folder = RunFolder("run")
        folder.create({"script": "fake", "settings": portable(settings), "origin": settings.origin})
        folder.close()

    def test_the_runs_own_settings_count(self):
        settings = read("--out", "run", "--resume")
        assert (settings.lr, settings.origin["lr"]) == (0.25, "flag")
        assert (settings.resume, settings.epochs) == (True, 3)

    def test_what_can_change_does(self):
        settings = read("--out", "run", "--resume", "--epochs", "9", "--lr", "0.125", "--device", "cpu")
        assert (settings.epochs, settings.lr, settings.device) == (9, 0.125, "cpu")

    def test_what_cannot_change_may_be_repeated_but_not_altered(self):
        assert read("--out", "run", "--resume", "--batch-size", "2").batch_size == 2
        with pytest.raises(UsageError, match="--batch-size 3: the run in run was started with 2"):
            read("--out", "run", "--resume", "--batch-size", "3")

    def test_another_scripts_run_is_refused(self):
        with pytest.raises(UsageError, match="was made by fake.py"):
            read_settings(Config, PRESETS, "other.py", ["--out", "run", "--resume"])

    @pytest.mark.parametrize("name, value", [
        ("epochs", "many"), ("epochs", 0), ("epochs", None), ("image_size", 48), ("augment", 1),
        ("older", 3)])
    def test_a_config_that_no_flags_could_have_made_is_refused(self, name, value):
        config = RunFolder("run").config()
        config["settings"][name] = value
        RunFolder("run").write_config(config)
        with pytest.raises(UsageError, match=f"run/config.json: {name} {value} is no setting"):
            read("--out", "run", "--resume")

    def test_a_setting_younger_than_the_run_takes_its_default(self):
        config = RunFolder("run").config()
        del config["settings"]["warmup"], config["origin"]["warmup"]
        RunFolder("run").write_config(config)
        settings = read("--out", "run", "--resume")
        assert (settings.warmup, settings.origin["warmup"], settings.lr) == (0, "ours", 0.25)

    def test_a_setting_younger_than_the_run_may_stand_for_what_was_done_before(self):
        config = RunFolder("run").config()
        del config["settings"]["cores"], config["settings"]["graph"]
        RunFolder("run").write_config(config)
        settings = read("--out", "run", "--resume")
        assert (settings.cores, settings.graph) == (None, False)

    @pytest.mark.parametrize("name, value", [("preset", []), ("preset", {}), ("lr", 1e999), ("lr", 10**400),
                                             ("data", "x" * 5000), ("cache", 5), ("\x1b[2J" * 50, 1)])
    def test_a_spoiled_config_is_one_short_line(self, name, value):
        config = RunFolder("run").config()
        config["settings"][name] = value
        config["origin"] = {"a": 1, "lr": [3]}
        RunFolder("run").write_config(config)
        if name != "data":
            with pytest.raises(UsageError, match="no setting of this version") as caught:
                read("--out", "run", "--resume")
            assert len(str(caught.value)) < 300

    def test_paths_are_found_from_another_folder(self, tmp_path, monkeypatch):
        config = RunFolder("run").config()
        config["settings"] = portable(read("--out", "other", "--data", "faces", "--cache", "cache"))
        RunFolder("run").write_config(config)
        (tmp_path / "sub").mkdir()
        monkeypatch.chdir(tmp_path / "sub")
        settings = read("--out", "../run", "--resume", "--cache", "../cache")
        assert (settings.out, settings.cache) == ("../run", "../cache")
        assert settings.data == str(tmp_path / "faces") and settings.origin["cache"] == "ours"
        assert portable(settings) == config["settings"] | {"out": str(tmp_path / "run"), "resume": True}

    def test_without_resume_the_folder_is_in_use(self):
        with pytest.raises(UsageError, match="add --resume"):
            read("--out", "run")

import pytest

from experiment.errors import UsageError
from experiment.finished import load_discriminator
from experiment.run_folder import RunFolder
from tests.experiment.fakes import settings


@pytest.mark.parametrize("name, value", [
    ("epochs", None), ("epochs", "many"), ("epoch_size", None), ("epoch_size", [3]), ("image_size", None)])
def test_a_damaged_config_is_named(tmp_path, name, value):
    given = {"image_size": 32, "width": 1.0, "epochs": 3, "epoch_size": 4} | {name: value}
    RunFolder(tmp_path).write_config({"script": "celeba_gan", "settings": given, "origin": {}})
    with pytest.raises(UsageError, match=f"--discriminator .*: its config.json is damaged .{name} .*: train"):
        load_discriminator(tmp_path, None, settings(), "cpu")

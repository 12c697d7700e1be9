import importlib

import pytest

from tests.scripts import scripts


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    """One image cache for all runs. Makes Matplotlib's list of fonts beforehand, as it tells when it does."""
    importlib.import_module("matplotlib.font_manager")
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def gan_run(tmp_path_factory, cache):
    """The folder of a finished tiny GAN."""
    folder = tmp_path_factory.mktemp("gan")
    scripts.train("celeba_gan", "--epochs", 1, "--out", "run", cache=cache, cwd=folder)
    return folder / "run"

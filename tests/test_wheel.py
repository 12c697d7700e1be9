"""What pip installs must work away from the checkout: the wheel holds the kernel files and the scripts."""
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from experiment.reopen import EXPERIMENTS, script_file
from tests.experiment.runs import finished_run

ROOT = Path(__file__).parents[1]
PACKAGES = "gpuarray", "nets", "dataset", "experiment", "examples"
BUILD = "import sys; from setuptools import build_meta; print(build_meta.build_wheel(sys.argv[1]))"
USE = """
from pathlib import Path
import gpuarray, nets, dataset, experiment
from gpuarray.cuda.source import FOLDER, source_text
assert Path.cwd() in FOLDER.parents, FOLDER
for path in sorted(FOLDER.glob("*.cu")):
    print(path.name, len(source_text(path.name)))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel of a copy of the sources, so that nothing is left in the checkout."""
    source, built = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("built")
    for name in PACKAGES:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in ROOT.glob("*"):
        if path.is_file():
            shutil.copy(path, source)
    subprocess.run([sys.executable, "-c", BUILD, str(built)], cwd=source, check=True, capture_output=True)
    path, = built.glob("*.whl")
    return path


def test_the_wheel_holds_every_file_of_the_packages(wheel):
    inside = set(zipfile.ZipFile(wheel).namelist())
    for name in PACKAGES:
        for path in (ROOT / name).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                assert path.relative_to(ROOT).as_posix() in inside
    assert not [name for name in inside if name.startswith(("tests/", "benchmarks/"))]
    assert {script_file(name) for name in EXPERIMENTS} == {
        name for name in inside if "/" not in name or name.startswith("examples/") and "__init__" not in name}


def test_an_installed_copy_finds_its_kernels(wheel, tmp_path):
    zipfile.ZipFile(wheel).extractall(tmp_path)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", USE], cwd=tmp_path, env=environment, check=True,
                          capture_output=True, text=True)
    found = dict(line.split() for line in done.stdout.splitlines())
    assert set(found) == {path.name for path in (ROOT / "gpuarray" / "cuda").glob("*.cu")}
    assert all(int(length) > 1000 for length in found.values())


def test_an_installed_copy_has_a_model_to_use_at_once(wheel, tmp_path):
    zipfile.ZipFile(wheel).extractall(tmp_path / "installed")
    command = [sys.executable, "-m", "experiment", "sample", "--count", "2", "--out", "two.png"]
    said = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True,
                          env={**os.environ, "PYTHONPATH": str(tmp_path / "installed")}).stdout
    assert "model: toyfaces, which comes with the package" in said and (tmp_path / "two.png").exists()


@pytest.mark.parametrize("script", EXPERIMENTS)
def test_an_installed_copy_opens_finished_runs_in_any_folder(script, wheel, tmp_path):
    zipfile.ZipFile(wheel).extractall(tmp_path / "installed")
    finished_run(tmp_path / "run", script)
    command = [sys.executable, "-m", "experiment", "export", "run", "--out", "model.safetensors"]
    subprocess.run(command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(tmp_path / "installed")},
                   check=True, capture_output=True)
    assert (tmp_path / "model.safetensors").exists()

"""The commands on finished runs, as a user calls them from any folder."""
import os
import shutil
import subprocess
import time

import numpy as np
import pytest
from PIL import Image
from safetensors import safe_open

from experiment.commands.interpolate import slerp
from experiment.pictures import grid
from tests.experiment.runs import content, finished_run
from tests.scripts.commands import FROM_ANYWHERE, command_line, do

SIZE = 32


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """{script: (folder, model)}"""
    folder = tmp_path_factory.mktemp("runs")
    return {script: (folder / script, finished_run(folder / script, script))
            for script in ("celeba_aegan", "celeba_gan", "celeba_vae")}


@pytest.fixture
def pictures(tmp_path):
    """Three picture files of the run's size, and what is in them: (paths, images in [-1, 1])."""
    pixels = np.random.default_rng(3).integers(0, 256, (3, SIZE, SIZE, 3), np.uint8)
    paths = [tmp_path / f"{name}.png" for name in ("ada", "bob", "cyd")]
    for path, image in zip(paths, pixels):
        Image.fromarray(image).save(path)
    return paths, pixels.astype(np.float32) / np.float32(127.5) - 1


def opened(path):
    return np.asarray(Image.open(path))


@pytest.mark.parametrize("script", ["celeba_aegan", "celeba_gan", "celeba_vae"])
def test_samples_are_the_same_in_a_grid_and_in_a_folder(script, runs, tmp_path):
    run, model = runs[script]
    before = content(run)
    said = do("sample", run, "--count", 70, "--seed", 3, "--out", "grid.png", cwd=tmp_path)
    assert said.endswith(f"model: {run}/checkpoints/epoch_0002.npz, step 4\nwritten: grid.png\n")
    said = do("sample", run, "--count", 100, "--seed", 3, "--out", "singles", cwd=tmp_path)
    assert said.endswith("written: 100 pictures in singles\n")
    singles = [opened(path) for path in sorted((tmp_path / "singles").iterdir())]
    assert len(singles) == 100 and len({image.tobytes() for image in singles}) == 100
    assert (opened(tmp_path / "grid.png") == grid(np.stack(singles[:70]) / 127.5 - 1, columns=9)).all()
    do("sample", run, "--count", 1, "--seed", 4, "--out", "other", cwd=tmp_path)
    assert (opened(tmp_path / "other" / "000000.png") != singles[0]).any()
    assert content(run) == before


def test_a_named_checkpoint(runs, tmp_path):
    run, _ = runs["celeba_vae"]
    do("sample", run, "--count", 1, "--checkpoint", "epoch_0001", "--out", "first.png", cwd=tmp_path)
    do("sample", run, "--count", 1, "--out", "last.png", cwd=tmp_path)
    assert (opened(tmp_path / "first.png") != opened(tmp_path / "last.png")).any()


def test_reconstructions_stand_below_their_originals(runs, pictures, tmp_path):
    (run, model), (paths, images) = runs["celeba_aegan"], pictures
    said = do("reconstruct", run, *paths, "--out", "grid.png", cwd=tmp_path)
    assert "crop: centre (as the data of the run)\n" in said
    expected = grid(np.concatenate([images, model.reconstruct(images)]), columns=3)
    assert np.abs(opened(tmp_path / "grid.png").astype(int) - expected).max() <= 1
    do("reconstruct", run, *paths, "--out", "singles", cwd=tmp_path)
    assert sorted(os.listdir(tmp_path / "singles")) == ["000000_ada.png", "000001_bob.png", "000002_cyd.png"]


def test_rows_of_reconstructions_that_are_not_full(runs, pictures, tmp_path):
    (run, _), (paths, _) = runs["celeba_vae"], pictures
    do("reconstruct", run, *paths, *paths, *paths, "--out", "grid.png", cwd=tmp_path)
    picture = opened(tmp_path / "grid.png")                         # rows of 8, 8, 1 and 1
    assert picture.shape == (4 * (SIZE + 2) - 2, 8 * (SIZE + 2) - 2, 3)
    assert (picture[2 * (SIZE + 2):, SIZE:] == 255).all() and (picture[2 * (SIZE + 2):, :SIZE] != 255).any()


def test_own_pictures_are_cut_as_asked(runs, tmp_path):
    run, _ = runs["celeba_vae"]
    pixels = np.random.default_rng(0).integers(0, 256, (218, 178, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "face.png")
    for crop, why in (("celeba", "--crop"), ("centre", "--crop"), (None, "as the data of the run")):
        arguments = ["--crop", crop] if crop else []
        said = do("reconstruct", run, "face.png", *arguments, "--out", f"{crop}.png", cwd=tmp_path)
        assert f"crop: {crop or 'centre'} ({why})\n" in said
    assert (opened(tmp_path / "None.png") == opened(tmp_path / "centre.png")).all()
    assert (opened(tmp_path / "celeba.png") != opened(tmp_path / "centre.png")).any()


def test_an_interpolation_goes_from_one_reconstruction_to_the_other(runs, pictures, tmp_path):
    (run, model), (paths, images) = runs["celeba_aegan"], pictures
    do("interpolate", run, *paths[:2], "--steps", 5, "--out", "row.png", cwd=tmp_path)
    row = opened(tmp_path / "row.png").astype(int)
    assert row.shape == (SIZE, 5 * (SIZE + 2) - 2, 3)
    ends = grid(model.reconstruct(images[:2])).astype(int)
    for end in (slice(SIZE), slice(-SIZE, None)):
        assert np.abs(row[:, end] - ends[:, end]).max() <= 1


def test_the_way_between_follows_the_sphere():
    begin, end = np.array([2.0, 0, 0]), np.array([0, 2.0, 0])
    for t in (0, 0.25, 0.5, 1):
        angle = t * np.pi / 2
        assert np.allclose(slerp(begin, end, t), [2 * np.cos(angle), 2 * np.sin(angle), 0])
    assert np.allclose(slerp(begin, begin, 0.5), begin) and np.allclose(slerp(begin, -begin, 0.25), begin / 2)


def test_codes_come_with_their_names(runs, pictures, tmp_path):
    (run, model), (paths, images) = runs["celeba_vae"], pictures
    (tmp_path / "own").mkdir()
    for path in paths:
        path.rename(tmp_path / "own" / path.name)
    do("encode", run, "own", "--cache", "cache", "--out", "z.npz", cwd=tmp_path)
    with np.load(tmp_path / "z.npz") as file:
        assert file["names"].tolist() == ["ada.png", "bob.png", "cyd.png"]
        mean, log_var = model.posterior(images)
        assert np.allclose(file["mean"], mean, atol=1e-5) and np.allclose(file["log_var"], log_var, atol=1e-5)
    do("encode", run, "toyfaces", "--limit", 2, "--cache", "cache", "--out", "toy.npz", cwd=tmp_path)
    with np.load(tmp_path / "toy.npz") as file:
        assert file["mean"].shape == (2, 6)


def test_an_exported_model_is_a_run(runs, tmp_path):
    run, _ = runs["celeba_aegan"]
    do("export", run, "--out", "model.safetensors", cwd=tmp_path)
    with safe_open(tmp_path / "model.safetensors", framework="numpy") as file:
        assert "celeba_aegan" in file.metadata()["config"] and "encoder.conv1.weights" in file.keys()
    do("sample", run, "--count", 3, "--out", "run.png", cwd=tmp_path)
    do("sample", "model.safetensors", "--count", 3, "--out", "file.png", cwd=tmp_path)
    assert (tmp_path / "run.png").read_bytes() == (tmp_path / "file.png").read_bytes()


def test_overwrite_replaces_what_a_command_wrote(runs, tmp_path):
    run, _ = runs["celeba_gan"]
    for out in ("grid.png", "singles"):
        do("sample", run, "--count", 3, "--out", out, cwd=tmp_path)
        do("sample", run, "--count", 2, "--out", out, "--overwrite", cwd=tmp_path)
    assert len(os.listdir(tmp_path / "singles")) == 2
    assert opened(tmp_path / "grid.png").shape == (SIZE, 2 * SIZE + 2, 3)


def test_pages_of_a_run_and_of_a_folder_of_runs(runs, tmp_path):
    run, _ = runs["celeba_gan"]
    folder = tmp_path / "runs"
    for name in ("one", "other"):
        shutil.copytree(run, folder / name)
    assert "index.html" in do("report", folder / "one", cwd=tmp_path)
    assert {"index.html", "report_data.js"} == set(os.listdir(folder / "one")) - set(os.listdir(run))
    assert "runs.html" in do("report", "runs", cwd=tmp_path)
    do("report", folder / "one", folder / "other", "--out", "both.html", cwd=tmp_path)
    for name in ("runs.html", "both.html"):
        text = (tmp_path / name).read_text()
        assert text.startswith("<!doctype html>") and "runs/one/" in text and "runs/other/" in text


def test_an_interrupted_command_leaves_nothing(runs, tmp_path):
    run, _ = runs["celeba_gan"]
    typed = command_line("sample", run, "--count", 1_000_000, "--out", "singles")
    with subprocess.Popen(typed, cwd=tmp_path, env=FROM_ANYWHERE, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as process:
        while not list(tmp_path.glob("*/000000.png")):
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(2)
        errors = process.communicate(timeout=60)[1]
    assert process.returncode == 130 and errors == "interrupted outside of training: nothing was saved\n"
    assert list(tmp_path.iterdir()) == []

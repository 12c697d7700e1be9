"""Wrong use and unusable data: exit status 2, one line that says what, where and what to do, nothing left."""
import json
import zipfile

import numpy as np
import pytest
from PIL import Image

from tests.scripts.scripts import call, tiny


def picture(path, size=40):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (size, size, 3), np.uint8)).save(path)


def nothing(folder):
    pass


def empty_folder(folder):
    (folder / "images").mkdir()


def text_files(folder):
    empty_folder(folder)
    (folder / "images" / "notes.txt").write_text("no picture")


def text_named_as_image(folder):
    for i in range(8):
        picture(folder / "images" / f"{i}.png")
    (folder / "images" / "5.png").write_text("no picture")


def cut_image(folder):
    text_named_as_image(folder)
    picture(folder / "images" / "5.png")
    content = (folder / "images" / "5.png").read_bytes()
    (folder / "images" / "5.png").write_bytes(content[:len(content) // 2])


def few_images(folder):
    for i in range(4):
        picture(folder / "images" / f"{i}.png")


def text_named_as_archive(folder):
    (folder / "images.zip").write_text("no archive")


def archive_without_images(folder):
    with zipfile.ZipFile(folder / "images.zip", "w") as archive:
        archive.writestr("readme.txt", "no picture")


def something_there(folder):
    (folder / "run").mkdir()
    (folder / "run" / "precious.txt").write_text("mine")


def file_in_the_way(folder):
    (folder / "run").write_text("mine")


def config_only(folder, script="celeba_aegan", **settings):
    (folder / "run").mkdir()
    config = {"script": script, "settings": settings, "origin": {}}
    (folder / "run" / "config.json").write_text(json.dumps(config))


def gan_without_checkpoint(folder):
    config_only(folder, "celeba_gan", image_size=32, width=0.1, epochs=1, epoch_size=1)


def tiny_gan(folder):
    """With the settings of TINY."""
    config_only(folder, "celeba_gan", width=0.1, z_size=6, epoch_size=2, batch_size=4, limit=64, lr=3e-4,
                schedule="constant", device="cpu")


def gan_of_another_size(folder):
    config_only(folder, "celeba_gan", image_size=64, width=0.1, epochs=1, epoch_size=1)


def gan_with_damaged_checkpoint(folder):
    gan_without_checkpoint(folder)
    (folder / "run" / "checkpoints").mkdir()
    (folder / "run" / "checkpoints" / "epoch_0001.npz").write_text("no checkpoint")


IMAGES = ["--data", "images"]
FEATURES = ["--similarity", "discriminator", "--discriminator", "run"]
ELSEWHERE = [*FEATURES, "--out", "new"]
CASES = {
    "missing folder": ("celeba_aegan", nothing, IMAGES, ["images", "--data"]),
    "empty folder": ("celeba_vae", empty_folder, IMAGES, ["images"]),
    "folder without images": ("celeba_gan", text_files, IMAGES, ["images"]),
    "not an image": ("celeba_aegan", text_named_as_image, IMAGES, ["5.png"]),
    "cut image": ("celeba_vae", cut_image, IMAGES, ["5.png"]),
    "not an archive": ("lfw_aegan", text_named_as_archive, ["--data", "images.zip"], ["images.zip"]),
    "archive without images": ("lfw_aegan", archive_without_images, ["--data", "images.zip"], ["images.zip"]),
    "celeba not there": ("celeba_aegan", nothing, ["--data", "celeba", "--offline"],
                         ["celeba", "img_align_celeba.zip (1.44 GB) from https://"]),
    "lfw not there": ("lfw_aegan", nothing, ["--preset", "released", "--data", "lfw", "--offline"],
                      ["lfw", "--offline", "lfw-funneled.tgz from https://"]),
    "batch of one": ("celeba_gan", nothing, ["--batch-size", 1], ["--batch-size 1", "batch normalisation"]),
    "batch larger than data": ("celeba_vae", few_images, [*IMAGES, "--batch-size", 9], ["9", "--batch-size"]),
    "image size": ("celeba_aegan", nothing, ["--image-size", 48], ["--image-size 48", "28, 32, 64 or 128"]),
    "unknown flag": ("celeba_aegan", nothing, ["--gama", 1], ["--gama", "--gamma?"]),
    "unknown value": ("celeba_aegan", nothing, ["--fakes", "some"], ["--fakes some", "or both"]),
    "out of range": ("celeba_gan", nothing, ["--real-weight", 1.5], ["--real-weight 1.5", "below 1"]),
    "not a number": ("celeba_aegan", nothing, ["--gamma", "tiny"], ["--gamma tiny", "expected a number"]),
    "precision of a GPU": ("celeba_aegan", nothing, ["--precision", "tf32"], ["--precision tf32", "fp32"]),
    "something in --out": ("celeba_aegan", something_there, [], ["--out run", "--resume"]),
    "file at --out": ("celeba_aegan", file_in_the_way, [], ["--out run", "cannot be written"]),
    "--out in no folder": ("celeba_aegan", nothing, ["--out", "/dev/null/run"], ["--out /dev/null/run"]),
    "resume of nothing": ("celeba_aegan", nothing, ["--resume"], ["run", "no config.json"]),
    "resume of a folder": ("celeba_aegan", something_there, ["--resume"], ["run", "no config.json"]),
    "resume without --out": ("celeba_vae", nothing, ["--out", "", "--resume"], ["--out"]),
    "resume of another script's": ("celeba_vae", config_only, ["--resume"], ["celeba_aegan.py"]),
    "features of nobody": ("celeba_vae", nothing, FEATURES[:2], ["--discriminator RUN"]),
    "features for pixels": ("celeba_vae", nothing, FEATURES[2:], ["--similarity discriminator"]),
    "features of no run": ("celeba_vae", something_there, ELSEWHERE, ["run", "no config.json"]),
    "features of no GAN": ("celeba_vae", config_only, ELSEWHERE, ["run", "celeba_gan.py"]),
    "features without checkpoint": ("celeba_vae", gan_without_checkpoint, ELSEWHERE, ["no checkpoint"]),
    "features of another size": ("celeba_vae", gan_of_another_size, ELSEWHERE, ["image_size 64"]),
    "conditional without attributes": ("celeba_gan", few_images, [*IMAGES, "--conditional"],
                                       ["images: has no attribute list"]),
    "regressor without attributes": ("lfw_regressor", few_images, IMAGES, ["images: has no attribute list"]),
    "conditional from a plain GAN": ("celeba_vae", gan_without_checkpoint, [*ELSEWHERE, "--conditional"],
                                     ["run: is no conditional run", "leave out --conditional"]),
    "resume as conditional": ("celeba_gan", tiny_gan, ["--resume", "--conditional"],
                              ["--conditional", "was started with False"]),
    "features damaged": ("celeba_vae", gan_with_damaged_checkpoint, ELSEWHERE, ["epoch_0001.npz: damaged"]),
}


def content(folder):
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
            for path in folder.rglob("*")}


@pytest.mark.parametrize("case", CASES)
def test_one_line_and_nothing_left_behind(case, tmp_path):
    script, prepare, arguments, words = CASES[case]
    folder, cache = tmp_path / "here", tmp_path / "cache"
    folder.mkdir(), cache.mkdir()
    prepare(folder)
    before = content(folder)
    done = call(script, *tiny(script, arguments), "--out", "run", *arguments, cache=cache, cwd=folder)
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1 and len(done.stderr) < 500
    assert all(word in done.stderr for word in words), done.stderr
    assert content(folder) == before
    assert not [path for path in cache.rglob("*") if path.suffix == ".part"]

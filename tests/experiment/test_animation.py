"""Animations: what is in the files, and what is said where ffmpeg is missing or fails."""
import numpy as np
import pytest
from PIL import Image

from experiment.evaluation import animation
from experiment.exit import UsageError

FRAMES = [np.full((20, 30, 3), level, np.uint8) for level in (0, 120, 240)]


@pytest.mark.parametrize("kind", ["webp", "gif"])
def test_all_frames_in_order_and_in_a_loop(kind, tmp_path):
    animation.write(tmp_path / f"a.{kind}", iter(FRAMES), kind, per_second=5)
    with Image.open(tmp_path / f"a.{kind}") as opened:
        assert opened.n_frames == 3 and opened.info["loop"] == 0
        for number, frame in enumerate(FRAMES):
            opened.seek(number)
            assert np.abs(np.asarray(opened.convert("RGB")).astype(int) - frame).max() <= 3
            opened.load()
            assert opened.info["duration"] == 200


def test_a_caption_leaves_the_picture_and_makes_sides_even():
    picture = np.random.default_rng(0).integers(0, 256, (33, 401, 3), np.uint8)
    frame = animation.captioned(picture, "epoch 3")
    assert frame.shape[0] % 2 == frame.shape[1] % 2 == 0
    assert (frame[:33, :401] == picture).all() and 0 < (frame[33:] < 128).any(2).sum() < 500
    small = animation.captioned(picture[:, :134], "")
    assert (small[:99, :402] == picture[:, :134].repeat(3, 0).repeat(3, 1)).all()


def fake_ffmpeg(folder, script, monkeypatch):
    path = folder / "ffmpeg"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_ffmpeg_is_given_the_frames(tmp_path, monkeypatch):
    fake_ffmpeg(tmp_path, 'for last; do :; done; echo "$@" > arguments; cat > "$last"', monkeypatch)
    monkeypatch.chdir(tmp_path)
    animation.check("mp4")
    animation.write(tmp_path / "a.mp4", iter(FRAMES), "mp4", per_second=5)
    assert (tmp_path / "a.mp4").read_bytes() == np.stack(FRAMES).tobytes()
    assert "-s 30x20 -r 5 -i -" in (tmp_path / "arguments").read_text()


def test_ffmpeg_that_fails_says_why(tmp_path, monkeypatch):
    fake_ffmpeg(tmp_path, "echo Unknown encoder >&2; exit 1", monkeypatch)
    with pytest.raises(UsageError, match=r"ffmpeg failed \(Unknown encoder\): use --format webp"):
        animation.write(tmp_path / "a.mp4", iter(100 * FRAMES), "mp4")


def test_no_ffmpeg(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="--format mp4: needs ffmpeg"):
        animation.check("mp4")
    animation.check("webp")

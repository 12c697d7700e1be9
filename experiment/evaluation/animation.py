"""Animations: WebP and GIF through Pillow, MP4 through ffmpeg."""
import shutil
import subprocess

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from experiment.exit import UsageError

FORMATS = "webp", "gif", "mp4"
FRAMES_PER_SECOND = 15        # [released code]


def check(kind):
    """Raises UsageError where this machine cannot write an animation of this kind."""
    if kind == "mp4" and shutil.which("ffmpeg") is None:
        raise UsageError("--format mp4: needs ffmpeg, which is not on the PATH: install it, or use "
                         "--format webp or gif")


def captioned(picture, caption):
    """A picture (H, W, 3) uint8, enlarged where it is small, with a line of words below it."""
    height, width = picture.shape[:2]
    enlarged = -(-400 // width)
    image = Image.fromarray(picture).resize((enlarged * width, enlarged * height), Image.Resampling.NEAREST)
    font = ImageFont.load_default(14)
    # Even sides: what mp4's usual colours need.
    frame = Image.new("RGB", (image.width + image.width % 2, (image.height + 25) // 2 * 2), "white")
    frame.paste(image)
    ImageDraw.Draw(frame).text((4, image.height + 3), caption, "black", font)
    return np.asarray(frame)


def write(path, frames, kind, per_second=FRAMES_PER_SECOND):
    """Write frames (H, W, 3) uint8, an iterable, that run in a loop. Raises UsageError, OSError."""
    if kind == "mp4":
        _write_mp4(path, frames, per_second)
        return
    first, *others = map(Image.fromarray, frames)
    how = dict(quality=85, method=2) if kind == "webp" else {}
    first.save(path, save_all=True, append_images=others, duration=round(1000 / per_second), loop=0, **how)


def _write_mp4(path, frames, per_second):
    frames = list(frames)
    height, width = frames[0].shape[:2]
    command = ["ffmpeg", "-y", "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s",
               f"{width}x{height}", "-r", str(per_second), "-i", "-", "-an", "-pix_fmt", "yuv420p", str(path)]
    done = subprocess.run(command, input=b"".join(map(np.ndarray.tobytes, frames)), capture_output=True)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines() or ["it did not say why"]
        raise UsageError(f"--format mp4: ffmpeg failed ({said[-1]}): use --format webp or gif")

"""The pictures of pages in docs/."""
import subprocess
import sys
from pathlib import Path

from PIL import Image

from tests.browser.runs import begin, train

SCREENSHOT = Path(__file__).parents[2] / "docs" / "screenshot.py"


def test_a_picture_of_a_page_is_taken_where_and_as_asked(chromium, tmp_path):
    folder = begin(tmp_path / "run")
    train(folder, [1])
    taken = []
    for flags in ([], ["--dark"], ["--at", "#curves"]):
        command = [sys.executable, SCREENSHOT, folder.path / "index.html", tmp_path / "page.webp",
                   "--width", "600", "--height", "400", *flags]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        assert (done.returncode, done.stderr) == (0, "")
        taken.append(Image.open(tmp_path / "page.webp").convert("L").copy())
    light, dark, curves = taken
    assert light.size == (600, 400)
    assert light.getpixel((1, 1)) > 200 > 60 > dark.getpixel((1, 1)) and light != curves

"""The README's pictures of the explorer: python -m tests.browser.explorer_pictures

docs/pictures/explorer.webp shows the served page, explorer_static.webp the page with the decoder inside on a
dark phone. Both are of the model that comes with the package.
"""
import io
import shutil
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from experiment.evaluation import vectors
from experiment.evaluation.subject import Subject
from experiment.explore import pages
from experiment.explore.content import content
from experiment.explore.decoder import packed
from experiment.reopen import reopen
from tests.browser.conftest import FLAGS
from tests.experiment.explorers import serving

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
FACE = "Test face 4"
CHANGES = {"Eyeglasses": "1", "Smiling": "1"}


def main():
    subject = Subject(reopen("toyfaces", "cpu"), "cpu")
    about = content(subject, vectors.known(subject.opened, "toyfaces"))
    with (sync_playwright() as playwright, serving(subject, about) as server,
          tempfile.TemporaryDirectory() as folder):
        alone = Path(folder) / "page.html"
        alone.write_text(pages.static(about | {"decoder": packed(subject.model)}), encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        for name, address, scheme, width, height in (("explorer", server.address, "light", 1180, 860),
                                                     ("explorer_static", alone.as_uri(), "dark", 390, 760)):
            page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
            page.goto(address)
            page.get_by_role("button", name=FACE, exact=True).click()
            for attribute, strength in CHANGES.items():
                page.get_by_role("slider", name=attribute, exact=True).fill(strength)
            page.get_by_role("button", name="Keep", exact=True).click()
            page.evaluate("window.scrollTo(0, 0)")
            page.wait_for_timeout(3000)
            picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
            picture.save(FOLDER / f"{name}.webp", quality=88)
        browser.close()


if __name__ == "__main__":
    main()

"""A picture of a page, in Chromium without a window:  python docs/screenshot.py PAGE PICTURE.webp

PAGE is a file or an address. Needs what the tests of the pages need: pip install '.[browser]', and chromium.
"""
import argparse
import io
import shutil
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
parser.add_argument("page", metavar="PAGE")
parser.add_argument("picture", type=Path, metavar="PICTURE.webp")
parser.add_argument("--width", type=int, default=1280, metavar="PIXELS", help="of the window (1280)")
parser.add_argument("--height", type=int, default=900, metavar="PIXELS", help="of the window (900)")
parser.add_argument("--at", default="body", metavar="SELECTOR", help="what stands at the top (body)")
parser.add_argument("--dark", action="store_true", help="in the dark colour scheme")
options = parser.parse_args()

address = options.page if "://" in options.page else Path(options.page).resolve().as_uri()
with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
    page = browser.new_page(viewport={"width": options.width, "height": options.height},
                            color_scheme="dark" if options.dark else "light")
    page.goto(address)
    page.wait_for_timeout(1000)                    # pictures are decoded, charts drawn
    page.locator(options.at).first.evaluate("element => element.scrollIntoView()")
    page.wait_for_timeout(500)
    taken = Image.open(io.BytesIO(page.screenshot()))
    browser.close()
taken.convert("RGB").save(options.picture, quality=80, method=6)
print(f"written: {options.picture} ({options.picture.stat().st_size / 1000:.0f} kB)")

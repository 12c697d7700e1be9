"""Who uses the explorer and how: with keys alone, with own pictures, on a phone, in the dark."""
import io

import numpy as np
import pytest
from PIL import Image

from experiment.compute import compute
from experiment.explore import uploads
from experiment.pictures import to_bytes
from tests.browser.explorers import FACE, decoded, first, numbers, shows
from tests.browser.pages import expect, stands_out


def test_keys_alone_do_it(live, explored, open_page):
    page, about = open_page(live), explored[1]
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.type") == "range":
            break
    row = int(page.evaluate("document.activeElement.id").split("-")[1])
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    z = first(about) + 0.2 * numbers(about, "regressed")[row].astype(float)        # as JavaScript computes
    shows(page, decoded(explored, z))


def upload_picture():
    """(file, its picture): a square of stripes in a wider grey one."""
    picture = np.full((100, 160, 3), 128, np.uint8)
    picture[20:80, 70:130] = [200, 60, 40]
    picture[40:60, 70:130] = [20, 90, 220]
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    return file.getvalue()


def test_a_picture_is_uploaded_and_the_square_moved(live, explored, open_page):
    page, subject = open_page(live), explored[0]
    content = upload_picture()
    page.locator("#file").set_input_files({"name": "me.png", "mimeType": "image/png", "buffer": content})
    box = page.locator(".square")
    expect(box).to_be_focused()
    page.keyboard.press("ArrowRight")
    for _ in range(3):
        page.keyboard.press("-")
    left = box.bounding_box()["x"]
    page.mouse.move(left + 20, box.bounding_box()["y"] + 20)
    page.mouse.down()
    page.mouse.move(left + 30, box.bounding_box()["y"] + 20)
    page.mouse.up()
    assert abs(box.bounding_box()["x"] - left - 10) < 1.5
    with page.expect_request("**/encode?*") as asked:
        page.get_by_role("button", name="Use this square").click()
    place = dict(part.split("=") for part in asked.value.url.split("?")[1].split("&"))
    image = uploads.square(content, *(float(place[name]) for name in ("x", "y", "side")), "centre", 32)
    shows(page, to_bytes(image)[0].astype(int), canvas="#original canvas")
    shows(page, decoded(explored, compute(subject.model.encode, image, "cpu")[0]), 0)


def test_what_is_no_picture_is_a_message(live, open_page):
    page = open_page(live)
    text = {"name": "me.png", "mimeType": "image/png", "buffer": b"no picture"}
    page.locator("#file").set_input_files(text)
    expect(page.locator("#message")).to_contain_text("me.png is no picture")
    page.get_by_role("button", name="Test face 2").click()               # it goes on


def test_a_phone_shows_it_without_scrolling_sideways(explorer, open_page):
    page = open_page(explorer[0], viewport={"width": 360, "height": 740}, has_touch=True)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    page.get_by_role("slider", name="Young").scroll_into_view_if_needed()
    assert page.locator(FACE).bounding_box()["y"] >= 0                   # in sight while a slider moves


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_in_both_colour_schemes(scheme, live, open_page):
    page = open_page(live, color_scheme=scheme)
    page.get_by_role("slider", name="Young").fill("1")
    stands_out(page, scheme, "body", ".note", "button", ".slider label", ".slider output",
               ".slider.moved output", "#message")


def test_every_control_has_a_name(live, open_page):
    page = open_page(live)
    unnamed = page.evaluate("""[...document.querySelectorAll('button, input')].filter(control =>
        !control.textContent.trim() && !control.ariaLabel && !control.labels?.length).length""")
    assert unnamed == 0

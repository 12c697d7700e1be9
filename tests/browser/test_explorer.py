"""The explorer as a reader uses it: served, and as a file with the decoder inside."""
import base64
import io
import json

import numpy as np
import pytest
from PIL import Image

from experiment.compute import compute
from experiment.explore import pages, uploads
from experiment.explore.decoder import packed
from experiment.pictures import to_bytes
from tests.browser.pages import contrast, expect
from tests.experiment.explorers import painted, serving

FACE = "#face"


@pytest.fixture(scope="module")
def explored(tmp_path_factory):
    return painted(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def live(explored):
    """The address of a page that a server computes for."""
    with serving(*explored) as server:
        yield server.address


@pytest.fixture(scope="module")
def alone(explored, tmp_path_factory):
    """The address of a page with the decoder inside."""
    subject, about = explored
    path = tmp_path_factory.mktemp("static") / "page.html"
    path.write_text(pages.static(about | {"decoder": packed(subject.model)}), encoding="utf-8")
    return path.as_uri()


@pytest.fixture(params=["live", "alone"])
def explorer(request):
    """(address of either page, how many grey levels its pictures may be off)."""
    return request.getfixturevalue(request.param), 0 if request.param == "live" else 2


def seen(page, canvas=FACE):
    """The pixels (S, S, 3) of a canvas."""
    address = page.locator(canvas).evaluate("canvas => canvas.toDataURL()")
    file = io.BytesIO(base64.b64decode(address.split(",")[1]))
    return np.asarray(Image.open(file).convert("RGB")).astype(int)


def decoded(explored, z, where_from="posterior"):
    model = explored[0].model
    function = model.decode if where_from == "posterior" else model.sample
    return to_bytes(compute(function, np.float32(z)[None], "cpu"))[0].astype(int)


def shows(page, expected, off=1, canvas=FACE):
    """Whether a canvas comes to show a picture, to within so many grey levels."""
    for _ in range(100):
        difference = np.abs(seen(page, canvas) - expected).max()
        if difference <= off:
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"{difference} grey levels off")


def numbers(about, kind):
    group = about["directions"] if kind == "vectors" else about["attributes"]
    return vector(group[kind]).reshape(-1, about["z_size"])


def vector(text):
    return np.frombuffer(base64.b64decode(text), "<f4")


def first(about, face=0):
    return vector(about["faces"][face]["z"])


def test_sliders_change_the_face_as_the_decoder_says(explorer, explored, open_page):
    (address, off), about = explorer, explored[1]
    page, z = open_page(address), first(about)
    shows(page, decoded(explored, z), off)
    row = about["attributes"]["names"].index("Eyeglasses")
    page.get_by_role("slider", name="Eyeglasses").fill("2")
    glasses = z + 2 * numbers(about, "regressed")[row]
    shows(page, decoded(explored, glasses), off)
    assert np.abs(decoded(explored, glasses) - decoded(explored, z)).max() > 50
    page.get_by_label("plain difference of means").check()
    z = z + 2 * numbers(about, "plain")[row]
    shows(page, decoded(explored, z), off)
    page.locator("#directions input").nth(1).fill("-1.5")
    shows(page, decoded(explored, z - 1.5 * numbers(about, "vectors")[1]), off)


def test_everything_can_be_undone_and_done_again(live, explored, open_page):
    page, plain = open_page(live), decoded(explored, first(explored[1]))
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()
    page.get_by_role("slider", name="Smiling").fill("2")
    page.get_by_role("button", name="Test face 3").click()
    shows(page, decoded(explored, first(explored[1], 2)))
    page.get_by_role("button", name="Undo").click()
    assert page.get_by_role("slider", name="Smiling").input_value() == "2"
    page.keyboard.press("Control+z")
    shows(page, plain)
    assert page.get_by_role("slider", name="Smiling").input_value() == "0"
    page.keyboard.press("Control+y")
    page.keyboard.press("Control+Shift+Z")
    shows(page, decoded(explored, first(explored[1], 2)))
    expect(page.get_by_role("button", name="Redo")).to_be_disabled()


def test_two_faces_are_mixed_along_an_arc(explorer, explored, open_page):
    from experiment.commands.interpolate import slerp

    address, off = explorer
    page, (a, b) = open_page(address), (first(explored[1], face) for face in (0, 4))
    page.get_by_role("radio", name="is mixed in").check()
    page.get_by_role("button", name="Test face 5").click()
    shows(page, decoded(explored, b), off, "#mixing canvas")
    page.get_by_role("slider", name="share").fill("0.3")
    shows(page, decoded(explored, slerp(a, b, 0.3)), off + 1)


def test_a_link_restores_all_of_the_state(explorer, explored, open_page):
    page = open_page(explorer[0])
    page.get_by_role("button", name="Draw one at random").click()
    page.get_by_role("radio", name="is mixed in").check()
    page.get_by_role("button", name="Test face 2").click()
    page.get_by_role("slider", name="Male", exact=True).fill("-1.25")
    page.locator("#directions input").nth(3).fill("2")
    page.get_by_role("button", name="Copy link").click()
    expect(page.locator("#message")).to_contain_text("link")
    page.wait_for_timeout(300)
    other = open_page(page.url)
    shows(other, seen(page), 0)
    assert other.get_by_role("slider", name="Male", exact=True).input_value() == "-1.25"
    expect(other.locator("#mixing")).to_be_visible()


@pytest.mark.parametrize("link", [
    "#model=00000000&z=AAAA&from=prior", "#z=%", "#model=MODEL&z=AAAA&from=prior",
    "#model=MODEL&z=<img src=x onerror=harmed=1>&from=posterior"])
def test_a_link_that_cannot_be_used_is_a_message(link, live, explored, open_page):
    page = open_page(live + link.replace("MODEL", explored[1]["model"]))
    expect(page.locator("#message")).to_contain_text("This link is")
    shows(page, decoded(explored, first(explored[1])))
    assert page.evaluate("typeof harmed") == "undefined"


def test_a_walk_moves_and_is_one_step_to_undo(live, explored, open_page):
    page, before = open_page(live), decoded(explored, first(explored[1]))
    shows(page, before)
    page.get_by_role("button", name="Walk").click()
    page.wait_for_timeout(1500)
    page.get_by_role("button", name="Walk").click()
    assert np.abs(seen(page) - before).mean() > 1
    page.get_by_role("button", name="Undo").click()
    shows(page, before)


def test_picture_and_z_are_saved_as_they_are_seen(live, explored, open_page):
    page, about = open_page(live), explored[1]
    page.get_by_role("slider", name="Smiling").fill("1")
    z = first(about) + numbers(about, "regressed")[about["attributes"]["names"].index("Smiling")]
    shows(page, decoded(explored, z))
    with page.expect_download() as picture:
        page.get_by_role("button", name="Save picture").click()
    assert (np.asarray(Image.open(picture.value.path()).convert("RGB")) == seen(page)).all()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save z").click()
    assert np.allclose(np.load(saved.value.path()), z, atol=1e-6)


def test_kept_faces_come_back_with_their_sliders(live, explored, open_page):
    page = open_page(live)
    page.get_by_role("slider", name="Bald").fill("1.5")
    page.wait_for_timeout(500)
    kept = seen(page)
    page.get_by_role("button", name="Keep", exact=True).click()
    page.get_by_role("button", name="Test face 7").click()
    page.get_by_role("button", name="Kept face 1").click()
    shows(page, kept)
    assert page.get_by_role("slider", name="Bald").input_value() == "1.5"


def test_keys_alone_do_it(live, explored, open_page):
    page, about = open_page(live), explored[1]
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.type") == "range":
            break
    row = int(page.evaluate("document.activeElement.id").split("-")[1])
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    shows(page, decoded(explored, first(about) + 0.2 * numbers(about, "regressed")[row]))


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
    for selector in ("body", ".note", "button", ".slider label", ".slider output", ".slider.moved output",
                     "#message"):
        ink, paper = (page.locator(selector).first.evaluate(f"""element => {{
            let at = element;
            while ('{what}' !== 'color' && getComputedStyle(at)['{what}'] === 'rgba(0, 0, 0, 0)')
                at = at.parentElement;
            return getComputedStyle(at)['{what}'].match(/[0-9]+/g).slice(0, 3).map(Number) }}""")
            for what in ("color", "backgroundColor"))
        assert contrast(ink, paper) >= 4.5, selector
        assert (np.mean(paper) < 128) == (scheme == "dark"), selector


def test_every_control_has_a_name(live, open_page):
    page = open_page(live)
    unnamed = page.evaluate("""[...document.querySelectorAll('button, input')].filter(control =>
        !control.textContent.trim() && !control.ariaLabel && !control.labels?.length).length""")
    assert unnamed == 0


def test_a_random_face_uses_the_statistics_of_the_prior(explorer, explored, open_page):
    page = open_page(explorer[0])
    page.get_by_role("button", name="Draw one at random").click()
    page.wait_for_timeout(300)
    state = json.loads(page.evaluate("JSON.stringify({z: [...state.face.z], from: state.face.from})"))
    assert state["from"] == "prior"
    shows(page, decoded(explored, state["z"], "prior"), explorer[1])


def test_the_static_page_is_small_and_asks_for_nothing(explored):
    subject, about = explored
    page = pages.static(about | {"decoder": packed(subject.model)})
    assert len(page.encode()) < 3_000_000
    assert "connect-src" not in page and "http://" not in page.replace("http://www.w3.org/2000/svg", "")

"""The explorer as a reader uses it: served, and as a file with the decoder inside."""
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from experiment.explore import pages
from experiment.explore.decoder import packed
from experiment.pictures import to_bytes
from tests.browser.explorers import decoded, first, numbers, seen, shows
from tests.browser.pages import expect


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


def test_dense_layers_and_grey_images_in_a_browser(open_page, tmp_path):
    from experiment.reopen import load_run
    from tests.experiment.runs import finished_run

    finished_run(tmp_path / "run", "mnist_vae")
    settings, model = load_run(tmp_path / "run", "cpu")
    about = {"size": 28, "z_size": settings.z_size, "decoder": packed(model)}
    path = tmp_path / "page.html"
    web = Path(pages.__file__).parent / "web"
    scripts = [(web / name).read_text(encoding="utf-8") for name in ("arithmetic.js", "decoder.js")]
    path.write_text(f"<script>{''.join(scripts)}</script>", encoding="utf-8")
    z = np.random.default_rng(0).standard_normal((1, settings.z_size)).astype(np.float32)
    page = open_page(path.as_uri())
    for where_from, images in (("posterior", model.decode(z)), ("prior", model.sample(z))):
        pixels = page.evaluate("""async ([about, z, from]) =>
            Array.from(await new Decoder(about).decode(z, from))""", [about, z[0].tolist(), where_from])
        expected = to_bytes(images[0]).ravel().astype(int)
        assert np.abs(np.array(pixels) - expected).max() <= 1

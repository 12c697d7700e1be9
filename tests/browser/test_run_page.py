"""The page of a run, as a reader uses it."""
import pytest

from tests.browser.pages import colours, expect, shows, stands_out
from tests.browser.runs import BLUE, EPOCHS, STEPS, address, begin, green, red, train

CHART = ".plot > svg"


@pytest.fixture
def finished(tmp_path):
    folder = begin(tmp_path / "run")
    train(folder, range(1, EPOCHS + 1))
    return folder


def test_the_slider_moves_the_pictures_and_play_moves_the_slider(finished, open_page):
    page = open_page(address(finished))
    shows(page, "samples", red(4))
    shows(page, "reconstructions", green(4), BLUE, green(4), BLUE)       # originals under reconstructions
    page.get_by_role("slider").fill("2")
    shows(page, "samples", red(2))
    shows(page, "reconstructions", green(2), BLUE)
    expect(page.locator("output")).to_have_text("epoch 2 of 4")
    page.get_by_role("button", name="Play").click()
    expect(page.locator("output")).to_have_text("epoch 4 of 4")
    expect(page.get_by_role("button", name="Play")).to_be_visible()      # it has stopped
    shows(page, "samples", red(4))


def test_keys_move_the_slider(finished, open_page):
    page = open_page(address(finished))
    page.get_by_role("slider").focus()
    page.keyboard.press("ArrowLeft")
    shows(page, "samples", red(3))


def test_a_picture_is_enlarged_and_closed_again(finished, open_page):
    page = open_page(address(finished))
    small = page.locator("figure.samples canvas").evaluate("canvas => canvas.width")
    page.get_by_role("button", name="Enlarge: Samples").click()
    assert page.locator("dialog canvas").bounding_box()["width"] % small == 0
    assert colours(page.locator("dialog canvas"))[0] == red(4)
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_be_hidden()


def test_curves_tell_values_and_zoom(finished, open_page):
    page = open_page(address(finished))
    chart = page.locator(CHART).first
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    chart.hover(position={"x": box["width"] - 13, "y": 100})
    expect(page.locator(".tip").first).to_contain_text("step 40")
    expect(page.locator(".tip").first).to_contain_text("2.5")            # KL is 100 / step
    assert "10" in chart.locator("text").all_text_contents()
    whole = chart.locator("path.line").get_attribute("d")
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 50, box["y"] + 100)
    page.mouse.up()
    assert chart.locator("path.line").get_attribute("d") != whole
    assert "10" not in chart.locator("text").all_text_contents()
    page.get_by_role("button", name="Whole run").click()
    assert chart.locator("path.line").get_attribute("d") == whole
    page.get_by_role("button", name="KL divergence, an image: logarithmic axis").click()
    assert chart.locator("path.line").get_attribute("d") != whole


def test_curves_are_shown_over_time(finished, open_page):
    page = open_page(address(finished))
    chart, toggle = page.locator(CHART).first, page.get_by_role("button", name="Over time")
    assert "40" in chart.locator("text").all_text_contents()
    over_steps = chart.locator("path.line").get_attribute("d")
    toggle.click()
    expect(toggle).to_have_attribute("aria-pressed", "true")
    assert "20 s" in chart.locator("text").all_text_contents()             # step 40: 2 steps a second
    chart.focus()
    for _ in range(40):
        page.keyboard.press("ArrowRight")
    expect(page.locator(".tip").first).to_contain_text("20 s, step 40")
    page.keyboard.press("-")                                               # as far out as can be
    expect(page.get_by_role("button", name="Whole run")).to_be_disabled()
    toggle.click()
    assert chart.locator("path.line").get_attribute("d") == over_steps


def test_curves_are_read_and_zoomed_by_keys(finished, open_page):
    page = open_page(address(finished))
    page.locator(CHART).first.focus()
    page.keyboard.press("ArrowRight")
    first = page.locator(".tip").first.inner_text()
    page.keyboard.press("ArrowRight")
    assert page.locator(".tip").first.inner_text() != first
    page.keyboard.press("+")
    expect(page.get_by_role("button", name="Whole run")).to_be_enabled()
    page.keyboard.press("0")
    expect(page.get_by_role("button", name="Whole run")).to_be_disabled()


def test_a_command_is_copied(finished, open_page):
    page = open_page(address(finished), permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy: go on with the training").click()
    expect(page.locator(".copy").first).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == \
        f"python celeba_aegan.py --out {finished.path} --resume"


@pytest.mark.parametrize("place", ["file", "http"])
def test_news_arrive_where_the_reader_is(place, tmp_path, served, open_page):
    folder = begin(tmp_path / "run")
    train(folder, [1])
    page = open_page(address(folder) if place == "file" else f"{served}/run/index.html")
    page.evaluate("window.isTheSamePage = true")
    chart = page.locator(CHART).nth(2)
    chart.scroll_into_view_if_needed()
    page.wait_for_timeout(300)
    before, top = chart.locator("path.line").first.get_attribute("d"), chart.bounding_box()["y"]
    folder.write("health.json", '["Samples hardly differ."]')            # adds lines above the reader
    train(folder, [2])
    expect(page.locator("#state")).to_contain_text(f"step {2 * STEPS} of {EPOCHS * STEPS}", timeout=15000)
    expect(page.locator("#warnings")).to_contain_text("Samples hardly differ.")
    assert chart.locator("path.line").first.get_attribute("d") != before
    assert abs(chart.bounding_box()["y"] - top) < 2
    assert page.evaluate("window.isTheSamePage")
    shows(page, "samples", red(2))
    page.get_by_role("slider").fill("1")                                 # a reader who looks at the past
    train(folder, [3, 4])
    expect(page.locator("#news")).to_have_text("finished", timeout=15000)
    shows(page, "samples", red(1))
    expect(page.locator("output")).to_have_text("epoch 1 of 4")


def test_a_phone_shows_it_without_scrolling_sideways(finished, open_page):
    page = open_page(address(finished), viewport={"width": 360, "height": 740}, has_touch=True)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert page.locator("figure.samples canvas").bounding_box()["width"] > 300


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_in_both_colour_schemes(scheme, finished, open_page):
    page = open_page(address(finished), color_scheme=scheme)
    stands_out(page, scheme, "body", ".note", ".origin.given", "#news", "button.copy")


def test_a_page_alone_shows_the_newest_pictures(finished, tmp_path, open_page):
    alone = tmp_path / "alone.html"
    alone.write_bytes((finished.path / "index.html").read_bytes())
    page = open_page(alone.as_uri())
    shows(page, "samples", red(4))                                       # the newest is inside

"""Runs whose files were made to harm whoever opens their page."""
import json
import os

import pytest

from experiment import report
from tests.browser.pages import expect
from tests.browser.runs import BLUE, address, begin, plain, train

SCRIPT = "</script><script>window.harmed=1</script>"
IMAGE = "\"'><img src=x onerror=window.harmed=1>"
BOTH = SCRIPT + IMAGE + "{{ 7 * 6 }}${window.harmed=1}\u2028\ud800"
LINES = """
{"step": 1, "kl": 1e999, "d_real": -1e308, "d_fake": 1e308, "gate_dis": true}
{"step": 2, "kl": NaN, "__proto__": 1, "constructor": 2, "toString": 3, "NAME": 4}
{"step": "3", "kl": 1}
{"step": -4, "kl": 1}
{"step": 1e300, "kl": 1}
{"step": null, "kl": 1}
{"kl": 1}
[]
{"step": 5, "kl": {"a": 1}}
not JSON
{"step": 6, "kl": 7ZEROS, "epoch": 1e999, "seconds": -1, "images_per_s": 0}
{"step": 5, "kl": 3}
{"step": 7, "kl": -1e29, "d_real": 1e29, "__proto__": 1, "constructor": 2, "NAME": 4, "images_per_s": 1e-300}
""".replace("NAME", json.dumps(BOTH)[1:-1]).replace("ZEROS", 400 * "0")


@pytest.fixture
def hostile(tmp_path):
    folder = begin(tmp_path / ("run " + IMAGE.replace("/", "") + "%41#?&\u2028"))
    folder.write_config({
        "script": "celeba_aegan", "command": BOTH, "started": [BOTH, {BOTH: BOTH}], BOTH: {BOTH: 1e999},
        "settings": {"preset": BOTH, "epochs": True, "epoch_size": -3, "image_size": "8", "lr": 1e999,
                     "seed": 10 ** 4000, "z_size": [[[BOTH]]], BOTH: BOTH, "data": "x" * 100_000},
        "origin": {"preset": 5, "seed": [BOTH], "lr": BOTH, BOTH: "flag"}})
    folder.write("metrics.jsonl", LINES)
    folder.write("health.json", json.dumps([BOTH, 5, None, {"message": 7}, {"message": BOTH, "step": "1"}]))
    folder.write("measures.json", json.dumps({
        BOTH: {BOTH: [BOTH]}, "measures": {BOTH: {BOTH: [BOTH]}, "n": 1e999}}))
    folder.write(f"attributes/{IMAGE.replace('/', '')}%41#?.png", plain(BLUE))
    folder.write("attributes/a.png", plain(BLUE))
    for name in ("epoch_0001.png", "epoch_1e9.png", "epoch_.png", "epoch_99999999999.png",
                 f"epoch_1{IMAGE.replace('/', '')}.png"):
        folder.write(f"samples/{name}", plain(BLUE))
    secret = tmp_path / "secret"
    secret.write_text("a secret of this machine")
    (folder.path / "reconstructions").mkdir()
    os.symlink(secret, folder.path / "reconstructions" / "epoch_0001.png")
    return folder


def unharmed(page):
    assert page.evaluate("[typeof harmed, document.scripts.length]") == ["undefined", 3]
    assert page.locator("[onerror], iframe, object, embed, form").count() == 0


# The policy of the page would stop a script that gets in: without it nothing may get in either.
@pytest.mark.parametrize("bypass", [False, True], ids=["policy", "no policy"])
def test_the_page_of_a_hostile_run_does_no_harm_and_works(bypass, hostile, open_page):
    report.write(hostile)
    page = open_page(address(hostile), bypass_csp=bypass)
    unharmed(page)
    expect(page.locator("h1")).to_have_text(hostile.path.name.replace("\u2028", " "), use_inner_text=False)
    expect(page.locator("#state")).to_contain_text("step 7")
    expect(page.locator("#warnings li")).to_have_count(2)
    expect(page.locator(".stills img")).to_have_count(2)
    for still in page.locator(".stills img").all():
        still.scroll_into_view_if_needed()
        page.wait_for_function("image => image.naturalWidth > 0", arg=still.element_handle())
    page.locator(".plot > svg").first.hover()
    page.get_by_role("button", name="log").first.click()
    page.wait_for_timeout(3500)                                          # report_data.js has come once more
    unharmed(page)
    assert "{{ 7 * 6 }}" in page.locator("#warnings").inner_text()
    assert b"secret of" not in (hostile.path / "index.html").read_bytes()


def test_a_page_of_several_runs_does_no_harm(hostile, tmp_path, open_page):
    good = begin(tmp_path / "good")
    train(good, [1, 2])
    (tmp_path / "both.html").write_text(report.compare([hostile, good], tmp_path), encoding="utf-8")
    page = open_page((tmp_path / "both.html").as_uri(), bypass_csp=True)
    page.wait_for_timeout(500)
    unharmed(page)


def test_commands_that_are_copied_hold_nothing_of_the_folder(hostile):
    report.write(hostile)
    page = (hostile.path / "index.html").read_text(encoding="utf-8")
    assert 'class="copy"' not in page                                    # no name of these can be typed


@pytest.mark.parametrize("name", ["metrics.jsonl", "health.json", "measures.json"])
@pytest.mark.parametrize("content", [
    "", "[", "null", "7", "[[]]", "\xff", "[" * 5000, '{"warnings": {"a": 1}}'], ids=range(8))
def test_a_damaged_file_costs_only_what_it_holds(name, content, tmp_path, open_page):
    folder = begin(tmp_path / "run")
    folder.write(name, content.encode("latin-1"))
    report.write(folder)
    page = open_page(address(folder))
    expect(page.locator("#state")).to_contain_text("No report yet")

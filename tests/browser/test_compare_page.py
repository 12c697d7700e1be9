"""The page of several runs, as a reader uses it."""
import shutil

import pytest

from experiment import report
from tests.browser.pages import expect
from tests.browser.runs import begin, train


@pytest.fixture
def page(tmp_path, open_page):
    folders = [begin(tmp_path / "runs" / name) for name in ("first", "second", "third")]
    for epochs, folder in enumerate(folders, 2):
        train(folder, range(1, epochs + 1))
    (tmp_path / "runs.html").write_text(report.compare(folders, tmp_path), encoding="utf-8")
    return open_page((tmp_path / "runs.html").as_uri())


def test_one_slider_moves_the_pictures_of_all_runs(page):
    captions = page.locator("figure.samples figcaption")
    expect(captions).to_have_text([f"{name}: Samples after epoch {epoch}" for name, epoch in
                                   (("first", 2), ("second", 3), ("third", 4))])
    page.get_by_role("slider").fill("1")
    expect(captions).to_have_text([f"{name}: Samples after epoch 1" for name in ("first", "second", "third")])
    expect(page.locator("figure.reconstructions")).to_have_count(3)


def test_the_table_is_sorted_by_a_click(page):
    names = page.locator("tbody").first.locator("th")
    page.get_by_role("button", name="step", exact=True).click()
    expect(names).to_have_text(["first", "second", "third"])
    page.get_by_role("button", name="step", exact=True).click()
    expect(names).to_have_text(["third", "second", "first"])
    expect(page.locator("[aria-sort=descending]")).to_have_text("step")


def test_curves_lie_over_each_other(page):
    chart = page.locator(".plot > svg").first
    expect(chart.locator("path.line")).to_have_count(3)
    chart.hover(position={"x": 80, "y": 60})
    for name in ("first", "second", "third"):
        expect(page.locator(".tip").first).to_contain_text(name)


def test_curves_of_a_slower_run_are_longer_over_time(tmp_path, open_page):
    fast, slow = begin(tmp_path / "fast"), begin(tmp_path / "slow")
    for step in range(1, 11):
        fast.add_metrics({"step": step, "kl": 1.0, "seconds": 3.0 * step})
        slow.add_metrics({"step": step, "kl": 1.0, "seconds": 60.0 * step})
    (tmp_path / "runs.html").write_text(report.compare([fast, slow], tmp_path), encoding="utf-8")
    page = open_page((tmp_path / "runs.html").as_uri())

    def ends():
        paths = page.locator(".plot > svg").first.locator("path.line").all()
        return [float(path.get_attribute("d").split("L")[-1].split()[0]) for path in paths]

    assert ends()[0] == ends()[1]
    page.get_by_role("button", name="Over time").click()
    assert (ends()[0] - 58) / (ends()[1] - 58) < 0.1                       # 58 pixels left of the axis
    assert "10 min" in page.locator(".plot > svg").first.locator("text").all_text_contents()


def test_a_run_without_reconstructions_keeps_its_place(tmp_path, open_page):
    without, with_them = begin(tmp_path / "gan"), begin(tmp_path / "vae")
    train(without, [1])
    shutil.rmtree(without.path / "reconstructions")
    train(with_them, [1])
    (tmp_path / "runs.html").write_text(report.compare([without, with_them], tmp_path), encoding="utf-8")
    page = open_page((tmp_path / "runs.html").as_uri())
    expect(page.locator("figure.reconstructions figcaption").first).to_have_text("gan: no reconstructions")
    expect(page.locator("figure.reconstructions button").first).to_be_hidden()
    below, above = (page.locator(f"figure.{kind}").nth(1) for kind in ("reconstructions", "samples"))
    assert below.bounding_box()["x"] == above.bounding_box()["x"]

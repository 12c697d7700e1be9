import json
import os
import re
from html.parser import HTMLParser
from types import SimpleNamespace

import pytest

from experiment import bands, comparison, report
from experiment.pictures import PANELS
from experiment.run_data import Summary, chart_panels, flatten
from tests.browser.runs import BLUE, begin, plain, train


class Page(HTMLParser):
    """Collects tags and words, and checks that elements close in order."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.words, self._open = [], "", []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in ("meta", "img", "link", "input"):
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        self.words += data


@pytest.fixture
def folder(tmp_path):
    return begin(tmp_path / "run")


def page_of(folder):
    return Page((folder.path / report.PAGE).read_text(encoding="utf-8"))


def data_of(folder):
    """What report_data.js tells an open page."""
    return json.loads(re.fullmatch(r"showReport\((.*)\);\n", (folder.path / report.LIVE).read_text())[1])


def test_a_page_is_one_file_that_names_no_other_place(folder):
    train(folder, [1, 2])
    page = page_of(folder)
    used = [value for _, attributes in page.tags for name, value in attributes.items()
            if name in ("src", "href")]
    assert used == ["data:,"] and "http:" not in page.words.replace("http://www.w3.org/2000/svg", "")
    assert "https:" not in page.words


def test_settings_tell_where_they_come_from_and_what_they_are(folder):
    train(folder, [1])
    assert re.search(r"lr\s*0\.0003\s*paper\s*learning rate at the start", page_of(folder).words)


def test_commands_are_quoted_and_name_the_flags_that_were_given(tmp_path):
    folder = begin(tmp_path / "a run; rm")
    settings = {"preset": "paper", "data": "my faces", "gate": False, "real_weight": None, "lr": 0.1,
                "out": "elsewhere"}
    folder.write_config({"script": "celeba_aegan", "settings": settings,
                         "origin": {**dict.fromkeys(settings, "flag"), "lr": "paper"}})
    commands = dict(Summary(folder).commands)
    assert commands["train it again, from the start"] == \
        "python celeba_aegan.py --preset paper --data 'my faces' --no-gate --real-weight none"
    assert all(f"'{folder.path}'" in line for what, line in commands.items() if "again" not in what)


@pytest.mark.parametrize("setting, value", [("data", "a\x1b[2Jb"), ("a b", 1), ("data", ["x"])])
def test_what_cannot_be_typed_is_no_command(setting, value, folder):
    folder.write_config({"script": "celeba_gan", "settings": {setting: value, "z_size": 3},
                         "origin": {setting: "flag"}})
    commands = dict(Summary(folder).commands)
    assert "train it again, from the start" not in commands and "64 new samples" in commands


def test_only_the_newest_pictures_are_inside_and_no_other_files(folder, tmp_path):
    train(folder, [1, 2])
    text = (folder.path / report.PAGE).read_text()
    inside = json.loads(re.search(r'id="inside">(.*?)</script>', text)[1])
    assert set(inside) == {"originals.png", "samples/epoch_0002.png", "reconstructions/epoch_0002.png"}
    (tmp_path / "secret").write_text("secret")
    (folder.path / "originals.png").unlink()
    os.symlink(tmp_path / "secret", folder.path / "originals.png")
    report.write(folder)
    assert '"originals.png":"data' not in (folder.path / report.PAGE).read_text()


def test_pictures_larger_than_a_page_may_hold_lie_beside_it(folder, monkeypatch):
    monkeypatch.setattr(report, "_INSIDE", 100)
    train(folder, [1])
    assert "data:image" not in (folder.path / report.PAGE).read_text()


@pytest.fixture
def training(folder, monkeypatch):
    """pass_(seconds, **update) -> whether the page was made anew in a training, which takes half a second."""
    clock, made = SimpleNamespace(now=100.0, monotonic=lambda: clock.now), []

    def write(folder):
        made.append(clock.now)
        clock.now += 0.5

    monkeypatch.setattr(report, "time", clock)
    monkeypatch.setattr(report, "write", write)
    page = report.Page(folder)

    def pass_(seconds, **update):
        clock.now += seconds
        before = len(made)
        page.update(**update)
        return len(made) > before

    return pass_


def test_reports_are_shown_every_ten_seconds_and_epochs_at_once(training):
    assert training(0) and not training(9) and training(2)
    assert not training(1, at_once=True)                                   # a second of 12: too much
    assert training(100, at_once=True)


def test_a_page_takes_a_hundredth_of_the_time_of_a_training(training):
    made = sum(training(0.1, at_once=True) for _ in range(10_000))         # a thousand seconds
    assert 15 <= made <= 22


def test_a_metric_that_is_not_in_every_report_is_kept(folder):
    for step in range(1, 6):
        folder.add_metrics({"step": step, "kl": 1.0} | ({"test_attribute_loss": 2.0} if step == 3 else {}))
    summary = Summary(folder)
    assert summary.data()["metrics"]["test_attribute_loss"] == [None, None, 2.0, None, None]
    assert comparison.measures([summary])[1][0][1][-1] == "2"
    assert [panel["lines"][0]["metric"] for panel in chart_panels([summary])] == ["kl", "test_attribute_loss"]


@pytest.mark.parametrize("settings, offered", [
    ({}, []), ({"log_var_bound": 8.0}, []), ({"z_size": 2}, ["sample", "measure", "walk", "explore"]),
    ({"z_size": 2, "log_var_bound": 8.0, "conditional": True}, ["sample", "measure"]),
    ({"z_size": 2, "log_var_bound": 8.0, "conditional": False},
     ["sample", "reconstruct", "measure", "walk", "attributes", "explore"])])
def test_only_what_a_model_can_do_is_offered(settings, offered, folder):
    folder.write_config({"script": "lfw_aegan", "settings": settings, "origin": {}})
    lines = [line for _, line in Summary(folder).commands]
    assert [name for name in ("sample", "reconstruct", "measure", "walk", "attributes", "explore")
            if any(f"experiment {name} " in line for line in lines)] == offered


def test_long_runs_are_thinned_and_keep_their_last_report(folder):
    folder.write("metrics.jsonl", "".join(f'{{"step": {step}, "kl": 1.0}}\n' for step in range(1, 9002)))
    steps = Summary(folder).data()["metrics"]["step"]
    assert steps[0] == 1 and steps[-1] == 9001 and 3000 <= len(steps) <= 4001


def test_metrics_of_no_panel_have_one_of_their_own(folder):
    folder.add_metrics({"step": 1, "epoch": 1, "seconds": 0.1, "spread": 2.0, "d_real": 0.5})
    panels = chart_panels([Summary(folder)])
    assert [panel["title"] for panel in panels] == ["Mean output of Dis", "spread"]
    assert [line["metric"] for line in panels[0]["lines"]] == ["d_real"]


def test_what_commands_left_in_the_folder_is_shown(folder):
    folder.write("walk/random_walk.webp", b"")
    folder.write("walk/walk.mp4", b"")
    folder.write("attributes/strengths.png", plain(BLUE))
    folder.write("neighbours.png", plain(BLUE))
    folder.write("measures.json", json.dumps({
        "protocol": {"count": 2000}, "measures": {"frechet": {"samples": 3.61234567, "real": 0.33},
                                                  "areas": {f"attribute {n}": 0.5 for n in range(20)}}}))
    folder.write("health.json", '{"warnings": [{"step": 3, "message": "KL is dead"}, "black data"]}')
    report.write(folder)
    page = page_of(folder)
    stills = {attributes["src"]: attributes["alt"] for tag, attributes in page.tags if tag == "img"}
    assert stills == {"walk/random_walk.webp": "random walk",
                      "attributes/strengths.png": "Each attribute at strengths from -2 to 2",
                      "neighbours.png": "Samples, and below each its nearest training images"}
    assert [attributes["src"] for tag, attributes in page.tags if tag == "video"] == ["walk/walk.mp4"]
    summary = Summary(folder)
    assert summary.measures == [("frechet / samples", "3.61235"), ("frechet / real", "0.33")]
    assert ("protocol / count", "2000") in summary.about_measures and len(summary.about_measures) == 21
    assert re.search(r"frechet / samples\s*3\.61235", page.words)
    assert data_of(folder)["runs"][0]["warnings"] == [{"message": "KL is dead", "step": 3},
                                                      {"message": "black data", "step": None}]


def test_nested_values_are_flattened():
    assert flatten({"a": {"b": 0.123456789, "c": None}, "d": [1, "x"]}) == [
        ("a / b", "0.123457"), ("a / c", "none"), ("d", '[1, "x"]')]


def test_runs_are_compared_in_what_differs(tmp_path):
    one, other = begin(tmp_path / "one"), begin(tmp_path / "other")
    config = other.config()
    config["settings"] |= {"seed": 4, "gamma": 1e-6}
    other.write_config(config)
    train(one, [1, 2])
    train(other, [1])
    other.write("measures.json", '{"measures": {"psnr": 21.5}}')
    runs = [Summary(one), Summary(other)]
    assert comparison.differing_settings(runs) == [("seed", ["3", "4"]), ("gamma", ["", "1e-06"])]
    assert not comparison.same_pictures(runs) and comparison.same_pictures(runs[:1])
    heads, rows = comparison.measures(runs)
    assert heads[:2] == ["step", "KL"] and heads[-1] == "psnr"
    assert [(run.name, values[0], values[-1]) for run, values in rows] == [
        ("one", "20", ""), ("other", "10", "21.5")]


def test_addresses_lead_from_the_page_to_the_runs(tmp_path):
    folder = begin(tmp_path / "a b" / "run")
    train(folder, [1])
    text = report.compare([folder], tmp_path / "pages")
    assert '"../a%20b/run/samples/epoch_0001.png"' in text


# ------------------------------------------------------------------------------------------------- bands

def test_a_band_reaches_over_the_reports_around_and_as_far_again():
    config = {"settings": {"epochs": 10, "epoch_size": 10}}
    reports = [{"step": step, "kl": float(step), "d_real": 0.9 + step / 1000} for step in range(1, 101)]
    assert bands._reach([(config, reports)], "kl", 0.5) == (35, 65)              # 45 to 55, 10 further
    assert bands._reach([(config, reports)], "d_real", 1.0)[1] <= 1              # it is a probability
    assert bands._reach([(config, reports)], "kl", 0.0) == (0, 9)


def test_bands_are_those_of_the_same_settings_only():
    (key, band), *_ = bands._stored().items()
    script, preset = key.split()
    config = {"script": script, "settings": {**band["settings"], "seed": 99, "younger": 1}, "origin": {}}
    assert band["settings"]["preset"] == preset and bands.of(config)["seeds"] == band["seeds"]
    assert bands.of({**config, "origin": {"younger": "flag"}}) is None
    config["settings"]["lr"] *= 2
    assert bands.of(config) is None


def test_stored_bands_are_of_metrics_that_are_drawn():
    drawn = {metric for _, lines, _ in PANELS for metric, _ in lines}
    for band in bands._stored().values():
        assert band["metrics"] and set(band["metrics"]) <= drawn
        for lows, highs in band["metrics"].values():
            assert len(lows) == len(highs) == len(band["shares"])
            assert all(low <= high for low, high in zip(lows, highs))

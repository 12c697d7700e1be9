from html.parser import HTMLParser
from urllib.parse import urlparse

import pytest

from experiment import report
from experiment.run_folder import RunFolder

SPITEFUL = '<script>alert("x")</script>&"\''
REPORTS = [{"step": step, "epoch": 1, "seconds": step * 0.5, "images_per_s": 400.0, "kl": 1000.0 / step,
            "d_real": 0.5} for step in (1, 25, 50)]


class Page(HTMLParser):
    """Collects tags, links and text, and checks that elements close in order."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.links, self.words, self._open = [], [], "", []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.links += [value for name, value in attributes if name in ("src", "href")]
        if tag not in ("meta", "img"):
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        self.words += data


@pytest.fixture
def folder(tmp_path):
    folder = RunFolder(tmp_path / f"run & <b>{SPITEFUL.replace('/', '')}")
    folder.create({"script": "fake", "settings": {"data": SPITEFUL, "limit": None},
                   "origin": {"data": SPITEFUL}, "command": SPITEFUL})
    return folder


def page_of(folder):
    report.write(folder)
    return Page((folder.path / "index.html").read_text(encoding="utf-8"))


def test_a_run_without_a_report_has_a_page(folder):
    page = page_of(folder)
    assert "No report yet" in page.words and page.links == []


def test_settings_and_names_are_escaped(folder):
    page = page_of(folder)
    assert "script" not in page.tags and "b" not in page.tags
    assert page.words.count(SPITEFUL) == 3


def test_links_are_relative_and_lead_to_files(folder):
    for report_ in REPORTS:
        folder.add_metrics(report_)
    for name in ("originals.png", "curves.png", "samples/epoch_0001.png", "samples/epoch_0002.png",
                 "reconstructions/epoch_0001.png", "reconstructions/epoch_0002.png"):
        folder.write(name, b"")
    page = page_of(folder)
    assert len(page.links) == 6 and page.links[0] == "samples/epoch_0002.png"
    assert all(not urlparse(link).scheme and (folder.path / link).is_file() for link in page.links)
    assert "Step 50, epoch 1." in page.words and "KL, an image" in page.words and "20" in page.words

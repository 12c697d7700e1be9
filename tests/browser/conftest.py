"""Chromium from the system, without a window. Where it is missing these tests are skipped, and said to be."""
import functools
import http.server
import shutil
import threading

import pytest

from experiment.explore import pages
from experiment.explore.decoder import packed
from tests.experiment.explorers import painted, serving

INSTALL = "apt-get install -y chromium && pip install '.[browser]'"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]


@pytest.fixture(scope="session")
def chromium(tmp_path_factory, pytestconfig):
    program = shutil.which("chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        program = None
    if program is None:
        pytestconfig.stash[_MISSING] = True
        pytest.skip(f"no browser: {INSTALL}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


_MISSING = pytest.StashKey()


def pytest_terminal_summary(terminalreporter, config):
    if _MISSING in config.stash:
        terminalreporter.section("NOT TESTED: pages in a browser", red=True, bold=True)
        terminalreporter.line(f"What tests/browser checks is unknown on this machine. To check it: {INSTALL}")


@pytest.fixture
def open_page(chromium):
    """open_page(address, **options of the window) -> a page that has no error and asks no network."""
    contexts, wrong = [], []

    def open_(address, **options):
        context = chromium.new_context(**{"viewport": {"width": 1200, "height": 800}, **options})
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: wrong.append(message.text) if message.type != "log" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda request: None if request.url.startswith(("file:", "data:", "http://127."))
                else wrong.append(f"asks for {request.url}"))
        page.goto(address)
        page.wait_for_function("document.getElementById('pictures')?.hidden === false"
                               " ? document.querySelector('#pictures figcaption')?.textContent : true")
        return page

    yield open_
    for context in contexts:
        context.close()
    assert wrong == []


@pytest.fixture
def served(tmp_path):
    """The address at which a server shows tmp_path."""
    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *what):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=tmp_path))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


# ---------------------------------------------------------------------------------------- the explorer

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

"""Servers that answer with something else than the file."""
import socket

import pytest

from dataset.fetch.addresses import File
from dataset.fetch.download import FetchFailed
from tests.dataset.fetch.misbehaving import (
    CONTENT, MD5, SIZE, Server, page, range_answered_with, redirect, silent, status, whole, without_length,
    without_range)

HALF = SIZE // 2
FORM = """<!DOCTYPE html><html><head><title>Google Drive - Virus scan warning</title></head><body>
<form id="download-form" action="{}" method="get"><input type="submit" value="Download anyway"/>
<input type="hidden" name="id" value="42"><input type="hidden" name="confirm" value="t">
<input type="hidden" name="uuid" value="a&amp;b"></form></body></html>"""
QUOTA = """<!DOCTYPE html><html><head><title>Google Drive - Quota exceeded</title></head><body>
<p>Too many users have viewed or downloaded this file recently. Please try again later.</p></body></html>"""
OTHER = "sent something that is not this file (its checksum is another): thrown away"
TOO_MANY = "says that too many people fetched this file lately; it gives it again within 24 hours"


@pytest.mark.parametrize("reply, why", [
    (status(403), "refuses access (403)"), (status(404), "no longer has it (404)"),
    (page("<html><title>Not found</title>", 404), "no longer has it (404)"),
    (status(418), "answered with status 418"),
    (status(202), "sent nothing, as it does where it takes the client for a robot"),
    (range_answered_with(CONTENT, "bytes 0-9/10"), "answered with status 206"),
    (page("<!DOCTYPE html><title>L\x1b[3m\nin</title>"),
     'sent a web page, "L\x1b[3m in", in place of the file'),
    (page("<?xml version='1.0'?><html>"), 'sent a web page, "without a title", in place of the file'),
    (status(200, b"\xef\xbb\xbf\n <HTML>hello"), 'sent a web page, "without a title", in place of the file'),
    (page(QUOTA), TOO_MANY), (page(QUOTA, 403), TOO_MANY), (page(QUOTA, 429), TOO_MANY),
    (whole(CONTENT[:-1]), "has 255,999 bytes under this name, not 256,000: another file"),
    (whole(CONTENT + b"x"), "has 256,001 bytes under this name, not 256,000: another file"),
    (whole(bytes(SIZE)), OTHER),
    (without_length(CONTENT + b"x"), OTHER), (without_length(CONTENT + b"x", silent), OTHER),
    (redirect("http://127.0.0.1/file"), "leads to http://127.0.0.1/file, which is not https: refused"),
    (redirect("file:///etc/passwd"), "leads to file:///etc/passwd, which is not https: refused"),
    (redirect("/0"), "redirects in a circle"),
    (redirect("https://[x/"), "redirects to something that is no address")])
def test_wrong_answer_is_told_at_once_and_leaves_nothing(fetching, reply, why):
    with pytest.raises(FetchFailed) as failure:
        fetching.get(reply)
    assert str(failure.value) == f"127.0.0.1 {why}"
    assert fetching.holds() and fetching.slept == []


def test_wrong_answer_is_followed_by_the_next_source(fetching):
    fetching.get(status(404), others=[[page(QUOTA)], [whole(CONTENT)]])
    assert fetching.holds(file=CONTENT)
    assert [path for path, _ in fetching.server.asked] == ["/0", "/1", "/2"]


@pytest.mark.parametrize("reply", [
    page(QUOTA), without_range(CONTENT[:-1]), status(403), redirect("http://127.0.0.1/")])
def test_wrong_answer_does_not_cost_what_came_before(fetching, reply):
    (fetching.folder / "file.part").write_bytes(CONTENT[:HALF])
    with pytest.raises(FetchFailed):
        fetching.get(reply)
    assert fetching.holds(part=CONTENT[:HALF])


def test_redirect_is_followed_with_range(fetching, server):
    (fetching.folder / "file.part").write_bytes(CONTENT[:HALF])
    server.plan["/there"] = [whole(CONTENT)]
    fetching.get(redirect("/there"))
    assert fetching.holds(file=CONTENT)
    assert server.asked == [("/0", f"bytes={HALF}-"), ("/there", f"bytes={HALF}-")]


def test_nothing_is_asked_of_plain_http(fetching, tmp_path):
    plain = Server(tmp_path, tls=False)
    plain.plan["/file"] = [whole(CONTENT)]
    with pytest.raises(FetchFailed, match="not https: refused"):
        fetching.get(redirect(f"{plain.url}/file"))
    plain.close()
    assert plain.asked == []


def test_certificate_that_nobody_trusts(fetching, monkeypatch):
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    with pytest.raises(FetchFailed, match="^127.0.0.1 shows a certificate that is not trusted$"):
        fetching.get(whole(CONTENT))
    assert fetching.slept == [] and fetching.server.asked == []


def test_host_that_does_not_exist(fetching, monkeypatch):
    def unknown(*arguments):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(FetchFailed, match="^nowhere.invalid cannot be found: no network, or no such host$"):
        fetching.downloader.get(File("file", MD5, ("https://nowhere.invalid/file",)), fetching.folder)
    assert fetching.slept == []


def test_name_that_is_lost_in_the_middle_comes_back(fetching, monkeypatch):
    look_up, calls = socket.getaddrinfo, []

    def unknown_at_times(*arguments):
        calls.append(arguments)
        if len(calls) == 2:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return look_up(*arguments)
    monkeypatch.setattr(socket, "getaddrinfo", unknown_at_times)
    fetching.get(whole(CONTENT, HALF), whole(CONTENT))
    assert fetching.holds(file=CONTENT) and len(fetching.slept) == 2


def test_server_that_is_switched_off(fetching):
    fetching.server.close()
    with pytest.raises(FetchFailed, match=r"^127.0.0.1 Connection refused \(3 times in a row\)$"):
        fetching.get()


# -------------------------------------------------------------------------------------- Google Drive's form

def test_form_is_confirmed(fetching, server):
    server.plan["/download"] = [whole(CONTENT)]
    fetching.get(page(FORM.format(f"{server.url}/download")))
    assert fetching.holds(file=CONTENT)
    assert server.asked[1][0] == "/download?id=42&confirm=t&uuid=a%26b"


@pytest.mark.parametrize("after, why", [
    (page(FORM.format("/download")), 'sent a web page, "Google Drive - Virus scan warning", in place'),
    (page(QUOTA), "too many people")])
def test_form_that_leads_to_a_page(fetching, server, after, why):
    server.plan["/download"] = [after]
    with pytest.raises(FetchFailed, match=why):
        fetching.get(page(FORM.format(f"{server.url}/download")))
    assert fetching.holds() and len(server.asked) == 2


def test_form_is_not_sent_over_http(fetching):
    with pytest.raises(FetchFailed, match="not https: refused"):
        fetching.get(page(FORM.format("http://127.0.0.1/download")))

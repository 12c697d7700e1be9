"""The explorer's server, asked by strangers."""
import contextlib
import http.client
import io
import json
import socket

import numpy as np
import pytest
from PIL import Image

from experiment.compute import compute
from experiment.explore import server as module
from experiment.pictures import to_bytes
from tests.experiment.explorers import painted, serving


@pytest.fixture(scope="module")
def explored(tmp_path_factory):
    return painted(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def server(explored):
    with serving(*explored) as running:
        yield running


@pytest.fixture(autouse=True)
def still_up(server, explored):
    """After every request of a stranger the page gets its answer."""
    yield
    z = np.zeros(explored[1]["z_size"], np.float32)
    status, _, body = ask(server, "POST", "prior", z.tobytes())
    assert status == 200
    assert body == to_bytes(compute(explored[0].model.sample, z[None], "cpu")).tobytes()


def ask(server, method, name, body=None, headers=(), path=None):
    """(status, headers, body) of a request as the page would send it, but for `headers` and `path`."""
    own = {"Host": f"127.0.0.1:{server.server_port}", "Origin": f"http://127.0.0.1:{server.server_port}"}
    if method != "POST":
        del own["Origin"]
    sent = {**own, **dict(headers)}
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=20)
    with contextlib.closing(connection):
        connection.putrequest(method, path or f"/{server.guard.token}/{name}", skip_host=True)
        if body is not None and "Content-Length" not in sent:
            sent["Content-Length"] = str(len(body))
        for header, value in sent.items():
            if value is not None:
                connection.putheader(header, value)
        connection.endheaders()
        if body:
            with contextlib.suppress(OSError):                           # it may have hung up already
                connection.send(body)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()


def picture(side=40, kind="PNG", mode="RGB"):
    file = io.BytesIO()
    Image.new(mode, (side, side)).save(file, kind)
    return file.getvalue()


def test_the_page_comes_with_policies_that_keep_it_alone(server):
    status, headers, body = ask(server, "GET", "")
    assert status == 200 and b"Explorer" in body
    assert headers["X-Frame-Options"] == "DENY" and headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store" and headers["Access-Control-Allow-Origin"] is None


def test_only_this_machine_is_listened_to(server):
    assert server.server_address[0] == "127.0.0.1"


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("headers", [
    {"Host": "evil.example"}, {"Host": "evil.example:80"}, {"Host": "127.0.0.1"}, {"Host": None},
    {"Host": ""}, {"Origin": "http://evil.example"}, {"Origin": "null"}, {"Origin": "http://127.0.0.1:1"},
    {"Origin": "file://"}], ids=str)
def test_other_names_and_pages_are_refused(method, headers, server):
    name, body = ("prior", b"") if method == "POST" else ("", None)
    status, _, body = ask(server, method, name, body, headers)
    assert status == 403 and b"asked" in body


def test_a_question_needs_an_origin(server):
    assert ask(server, "POST", "prior", bytes(256), {"Origin": None})[0] == 403


@pytest.mark.parametrize("path", ["/", "/x/", "//", "/../../etc/passwd", "/%2e%2e/etc/passwd", "*", "http://evil/",
                                  "/\xff\xfe/prior", "/x/prior", "/" + 60000 * "a"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_without_the_token_there_is_nothing(method, path, server):
    connection = socket.create_connection(server.server_address, timeout=20)
    own = f"127.0.0.1:{server.server_port}"
    with contextlib.closing(connection):
        connection.sendall(f"{method} {path} HTTP/1.1\r\nHost: {own}\r\nOrigin: http://{own}\r\n"
                           "Content-Length: 0\r\n\r\n".encode("latin-1"))
        answer = connection.recv(100)
    assert answer.split()[1] in (b"403", b"400"), answer


@pytest.mark.parametrize("name", [
    "../../etc/passwd", "%2e%2e/%2e%2e/etc/passwd", "/etc/passwd", "web/live.js", "encode", "prior", "..",
    "x" * 5000])
def test_there_are_no_files(name, server):
    assert ask(server, "GET", name)[0] == 404


@pytest.mark.parametrize("name", ["", "train", "../prior", "prior/", "PRIOR", "__class__"])
def test_there_are_no_other_questions(name, server):
    assert ask(server, "POST", name, b"x")[0] == 404


@pytest.mark.parametrize("length, status", [
    ("-1", 400), ("1e3", 400), ("", 400), ("٣", 400), ("257", 413), ("9" * 5000, 413), ("17000000000", 413),
    (None, 411)])
def test_a_body_of_another_length_is_not_read(length, status, server):
    headers = {"Content-Length": length.encode() if length else length}
    assert ask(server, "POST", "prior", b"", headers)[0] == status


def test_a_body_in_chunks_is_refused(server):
    assert ask(server, "POST", "prior", b"", {"Transfer-Encoding": "chunked"})[0] == 411


@pytest.mark.parametrize("z", [b"", bytes(255), np.full(64, np.nan, "<f4").tobytes(),
                               np.full(64, np.inf, "<f4").tobytes(), np.full(64, -1e30, "<f4").tobytes()],
                         ids=range(5))
def test_what_is_no_z_is_refused(z, server):
    status, _, body = ask(server, "POST", "posterior", z)
    assert status == 400 and "z " in json.loads(body)["error"]


GOOD = "encode?x=0&y=0&side=1"


@pytest.mark.parametrize("name", [
    "encode", "encode?x=0&y=0", "encode?x=a&y=0&side=1", "encode?x=nan&y=0&side=1", "encode?x=0&y=0&side=inf",
    "encode?x=0&y=0&side=0", "encode?x=0&y=0&side=-1", "encode?x=0&y=0&side=1.5", "encode?x=0&y=0&side=1e300",
    "encode?" + 50 * "x=1&"])
def test_what_is_no_square_is_refused(name, server):
    status, _, body = ask(server, "POST", name, picture())
    assert status == 400 and json.loads(body)["error"]


@pytest.mark.parametrize("place", ["x=-5&y=9", "x=1e300&y=-1e300"])
def test_a_square_beside_the_picture_is_moved_into_it(place, server):
    assert ask(server, "POST", f"encode?{place}&side=0.5", picture())[0] == 200


@pytest.mark.parametrize("name", [GOOD, "face"])
@pytest.mark.parametrize("content", [
    b"", b"no picture", picture()[:60], b"%!PS-Adobe-3.0 (x) run", b"<svg onload='x'/>",
    b"GIF89a" + bytes(20), picture(1)], ids=range(7))
def test_what_is_no_picture_is_refused(name, content, server):
    status, _, body = ask(server, "POST", name, content)
    if content == picture(1) and name == "face":
        assert (status, json.loads(body)) == (200, None)
        return
    assert status == 400 and json.loads(body)["error"]


def test_a_bomb_of_pixels_is_refused(server):
    bomb = picture(16000, mode="1")
    assert len(bomb) < 100_000
    for name in (GOOD, "face"):
        status, _, body = ask(server, "POST", name, bomb)
        assert status == 400 and "pixels" in json.loads(body)["error"]


def test_a_body_that_breaks_off_costs_only_itself(server):
    own = f"127.0.0.1:{server.server_port}"
    with socket.create_connection(server.server_address, timeout=20) as connection:
        connection.sendall(f"POST /{server.guard.token}/prior HTTP/1.1\r\nHost: {own}\r\nOrigin: http://{own}\r\n"
                           "Content-Length: 256\r\n\r\nabc".encode())


@pytest.mark.parametrize("words", [
    b"\r\n\r\n", b"\x16\x03\x01\x02\x00\x01", b"GET\r\n\r\n", b"PUT / HTTP/1.1\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + 200 * b"A: b\r\n" + b"\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"], ids=range(8))
def test_what_is_no_request_gets_no_page(words, server):
    with socket.create_connection(server.server_address, timeout=5) as connection:
        connection.sendall(words)
        connection.shutdown(socket.SHUT_WR)
        answer = connection.recv(10000)
    assert b" 200 " not in answer.split(b"\r\n")[0] and b"Traceback" not in answer


def test_more_connections_than_are_served_are_closed(server):
    with contextlib.ExitStack() as stack:
        many = [stack.enter_context(socket.create_connection(server.server_address, timeout=20))
                for _ in range(module._AT_A_TIME + 8)]
        assert many[-1].recv(10) == b""
    for _ in range(100):                                                 # until the others are let go
        with contextlib.suppress(OSError, http.client.HTTPException):
            if ask(server, "GET", "")[0] == 200:
                return
    raise AssertionError("not served any more")


def test_a_failure_inside_is_told_and_the_server_stays(server, monkeypatch, capsys):
    def fail(*question):
        raise RuntimeError("inside")

    monkeypatch.setattr(server.answers, "answer", fail)
    status, _, body = ask(server, "POST", "prior", bytes(256))
    monkeypatch.undo()
    assert status == 500 and "RuntimeError" in json.loads(body)["error"]
    assert "inside" in capsys.readouterr().err

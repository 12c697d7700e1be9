"""A web server on this machine that misbehaves as it is told, over https with a certificate made for it."""
import contextlib
import hashlib
import re
import socket
import ssl
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import trustme

CONTENT = bytes(range(256)) * 1000                                                 # a file
SIZE = len(CONTENT)
MD5 = f"md5:{hashlib.md5(CONTENT).hexdigest()}"
IMAGES, LIST, FACES = b"images" * 20_000, b"list" * 1000, b"attributes" * 1000     # those of a set


class Server:
    """`plan[path]` lists what becomes of the requests for a path, in turn; the last goes on for all others.

    Each is a function of the handler below. `asked` lists (path, Range header) of all requests.
    """

    def __init__(self, folder, tls=True):
        self.plan, self.asked = {}, []
        self.over = threading.Event()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._http.owner, self._http.daemon_threads, self._http.block_on_close = self, True, False
        self._http.handle_error = lambda *_: None         # a client that does not trust the certificate
        self.certificate = folder / "authority.pem"
        if tls:
            authority = trustme.CA()
            authority.cert_pem.write_to_path(self.certificate)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            authority.issue_cert("127.0.0.1").configure_cert(context)
            self._http.socket = context.wrap_socket(self._http.socket, server_side=True,
                                                    do_handshake_on_connect=False)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self._http.server_port}"
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()

    def close(self):
        self.over.set()
        self._http.shutdown()
        self._http.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        owner, path = self.server.owner, self.path.partition("?")[0]
        owner.asked.append((self.path, self.headers.get("Range")))
        replies = owner.plan[path]
        self.close_connection = True
        with contextlib.suppress(OSError):       # the client hangs up when it has had enough
            (replies.pop(0) if len(replies) > 1 else replies[0])(self)

    def log_message(self, *_):
        pass

    def start(self, status, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()

    def offset(self):
        """Where the client wants to go on; 0 without a Range."""
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        return int(wanted[1]) if wanted else 0


def whole(content, upto=None, then=None, kind="application/octet-stream"):
    """Serves `content` as a good server does, or only its first `upto` bytes, and then calls `then`."""
    def reply(handler):
        start = handler.offset()
        if start >= len(content) > 0:
            handler.start(416, Content_Range=f"bytes */{len(content)}", Content_Length=0)
            return
        headers = dict(Content_Length=len(content) - start, Content_Type=kind)
        if start:
            headers["Content_Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        handler.start(206 if start else 200, **headers)
        handler.wfile.write(content[start:upto])
        if then:
            then(handler)
    return reply


def without_range(content):
    """Serves all of `content` whatever Range is asked for."""
    def reply(handler):
        handler.start(200, Content_Length=len(content))
        handler.wfile.write(content)
    return reply


def range_answered_with(content, content_range):
    """Serves `content` as a part of a file, with this Content-Range ('' for none)."""
    def reply(handler):
        headers = {"Content_Range": content_range} if content_range else {}
        handler.start(206, Content_Length=len(content), **headers)
        handler.wfile.write(content)
    return reply


def without_length(content, then=None):
    """Serves `content` without saying how long it is, then calls `then`; hanging up is the end."""
    def reply(handler):
        handler.start(200)
        handler.wfile.write(content)
        if then:
            then(handler)
    return reply


def status(number, content=b"", **headers):
    """Answers with a status and perhaps a page."""
    def reply(handler):
        handler.start(number, Content_Length=len(content), **headers)
        handler.wfile.write(content)
    return reply


def page(content, number=200):
    """Serves a web page."""
    return status(number, content.encode(), Content_Type="text/html; charset=utf-8")


def redirect(address):
    return status(302, Location=address)


def reset(handler):
    """Breaks the connection off with a reset."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()


def silent(handler):
    """Sends nothing until the test is over."""
    handler.server.owner.over.wait()


def dripping(handler):
    """Sends a byte now and then until the test is over."""
    while not handler.server.owner.over.wait(0.02):
        handler.wfile.write(b"x")


def asked(server):
    return [path.removeprefix("/") for path, _ in server.asked]


def names(folder):
    return {path.name for path in folder.iterdir() if not path.name.startswith(".")}

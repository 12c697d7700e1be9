"""The explorer's server: HTTP on this machine alone, for the page that it serves."""
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from dataset import DataError
from experiment.console import say
from experiment.explore.answers import JSON, Answers
from experiment.explore.guard import Guard, Refused

_PATIENCE = 20         # seconds for the next bytes of a request
_AT_A_TIME = 32        # connections
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
            "Referrer-Policy": "no-referrer", "Cross-Origin-Resource-Policy": "same-origin",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Content-Security-Policy": "frame-ancestors 'none'"}


class Server(ThreadingHTTPServer):
    """Serves `page` (bytes) at `address`, and answers what it asks of the model of a Subject.

    Raises OSError where no port of this machine is free.
    """
    daemon_threads = True

    def __init__(self, subject, page):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.page, self.answers = page, Answers(subject)
        self.guard = Guard(self.server_port)
        self.address = self.guard.address
        self._free = threading.BoundedSemaphore(_AT_A_TIME)

    def process_request(self, request, client_address):
        if self._free.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request, client_address):
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request, client_address):
        """A connection that broke ends alone; anything else is told, and the server stays up."""
        error = sys.exception() if hasattr(sys, "exception") else sys.exc_info()[1]
        if not isinstance(error, OSError):
            say(f"warning: a request failed ({type(error).__name__}: {error})", sys.stderr)


class _Handler(BaseHTTPRequestHandler):
    protocol_version, timeout = "HTTP/1.1", _PATIENCE
    server_version, sys_version = "explorer", ""
    disable_nagle_algorithm = True

    def do_GET(self):
        self._answered(self._page)

    def do_POST(self):
        self._answered(self._question)

    def _page(self):
        if self.server.guard.asked_for(self.path, self.headers, writes=False):
            raise Refused(404, "there is nothing here")
        return "text/html; charset=utf-8", self.server.page

    def _question(self):
        place = self.server.guard.asked_for(self.path, self.headers, writes=True)
        name, _, query = place.partition("?")
        length = self.server.guard.length(self.headers, self.server.answers.most_bytes(name))
        body = self.rfile.read(length)
        if len(body) < length:
            raise Refused(400, "the body is cut short")
        return self.server.answers.answer(name, query, body)

    def _answered(self, find):
        """Send what `find` gives; what goes wrong is a message for the page."""
        status = 200
        try:
            kind, content = find()
        except (Refused, DataError) as error:
            status, reason = getattr(error, "status", 400), str(error)
        except OSError:
            raise
        except MemoryError:
            status, reason = 507, "out of memory: close other programs, or use a smaller picture"
        except Exception as error:
            self.server.handle_error(self.request, self.client_address)
            status, reason = 500, f"the explorer failed ({type(error).__name__}): its terminal says more"
        if status != 200:
            kind, content = JSON, json.dumps({"error": reason}).encode()
            self.close_connection = True                # what is left of the body is not read
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": len(content), **_HEADERS}.items():
            self.send_header(name, str(value))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)

    def send_error(self, code, message=None, explain=None):
        """What is no HTTP, or asks for another method: as our other messages."""
        def refuse():
            raise Refused(code, message or "not understood")

        self._answered(refuse)

    def log_message(self, *what):
        """Requests are not told: there is one for each picture."""

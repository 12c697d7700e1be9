"""Who may ask the explorer: only the page that it served itself, to whoever knows the address with its token.

A browser sends requests of any page to this machine. What tells them apart: such a page does not know the
token; its Origin is another; and where its name was made to lead to this machine (DNS rebinding), the Host
is that name.
"""
import hmac
import secrets


class Refused(Exception):
    """A request that is not answered: `status` of HTTP, and why."""

    def __init__(self, status, reason):
        super().__init__(reason)
        self.status = status


class Guard:
    """Checks requests to a server on `port` of this machine."""

    def __init__(self, port):
        self.token = secrets.token_urlsafe(16)
        self._hosts = f"127.0.0.1:{port}", f"localhost:{port}"
        self.address = f"http://{self._hosts[0]}/{self.token}/"

    def asked_for(self, path, headers, writes):
        """What of the explorer a path asks for, '' for the page. writes: whether the request has a body.

        Raises Refused.
        """
        hosts, origins = headers.get_all("Host", []), headers.get_all("Origin", [])
        if len(hosts) != 1 or hosts[0] not in self._hosts:
            raise Refused(403, "asked under a name that is not this machine's")
        if origins != [f"http://{hosts[0]}"] and (writes or origins):
            raise Refused(403, "asked by another page")
        _, token, *rest = path.split("/", 2) + [""]
        if not hmac.compare_digest(token.encode("utf-8", "replace"), self.token.encode()):
            raise Refused(403, "the address lacks the token: open the one that the program printed")
        return rest[0]

    def length(self, headers, most):
        """The length of a request's body, in bytes. Raises Refused for none, and for more than `most`."""
        told = headers.get_all("Content-Length", [])
        if headers.get("Transfer-Encoding") is not None or len(told) != 1:
            raise Refused(411, "a body needs one Content-Length")
        if not (told[0].isascii() and told[0].isdigit()):
            raise Refused(400, "Content-Length is no number")
        if len(told[0]) > 12 or int(told[0]) > most:
            raise Refused(413, f"more than {most:,} bytes: make it smaller")
        return int(told[0])

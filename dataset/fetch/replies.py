"""What a server answered: the file, a part of it, a page in its place, or nothing; and what to say of it."""
import re
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from html.parser import HTMLParser
from urllib.parse import urlencode

MOMENTARY = {408, 425, 429}                  # like 5xx: the same request may succeed a little later
REFUSALS = {202: "sent nothing, as it does where it takes the client for a robot",
            401: "wants a login (401)", 403: "refuses access (403)", 404: "no longer has it (404)",
            410: "no longer has it (410)"}
QUOTA = ("quota exceeded", "too many users have viewed or downloaded")


class SourceFailed(Exception):
    """This source does not have the file or does not give it: try the next one."""


class TryAgain(Exception):
    """Something momentary; `wait` is how many seconds the server asked for."""

    def __init__(self, reason, wait=0.0):
        super().__init__(reason)
        self.wait = wait


class NoSuchHost(TryAgain):
    """The server's name leads nowhere: momentary only in the middle of a download."""


def refusal(status):
    """What a status code means for someone who wanted a file."""
    return REFUSALS.get(status, f"answered with status {status}")


def seconds_asked(headers):
    """How long Retry-After, a number or a date, asks to wait; 0 where it says nothing understandable."""
    text = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"\d{1,9}", text):
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(timezone.utc)).total_seconds())
    except (ValueError, TypeError):
        return 0.0


def extent(reply):
    """(offset of a reply's first byte in the file, size of the whole file); None for what it leaves open."""
    if reply.status_code == 200:
        length = reply.headers.get("Content-Length", "")
        return 0, int(length) if re.fullmatch(r"\d{1,18}", length) else None
    match = re.fullmatch(r"bytes (\d{1,18})-\d{1,18}/(\d{1,18}|\*)", reply.headers.get("Content-Range", ""))
    if reply.status_code != 206 or match is None:
        return None, None
    return int(match[1]), None if match[2] == "*" else int(match[2])


class Page(HTMLParser):
    """An HTML page that came in place of a file: its title, and the form that Google Drive wants confirmed.

    form  the address that confirming leads to, or None
    """

    def __init__(self, content):
        super().__init__()
        self.title, self.form, self._in_title, self._action, self._fields = "", None, False, None, {}
        self.content = content.decode("utf-8", "replace")
        self.feed(self.content)
        self.title = " ".join(self.title.split())

    @staticmethod
    def is_one(content, content_type):
        """Whether the first bytes of a reply begin a page."""
        start = content[:1024].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
        return start.startswith((b"<!doctype html", b"<html")) or (
            start.startswith(b"<") and "html" in content_type.lower())

    def handle_starttag(self, tag, attributes):
        attributes = {name: value or "" for name, value in attributes}
        if tag == "form" and attributes.get("id") == "download-form":
            self._action, self._fields = attributes.get("action"), {}
        elif tag == "input" and self._action and "name" in attributes:
            self._fields[attributes["name"]] = attributes.get("value", "")
        self._in_title = tag == "title"

    def handle_data(self, data):
        if self._in_title:
            self.title += data

    def handle_endtag(self, tag):
        if tag == "form" and self._action:
            self.form, self._action = f"{self._action}?{urlencode(self._fields)}", None
        self._in_title = False

    def tells_of_quota(self):
        """Whether it is Google Drive's page about a file that is wanted too often."""
        return any(words in self.content.lower() for words in QUOTA)

    def explanation(self):
        """Why there is a page, as far as it tells."""
        if self.tells_of_quota():
            return "says that too many people fetched this file lately; it gives it again within 24 hours"
        return f'sent a web page, "{self.title[:100] or "without a title"}", in place of the file'


def reason(error):
    """A few words on why an exchange with a server broke off."""
    causes = list(_causes(error))
    names = " ".join(type(cause).__name__ for cause in causes)
    if "ConnectTimeout" in names:
        return "does not answer"
    if "Timeout" in names or "timed out" in str(causes[-1]):
        return "stopped sending"
    if "IncompleteRead" in names:
        return "broke off in the middle"
    last = causes[-1]
    return (getattr(last, "strerror", None) or str(last))[:100] or type(last).__name__


def caused_by(error, kind):
    """Whether an exception of class `kind` lies behind `error`."""
    return any(isinstance(cause, kind) for cause in _causes(error))


def _causes(error):
    """The exception, what it was raised from, and so on."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__

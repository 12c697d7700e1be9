"""The explorer of the model that comes with the package, beside a few painted faces."""
import contextlib
import threading

from experiment.evaluation import vectors
from experiment.evaluation.subject import Subject
from experiment.explore import pages
from experiment.explore.content import content
from experiment.explore.server import Server
from experiment.reopen import reopen

FEW = 120      # training images


def painted(cache):
    """(Subject, what a page holds of it)."""
    opened = reopen("toyfaces", "cpu")
    opened.settings.limit, opened.settings.cache = FEW, str(cache)
    subject = Subject(opened, "cpu")
    return subject, content(subject, vectors.known(opened, "toyfaces"))


@contextlib.contextmanager
def serving(subject, about):
    """A Server that answers."""
    with Server(subject, pages.live(about).encode()) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()

"""a page to change faces by hand: attributes, directions in z, mixing, walks, your own pictures

The page is served on this machine alone, at an address that the command prints, until Ctrl-C. With --static
it becomes one file that has the decoder inside, opens anywhere and needs no server, but takes no pictures.
The originals of test faces are in such a file only if they are toyfaces: others may not be yours to give.
"""
import webbrowser

from experiment.commands.output import new_file
from experiment.commands.shared import add_data, add_run, open_run, path, use_data
from experiment.console import say
from experiment.evaluation import vectors
from experiment.evaluation.subject import Subject
from experiment.exit import UsageError
from experiment.explore import pages
from experiment.explore.content import content
from experiment.explore.decoder import operations, packed
from experiment.explore.server import Server

_SLOW = 60_000_000         # multiplications, from which on a browser takes more than a tenth of a second


def add_flags(parser):
    add_run(parser)
    add_data(parser)
    parser.add_argument("--static", type=path, metavar="OUT.html",
                        help="write a page that needs no server, instead")
    parser.add_argument("--overwrite", action="store_true", help="replace what is at --static")
    parser.add_argument("--no-browser", action="store_true", help="print the address, but open no browser")


def run(options):
    if options.static is not None:
        with new_file(options, ".html", "--static") as file:
            _write(file, *_opened(options))
        return
    subject, about = _opened(options)
    try:
        server = Server(subject, pages.live(about).encode())
    except OSError as error:
        raise UsageError(f"explore: no port of this machine is free ({error.strerror or error}): close other "
                         "programs, or write a page that needs no server (--static OUT.html)") from error
    with server:
        say(f"explorer: {server.address} (Ctrl-C ends it)")
        if not options.no_browser and _has_window():
            webbrowser.open(server.address)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            say("\nexplorer: closed")


def _opened(options):
    """(Subject, what a page holds of it)."""
    opened, device = open_run(options)
    use_data(options, opened.settings)
    subject = Subject(opened, device)
    return subject, content(subject, vectors.known(opened, options.run), options.data is not None)


def _write(file, subject, about):
    if about["data"] != "toyfaces":
        for face in about["faces"]:
            face["picture"] = None
        say("originals: left out, as they may not be yours to give")
    decoder = packed(subject.model)
    work = operations(decoder, about["z_size"])
    if work > _SLOW:
        say(f"note: {work / 1e6:,.0f} million multiplications a picture: slow in a browser; the live page "
            "computes here")
    file.write(pages.static(about | {"decoder": decoder}).encode())


def _has_window():
    """Whether the browser that would open has a window: one in this terminal would take it over."""
    try:
        return type(webbrowser.get()) is not webbrowser.GenericBrowser
    except webbrowser.Error:
        return False

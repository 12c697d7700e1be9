"""the page of a run made anew, or one page of several runs side by side

RUN may be a folder of runs. One run without --out: its own index.html. A page of several, runs.html, shows
what differs in their settings, curves over each other, pictures side by side and measures in a table. It
shows older pictures from the folders of the runs: leave them where they are.
"""
from pathlib import Path

from experiment import report
from experiment.commands.output import new_file
from experiment.commands.shared import path
from experiment.console import say
from experiment.run_folder import RunFolder


def add_flags(parser):
    parser.add_argument("runs", type=path, nargs="+", metavar="RUN", help="folder of a run, or of several")
    parser.add_argument("--out", type=path, metavar="FILE.html",
                        help="the file to write (RUN/index.html; of several runs: runs.html)")
    parser.add_argument("--overwrite", action="store_true", help="replace what is at --out")


def run(options):
    folders = [folder for path in options.runs for folder in _runs(Path(path))]
    if options.out is None and len(folders) > 1:
        options.out = "runs.html"
    if options.out is not None:
        with new_file(options, ".html") as file:
            file.write(report.compare(folders, Path(options.out).parent).encode())
    else:
        report.write(folders[0])
        say(f"written: {folders[0].path / report.PAGE}")


def _runs(path):
    """The RunFolder at a path, or those in the folders there."""
    inside = sorted(config.parent for config in path.glob("*/config.json"))
    if (path / "config.json").exists() or not inside:
        return [RunFolder(path)]
    return [RunFolder(folder) for folder in inside]

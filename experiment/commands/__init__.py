"""What can be done with a finished run, a module for each command.

    python -m experiment sample RUN --count 64 --out samples.png     a grid; --out FOLDER: single pictures
    python -m experiment reconstruct RUN IMAGE... --out grid.png     pictures above their reconstructions
    python -m experiment interpolate RUN IMAGE IMAGE --out row.png   from one picture to another
    python -m experiment encode RUN DATA --out z.npz                 means and log-variances of q(z|x)
    python -m experiment export RUN --out model.safetensors          the model in one file, which is a RUN too
    python -m experiment similarity RUN... --regressor RUN --out DIR do faces made from attributes have them?
    python -m experiment attributes RUN                              attributes added to z: pictures, measured
    python -m experiment arithmetic RUN                              smiling woman - woman + man, in z
    python -m experiment walk RUN                                    animations, and single pictures
    python -m experiment measure RUN                                 how far its images are from real ones
    python -m experiment likelihood RUN                              how likely held-out images are to it
    python -m experiment compare --out DIR                           the paper's four models, trained alike
    python -m experiment report RUN RUN...                           several runs on one page, runs.html
    python -m experiment explore RUN                                 a page to change faces by hand

Where it names one RUN it may be left out: then a model of toyfaces that comes with the package is used, and
results lie in results/toyfaces.
`python -m experiment COMMAND --help` lists a command's flags.
"""
from experiment.commands import (
    arithmetic, attributes, compare, encode, explore, export, interpolate, likelihood, measure, reconstruct,
    report, sample, similarity, walk)
from experiment.flags import Parser

COMMANDS = {"sample": sample, "reconstruct": reconstruct, "interpolate": interpolate, "encode": encode,
            "export": export, "similarity": similarity, "attributes": attributes, "arithmetic": arithmetic,
            "walk": walk, "measure": measure, "likelihood": likelihood, "compare": compare, "report": report,
            "explore": explore}


def main(arguments=None):
    """Do what a command line (sys.argv by default) asks for. Raises UsageError, dataset.DataError."""
    parser = Parser(prog="python -m experiment", description=__doc__)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, command in COMMANDS.items():
        summary = command.__doc__.split("\n")[0]
        command.add_flags(commands.add_parser(name, description=command.__doc__, help=summary))
    options = parser.parse_args(arguments)
    COMMANDS[options.command].run(options)

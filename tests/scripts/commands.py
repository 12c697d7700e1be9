"""Running `python -m experiment` as a user does, from any folder."""
import os
import sys

from tests.scripts import warm
from tests.scripts.scripts import ENVIRONMENT, ROOT

FROM_ANYWHERE = {**ENVIRONMENT, "PYTHONPATH": os.pathsep.join([str(ROOT), ENVIRONMENT.get("PYTHONPATH", "")])}


def command_line(*arguments):
    """What to type."""
    return [sys.executable, "-m", "experiment", *map(str, arguments)]


def call(*arguments, cwd):
    """The finished process, with stdout and stderr as text."""
    return warm.call("experiment", *arguments, cwd=cwd, env=FROM_ANYWHERE)


def do(*arguments, cwd):
    """What a command says that must succeed, quietly on stderr."""
    done = call(*arguments, cwd=cwd)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout

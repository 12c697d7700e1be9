"""Calls of scripts and commands by a Python that has imported what they need, and forks itself for each.

Half of what a tiny run costs is imports. A call has streams, folder, environment and exit status of its own.
What happens while a process imports, and whether two that hash strings differently end alike, is for tests
that start new ones: test_resume.py, test_surroundings.py, test_reliability.py, tests/experiment/test_exit.py.
"""
import atexit
import gc
import json
import os
import runpy
import signal
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 300                  # that a call may take


def call(what, *arguments, cwd, env):
    """The finished process of `python what arguments`, with stdout and stderr as text. what: the path of a
    script, or the name of a package."""
    server = _server()
    with tempfile.NamedTemporaryFile("r") as out, tempfile.NamedTemporaryFile("r") as err:
        request = [str(what), list(map(str, arguments)), os.fspath(cwd), env, [out.name, err.name]]
        server.stdin.write(json.dumps(request) + "\n")
        server.stdin.flush()
        status = int(server.stdout.readline())
        return subprocess.CompletedProcess([what, *arguments], status, out.read(), err.read())


@cache
def _server():
    """The Python that waits for calls, one for this process."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}
    server = subprocess.Popen([sys.executable, __file__], env=environment, cwd=ROOT, stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True)
    atexit.register(server.communicate)
    return server


def _next_call():
    """The request of a call, in a process of its own."""
    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        child = os.fork()
        if not child:
            return json.loads(line)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), file=answers, flush=True)
    sys.exit()


if __name__ == "__main__":
    import matplotlib.backends.backend_agg
    import matplotlib.figure                       # noqa: F401

    import experiment.commands                     # noqa: F401

    gc.freeze()                                    # what is here now a call neither searches nor copies
    what, sys.argv[1:], cwd, env, streams = _next_call()
    signal.alarm(SECONDS)
    for number, path in enumerate([os.devnull, *streams]):
        os.dup2(os.open(path, os.O_RDWR), number)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.path[0] = str(ROOT)
    sys.argv[0] = what
    if what.endswith(".py"):
        runpy.run_path(what, run_name="__main__")
    else:
        runpy.run_module(what, run_name="__main__", alter_sys=True)

"""How a program ends: with an exit status and, where something went wrong, one line, not a traceback."""
import contextlib
import os
import signal
import sys
import traceback


class UsageError(ValueError):
    """A flag, a folder or a file that cannot be used: what, where, what to do, in one line. Exit status 2."""


class Diverged(RuntimeError):
    """A loss or a parameter is no longer a finite number. Exit status 1."""


class Interrupted(Exception):
    """A signal ended the run; its state is saved if training had begun. Exit status 128 + signal number."""

    def __init__(self, signal_number, message="interrupted"):
        super().__init__(message)
        self.signal_number = signal_number


# ------------------------------------------------------------------------------------------- while starting

def guard_start():
    """Let Ctrl-C end one of our programs in one line, until run_program takes over when all is imported.

    Our programs are the scripts beside this package and `python -m experiment`. Whoever imports the package
    from elsewhere keeps their own handling of signals.
    """
    started = sys.argv[0] if sys.argv else ""        # '-m' as long as Python looks for the module to run
    beside = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
    ours = started == "-m" or os.path.dirname(os.path.realpath(started)) == beside
    if ours and signal.getsignal(signal.SIGINT) is signal.default_int_handler:      # nohup leaves it ignored
        # The processes that paint toyfaces start like the script: Ctrl-C is for the script to deal with.
        process = sys.modules.get("multiprocessing.process")
        is_child = process is not None and process.parent_process() is not None
        with contextlib.suppress(ValueError):                                       # not in the main thread
            signal.signal(signal.SIGINT, signal.SIG_IGN if is_child else _leave_start)


def _leave_start(number, frame):
    """Leave at once: an exception could get lost in the import machinery, and nothing has to be tidied up."""
    os.write(2, b"interrupted while starting: nothing was done\n")
    os._exit(128 + number)


# ------------------------------------------------------------------------------------------- from then on

def run_program(main):
    """Call main() and leave: 0 done; 1 diverged; 2 wrong use or unusable data; 130, 143 interrupted.

    All but the first with one line on stderr and no traceback.
    """
    from experiment import console               # here: they need this module
    from experiment.processes import here
    from experiment.signals import ending

    sys.unraisablehook = _leave_if_interrupted
    console.open_streams()
    try:
        for number in ending():
            if number != signal.SIGINT:
                signal.signal(number, _terminate)
        if signal.getsignal(signal.SIGINT) is _leave_start:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        main()
        with console.writing():
            sys.stdout.flush()
        status, line = 0, ""
    except MemoryError as error:
        status, line = 2, f"error: out of memory ({error}): use a smaller --batch-size or --width"
    except Diverged as error:
        status, line = 1, f"error: {error}"
    except (Interrupted, KeyboardInterrupt) as stop:
        status, line = _interruption(stop)
    except BrokenPipeError:
        status, line = 128 + 13, ""      # SIGPIPE, which Windows does not name
    except SystemExit as stop:
        status, line = stop.code or 0, ""
    except Exception as error:
        status, line = _failure(error)
    status = here().leave(status, line, _tell)
    console.close_stdout()
    sys.exit(status)


def _failure(error):
    """(exit status, line) of any other error; no line where there is one elsewhere, or a traceback.

    Raises the error where it is a fault of ours, and Python itself can end the program.
    """
    import gpuarray            # here: --help need not wait for it
    from experiment.processes import here

    if isinstance(error, gpuarray.ProcessError):
        return 1, None
    if isinstance(error, _wrong_use()):
        return 2, f"error: {error}"
    if here().size == 1:
        raise error
    traceback.print_exception(error)
    return 1, ""


def _wrong_use():
    """The errors that a user can correct."""
    import dataset             # here: --help need not wait for it
    import gpuarray

    return UsageError, dataset.DataError, gpuarray.DeviceError, gpuarray.ArgumentError


def _tell(line):
    from experiment.console import plain         # here: it needs this module

    with contextlib.suppress(OSError, ValueError):        # stderr is gone too
        print(plain(" ".join(line.split())), file=sys.stderr, flush=True)


def _terminate(number, frame):
    raise Interrupted(number, "terminated outside of training: nothing was saved")


def _interruption(stop):
    """(exit status, line) of an Interrupted or a KeyboardInterrupt."""
    if hasattr(stop, "kept"):                              # dataset.fetch was interrupted
        return 128 + getattr(stop, "signal_number", signal.SIGINT), f"interrupted: {stop.kept}"
    if isinstance(stop, Interrupted):
        return 128 + stop.signal_number, str(stop)
    return 128 + signal.SIGINT, "interrupted outside of training: nothing was saved"


def _leave_if_interrupted(unraisable):
    """Python's hook for exceptions it drops: an interruption inside a __del__ still ends the program."""
    if isinstance(unraisable.exc_value, (Interrupted, KeyboardInterrupt)):
        status, line = _interruption(unraisable.exc_value)
        _tell(line)
        os._exit(status)
    sys.__unraisablehook__(unraisable)

"""Work beside the training: pictures, plots, the page, what is printed. None of it may end a run."""
import contextlib

from experiment.exit import Interrupted


class Beside:
    """`with beside("the page"):` around such work. A failure is told once for each kind of work.

    tell(line): prints it. `lost` becomes the number of a signal when nobody reads what is printed any more.
    """

    def __init__(self, tell):
        self.lost, self._tell, self._failed = None, tell, set()

    @contextlib.contextmanager
    def __call__(self, what):
        try:
            yield
        except Interrupted as stop:
            self.lost = stop.signal_number
        except Exception as error:
            if what not in self._failed:
                self._failed.add(what)
                reason = " ".join(str(error).split()) or type(error).__name__
                with self("what is printed"):
                    self._tell(f"warning: {what} failed ({reason}): training goes on")

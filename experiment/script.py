"""What a script does around its networks: choose the device, open the images, train, leave with a status."""
import os
import signal
import sys

import dataset
import gpuarray as ga
from experiment.dry_run import print_plan
from experiment.errors import Diverged, Interrupted, UsageError
from experiment.training import Training


def run_script(main):
    """Call main() and leave: 0 done; 1 diverged; 2 wrong use or unusable data; 130, 143 interrupted.

    All but the first with one line on stderr and no traceback.
    """
    signal.signal(signal.SIGTERM, _terminate)
    sys.unraisablehook = _leave_if_interrupted
    try:
        main()
        sys.stdout.flush()
        status = 0
    except (UsageError, dataset.DataError, ga.DeviceError, ga.ArgumentError) as error:
        status = _leave(2, f"error: {error}")
    except MemoryError as error:
        status = _leave(2, f"error: out of memory ({error}): use a smaller --batch-size or --width")
    except Diverged as error:
        status = _leave(1, f"error: {error}")
    except (Interrupted, KeyboardInterrupt) as stop:
        status = _leave(*_interruption(stop))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())   # Python flushes once more at its end
        status = 128 + 13      # SIGPIPE, which Windows does not name
    sys.exit(status)


def _leave(status, message):
    print(" ".join(message.split()), file=sys.stderr)
    return status


def _terminate(number, frame):
    raise Interrupted(number, "terminated outside of training: nothing was saved")


def _interruption(stop):
    """(exit status, line) of an Interrupted or a KeyboardInterrupt."""
    if isinstance(stop, Interrupted):
        return 128 + stop.signal_number, str(stop)
    return 128 + signal.SIGINT, "interrupted outside of training: nothing was saved"


def _leave_if_interrupted(unraisable):
    """Python's hook for what it drops: an interruption that a signal raises inside a __del__ still ends the script."""
    if isinstance(unraisable.exc_value, (Interrupted, KeyboardInterrupt)):
        os._exit(_leave(*_interruption(unraisable.exc_value)))
    sys.__unraisablehook__(unraisable)


def open_device(settings):
    """('cpu' or 'cuda', why), told as well. Raises UsageError where there is no such device or precision."""
    try:
        device, why = ga.choose_device(settings.device)
    except ga.DeviceError as error:
        raise UsageError(f"--device {settings.device}: {error}") from error
    if not ga.computes_in(settings.precision, device):
        raise UsageError(f"--precision {settings.precision}: needs a GPU of compute capability 8.0 or above, but "
                         f"the device is {device} ({why}): leave it out or use --precision fp32")
    if device == "cpu":
        ga.use_cores(settings.cores)
    print(f"device: {device} ({why})", flush=True)
    return device, why


def open_images(settings):
    """The dataset.Images of a run, told on the screen; None in a dry run, which opens nothing."""
    if settings.dry_run:
        return None
    images = dataset.open_dataset(settings.data, settings.image_size, settings.cache, limit=settings.limit)
    for note in images.notes:
        print(note)
    print(f"data: {images.name}, {len(images.train):,} images to train with, {len(images.test):,} to test",
          flush=True)
    return images


def train(settings, model, images, device, why):
    """Train `model` in a run's folder, or with --dry-run print what that would take."""
    if settings.dry_run:
        print_plan(settings, model, device)
        return
    training = Training(settings, model, images, device, why)
    print(f"run: {training.folder.path}", flush=True)
    training.run()

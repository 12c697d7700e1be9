"""What every script does around its own `build`: settings, device, images, training."""
import sys

import gpuarray as ga
from experiment.attributes import attribute_names, channels
from experiment.console import say
from experiment.exit import UsageError, run_program
from experiment.flags import read_settings
from experiment.processes import ONE, open_processes
from experiment.run_folder import commit, versions


def run_experiment(settings_class, presets, build, script):
    """Run the program `script` (its file) and leave with an exit status.

    settings_class: a dataclass, subclass of Settings. presets: as for settings.fill.
    build(settings, device) -> nets.Model.
    """
    def main():
        processes = open_processes()
        train(_settings(processes, settings_class, presets, script), build, processes)
        processes.close()

    run_program(main)


def train(settings, build, processes=ONE):
    """Do what settings ask for: train, go on, or show the plan. Raises what Training and its parts raise."""
    from experiment import tensorboard                # here: --help need not wait for images and plots
    from experiment.dry_run import print_plan
    from experiment.follower import Follower
    from experiment.training import Training

    processes.from_first(lambda: tensorboard.check(settings))
    device, why = open_device(settings, processes)
    processes.check_same("the device", lambda: device, "add --device cpu, or a GPU for each")
    settings.attribute_names = tuple(processes.from_first(lambda: attribute_names(settings)))
    settings.channels = processes.from_first(lambda: channels(settings))
    model = build(settings, device)
    processes.join(model, settings, device)
    if settings.dry_run:
        print_plan(settings, model, device)
        return
    images = processes.in_turn(lambda: open_images(settings))
    processes.check_same("images with the digest", lambda: images.digest, "give all the same --data")
    if processes.first:
        Training(settings, model, images, device, why, processes).run()
    else:
        Follower(settings, model, images, device, processes).run()


def _settings(processes, settings_class, presets, script):
    """What the first process makes of its command line, on all of them."""
    processes.check_same("the flags", lambda: sys.argv[1:], "start all alike")
    processes.check_same("the versions", lambda: [versions(), commit()], "install the same everywhere")
    settings = settings_class.__new__(settings_class)
    vars(settings).update(processes.from_first(lambda: vars(read_settings(
        settings_class, presets, script, description=sys.modules["__main__"].__doc__))))
    return settings


def choose_device(wanted):
    """('cpu' or 'cuda', why), told as well. Raises UsageError where there is no such device."""
    try:
        device, why = ga.choose_device(wanted)
    except ga.DeviceError as error:
        raise UsageError(f"--device {wanted}: {error}") from error
    say(f"device: {device} ({why})")
    return device, why


def open_device(settings, processes=ONE):
    """('cpu' or 'cuda', why), told as well. Raises UsageError where there is no such device or precision."""
    device, why = choose_device(settings.device)
    if not ga.computes_in(settings.precision, device):
        raise UsageError(f"--precision {settings.precision}: needs a GPU of compute capability 8.0 or above, "
                         f"but the device is {device} ({why}): leave it out or use --precision fp32")
    if device == "cpu":
        ga.use_cores(processes.cores(settings.cores))
    if processes.size > 1:
        why += f"; {processes.size} processes"
        say(f"processes: {processes.size}")
    return device, why


def open_images(settings):
    """The dataset.Images of a run, told as well."""
    import dataset             # here: --help need not wait for it

    try:
        images = dataset.open_dataset(
            settings.data, settings.image_size, settings.cache, limit=settings.limit,
            want_attributes=settings.needs_attributes, augment=settings.augment,
            skip_broken=settings.skip_broken, offline=settings.offline)
    except MemoryError as error:
        raise UsageError(f"--data {settings.data}: out of memory while its images were decoded: close other "
                         "programs, or use fewer images (--limit)") from error
    dropped = images.train.dropped + images.test.dropped
    for note in images.notes + [f"{dropped:,} images without attributes are left out"] * (dropped > 0):
        say(note)
    say(f"data: {images.name}, {len(images.train):,} images to train with, {len(images.test):,} to test")
    return images

"""Going on with a run: on the same images, from its newest good checkpoint; before the first, from step 0."""
from experiment import checkpoints
from experiment.attributes import noted_names
from experiment.console import say
from experiment.exit import UsageError
from experiment.run_folder import add_resume, circumstances


def open_checkpoint(folder, settings, images, device, why):
    """(path, Checkpoint) to go on from in a RunFolder, whose lock is held; (None, None) to begin at step 0.

    Tells what differs from before. Raises UsageError where the run is done, has other images, or is damaged;
    then nothing has been written.
    """
    config = folder.config()
    _check_attributes(folder, config, settings)
    changes = [*_changed_images(folder, config, settings, images),
               *_changed_machine(config, settings, device, why)]
    (path, saved), spoiled = checkpoints.newest_good(folder)
    if saved is not None:
        _check_done(folder, path, saved, settings)
    for other in spoiled:
        say(f"warning: {other} is damaged, or holds numbers that are not finite: the one before is used")
    for change in changes:
        say(change)
    return path, saved


def begin_again(folder, settings, images, step, device, why):
    """Let the folder be as it was at `step`, and tell of the resumption in config.json."""
    folder.sweep()
    folder.forget("health.json")
    folder.rewind_metrics(step)
    folder.write_config(add_resume(folder.config(), settings, images, step, device, why))


def is_done(folder, settings):
    """Whether the run in a RunFolder has nothing left to do. Raises UsageError where it is damaged."""
    (path, saved), _ = checkpoints.newest_good(folder)
    return saved is not None and _is_last(folder, path, saved, settings)


def _is_last(folder, path, saved, settings):
    if saved.step < settings.epochs * settings.epoch_size:
        return False
    page = folder.path / "index.html"
    return page.exists() and page.stat().st_mtime_ns >= path.stat().st_mtime_ns     # else a kill came between


def _check_done(folder, path, saved, settings):
    if _is_last(folder, path, saved, settings):
        raise UsageError(f"--resume: the run in {folder.path} has done its {settings.epochs} epochs: give "
                         "more with --epochs")


def _check_attributes(folder, config, settings):
    names = settings.attribute_names
    if names and noted_names(config, folder.path / "config.json") != names:
        raise UsageError(f"--data {settings.data}: has other attributes than the run in {folder.path} is "
                         "told: go on with its own data")


def _changed_images(folder, config, settings, images):
    data = config.get("data")
    before = data if isinstance(data, dict) else {}
    if before.get("digest", images.digest) == images.digest:             # an older version kept no digest
        return
    if not settings.data_changed:
        then, now = str(before.get("train"))[:20], len(images.train)
        raise UsageError(f"--data {settings.data}: these are not the images that the run in {folder.path} "
                         f"learned from ({then} of them then, {now} now): give the same, or add "
                         "--data-changed to go on with these")
    yield "the images are not those that the run learned from so far: --data-changed"


def _changed_machine(config, settings, device, why):
    resumed = config.get("resumed")
    last = resumed[-1] if isinstance(resumed, list) and resumed and isinstance(resumed[-1], dict) else config
    now = circumstances(settings, device, why)
    for name, words in (("cores", "cores"), ("versions", "versions of the libraries")):
        if last.get(name, now[name]) != now[name]:
            shown = f" ({last[name]} before, {now[name]} now)" if name == "cores" else ""
            yield (f"other {words} than before{shown}: sums may be rounded differently, so that from here "
                   "on the run no longer repeats bit for bit")

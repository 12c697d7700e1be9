"""Networks of a run that is over."""
import gpuarray as ga
from experiment import checkpoints
from experiment.errors import UsageError
from experiment.run_folder import RunFolder
from experiment.settings import Settings, flags


def load_discriminator(run, discriminator, settings, device):
    """Give `discriminator` (a Network) the parameters and statistics that a run of celeba_gan.py ended with.

    run: the run's folder. settings: those of this run, which must have the same image size and width.
    Raises UsageError where that is no such run, has no checkpoint yet, or does not fit.
    """
    folder = RunFolder(run)
    config = folder.config()
    if config["script"] != "celeba_gan":
        raise UsageError(f"--discriminator {run}: a run of {config['script']}.py: give one of celeba_gan.py")
    for name in ("image_size", "width", "epochs", "epoch_size"):
        value = config["settings"].get(name)
        if not flags(Settings)[name].accepts(value):
            raise UsageError(f"--discriminator {run}: its config.json is damaged ({name} {value}): train the GAN again")
    for name in ("image_size", "width"):
        theirs, ours = config["settings"][name], getattr(settings, name)
        if theirs != ours:
            raise UsageError(f"--discriminator {run}: was trained with {name} {theirs}, this run has {ours}: "
                             f"give --{name.replace('_', '-')} {theirs}, or train another GAN")
    path = checkpoints.latest(folder)
    saved = checkpoints.load(path)
    for name, array in (("parameters", discriminator.parameters), ("statistics", discriminator.statistics)):
        theirs = saved.model.get(f"discriminator/{name}")
        if theirs is None or theirs.shape != array.shape:
            raise UsageError(f"{path}: its discriminator does not fit this version's: train the GAN again")
        array[...] = ga.to_device(theirs, device)
    planned = config["settings"]["epochs"] * config["settings"]["epoch_size"]
    unfinished = f" (only {saved.step:,} of its {planned:,} steps)" if saved.step < planned else ""
    print(f"discriminator: {path}{unfinished}")

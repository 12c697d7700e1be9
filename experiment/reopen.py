"""Models of finished runs, rebuilt by the `build` of the script that trained them."""
import importlib
import sys
from dataclasses import dataclass
from pathlib import Path

import gpuarray as ga
from experiment import checkpoints, exported, pretrained
from experiment.attributes import noted_channels, noted_names
from experiment.console import say
from experiment.exit import UsageError
from experiment.run_folder import RunFolder, checked
from experiment.settings import Settings, finish, saved_values, spelled

# The scripts whose runs can be opened. config.json may come from anywhere: it can name one of these, and
# nothing else is imported. EXAMPLES are those in the folder examples.
EXAMPLES = "binary_vae", "cifar_aegan", "dcgan", "mnist_gan", "mnist_vae", "pyramid_gan", "stl_aegan"
EXPERIMENTS = "celeba_aegan", "celeba_gan", "celeba_vae", "lfw_aegan", "lfw_regressor", *EXAMPLES


@dataclass
class OpenedRun:
    """A model as a checkpoint or an exported file left it.

    settings, config: of its run. source: the file. step: training steps done. vectors: of attributes, where
    an exported file holds them: {"names": (A,), "plain": (A, Z), "regressed": (A, Z)}.
    """
    settings: Settings
    model: object
    config: dict
    source: Path
    step: int
    vectors: dict = None

    @property
    def crop(self):
        """How the run's data was cut, one of dataset.CROPS; None where an older version did not note it."""
        data = self.config.get("data")
        if isinstance(data, dict) and isinstance(data.get("crop"), str):
            return data["crop"]
        return {"celeba": "celeba", "lfw": "lfw", "toyfaces": "centre"}.get(self.settings.data)


def load_run(folder, device="auto", checkpoint=None):
    """(settings, model) of a run: its script's Config and its nets.Model, to sample, encode and decode with.

    folder      a run's folder, a .safetensors file that `python -m experiment export` wrote, or the name of
                a pretrained model: 'toyfaces'
    device      'auto', 'cpu' or 'cuda'; settings.precision becomes fp32 where the device has no other
    checkpoint  a name like 'epoch_0012', or a path; the newest if None

    A VAE that was trained with a discriminator's features comes without the discriminator, as a nets.VAE;
    what was exported to share has no discriminator.
    Nothing is written. Raises experiment.UsageError, gpuarray.DeviceError.
    """
    opened = reopen(folder, ga.choose_device(device)[0], checkpoint)
    return opened.settings, opened.model


def reopen(folder, device, checkpoint=None):
    """The OpenedRun of a run's folder or of an exported file, on `device` ('cpu' or 'cuda'); see load_run."""
    folder = pretrained.find(folder)
    if folder.suffix == ".safetensors" and not folder.is_dir():
        if checkpoint is not None:
            raise UsageError(f"--checkpoint {checkpoint}: {folder} holds one model: leave the flag out")
        arrays, config, step, vectors = exported.load(folder)
        settings, build = _settings(checked(config, folder), folder, device)
        model = build(settings.for_inference(), device)
        _fit(folder, lambda: exported.restore(model, arrays, device))
        return OpenedRun(settings, model, config, folder, step, vectors)
    run = RunFolder(folder)
    config = run.config()
    settings, build = _settings(config, run.path / "config.json", device)
    path = checkpoints.latest(run) if checkpoint is None else checkpoints.named(run, checkpoint)
    saved = checkpoints.load(path)
    model = build(settings.for_inference(), device)
    _fit(path, lambda: model.restore(saved.model))
    return OpenedRun(settings, model, config, path, saved.step)


def _settings(config, where, device):
    """(settings, build) of the script that a config.json at `where` names."""
    if config["script"] not in EXPERIMENTS:
        raise UsageError(f"{where}: made by {config['script']}.py, which is none of this version's "
                         f"experiments ({', '.join(EXPERIMENTS)}): use the version that made it")
    script = import_script(config["script"])
    values, origin = saved_values(script.Config, script.PRESETS, config, where)
    settings = finish(script.Config(**values), origin, config["script"])
    settings.channels = noted_channels(config)
    if settings.needs_attributes:
        settings.attribute_names = noted_names(config, where)
    if not ga.computes_in(settings.precision, device):
        settings.precision = "fp32"
    return settings, script.build


def script_file(name):
    """Where the script of an experiment lies in the project."""
    return f"examples/{name}.py" if name in EXAMPLES else f"{name}.py"


def import_script(name):
    """The module of an experiment: the one beside this package, never one in the working folder."""
    root = str(Path(__file__).resolve().parents[1])
    sys.path.insert(0, root)
    try:
        return importlib.import_module(f"examples.{name}" if name in EXAMPLES else name)
    finally:
        sys.path.remove(root)


def _fit(where, restore):
    try:
        restore()
    except ValueError as error:
        raise UsageError(f"{where}: does not fit the networks of its run's settings ({error}): use the "
                         "version that made it") from error


def load_discriminator(run, discriminator, settings, device):
    """Give `discriminator` (a Network) what that of a finished run of celeba_gan.py has learned.

    run: the GAN's folder. settings: those of the run that needs it, with the same image size and width.
    Raises UsageError where that is no such run, has no checkpoint yet, or does not fit.
    """
    try:
        config = RunFolder(run).config()
        if config["script"] != "celeba_gan":
            raise UsageError(f"{run}: a run of {config['script']}.py: give one of celeba_gan.py")
        for name in ("image_size", "width"):
            theirs, ours = config["settings"].get(name), getattr(settings, name)
            if theirs != ours:
                raise UsageError(f"{run}: was trained with {name} {theirs}, this run has {ours}: "
                                 f"give {spelled(name)} {theirs}, or train another GAN")
        if noted_channels(config) != settings.channels:
            raise UsageError(f"{run}: was trained on images of {noted_channels(config)} channels, those of "
                             f"{settings.data} have {settings.channels}: train another GAN")
        theirs, ours = bool(config["settings"].get("conditional")), settings.conditional
        if theirs != ours:
            raise UsageError(f"{run}: {'is a' if theirs else 'is no'} conditional run: "
                             f"{'add' if theirs else 'leave out'} --conditional, or train another GAN")
        gan = reopen(run, device)
        if gan.settings.attribute_names != settings.attribute_names:
            raise UsageError(f"{run}: was told other attributes than {settings.data} has: train another GAN")
    except UsageError as error:
        raise UsageError(f"--discriminator {error}") from error
    learned = gan.model.networks["discriminator"]
    discriminator.load(learned.parameters, learned.statistics)
    planned = gan.settings.epochs * gan.settings.epoch_size
    unfinished = f" (only {gan.step:,} of its {planned:,} steps)" if gan.step < planned else ""
    say(f"discriminator: {gan.source}{unfinished}")

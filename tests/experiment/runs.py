"""Finished runs of the real scripts, tiny, made without training."""
import numpy as np

from experiment import checkpoints
from experiment.attributes import attribute_names, channels
from experiment.reopen import import_script
from experiment.run_folder import RunFolder, describe
from experiment.settings import DATA_NAMES, fill, flags
from tests.experiment import fakes

TINY = dict(width=0.05, z_size=6, epochs=2, epoch_size=2, batch_size=4, device="cpu")


def finished_run(path, script="celeba_aegan", crop="centre", **given):
    """Makes the run's folder, with two checkpoints; returns the model as the second holds it."""
    module = import_script(script)
    told = {"data": "toyfaces"} if getattr(module.Config, "conditional", False) else {}     # need no files
    given = TINY | {"out": str(path)} | told | given
    settings = fill(module.Config, module.PRESETS,
                    {name: value for name, value in given.items() if name in flags(module.Config)}, script)
    settings.attribute_names = attribute_names(settings)
    settings.channels = channels(settings) if settings.data in DATA_NAMES else 3      # no need of the data
    model = module.build(settings, "cpu")
    images, folder = fakes.images(), RunFolder(path)
    images.crop, images.train.attribute_names = crop, settings.attribute_names
    folder.create(describe(settings, images, "cpu", "asked for"))
    rng = np.random.default_rng(5)
    for epoch in (1, 2):
        for layer in (layer for network in model.networks.values() for layer in network.layers):
            running = [array for path in layer.norm.running for array in path] if layer.norm else []
            for array in [parameter.value for parameter in layer.parameters] + running:
                array += rng.random(array.shape, np.float32) / 20
        checkpoint = checkpoints.Checkpoint(2 * epoch, 1.0, model.state(), {}, np.zeros((1, model.z_size)))
        checkpoints.save(folder, checkpoint, settings.epoch_size)
    folder.close()
    return model


def content(folder):
    """{path: bytes} of all that lies in a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
            for path in folder.rglob("*")}

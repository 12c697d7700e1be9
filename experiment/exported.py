"""A model in one .safetensors file: parameters and running statistics by layer; its run's config as metadata.

Names are network.layer.array: weights, then bias, or gamma and beta of batchnorm with running_mean and
running_inv_std (1 / standard deviation). The decoder has these twice, .posterior and .prior: see nets.layers.
Weights are (k, k, C_in, C_out) in convolutions, (k, k, C_out, C_in) in up-convolutions, (D, K) in dense
layers. A file to share holds them in half precision, without the discriminator, and no path of this machine.
Vectors of attributes (A, Z), where the run has them, are attributes.plain and .regressed; names: metadata.
"""
import json
from pathlib import Path

import numpy as np

import gpuarray as ga
from experiment.evaluation.vectors import KINDS
from experiment.exit import UsageError
from experiment.reading import reading

FORMAT = "autoencoding-beyond-pixels model 1"
PATHS = "posterior", "prior"            # in the order of nets.model.POSTERIOR, PRIOR
LEFT_OUT = "discriminator"              # of files to share: it only trains the others
_LOCAL = "cache", "out"                 # settings that are of no use on another machine


def save(file, model, config, step, vectors=None, share=False):
    """Write what `model` has learned to a binary file.

    config: of its run, JSON-able. vectors: {"names": (A,), "plain": (A, Z), "regressed": (A, Z)} of
    attributes. share: as a file to share. Raises UsageError where half precision does not hold a number.
    """
    from safetensors.numpy import save as to_bytes

    arrays = {name: ga.to_host(view) for name, view in named_arrays(model).items()}
    metadata = {"format": FORMAT, "config": json.dumps(portable(config) if share else config),
                "step": str(step)}
    if vectors is not None:
        arrays |= {f"attributes.{kind}": vectors[kind] for kind in KINDS}
        metadata["attributes"] = json.dumps(list(vectors["names"]))
    if share:
        arrays = {name: _halved(name, array) for name, array in arrays.items()
                  if name.split(".")[0] != LEFT_OUT}
    file.write(to_bytes(arrays, metadata))


def _halved(name, array):
    with np.errstate(over="ignore"):
        halved = array.astype(np.float16)
    if np.isinf(halved).any():
        raise UsageError(f"--share: {name} has numbers too large for half precision: leave --share out")
    return halved


def portable(config):
    """A run's config without what belongs to the machine it was made on."""
    settings, data = config["settings"], config.get("data", {})
    kept = {name: Path(value).name if isinstance(value, str) else value for name, value in settings.items()}
    kept |= {"data": data.get("name", kept["data"])} | dict.fromkeys(_LOCAL)
    origin = {name: source for name, source in config["origin"].items() if name not in _LOCAL}
    return {"script": config["script"], "settings": kept, "origin": origin, "data": data,
            "commit": config.get("commit"), "versions": config.get("versions")}


def load(path):
    """(arrays by name, config, step, vectors or None) of a file that `save` wrote; all arrays are float32.

    Raises UsageError where it is none.
    """
    from safetensors import safe_open

    damaged = "damaged, or not written by `python -m experiment export` of this version: export it again"
    try:
        with reading(path, damaged), safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()}
            if metadata["format"] != FORMAT:
                raise ValueError(metadata["format"])
            arrays = {name: array.astype(np.float32) if array.dtype == np.float16 else array
                      for name, array in arrays.items()}
            vectors = None
            if "attributes" in metadata:
                vectors = {kind: arrays.pop(f"attributes.{kind}") for kind in KINDS}
                vectors["names"] = tuple(json.loads(metadata["attributes"]))
            return arrays, json.loads(metadata["config"]), int(metadata["step"]), vectors
    except FileNotFoundError as error:
        raise UsageError(f"{path}: no such file: check the path") from error


def restore(model, arrays, device):
    """Give `model`, on `device`, the arrays that `load` gave; a discriminator that they lack is taken out of
    it. ValueError where they are another model's."""
    if not any(name.startswith(f"{LEFT_OUT}.") for name in arrays):
        model.networks.pop(LEFT_OUT, None)
    views = named_arrays(model)
    if views.keys() != arrays.keys():
        raise ValueError(f"arrays of another model: {min(views.keys() ^ arrays.keys())}")
    for name, view in views.items():
        if (arrays[name].shape, arrays[name].dtype) != (view.shape, view.dtype):
            raise ValueError(f"{name} is {arrays[name].dtype} {arrays[name].shape}, "
                             f"expected {view.dtype} {view.shape}")
    for name, view in views.items():
        view[...] = ga.to_device(arrays[name], device)


def named_arrays(model):
    """{name: view into the model} of the parameters and running statistics of all its networks."""
    arrays = {}
    for network_name, network in model.networks.items():
        for layer in network.layers:
            prefix = f"{network_name}.{layer.name}"
            for name, parameter in layer.named_parameters.items():
                arrays[f"{prefix}.{name}"] = parameter.value
            for path, (mean, inv_std) in zip(PATHS, layer.norm.running if layer.norm else ()):
                suffix = f".{path}" if len(layer.norm.running) > 1 else ""
                arrays[f"{prefix}.running_mean{suffix}"] = mean
                arrays[f"{prefix}.running_inv_std{suffix}"] = inv_std
    return arrays

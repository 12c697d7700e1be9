"""A model in one .safetensors file: parameters and running statistics by layer; its run's config as metadata.

Names are network.layer.array: weights, then bias, or gamma and beta of batchnorm with running_mean and
running_inv_std (1 / standard deviation). The decoder has these twice, .posterior and .prior: see nets.layers.
Weights are (k, k, C_in, C_out) in convolutions, (k, k, C_out, C_in) in up-convolutions, (D, K) in dense
layers.
"""
import json

import gpuarray as ga
from experiment.exit import UsageError
from experiment.reading import reading

FORMAT = "autoencoding-beyond-pixels model 1"
PATHS = "posterior", "prior"            # in the order of nets.model.POSTERIOR, PRIOR


def save(file, model, config, step):
    """Write what `model` has learned to a binary file. config: of its run, JSON-able."""
    from safetensors.numpy import save as to_bytes

    metadata = {"format": FORMAT, "config": json.dumps(config), "step": str(step)}
    file.write(to_bytes({name: ga.to_host(view) for name, view in named_arrays(model).items()}, metadata))


def load(path):
    """(arrays by name, config, step) of a file that `save` wrote. Raises UsageError where it is none."""
    from safetensors import safe_open

    damaged = "damaged, or not written by `python -m experiment export` of this version: export it again"
    try:
        with reading(path, damaged), safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()}
            if metadata["format"] != FORMAT:
                raise ValueError(metadata["format"])
            return arrays, json.loads(metadata["config"]), int(metadata["step"])
    except FileNotFoundError as error:
        raise UsageError(f"{path}: no such file: check the path") from error


def restore(model, arrays, device):
    """Give `model`, on `device`, the arrays that `load` gave. ValueError where they are another model's."""
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
            arrays[f"{prefix}.weights"] = layer.weights.value
            if layer.norm is None:
                arrays[f"{prefix}.bias"] = layer.bias.value
                continue
            arrays[f"{prefix}.gamma"] = layer.norm.gamma.value
            arrays[f"{prefix}.beta"] = layer.norm.beta.value
            for path, (mean, inv_std) in zip(PATHS, layer.norm.running):
                suffix = f".{path}" if len(layer.norm.running) > 1 else ""
                arrays[f"{prefix}.running_mean{suffix}"] = mean
                arrays[f"{prefix}.running_inv_std{suffix}"] = inv_std
    return arrays

"""The attributes that conditional runs, and those of the attribute regressor, are told: which ones."""
from experiment.exit import UsageError


def attribute_names(settings):
    """The names of the attributes of the data, () where a run needs none. Raises dataset.DataError."""
    if not settings.needs_attributes:
        return ()
    import dataset             # here: --help need not wait for it

    return dataset.attribute_names(settings.data, settings.cache)


def noted_names(config, where):
    """The names that `config`, of a run that needs attributes, notes at `where`. Raises UsageError."""
    data = config.get("data")
    names = data.get("attributes") if isinstance(data, dict) else None
    if not (isinstance(names, list) and names and all(isinstance(name, str) for name in names)):
        raise UsageError(f"{where}: does not tell which attributes its model is told: train the model again")
    return tuple(names)

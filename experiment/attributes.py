"""What a run knows of its data before it opens it: its channels, and the attributes that it is told."""
import difflib

import numpy as np

from experiment.exit import UsageError


def attribute_names(settings):
    """The names of the attributes of the data, () where a run needs none. Raises dataset.DataError."""
    if not settings.needs_attributes:
        return ()
    import dataset             # here: --help need not wait for it

    return dataset.attribute_names(settings.data, settings.cache, settings.offline or settings.dry_run)


def channels(settings):
    """How many channels the images of the data have. Raises dataset.DataError."""
    import dataset

    return dataset.channels(settings.data, settings.cache)


def noted_channels(config):
    """The channels that `config` notes of a run's images; 3 where it is older than grey images are."""
    data = config.get("data")
    return 1 if isinstance(data, dict) and data.get("channels") == 1 else 3


def noted_names(config, where):
    """The names that `config`, of a run that needs attributes, notes at `where`. Raises UsageError."""
    data = config.get("data")
    names = data.get("attributes") if isinstance(data, dict) else None
    if not (isinstance(names, list) and names and all(isinstance(name, str) for name in names)):
        raise UsageError(f"{where}: does not tell which attributes its model is told: train the model again")
    return tuple(names)


def held_out_attributes(settings, names):
    """(n, A) of the images that a run, told the attributes `names`, tests with.

    Raises dataset.DataError, UsageError.
    """
    import dataset

    found, attributes = dataset.held_out_attributes(
        settings.data, settings.image_size, settings.cache, settings.limit, settings.skip_broken,
        settings.offline)
    if found != names:
        raise UsageError(f"--data {settings.data}: has other attributes than the run is told: give the data "
                         "it was trained on")
    return attributes


def replaced(attributes, names, words):
    """Attributes (n, A) with the values that `words`, NAME=VALUE,..., gives to some. Raises UsageError."""
    attributes = attributes.copy()
    for part in words.split(","):
        name, _, value = (side.strip() for side in part.partition("="))
        if name not in names:
            near = difflib.get_close_matches(name, names, 3, cutoff=0.4)
            raise UsageError(f"--with {part}: the run is told no attribute of that name: it is told "
                             f"{', '.join(near or names)}")
        try:
            number = float(value)
        except ValueError:
            number = np.nan
        if not np.isfinite(number):
            raise UsageError(f"--with {part}: expected NAME=VALUE, VALUE a number")
        attributes[:, names.index(name)] = number
    return attributes

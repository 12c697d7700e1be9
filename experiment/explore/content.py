"""What a page of the explorer holds of a model and its data."""
import base64
import zlib

import numpy as np

import gpuarray as ga
from dataset import DataError
from experiment.console import say
from experiment.evaluation import vectors
from experiment.explore.uploads import MOST_BYTES
from experiment.pictures import png, to_bytes

ENCODED = 2000       # training images that directions are computed from
FACES = 24           # held-out faces to begin with
DIRECTIONS = 12      # principal components that get a slider
WHERE_FROM = "posterior", "prior"      # a z is that of an image, or drawn


def content(subject, known=None, data_is_asked_for=False):
    """What a page shows of a Subject, JSON-able; arrays are base64 of float32.

    known: {"names": (A,), "plain": (A, Z), "regressed": (A, Z)} of attributes, else they are computed here.
    Where the data is missing the page goes on without faces of it, unless it was asked for. Raises DataError
    then, and UsageError where images are too few.
    """
    settings, opened = subject.settings, subject.opened
    page = {"model": digest(subject.model), "script": settings.script, "step": opened.step,
            "data": str(subject.data), "size": settings.image_size, "z_size": subject.model.z_size,
            "encodes": subject.model.has_encoder, "most_bytes": MOST_BYTES, "faces": [],
            "attributes": _attributes(known), "directions": None}
    if not subject.model.has_encoder:
        return page
    try:
        images = _images(subject)
    except DataError as error:
        if data_is_asked_for:
            raise
        say(f"without test faces: {error}")
        return page
    faces = images.test.pictures(slice(FACES))
    z_faces = subject.encode(images.test, len(faces), "test faces encoded")
    page["faces"] = [{"z": text(z), "picture": data_uri(face)} for z, face in zip(z_faces, faces)]
    z = subject.encode(images.train, min(ENCODED, len(images.train)), "training images encoded")
    page["directions"] = _directions(z)
    if known is None and images.train.attributes is not None:
        page["attributes"] = _attributes(_vectors(z, images.train))
    return page


def digest(model):
    """Eight digits that tell models apart: a link is of one model."""
    return f"{zlib.crc32(ga.to_host(model.networks['decoder'].parameters)):08x}"


def text(array):
    """An array as base64 of little-endian float32."""
    return base64.b64encode(np.ascontiguousarray(array, "<f4")).decode()


def data_uri(image):
    """An image (S, S, C) in [-1, 1] as the address of a PNG that holds it."""
    return "data:image/png;base64," + base64.b64encode(png(to_bytes(image))).decode()


def _images(subject):
    """The Images of the run's data, few enough to start at once; with attributes, if it has any."""
    settings = subject.settings
    settings.limit = min(ENCODED, settings.limit or ENCODED)
    try:
        return subject.images(attributes=True)
    except DataError:
        return subject.images()


def _vectors(z, train):
    """The vectors of the attributes that enough of the encoded images have, as `known` ones."""
    has = train.attributes[:len(z)] > 0
    columns = np.flatnonzero(vectors.enough(has))
    if not len(columns):
        return None
    names, has = [train.attribute_names[column] for column in columns], has[:, columns]
    return {"names": names, "plain": vectors.plain(z, has), "regressed": vectors.regressed_out(z, has)}


def _attributes(known):
    """Vectors as a page holds them, without those that are not numbers; None where there are none."""
    if known is None:
        return None
    usable = np.isfinite(known["plain"]).all(1) & np.isfinite(known["regressed"]).all(1)
    names = [name for name, is_usable in zip(known["names"], usable) if is_usable]
    return {"names": names, **{kind: text(known[kind][usable]) for kind in ("plain", "regressed")}}


def _directions(z):
    """The principal components of encodings z (n, Z), each as long as one standard deviation along it."""
    centred = z - z.mean(0)
    _, scale, rows = np.linalg.svd(centred, full_matrices=False)
    variance = scale**2 / max(1, len(z) - 1)
    count = min(DIRECTIONS, len(rows))
    return {"vectors": text(rows[:count] * np.sqrt(variance[:count, None])),
            "shares": [round(float(share), 4) for share in variance[:count] / variance.sum()]}

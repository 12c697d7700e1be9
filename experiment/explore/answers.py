"""What a live page asks of the model. Whatever it sends is checked; the model computes one at a time."""
import json
import math
import threading
from urllib.parse import parse_qsl

import numpy as np

from experiment.compute import compute
from experiment.explore import uploads
from experiment.explore.content import WHERE_FROM, data_uri, text
from experiment.explore.guard import Refused
from experiment.pictures import to_bytes

BYTES, JSON = "application/octet-stream", "application/json"
_LARGEST = 1e4      # of a number in z


class Answers:
    """The pictures of z and the z of pictures, of a model on a device; see Subject."""

    def __init__(self, subject):
        self.model, self.device, self.settings = subject.model, subject.device, subject.settings
        self.crop = subject.opened.crop or "centre"
        self._turn, self._upload = threading.Lock(), threading.Lock()

    def most_bytes(self, name):
        """The longest body of a question. Raises Refused where there is no such question."""
        if name in WHERE_FROM:
            return 4 * self.model.z_size
        if name in ("encode", "face") and self.model.has_encoder:
            return uploads.MOST_BYTES
        raise Refused(404, "there is nothing here")

    def answer(self, name, query, body):
        """(content type, bytes) for a question with a body. Raises Refused, and DataError for a picture."""
        if name in WHERE_FROM:
            return BYTES, to_bytes(self.decode(name, body)[0]).tobytes()
        with self._upload:
            found = uploads.face(body) if name == "face" else self.encode(query, body)
        return JSON, json.dumps(found).encode()

    def decode(self, where_from, body):
        """Images (1, S, S, C) of a z, float32, with the statistics of where it is from."""
        if len(body) != 4 * self.model.z_size:
            raise Refused(400, f"z needs {4 * self.model.z_size} bytes, {len(body)} came")
        z = np.frombuffer(body, "<f4")[None].astype(np.float32)
        if not (np.abs(z) <= _LARGEST).all():                          # nan is not either
            raise Refused(400, f"z holds something else than numbers up to {_LARGEST:g}")
        with self._turn:
            return compute(self.model.decode if where_from == "posterior" else self.model.sample, z,
                           self.device)

    def encode(self, query, body):
        """{"z", "picture"} of the square of a picture that the query names: x, y and side."""
        try:
            place = dict(parse_qsl(query, max_num_fields=8))
            x, y, side = (float(place[name]) for name in ("x", "y", "side"))
        except (KeyError, ValueError):
            raise Refused(400, "a square needs x, y and side") from None
        if not all(map(math.isfinite, (x, y, side))):
            raise Refused(400, "x, y and side must be numbers")
        image = uploads.square(body, x, y, side, self.crop, self.settings.image_size, self.settings.channels)
        with self._turn:
            z = compute(self.model.encode, image, self.device)
        return {"z": text(z[0]), "picture": data_uri(image[0])}

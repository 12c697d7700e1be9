"""Results as JSON."""
import json
import math

import numpy as np


def as_json(results):
    """Text of a dict of numbers, texts, lists, arrays: six digits, null for what could not be measured."""
    return json.dumps(_plain(results), indent=1) + "\n"


def _plain(value):
    if isinstance(value, dict):
        return {key: _plain(some) for key, some in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(some) for some in value]
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value

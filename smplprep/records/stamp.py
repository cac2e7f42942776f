"""The stamp, the one key of our own in a cleaned file: version, options, the input's SHA-256."""

from __future__ import annotations

import dataclasses
import json

from .. import __version__
from .file_keys import STAMP_KEY
from .model import Model
from .options import Options


def stamped(cleaned: Model, model: Model, options: Options) -> Model:
    """The cleaned model with its ``smplprep`` key: version, options and the input's SHA-256."""
    if cleaned is model and STAMP_KEY in model.extras:
        return model
    stamp = {
        "version": __version__,
        "options": options.as_dict(),
        "input_sha256": model.source.sha256,
    }
    text = json.dumps(stamp, sort_keys=True)
    extras = {key: value for key, value in cleaned.extras.items() if key != STAMP_KEY}
    return dataclasses.replace(cleaned, extras={**extras, STAMP_KEY: text})

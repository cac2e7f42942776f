"""The stamp, the one key of our own in a cleaned file: version, options, the input's SHA-256.

It tells where a file came from. No decision is read from it.
"""

from __future__ import annotations

import dataclasses
import json
import re
from typing import Any

from .. import __version__
from .file_keys import STAMP_KEY
from .model import Model
from .options import Options


def stamped(cleaned: Model, model: Model, options: Options) -> Model:
    """The cleaned model with its stamp.

    Args:
        cleaned: what the steps made of ``model``; the same object where they changed nothing. It
            then keeps a stamp that it has, so that cleaning twice gives the same bytes.
        model: as it was read.
        options: of this clean.
    """
    if cleaned is model and is_stamp(model.extras.get(STAMP_KEY)):
        return model
    stamp = {
        "version": __version__,
        "options": options.as_dict(),
        "input_sha256": model.source.sha256,
    }
    text = json.dumps(stamp, sort_keys=True)
    extras = {key: value for key, value in cleaned.extras.items() if key != STAMP_KEY}
    return dataclasses.replace(cleaned, extras={**extras, STAMP_KEY: text})


def is_stamp(value: Any) -> bool:
    """Whether this version of smplprep, or an earlier one, writes such a stamp."""
    try:
        text = str(value)
        stamp = json.loads(text)
        same_text = json.dumps(stamp, sort_keys=True) == text
    except (ValueError, RecursionError):
        return False
    if not same_text or not isinstance(stamp, dict):
        return False
    if stamp.keys() != {"version", "options", "input_sha256"}:
        return False
    version, sha256 = stamp["version"], stamp["input_sha256"]
    return (
        isinstance(version, str)
        and re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6}){2}", version) is not None
        and numbers_in(version) <= numbers_in(__version__)
        and isinstance(stamp["options"], dict)
        and (sha256 is None or re.fullmatch("[0-9a-f]{64}", str(sha256)) is not None)
    )


def has_other_stamp(model: Model) -> bool:
    """Whether the model's stamp key holds something that ``is_stamp`` does not know."""
    return STAMP_KEY in model.extras and not is_stamp(model.extras[STAMP_KEY])


def numbers_in(version: str) -> list[int]:
    return [int(number) for number in re.findall("[0-9]+", version)]

"""Models in JSON: SMPL's keys, and nested lists of numbers under them."""

from __future__ import annotations

import json
from typing import Any, NoReturn

import numpy as np

from ..errors import ModelReadError, inside, shown
from ..records.contents import Contents
from ..records.file_keys import FLOAT_KEYS
from .nesting import contents_of
from .packed_file import PackedFile

# Python takes up to 36 bytes and a microsecond for a number, 64 bytes for a list, and up to four
# bytes for each byte of text that is not ASCII. SMPL-H has 11 million numbers.
MOST = {b",": 12_000_000, b"[": 2_000_000, b"{": 100_000, b'"': 400_000}
MAX_BYTES, MAX_OTHER_TEXT = 1 << 28, 1 << 26
_EXACT = 1 << 53  # float64 knows every integer up to here


def read_json(file: PackedFile) -> Contents:
    """The entries of a model in JSON; what is an even nested list of numbers becomes an array.

    JSON from JavaScript has 1 for 1.0, so what SMPL's keys hold as floats becomes floats.

    Raises:
        ModelReadError: not readable JSON, too much of it, a value that is not a number (NaN,
            infinity, 1e999), a key that appears twice, or no model.
    """
    body = bytes(file.body)
    if len(body) > (MAX_BYTES if body.isascii() else MAX_OTHER_TEXT):
        raise ModelReadError(f"{len(body)} bytes are too much for JSON", hint=_AS_NPZ)
    for character, limit in MOST.items():
        if body.count(character) > limit:
            message = f"JSON with more than {limit} of the character {str(character, 'ascii')}"
            raise ModelReadError(message, hint=_AS_NPZ)
    try:
        value = json.loads(
            body.decode("utf-8-sig"), object_pairs_hook=_once_each, parse_constant=_no_number
        )
    except UnicodeDecodeError as error:
        raise ModelReadError("the JSON is not UTF-8", offset=error.start) from None
    except json.JSONDecodeError as error:
        message = f"not readable as JSON: {shown(error.msg)}, line {error.lineno}"
        raise ModelReadError(message, offset=error.pos) from None
    except ModelReadError:
        raise
    except (ValueError, RecursionError) as error:  # more digits, or deeper, than Python reads
        raise ModelReadError(f"not readable as JSON: {shown(error)}") from None
    del body
    if {"asset", "scenes"} <= value.keys() or {"asset", "meshes"} <= value.keys():
        hint = "Take the model file of the same download: a .pkl, .npz or .h5."
        raise ModelReadError("this is a glTF file: a scene for viewers", hint=hint)
    entries = _plain(value, file.limits.depth)
    return contents_of(entries, file, container="npz", remark="the file is JSON")


_AS_NPZ = "Save it with numpy: np.savez('OUT.npz', **arrays)."


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ModelReadError("this key appears twice in the JSON", key=twice)
    return found


def _no_number(word: str) -> NoReturn:
    raise ModelReadError(f"the JSON contains {word}, which is not a number")


def _plain(value: Any, depth: int, key: str = "") -> Any:
    """Lists of numbers as arrays, in a dict and the dicts in it."""
    if isinstance(value, dict):
        if not depth:
            raise ModelReadError("the JSON is nested too deep")
        for name in value:
            with inside(key=name):
                value[name] = _plain(value[name], depth - 1, name)
        return value
    if not isinstance(value, list):
        return value
    first = value
    while isinstance(first, list) and first:
        first = first[0]
    if not isinstance(first, int | float | list):
        return [_plain(item, depth - 1) if depth else item for item in value]
    try:
        array = np.array(value, np.float64)
    except (ValueError, TypeError, OverflowError, RecursionError):
        return value
    if not np.isfinite(array).all():
        raise ModelReadError("a number in the JSON is too large")
    whole = array.size and bool((np.trunc(array) == array).all()) and np.abs(array).max() < _EXACT
    if whole and key not in FLOAT_KEYS:
        array = array.astype(np.int64)
    array.flags.writeable = False
    return array

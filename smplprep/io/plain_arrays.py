"""Values of a pickle as plain arrays, for containers that hold nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelWriteError, inside, shown
from ..records.contents import DEFAULT_LIMITS, ObjectArray, Sparse
from .npz.npy import WIDEST
from .sparse import densify


def plain_array(value: Any) -> NDArray:
    """The value as an array that ``np.load`` reads without ``allow_pickle``.

    Arrays stay as they are, sparse matrices become dense, a scalar becomes a 0-d array, a list or
    an object array of numbers, of texts or of equal arrays becomes the array that it could have
    been, and what has no array form (None, dictionaries, ragged lists) becomes its JSON text. A
    text wider than a .npz may hold becomes an array of its pieces.

    Raises:
        ModelWriteError: a value of a type that no model file holds.
    """
    if isinstance(value, np.ndarray):
        return value
    if isinstance(value, Sparse):
        return densify(value, limits=DEFAULT_LIMITS)
    if isinstance(value, str | bytes):
        return text_array(value)
    if isinstance(value, bool | int | float):
        array = np.array(value)
        if array.dtype.kind in "biuf":
            return array
    even = _even(value)
    if even is not None:
        return even
    return text_array(json.dumps(_jsonable(value), sort_keys=True))


def plain_entries(
    entries: Mapping[str, Any], form: Callable[[Any], Any] = plain_array
) -> dict[str, Any]:
    """Each value in the form that a container holds; an error names the key."""
    found = {}
    for key, value in entries.items():
        with inside(key=key):
            found[key] = form(value)
    return found


def text_array(text: str | bytes) -> NDArray:
    """A 0-d array of the text, or the text in pieces, (n,), where it is too wide for one."""
    pieces = [text[start : start + WIDEST] for start in range(0, len(text), WIDEST)]
    return np.array(pieces if len(pieces) > 1 else text)


def h5_value(value: Any) -> Any:
    """As .h5 holds it: a matrix as it is, else an array, its text no wider than it has to be."""
    if isinstance(value, Sparse):
        return value
    array = plain_array(value)
    if array.dtype.kind != "U":
        return array
    return np.array(array.tolist(), np.str_).reshape(array.shape)


def type_and_shape(value: Any) -> dict[str, Any]:
    """How a table of keys shows a value: its ``dtype``, and its ``shape``, None for no array."""
    if isinstance(value, np.ndarray):
        return {"dtype": str(value.dtype), "shape": list(value.shape)}
    if isinstance(value, Sparse):
        return {"dtype": str(value.data.dtype), "shape": list(value.shape)}
    if isinstance(value, ObjectArray):
        return {"dtype": "object", "shape": list(value.shape)}
    return {"dtype": type(value).__name__, "shape": None}


def texts_among(entries: Mapping[str, Any]) -> list[str]:
    """Sentences on the values of which ``plain_array`` can give no more than their text."""
    plain = np.ndarray | Sparse | bool | int | float
    found = []
    for key, value in entries.items():
        if isinstance(value, str | bytes):
            if len(value) > WIDEST:
                found.append(f"{shown(key)} is written in pieces: no text may be so wide")
        elif not isinstance(value, plain) and _even(value) is None:
            found.append(f"{shown(key)} is written as JSON text: it is no array")
    return found


def _even(value: Any) -> NDArray | None:
    """An array in place of the objects of a list, a tuple or an object array, if it can be."""
    if isinstance(value, ObjectArray):
        items, shape = value.items, value.shape
    elif isinstance(value, list | tuple):
        items, shape = list(value), (len(value),)
    else:
        return None
    kinds = {type(item) for item in items}
    if kinds in ({int}, {float}, {bool}, {str}):
        array = np.array(items)
        return array.reshape(shape) if array.dtype.kind in "biufU" else None
    if kinds != {np.ndarray} or len({(item.shape, item.dtype) for item in items}) > 1:
        return None
    return np.stack(items).reshape(shape + items[0].shape)


def _jsonable(value: Any) -> Any:
    """The value of what JSON knows; raises ModelWriteError where it cannot be."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, ObjectArray):
        value = value.items
    if isinstance(value, dict):
        named = {
            name if isinstance(name, str) else _name(name): _jsonable(item)
            for name, item in value.items()
        }
        if len(named) < len(value):
            raise ModelWriteError("two names in it are the same as JSON text")
        return named
    if isinstance(value, list | tuple):
        return [_jsonable(item) for item in value]
    if isinstance(value, set | frozenset):
        return [_jsonable(item) for item in sorted(value, key=repr)]
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).decode("latin-1")
    if value is None or isinstance(value, bool | int | float | str):
        return value
    message = f"a value of type {type(value).__name__} has no place in a .npz"
    raise ModelWriteError(message)


def _name(name: object) -> str:
    """A name that is no text, as text."""
    return name.decode("latin-1") if isinstance(name, bytes) else json.dumps(name)

"""Values of a pickle as plain arrays, for containers that hold nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..contents import DEFAULT_LIMITS, Sparse
from ..errors import ModelWriteError, shown
from .pickle_names import ObjectArray
from .sparse import densify


def plain_array(value: Any, *, key: str) -> NDArray:
    """The value as an array that ``np.load`` reads without ``allow_pickle``.

    Arrays stay as they are, sparse matrices become dense, a scalar becomes a 0-d array, a list or
    an object array of numbers, of texts or of equal arrays becomes the array that it could have
    been, and what has no array form (None, dictionaries, ragged lists) becomes its JSON text.

    Raises:
        ModelWriteError: a value of a type that no model file holds.
    """
    if isinstance(value, np.ndarray):
        return value
    if isinstance(value, Sparse):
        return densify(value, path=None, key=key, limits=DEFAULT_LIMITS)
    if isinstance(value, bool | int | float | str | bytes):
        array = np.array(value)
        if array.dtype.kind in "biufSU":
            return array
    even = _even(value)
    if even is not None:
        return even
    return np.array(json.dumps(value, default=_jsonable, sort_keys=True))


def h5_value(value: Any, key: str) -> Any:
    """As .h5 holds it: a matrix as it is, else an array, its text no wider than it has to be."""
    if isinstance(value, Sparse):
        return value
    array = plain_array(value, key=key)
    if array.dtype.kind != "U":
        return array
    return np.array(array.tolist(), np.str_).reshape(array.shape)


def texts_among(entries: Mapping[str, Any]) -> list[str]:
    """Sentences on the values of which ``plain_array`` can give no more than their JSON text."""
    plain = np.ndarray | Sparse | bool | int | float | str | bytes
    keys = [k for k, v in entries.items() if not isinstance(v, plain) and _even(v) is None]
    return [f"{shown(key)} is written as JSON text: it is no array" for key in keys]


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
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, ObjectArray):
        return value.items
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).decode("latin-1")
    if isinstance(value, set | frozenset):
        return sorted(value, key=repr)
    raise ModelWriteError(f"a value of type {type(value).__name__} has no place in a .npz")

"""Values of a pickle as plain arrays, for containers that hold nothing else."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelWriteError
from .contents import DEFAULT_LIMITS, Sparse
from .pickle_names import ObjectArray
from .sparse import densify


def plain_array(value: Any, *, key: str) -> NDArray:
    """The value as an array that ``np.load`` reads without ``allow_pickle``.

    Arrays stay as they are, sparse matrices become dense, a scalar becomes a 0-d array, and what
    has no array form (None, dictionaries, ragged lists) becomes its JSON text.

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
    return np.array(json.dumps(value, default=_jsonable, sort_keys=True))


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

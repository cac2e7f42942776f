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
    array = _array_form(value)
    return text_array(json_text(value)) if array is None else array


def array_or_object(value: Any) -> NDArray | ObjectArray:
    """As ``plain_array``, but a value without an array form stays an object."""
    array = _array_form(value)
    if array is not None:
        return array
    return value if isinstance(value, ObjectArray) else ObjectArray((), [value])


def npz_entries(entries: Mapping[str, Any], *, keep_objects: bool) -> dict[str, Any]:
    """Each value as a .npz holds it."""
    return plain_entries(entries, array_or_object if keep_objects else plain_array)


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


def losses(entries: Mapping[str, Any], container: str, *, keep_objects: bool = False) -> list[str]:
    """Sentences on the values that the container cannot hold as they are, and how to read them."""
    found = []
    for key, value in entries.items() if container != "pkl" else ():
        is_text = isinstance(value, str | bytes)
        if isinstance(value, Sparse) or (not is_text and _array_form(value) is not None):
            continue
        if not is_text and keep_objects and container == "npz":
            found.append(f"{shown(key)} is written as an object: np.load needs allow_pickle=True")
            continue
        text = value if is_text else json_text(value)
        in_pieces = len(text) > WIDEST
        read, where = f"d[{shown(json.dumps(key))}]", ", where d = np.load(FILE)"
        if container == "h5":
            read += "[()]" if isinstance(value, bytes) else ".asstr()[()]"
            where = ", where d = h5py.File(FILE)"
        prefix = "b" if isinstance(value, bytes) else ""
        read = f'{prefix}"".join({read})' if in_pieces else f"str({read})"
        if not is_text:
            hint = "; --keep-objects keeps it an object" if container == "npz" else ""
            found.append(
                f"{shown(key)} is written as JSON text: json.loads({read}) reads it{where}{hint}"
            )
        elif in_pieces:
            found.append(f"{shown(key)} is written in pieces: {read} joins them{where}")
    return found


def json_text(value: Any) -> str:
    """The value as JSON; raises ModelWriteError where it cannot be."""
    return json.dumps(_jsonable(value), sort_keys=True)


def _array_form(value: Any) -> NDArray | None:
    """The array that the value is or could have been; None if it has no such form."""
    if isinstance(value, np.ndarray):
        return value
    if isinstance(value, Sparse):
        return densify(value, limits=DEFAULT_LIMITS)
    if isinstance(value, str | bytes):
        return text_array(value)
    if isinstance(value, bool | int | float):
        array = np.array(value)
        return array if array.dtype.kind in "biuf" else None
    return _even(value)


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
    """A name that is not text, as text."""
    return name.decode("latin-1") if isinstance(name, bytes) else json.dumps(name)

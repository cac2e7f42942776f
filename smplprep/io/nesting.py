"""Where in a file the model lies: at the top, or one or two levels down in dicts and lists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from types import NoneType
from typing import Any

import numpy as np

from ..errors import ModelReadError, shown
from ..geometry.other_kinds import TAKE_THE_MODEL, kind_of
from ..records.contents import Contents, ObjectArray, Sparse
from ..records.file_keys import REQUIRED_KEYS
from .packed_file import PackedFile

MAX_LEVELS = 2
MAX_ITEMS = 10_000  # that are looked at


def contents_of(
    value: Any,
    file: PackedFile,
    *,
    container: str,
    notes: Mapping[int, Mapping[Any, str]] | None = None,
    remark: str | None = None,
) -> Contents:
    """The entries of the dict in ``value`` that holds a model.

    Args:
        value: what the file holds.
        file: where it was read from.
        container: as in ``Contents``.
        notes: by the id of a dict: as in ``Contents``.
        remark: what the file is, where it is nothing that loaders of models read.

    Raises:
        ModelReadError: no dict, several models, or keys that are not text.
    """
    entries, place = model_within(value)
    if not isinstance(entries, dict) or not all(isinstance(name, str) for name in entries):
        for keys in _keys_below(entries, MAX_LEVELS):
            if kind := kind_of(keys):
                raise ModelReadError(f"this is {kind[0]}, not a body model", hint=kind[1])
    if not isinstance(entries, dict):
        message = f"the file holds {described(entries)}, not a dict of arrays"
        raise ModelReadError(message, hint=TAKE_THE_MODEL)
    for name in entries:
        if isinstance(name, bytes):
            message = f"its keys are bytes, such as {shown(repr(name))}, not text"
            hint = "Save it with text for keys: {k.decode(): v for k, v in d.items()}"
            raise ModelReadError(message, hint=hint)
        if not isinstance(name, str):
            raise ModelReadError(f"the key {shown(repr(name))} is not text")
    remarks = [remark] if remark else []
    if place:
        alone = sum(1 for _ in _children(unboxed(value))) == 1
        rest = "" if alone else "; the rest of the file is left out"
        remarks.append(f"the model was found in {place}{rest}")
    return Contents(
        container=container,
        entries=entries,
        sha256=file.sha256,
        n_bytes=file.n_bytes,
        notes=(notes or {}).get(id(entries), {}),
        remarks=tuple(remarks),
    )


def described(value: Any) -> str:
    """What a value is, for a message."""
    if isinstance(value, np.ndarray):
        return f"one array of shape {value.shape}"
    return _KINDS.get(type(value), f"a {type(value).__name__}")


_KINDS = {
    ObjectArray: "an array of objects",
    Sparse: "one sparse matrix",
    NoneType: "nothing",
    str: "text",
    **dict.fromkeys((bool, int, float), "a number"),
}


def model_within(value: Any) -> tuple[Any, str]:
    """The dict that holds the arrays of a model, and where it lies: "", or "['model']".

    The value itself where no dict in it looks like a model.

    Raises:
        ModelReadError: several do; the message names them.
    """
    value = unboxed(value)
    if looks_like_model(value):
        return value, ""
    found = list(_models_below(value, "", MAX_LEVELS, [MAX_ITEMS]))
    if len(found) > 1:
        places = ", ".join(place for _, place in found[:8])
        message = f"it holds {len(found)} models: {places}"
        raise ModelReadError(message, hint="Save each of them as a file of its own.")
    return found[0] if found else (value, "")


def unboxed(value: Any) -> Any:
    """The only item of an object array, which ``np.save`` and ``np.savez`` make of a dict."""
    if isinstance(value, ObjectArray) and len(value.items) == 1:
        return value.items[0]
    return value


def looks_like_model(value: Any) -> bool:
    """Whether it is a dict with most of the keys that a model has; they may be bytes."""
    if not isinstance(value, dict):
        return False
    keys = {key.decode("latin-1") if isinstance(key, bytes) else key for key in value}
    return "v_template" in keys and len(keys & set(REQUIRED_KEYS)) > len(REQUIRED_KEYS) // 2


def _models_below(
    value: Any, place: str, levels: int, left: list[int]
) -> Iterator[tuple[Any, str]]:
    for name, item in _children(value):
        left[0] -= 1
        if left[0] < 0:
            return
        item, here = unboxed(item), f"{place}[{shown(repr(name))}]"
        if looks_like_model(item):
            yield item, here
        elif levels > 1:
            yield from _models_below(item, here, levels - 1, left)


def _keys_below(value: Any, levels: int) -> Iterator[list[Any]]:
    """The keys of the first dicts in a value."""
    for _, item in islice(_children(value), 10):
        item = unboxed(item)
        if isinstance(item, dict):
            yield list(item)
        if levels > 1:
            yield from _keys_below(item, levels - 1)


def _children(value: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list | tuple):
        yield from enumerate(value)
    elif isinstance(value, ObjectArray):
        yield from enumerate(value.items)

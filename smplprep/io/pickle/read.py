"""Reads a pickle as data: nothing that the file names is imported, and nothing is run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeGuard

from ...errors import ModelReadError, inside
from ...records.contents import DEFAULT_LIMITS, Contents, Limits
from ..packed_file import PackedFile
from .calls import CALLS
from .machine import Machine
from .names import Call, Dict, Meaning
from .values import Values


@dataclass(frozen=True, eq=False)
class PickleResult:
    """The top-level value of a pickle; where it is a dict, ``notes`` is as in ``Contents``."""

    value: object
    notes: dict[str, str] = field(default_factory=dict)


def read_pickle(buffer: memoryview | bytes, *, limits: Limits = DEFAULT_LIMITS) -> PickleResult:
    """The value in a pickle of protocol 0 to 5, from Python 2 or 3.

    Args:
        buffer: the whole pickle. Bodies of arrays stay views of it where they can.
        limits: how much the pickle may ask for.

    Returns:
        None, bool, int, float, str, bytes, list, tuple, dict, set, a read-only array (scalars are
        arrays of no dimension), ``Sparse`` or ``ObjectArray``. chumpy's objects are their arrays.

    Raises:
        ModelReadError: damaged, over the limits, or it names something that smplprep does not
            follow; the message says what and where.
    """
    record = Machine(buffer, limits=limits).run()
    values = Values(CALLS, limits=limits, n_bytes=memoryview(buffer).nbytes)
    if not _is_dict(record):
        return PickleResult(values.value(record))
    entries, notes = {}, {}
    for name, item in values.pairs(record):
        with inside(key=name if isinstance(name, str) else None):
            entries[name] = values.value(item)
        note = values.note(item, entries[name])
        if note is not None:
            notes[name] = note
    return PickleResult(entries, notes)


def read_pickle_model(file: PackedFile) -> Contents:
    """The entries of a model's pickle.

    Raises:
        ModelReadError: as ``read_pickle``; or what it holds is no dict, or one of its keys no text.
    """
    result = read_pickle(file.body, limits=file.limits)
    if not isinstance(result.value, dict):
        kind = type(result.value).__name__
        raise ModelReadError(f"the pickle holds a {kind}, not a dict of arrays")
    for name in result.value:
        if not isinstance(name, str):
            raise ModelReadError(f"a key is a {type(name).__name__}, not text")
    return Contents(
        container="pkl",
        entries=result.value,
        sha256=file.sha256,
        n_bytes=file.n_bytes,
        notes=result.notes,
    )


def _is_dict(record: object) -> TypeGuard[Dict | Call]:
    return isinstance(record, Dict) or (
        isinstance(record, Call) and record.name.meaning is Meaning.ORDERED_DICT
    )

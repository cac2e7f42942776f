"""Decodes what ``members`` read; an array is a view of the memory in which its member lies."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...errors import ModelReadError, inside, shown
from ...geometry.other_kinds import TAKE_THE_MODEL
from ...records.contents import Contents, Limits, ObjectArray
from ..nesting import contents_of, model_within
from ..packed_file import PackedFile
from .npy import NpyHeader, array_from, check_shape, read_header


def read_npz(file: PackedFile) -> Contents:
    """Every array in ``file``, and every member as it stands there.

    Raises:
        ModelReadError: a member is not an array, is none that a model needs, or asks for more than
            the limits allow.
    """
    values, notes, members = {}, {}, {}
    inner: dict[int, dict[str, str]] = {}
    for key, member in file.members.items():
        with inside(key=key):
            values[key], notes[key] = _decoded(member.body, inner, limits=file.limits)
        members[key] = replace(member.raw, value=values[key])
    if model_within(values)[1]:
        return contents_of(values, file, container="npz", notes=inner)
    return Contents(
        container="npz",
        entries=values,
        sha256=file.sha256,
        n_bytes=file.n_bytes,
        notes={key: note for key, note in notes.items() if note},
        members=members,
    )


def read_npy(file: PackedFile) -> Contents:
    """The entries of the dict that a .npy holds.

    Raises:
        ModelReadError: damaged, or it holds no dict with a model's arrays.
    """
    notes: dict[int, dict[str, str]] = {}
    value, _ = _decoded(file.body, notes, limits=file.limits)
    if isinstance(value, np.ndarray):
        message = f"this is a single numpy array (.npy) of shape {value.shape}, not a whole model"
        raise ModelReadError(message, hint=TAKE_THE_MODEL)
    remark = "the file is a .npy that holds a dict"
    return contents_of(value, file, container="npz", notes=notes, remark=remark)


def _decoded(
    npy: memoryview, notes: dict[int, dict[str, str]], *, limits: Limits
) -> tuple[object, str | None]:
    """The member's value, and a note on how it was stored where that is not plain.

    Args:
        notes: gets those of the dicts inside.
    """
    header = read_header(npy)
    if header.dtype.hasobject:
        return _object_array(npy, header, notes, limits=limits), "object array"
    array = array_from(npy[header.n_header :], header, limits=limits)
    return array, "big-endian" if header.dtype.byteorder == ">" else None


def _object_array(
    npy: memoryview, header: NpyHeader, notes: dict[int, dict[str, str]], *, limits: Limits
) -> ObjectArray:
    """The pickle after ``header``, read as data."""
    from ..pickle.read import read_pickle  # few files need it, and it costs time at start

    check_shape(header.shape, 8, limits=limits)
    with inside(start=header.n_header):
        result = read_pickle(npy[header.n_header :], limits=limits)
    found = result.value
    notes |= result.notes
    if not isinstance(found, ObjectArray) or found.shape != header.shape:
        message = (
            f"it does not hold an object array of shape {shown(header.shape)}, as its header says"
        )
        raise ModelReadError(message)
    return found

"""Decodes what ``members`` read; an array is a view of the memory in which its member lies."""

from __future__ import annotations

from dataclasses import replace

from ...errors import ModelReadError, inside, shown
from ...records.contents import Contents, Limits, ObjectArray
from ..packed_file import PackedFile
from .npy import NpyHeader, array_from, check_shape, read_header


def read_npz(file: PackedFile) -> Contents:
    """Every array in ``file``, and every member as it stands there.

    Raises:
        ModelReadError: a member is no array, is none that a model needs, or asks for more than
            the limits allow.
    """
    values, notes, members = {}, {}, {}
    for key, member in file.members.items():
        with inside(key=key):
            values[key], notes[key] = _decoded(member.npy, limits=file.limits)
        members[key] = replace(member.raw, value=values[key])
    return Contents(
        container="npz",
        entries=values,
        sha256=file.sha256,
        n_bytes=file.n_bytes,
        notes={key: note for key, note in notes.items() if note},
        members=members,
    )


def _decoded(npy: memoryview, *, limits: Limits) -> tuple[object, str | None]:
    """The member's value, and a note on how it was stored where that is not plain."""
    header = read_header(npy)
    if header.dtype.hasobject:
        return _object_array(npy, header, limits=limits), "object array"
    array = array_from(npy[header.n_header :], header, limits=limits)
    return array, "big-endian" if header.dtype.byteorder == ">" else None


def _object_array(npy: memoryview, header: NpyHeader, *, limits: Limits) -> ObjectArray:
    """The pickle after ``header``, read as data."""
    from ..pickle.read import read_pickle  # few files need it, and it costs time at start

    check_shape(header.shape, 8, limits=limits)
    with inside(start=header.n_header):
        found = read_pickle(npy[header.n_header :], limits=limits).value
    if not isinstance(found, ObjectArray) or found.shape != header.shape:
        message = f"no object array of shape {shown(header.shape)} inside, though it says so"
        raise ModelReadError(message)
    return found

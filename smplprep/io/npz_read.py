"""Reads .npz files: a strict zip reader of our own around ``npy``.

``zipfile`` and ``np.load`` read damaged and contradictory files without a word; ``zip_directory``
says what must agree here. The file is walked once, front to back. Each member has memory of its
own, and a stored array is a view of it, so that a model never lies in memory twice.
"""

from __future__ import annotations

import zlib
from dataclasses import replace

import numpy as np

from ..contents import DEFAULT_LIMITS, Contents, Limits, RawMember
from ..errors import ModelReadError, shown
from .input_file import InputFile
from .npy import NpyHeader, array_from, check_shape, read_header
from .pickle_names import ObjectArray
from .zip_directory import DEFLATED, Entry, payload_starts, read_directory

# How much is unpacked at a time. Both are small because zlib copies what it could not use yet:
# 1 GiB of zeros takes 2.5 s like this, and 4.4 s with 1 MiB for both.
_PACKED, _UNPACKED = 1 << 14, 1 << 18


def read_npz(file: InputFile, *, limits: Limits = DEFAULT_LIMITS) -> Contents:
    """Every array in ``file``, and every member as it stands there.

    Raises:
        ModelReadError: the archive or a member is damaged, contradicts itself, asks for more than
            ``limits`` allows, or holds something that is no array. Nothing is repaired.
    """
    entries, start = read_directory(file, limits=limits)
    check_together(entries, path=file.path, n_file=file.n_bytes, limits=limits)
    directory = file.peek_at(start, file.n_bytes - start)
    members = _read_members(file, entries, payload_starts(file, entries, start))
    file.read(start - file.position)
    if file.read_all() != directory:
        raise ModelReadError("the file changed while it was read", path=file.path, offset=start)
    values, notes = {}, {}
    for key, member in members.items():
        values[key], notes[key] = _decoded(member, path=file.path, key=key, limits=limits)
        members[key] = replace(member, value=values[key])
    return Contents(
        container="npz",
        entries=values,
        sha256=file.sha256(),
        n_bytes=file.n_bytes,
        notes={key: note for key, note in notes.items() if note},
        members=members,
    )


def check_together(entries: list[Entry], *, path: str, n_file: int, limits: Limits) -> None:
    """No key twice, and no more memory than the limits allow. Before any of it is taken."""
    if not entries:
        raise ModelReadError("the archive is empty", path=path)
    seen = set()
    for entry in entries:
        if entry.key in seen:
            raise ModelReadError("the archive names this key twice", path=path, key=entry.key)
        seen.add(entry.key)
        if entry.n_bytes > limits.ratio * entry.n_payload:
            message = f"{entry.n_payload} bytes are said to unpack to {entry.n_bytes}"
            raise ModelReadError(message, path=path, key=entry.key, offset=entry.offset)
    n_unpacked = sum(entry.n_bytes for entry in entries if entry.method == DEFLATED)
    if n_unpacked > n_file + limits.unpacked_bytes:
        message = f"the archive unpacks to {n_unpacked} bytes, which is too much for its size"
        raise ModelReadError(message, path=path)


def _read_members(
    file: InputFile, entries: list[Entry], starts: dict[str, int]
) -> dict[str, RawMember]:
    """The members in the directory's order, read in the order in which they lie in the file."""
    members = {}
    for entry in sorted(entries, key=lambda entry: entry.offset):
        file.read(starts[entry.key] - file.position)  # headers, which were looked at
        payload = file.read(entry.n_payload)
        members[entry.key] = RawMember(payload, entry.method, entry.crc32, entry.n_bytes)
    return {entry.key: members[entry.key] for entry in entries}


def _decoded(
    member: RawMember, *, path: str, key: str, limits: Limits
) -> tuple[object, str | None]:
    """The member's value, and a note on how it was stored where that is not plain."""
    body = member.payload
    if member.method == DEFLATED:
        body = _inflated(body, member.n_bytes, path=path, key=key)
    if zlib.crc32(body) != member.crc32:
        raise ModelReadError("damaged: the checksum (CRC-32) is wrong", path=path, key=key)
    header = read_header(body, path=path, key=key)
    if header.dtype.hasobject:
        return _object_array(body, header, path=path, key=key, limits=limits), "object array"
    body = body[header.n_header :]
    return array_from(body, header, path=path, key=key, limits=limits), None


def _object_array(
    body: memoryview, header: NpyHeader, *, path: str, key: str, limits: Limits
) -> ObjectArray:
    """The pickle after ``header``, read as data."""
    from .pickle_read import read_pickle  # few files need it, and it costs time at start

    check_shape(header.shape, 8, path=path, key=key, limits=limits)
    try:
        found = read_pickle(body[header.n_header :], path=path, key=key, limits=limits).value
    except ModelReadError as error:
        if error.offset is not None:
            error.offset += header.n_header  # it was counted from the start of the pickle
        raise
    if not isinstance(found, ObjectArray) or found.shape != header.shape:
        message = f"no object array of shape {shown(header.shape)} inside, though it says so"
        raise ModelReadError(message, path=path, key=key)
    return found


def _inflated(payload: memoryview, n_bytes: int, *, path: str, key: str) -> memoryview:
    """``payload`` decompressed; it is stopped before it makes more than it declared."""
    body = np.empty(n_bytes, np.uint8).data
    machine = zlib.decompressobj(-zlib.MAX_WBITS)
    done = 0
    try:
        for start in range(0, len(payload), _PACKED):
            if machine.eof:
                raise ValueError("more after the end")
            rest: bytes | memoryview = payload[start : start + _PACKED]
            made = b"more"
            while made:
                made = machine.decompress(rest, min(_UNPACKED, n_bytes - done + 1))
                body[done : done + len(made)] = made  # a ValueError where it does not fit
                done, rest = done + len(made), machine.unconsumed_tail
    except (zlib.error, ValueError) as error:
        message = "damaged: the compressed data is broken or longer than it says"
        raise ModelReadError(message, path=path, key=key) from error
    if done != n_bytes or not machine.eof or machine.unused_data:
        message = f"damaged: {n_bytes} bytes were declared, {done} are there"
        raise ModelReadError(message, path=path, key=key)
    return body.toreadonly()

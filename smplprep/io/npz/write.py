"""Writes .npz files that ``np.load`` reads without ``allow_pickle``: same arrays, same bytes.

Objects are written only where they are given, as pickles of our own: numpy's bytes may change.

``zipfile`` can neither copy a member without unpacking it nor hash what it writes, so the few
records of a zip file are written here.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import ModelWriteError, inside
from ...records.contents import ObjectArray, RawMember
from ..input_file import CHUNK
from ..output import Output
from .npy import encode_header, header_of
from .zip_directory import (
    DEFLATED,
    END,
    END64,
    ENTRY,
    LOCAL,
    LOCATOR64,
    NO_COUNT,
    NO_SIZE,
    STORED,
    UTF8,
    Entry,
    is_plain_key,
)

# zlib's own default, pinned. Deflated bytes still depend on the zlib build (zlib-ng packs
# differently), so equal output on every machine is promised for stored members, the default.
_LEVEL = 6

_TIME, _DATE = 0, (1 << 5) | 1  # 1980-01-01 00:00, where the zip calendar begins
_UNIX = 3 << 8  # the system whose attributes follow
_ATTRIBUTES = 0o100644 << 16
_PLAIN, _ZIP64 = 20, 45  # the zip version a reader needs
_WIDE_FROM = NO_SIZE  # numbers from here on need the zip64 field; tests lower it


def write_npz(
    entries: Mapping[str, NDArray | ObjectArray],
    out: Output,
    *,
    copy: Mapping[str, RawMember] | None = None,
    compress: bool | Collection[str] = False,
) -> None:
    """Write ``entries`` to ``out`` in their order.

    A stored array goes out as it lies in memory. A deflated one is held packed until its size is
    known, since that stands before it.

    Args:
        entries: key -> plain array, or an object array, which ``np.load`` reads with
            ``allow_pickle=True`` alone.
        out: written front to back, never read and never sought in.
        copy: members of the input that did not change; each is copied byte for byte, with the
            compression it has, and its array in ``entries`` is not looked at.
        compress: deflate all that is not copied, nothing, or these keys.

    Raises:
        ModelWriteError: a key that is not a plain name, or an array that a .npz cannot hold without
            pickle. What ``out.write`` raises passes through.
    """
    output, directory = Counted(out), []
    for key, array in entries.items():
        if not is_plain_key(key):
            raise ModelWriteError("this key cannot be a name in a .npz", key=key)
        deflate = compress if isinstance(compress, bool) else key in compress
        with inside(key=key):
            member = _copied(copy[key]) if copy and key in copy else _encoded(array, deflate)
        entry = _entry(key, member, output.n_bytes)
        output.write(_local_header(entry))
        for piece in member.pieces:
            output.write(piece)
        directory.append(entry)
    start = output.n_bytes
    for entry in directory:
        output.write(_directory_entry(entry))
    output.write(_end(len(directory), start, output.n_bytes - start))


class Counted:
    """Passes on what is written, and counts it."""

    def __init__(self, out: Output) -> None:
        self._out = out
        self.n_bytes = 0

    def write(self, data: bytes | memoryview) -> None:
        self._out.write(data)
        self.n_bytes += len(data)


@dataclass(frozen=True)
class _Member:
    """A member that is ready to be written: its payload in pieces, and what the headers say."""

    pieces: list[bytes | memoryview]
    method: int
    crc32: int
    n_bytes: int


def _copied(member: RawMember) -> _Member:
    return _Member([member.payload], member.method, member.crc32, member.n_bytes)


def objects_body(array: ObjectArray) -> memoryview:
    """What follows the header of an object array: a pickle of the whole array."""
    from ..pickle.write import write_value  # few files need it

    body = io.BytesIO()
    write_value(array, body)
    return body.getbuffer()


def _encoded(array: NDArray | ObjectArray, deflate: bool) -> _Member:
    if isinstance(array, ObjectArray):
        head, body = header_of("|O", array.shape), objects_body(array)
    else:
        head = encode_header(array)
        # No copy: all arrays here are C-ordered and, wherever people work, little-endian already.
        array = np.asarray(array, array.dtype.newbyteorder("<"), order="C")
        body = memoryview(array.reshape(-1).view(np.uint8))  # type: ignore[arg-type]
    pieces: list[bytes | memoryview] = [head, body]
    crc32 = zlib.crc32(body, zlib.crc32(head))
    n_bytes = sum(map(len, pieces))
    if not deflate:
        return _Member(pieces, STORED, crc32, n_bytes)
    machine = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = [machine.compress(chunk) for chunk in _chunks(pieces)]
    return _Member([*packed, machine.flush()], DEFLATED, crc32, n_bytes)


def _chunks(pieces: Iterable[bytes | memoryview]) -> Iterator[memoryview]:
    for piece in pieces:
        for start in range(0, len(piece), CHUNK):
            yield memoryview(piece)[start : start + CHUNK]


def _entry(key: str, member: _Member, offset: int) -> Entry:
    return Entry(
        name=f"{key}.npy".encode(),
        flags=0 if key.isascii() else UTF8,
        method=member.method,
        crc32=member.crc32,
        n_payload=sum(map(len, member.pieces)),
        n_bytes=member.n_bytes,
        offset=offset,
    )


def _local_header(entry: Entry) -> bytes:
    sizes = [entry.n_payload, entry.n_bytes]
    extra, version = b"", _PLAIN
    if max(sizes) >= _WIDE_FROM:  # here both are wide or none
        extra, version = struct.pack("<HHQQ", 1, 16, *reversed(sizes)), _ZIP64
        sizes = [NO_SIZE, NO_SIZE]
    about = (version, entry.flags, entry.method, _TIME, _DATE, entry.crc32, *sizes)
    return LOCAL.pack(b"PK\3\4", *about, len(entry.name), len(extra)) + entry.name + extra


def _directory_entry(entry: Entry) -> bytes:
    numbers = (entry.n_bytes, entry.n_payload, entry.offset)
    wide = [number for number in numbers if number >= _WIDE_FROM]
    extra = struct.pack(f"<HH{len(wide)}Q", 1, 8 * len(wide), *wide) if wide else b""
    n_bytes, n_payload, offset = (NO_SIZE if n >= _WIDE_FROM else n for n in numbers)
    version = _ZIP64 if wide else _PLAIN
    about = (_UNIX | version, version, entry.flags, entry.method, _TIME, _DATE, entry.crc32)
    lengths = (len(entry.name), len(extra), 0, 0, 0)
    fixed = ENTRY.pack(b"PK\1\2", *about, n_payload, n_bytes, *lengths, _ATTRIBUTES, offset)
    return fixed + entry.name + extra


def _end(count: int, start: int, size: int) -> bytes:
    wide = b""
    if count >= NO_COUNT or max(start, size) >= _WIDE_FROM:
        about = (_UNIX | _ZIP64, _ZIP64, 0, 0, count, count, size, start)
        wide = END64.pack(b"PK\6\6", END64.size - 12, *about)
        wide += LOCATOR64.pack(b"PK\6\7", 0, start + size, 1)
        count, size, start = NO_COUNT, NO_SIZE, NO_SIZE
    return wide + END.pack(b"PK\5\6", 0, 0, count, count, size, start, 0)

"""Arrays of a .npz file, a piece at a time: for what is larger than memory ought to be.

The directory is checked as in ``members``; other members are never opened.
The checksum is known only after the last piece: use nothing before the iteration has ended.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Container, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import ModelReadError, inside, shown
from ..input_file import InputFile
from .members import check_together
from .npy import NpyHeader, check_shape, read_header
from .zip_directory import STORED, Entry, payload_starts, read_directory

# Bytes of the file at a time. zlib copies what it could not use yet; where nothing is unpacked,
# larger pieces leave the interpreter to other threads for longer.
_PACKED, _STORED = 1 << 16, 1 << 20
_HEAD = 1 << 14  # a .npy header is shorter


@dataclass(frozen=True)
class Member:
    """An array in an open file whose header was read.

    Attributes:
        header: its dtype and shape.
    """

    file: InputFile
    entry: Entry
    start: int  # of the payload
    header: NpyHeader

    def rows(self, count: int) -> Iterator[NDArray]:
        """``count`` rows at a time in native byte order, the last time fewer.

        Raises:
            ModelReadError: not in C order, or damaged; possibly only after the last row.
        """
        header, kept = self.header, bytearray()
        if header.fortran and len(header.shape) > 1:
            raise unusable("stored column by column", self.entry.key)
        row_bytes = math.prod(header.shape[1:]) * header.dtype.itemsize
        for piece in self.body():
            kept += piece
            while len(kept) >= count * row_bytes:
                yield self._array(kept[: count * row_bytes])
                del kept[: count * row_bytes]
        if kept:
            yield self._array(kept)

    def _array(self, data: bytearray) -> NDArray:
        rows = np.frombuffer(bytes(data), self.header.dtype).reshape(-1, *self.header.shape[1:])
        return rows.astype(self.header.dtype.newbyteorder("="), copy=False)

    def body(self) -> Iterator[bytes]:
        """What follows the header, unpacked, as it lies in the file.

        Raises:
            ModelReadError: damaged; possibly only after the last piece.
        """
        crc, skip = 0, self.header.n_header
        for piece in self._unpacked():
            crc = zlib.crc32(piece, crc)
            yield piece[skip:]
            skip -= min(skip, len(piece))
        if crc != self.entry.crc32:
            raise self._damaged("the checksum (CRC-32) is wrong")

    def packed(self) -> Iterator[bytes]:
        """The member as it lies in the file, header and all."""
        step = _STORED if self.entry.method == STORED else _PACKED
        for at in range(0, self.entry.n_payload, step):
            yield self.file.peek_at(self.start + at, min(step, self.entry.n_payload - at))

    def _unpacked(self) -> Iterator[bytes]:
        """The member's bytes, as many as it declares or an error."""
        machine, done = zlib.decompressobj(-zlib.MAX_WBITS), 0
        for packed in self.packed():
            while packed:
                piece = packed
                if self.entry.method != STORED:
                    try:
                        piece = machine.decompress(packed, 1 << 18)
                    except zlib.error as error:
                        raise self._damaged("the compressed data is broken") from error
                done += len(piece)
                if done > self.entry.n_bytes:
                    raise self._damaged("it unpacks to more than it says")
                yield piece
                packed = machine.unconsumed_tail if self.entry.method != STORED else b""
        if self.entry.method != STORED:
            piece = machine.flush()
            done += len(piece)
            if not machine.eof or machine.unused_data:
                raise self._damaged("the compressed data is cut short or too long")
            yield piece
        if done != self.entry.n_bytes:
            raise self._damaged(f"{self.entry.n_bytes} bytes were declared, {done} are there")

    def _damaged(self, what: str) -> ModelReadError:
        return ModelReadError(f"damaged: {what}", key=self.entry.key)


def open_members(
    file: InputFile, keys: Container[str] | None = None, *, objects: bool = False
) -> dict[str, Member]:
    """Those of ``keys`` that are in ``file``, or all that are.

    Args:
        objects: accept object arrays, of which only ``Member.body`` can be read.

    Raises:
        ModelReadError: the archive is damaged or contradicts itself, or a member is not an array.
    """
    entries, end = read_directory(file)
    check_together(entries, file)
    starts = payload_starts(file, entries, end)
    return {
        entry.key: _opened(file, entry, starts[entry.key], objects=objects)
        for entry in entries
        if keys is None or entry.key in keys
    }


def unusable(what: str, key: str) -> ModelReadError:
    """An array that is sound, but cannot be taken a piece at a time."""
    hint = "Load it with numpy and save np.ascontiguousarray of it."
    return ModelReadError(f"{shown(key)} is {what}", key=key, hint=hint)


def _opened(file: InputFile, entry: Entry, start: int, *, objects: bool) -> Member:
    with inside(key=entry.key):
        return Member(file, entry, start, _header(file, entry, start, objects=objects))


def _header(file: InputFile, entry: Entry, start: int, *, objects: bool) -> NpyHeader:
    head = file.peek_at(start, min(_HEAD, entry.n_payload))
    if entry.method != STORED:
        try:
            head = zlib.decompressobj(-zlib.MAX_WBITS).decompress(head, _HEAD)
        except zlib.error as error:
            raise ModelReadError("damaged: the compressed data is broken") from error
    header = read_header(memoryview(head))
    if header.dtype.hasobject:
        if objects:
            return header
        raise unusable("objects, not numbers", entry.key)
    check_shape(header.shape, header.dtype.itemsize, limits=file.limits)
    expected = header.n_header + math.prod(header.shape) * header.dtype.itemsize
    if entry.n_bytes != expected:
        message = f"shape {shown(header.shape)} needs {expected} bytes, {entry.n_bytes} are there"
        raise ModelReadError(message)
    return header

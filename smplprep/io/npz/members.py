"""The members of a .npz file, unpacked but not decoded: a strict zip reader of our own.

``zipfile`` and ``np.load`` read damaged and contradictory files without a word; ``zip_directory``
says what must agree here. The file is walked once, front to back. Each member has memory of its
own, and what is stored is not copied, so that a model never lies in memory twice.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from ...errors import ModelReadError, inside
from ...records.contents import RawMember
from ..input_file import InputFile
from ..memory import fresh_memory
from .zip_directory import DEFLATED, Entry, payload_starts, read_directory

# How much is unpacked at a time. Both are small because zlib copies what it could not use yet:
# 1 GiB of zeros takes 2.5 s like this, and 4.4 s with 1 MiB for both.
_PACKED, _UNPACKED = 1 << 14, 1 << 18


@dataclass(frozen=True, eq=False)
class Unpacked:
    """A member as it stands in the file, and what it holds: a .npy, or raw bytes of torch's."""

    raw: RawMember
    body: memoryview


def read_members(file: InputFile) -> dict[str, Unpacked]:
    """Every member of ``file`` in the directory's order.

    Raises:
        ModelReadError: the archive or a member is damaged, contradicts itself, or asks for more
            than the limits allow. Nothing is repaired.
    """
    entries, start = read_directory(file)
    check_together(entries, file)
    directory = file.peek_at(start, file.n_bytes - start)
    starts, members = payload_starts(file, entries, start), {}
    for entry in sorted(entries, key=lambda entry: entry.offset):
        file.read(starts[entry.key] - file.position)  # headers, which were looked at
        payload = file.read(entry.n_payload)
        members[entry.key] = RawMember(payload, entry.method, entry.crc32, entry.n_bytes)
    file.read(start - file.position)
    if file.read_all() != directory:
        raise ModelReadError("the file changed while it was read", offset=start)
    return {entry.key: _unpacked(members[entry.key], entry.key) for entry in entries}


def check_together(entries: list[Entry], file: InputFile) -> None:
    """No key twice, and no more memory than the limits allow. Before any of it is taken."""
    limits = file.limits
    if not entries:
        raise ModelReadError("the archive is empty")
    seen = set()
    for entry in entries:
        if entry.key in seen:
            raise ModelReadError("the archive names this key twice", key=entry.key)
        seen.add(entry.key)
        if entry.n_bytes > limits.ratio * entry.n_payload:
            message = f"{entry.n_payload} bytes are said to unpack to {entry.n_bytes}"
            raise ModelReadError(message, key=entry.key, offset=entry.offset)
    n_unpacked = sum(entry.n_bytes for entry in entries if entry.method == DEFLATED)
    if n_unpacked > file.n_bytes + limits.unpacked_bytes:
        message = f"the archive unpacks to {n_unpacked} bytes, which is too much for its size"
        raise ModelReadError(message)


def _unpacked(member: RawMember, key: str) -> Unpacked:
    body = member.payload
    with inside(key=key):
        if member.method == DEFLATED:
            body = _inflated(body, member.n_bytes)
        if zlib.crc32(body) != member.crc32:
            raise ModelReadError("damaged: the checksum (CRC-32) is wrong")
    return Unpacked(member, body)


def _inflated(payload: memoryview, n_bytes: int) -> memoryview:
    """``payload`` decompressed; it is stopped before it makes more than it declared."""
    body = fresh_memory(n_bytes)
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
        raise ModelReadError(message) from error
    if done != n_bytes or not machine.eof or machine.unused_data:
        message = f"damaged: {n_bytes} bytes were declared, {done} are there"
        raise ModelReadError(message)
    return body.toreadonly()

"""Is what lies on the disk the model that was written? It is read back before it counts."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import SmplprepError, VerificationError
from ..records.contents import Limits, ObjectArray, RawMember, Sparse
from ..records.model import Model
from ..records.storage import DEFAULT_STORAGE, Storage
from .input_file import open_input
from .npz.stream import Member, open_members
from .npz.write import objects_body
from .plain_arrays import h5_value, npz_entries
from .read_model import read_model

PIECE = 1 << 20
# Nobody else made the file: it is as large as the model is.
OWN = Limits(file_bytes=1 << 42, array_bytes=1 << 40, unpacked_bytes=1 << 42)


def check_written(
    model: Model,
    path: str | os.PathLike[str],
    *,
    container: str,
    storage: Storage = DEFAULT_STORAGE,
) -> None:
    """Read the file back and compare every key with the model, bit for bit.

    Raises:
        VerificationError: a missing key, a value that differs, or a file that cannot be read.
    """
    try:
        if container == "npz":
            check_npz(model, path, keep_objects=storage.keep_objects)
        else:
            check_whole(model, path)
    except VerificationError:
        raise
    except SmplprepError as error:
        raise VerificationError(f"the file just written cannot be read: {error.message}") from error


def check_npz(model: Model, path: str | os.PathLike[str], *, keep_objects: bool) -> None:
    """A piece at a time: the model is not in memory twice."""
    arrays = npz_entries(model.entries(), keep_objects=keep_objects)
    with open_input(path, limits=OWN) as file:
        members = open_members(file, objects=True)
        check_keys(arrays, members)
        unchanged = model.unchanged()
        for key, member in members.items():
            if not holds(member, arrays[key], unchanged.get(key)):
                raise differs(key)


def check_whole(model: Model, path: str | os.PathLike[str]) -> None:
    """Read as any other input is."""
    found = read_model(path, normalize_rows=True, limits=OWN)
    expected, present = model.entries(), found.entries()
    check_keys(expected, present)
    for key, value in expected.items():
        there = present[key]
        if found.source.container == "h5":
            value, there = h5_value(value), h5_value(there)
        if not identical(value, there):
            raise differs(key)


def check_keys(expected: Iterable[str], found: Iterable[str]) -> None:
    if list(expected) != list(found):
        raise VerificationError("the file just written does not have the model's keys")


def differs(key: str) -> VerificationError:
    return VerificationError("the file just written has a different value", key=key)


def holds(member: Member, array: NDArray | ObjectArray, copied: RawMember | None) -> bool:
    """Whether the member is the array, or, byte for byte, what the array was read from."""
    entry, header = member.entry, member.header
    as_it_was = copied and (entry.method, entry.crc32) == (copied.method, copied.crc32)
    if copied and as_it_was and same_bytes(member.packed(), copied.payload):
        return True
    if isinstance(array, ObjectArray):
        is_objects = header.dtype.hasobject and header.shape == array.shape
        return is_objects and same_bytes(member.body(), objects_body(array))
    dtype = array.dtype.newbyteorder("<")
    if (header.dtype, header.shape) != (dtype, array.shape):
        return False
    if header.fortran and array.ndim > 1:
        return False
    return same_bytes(member.body(), octets(np.asarray(array, dtype)))


def octets(array: NDArray) -> memoryview:
    """The array's bytes in C order."""
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8).data


def same_bytes(pieces: Iterable[bytes], whole: memoryview) -> bool:
    """Whether the pieces are the whole."""
    at = 0
    for piece in pieces:
        # memoryviews compare byte by byte; this is as fast as memory.
        if not piece.startswith(whole[at : at + len(piece)]):
            return False
        at += len(piece)
    return at == len(whole)


def identical(a: Any, b: Any) -> bool:
    """Equal in type and in every bit, all the way down."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and identical_bytes(a, b)
    if isinstance(a, Sparse | ObjectArray):
        return identical(vars(a), vars(b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(identical(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(identical, a, b))
    if isinstance(a, set):
        # Their own order changes from run to run; 1 and True are equal, but their texts are not.
        return sorted(map(repr, a)) == sorted(map(repr, b))
    return repr(a) == repr(b)  # so that NaN equals NaN


def identical_bytes(a: NDArray, b: NDArray) -> bool:
    """Compared in pieces: a comparison of the whole would take as much memory again."""
    ours = octets(a)
    pieces = (ours[start : start + PIECE].tobytes() for start in range(0, len(ours), PIECE))
    return same_bytes(pieces, octets(b))

"""What one model file holds, decoded but not yet judged: the readers' common result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

# `smplprep --help` imports this, and must not import numpy.
if TYPE_CHECKING:
    from numpy.typing import NDArray

ENDINGS = {".npz": "npz", ".pkl": "pkl", ".h5": "h5"}  # of a file's name -> its container


@dataclass(frozen=True, eq=False)
class Sparse:
    """A scipy.sparse matrix as plain data. ``layout`` is csc, csr or coo.

    For csc and csr, ``indices`` (n,) and ``indptr`` are scipy's. For coo, ``indices`` is (n,) rows
    and ``indptr`` is (n,) columns.
    """

    layout: str
    data: NDArray
    indices: NDArray
    indptr: NDArray
    shape: tuple[int, int]


@dataclass(frozen=True, eq=False)
class ObjectArray:
    """A numpy array of Python objects: its shape, and its items in C order."""

    shape: tuple[int, ...]
    items: list[Any]


@dataclass(frozen=True)
class RawMember:
    """A zip member as it stands in the input archive, so that it can be copied, not re-encoded."""

    payload: memoryview  # compressed (or stored) bytes
    method: int  # 0 stored, 8 deflated
    crc32: int
    n_bytes: int  # size when decompressed
    value: object = field(default=None, compare=False, repr=False)  # what it was decoded to


@dataclass(frozen=True, eq=False)
class Contents:
    """The entries of a file in the file's order.

    Attributes:
        container: in which the model is written by default: "npz", "pkl" or "h5".
        entries: key -> value. A value is a read-only plain numpy array (dtypes b, i, u, f, S, U), a
            ``Sparse``, an ``ObjectArray`` (from pickles, and from object members of a .npz), or
            (from pickles) None, bool, int, float, str, bytes, list, tuple, set or dict of these.
        sha256: hex digest of the whole file.
        n_bytes: size of the whole file.
        notes: key -> how the value was stored, where that is not plain: "chumpy.ch.Ch", "object
            array", "big-endian" (in a .npz, where it is copied otherwise).
        members: npz only; key -> the undecoded member.
        remarks: sentences on what the file is or where in it the model was found, if it is not a
            file that loaders of models read.
    """

    container: str
    entries: Mapping[str, object]
    sha256: str
    n_bytes: int
    notes: Mapping[str, str] = field(default_factory=dict)
    members: Mapping[str, RawMember] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Limits:
    """How much an input may ask for before it is refused. ``--max-bytes`` raises the first.

    Attributes:
        file_bytes: size of the file.
        array_bytes: size of one array.
        unpacked_bytes: how much more than the file's size its compressed parts may unpack to; zlib
            unpacks 400 MB of zeros in a second, no more.
        opcodes: of a pickle, and values that it unfolds to. Real files need some thousands; the
            costliest opcode takes 2 microseconds, and no file may take more than 3 seconds.
        depth: of what is nested, and dimensions of an array.
        members: of an archive, datasets of an HDF5 file.
        ratio: between a compressed part's size and what it unpacks to.
    """

    file_bytes: int = 2 << 30
    array_bytes: int = 1 << 30
    unpacked_bytes: int = 1 << 29
    opcodes: int = 500_000
    depth: int = 32
    members: int = 4096
    ratio: int = 1200


DEFAULT_LIMITS = Limits()


def limits_with(max_bytes: int | None) -> Limits:
    """The default limits, or those that accept a file of up to ``max_bytes``."""
    return DEFAULT_LIMITS if max_bytes is None else replace(DEFAULT_LIMITS, file_bytes=max_bytes)


def read_only(array: NDArray) -> NDArray:
    """The same array, no longer writeable through this view."""
    view = array.view()
    view.flags.writeable = False
    return view

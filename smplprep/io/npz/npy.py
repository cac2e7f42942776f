"""The .npy format: numpy's arrays inside a .npz, read strictly and written always alike.

``np.load`` hands the header to ``ast.literal_eval`` and trusts its sizes. Here a pattern takes it
apart, and every size is compared with the bytes that are really there before memory is taken.
"""

from __future__ import annotations

import math
import re
import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import ModelReadError, ModelWriteError, shown
from ...records.contents import Limits, read_only

MAGIC = b"\x93NUMPY"
MAX_HEADER = 10_000
WIDEST = 9_999  # characters or bytes of a text, as in DTYPE

# Object arrays ("O") are among them: their body is a pickle, which the caller reads.
DTYPE = re.compile(r"[<>|](?:[biu]1|S[1-9]\d{0,3}|O8?)|[<>](?:[iu][248]|f[248]|U[1-9]\d{0,3})")

# Python 2 on Windows wrote 10L for 10.
_SHAPE = re.compile(r"\( *(?:\d{1,19}L? *, *)*(?:\d{1,19}L? *)?\)")
_VALUE = r"""('[^'\n]*'|"[^"\n]*"|True|False|\([^()\n]*\))"""
_ITEM = r""" *(['"])(descr|fortran_order|shape)\{quote} *: *""" + _VALUE + " *"
_HEADER = re.compile(
    r" *\{" + ",".join(_ITEM.replace("{quote}", quote) for quote in "147") + r"(?:, *)?\} *\n?"
)


@dataclass(frozen=True)
class NpyHeader:
    """What a .npy header says, checked but for the body.

    Attributes:
        dtype: with the file's byte order.
        shape: as in the file.
        fortran: whether the first index runs fastest.
        n_header: where the body begins.
    """

    dtype: np.dtype
    shape: tuple[int, ...]
    fortran: bool
    n_header: int


def read_header(member: memoryview) -> NpyHeader:
    """The header at the start of ``member``, by pattern; nothing in it is evaluated.

    Raises:
        ModelReadError: another format, a header cut short, too long or not plain, or a dtype that
            no model needs (fields, sub-arrays, dates, complex numbers).
    """
    begin = bytes(member[:12])
    if not begin.startswith(MAGIC) or len(begin) < 12:
        raise ModelReadError("this member is not a .npy array", offset=0)
    version = begin[6], begin[7]
    if version not in ((1, 0), (2, 0), (3, 0)):
        message = f"unknown .npy version {version[0]}.{version[1]}"
        raise ModelReadError(message, offset=6)
    start, form = (10, "<H") if version == (1, 0) else (12, "<I")
    (length,) = struct.unpack_from(form, begin, 8)
    if length > MAX_HEADER or start + length > len(member):
        message = f"a .npy header of {length} bytes is too long or cut short"
        raise ModelReadError(message, offset=8)
    return _parsed(bytes(member[start : start + length]), start)


def _parsed(header: bytes, start: int) -> NpyHeader:
    match = _HEADER.fullmatch(header.decode("latin-1"))
    groups = match.groups() if match else ()
    items = dict(zip(groups[1::3], groups[2::3], strict=True))
    shape, fortran = items.get("shape", ""), items.get("fortran_order")
    if len(items) != 3 or fortran not in ("True", "False") or not _SHAPE.fullmatch(shape):
        message = f"the .npy header is not plain: {shown(header.strip())}"
        raise ModelReadError(message, offset=start)
    dtype = items["descr"][1:-1]
    if not DTYPE.fullmatch(dtype):
        message = f"dtype {shown(items['descr'])} does not belong in a body model"
        raise ModelReadError(message, offset=start)
    return NpyHeader(
        dtype=np.dtype(dtype),
        shape=tuple(int(size) for size in re.findall(r"\d+", shape)),
        fortran=fortran == "True",
        n_header=start + len(header),
    )


def array_from(body: memoryview, header: NpyHeader, *, limits: Limits) -> NDArray:
    """``body`` as a plain array: read-only, native, in C order; a view where that is possible.

    Pickles hold the same bodies, so their arrays come through here too.

    Raises:
        ModelReadError: a body longer or shorter than the shape says, an array over the limit, or
            bytes that are not a boolean or a character.
    """
    dtype = header.dtype
    check_shape(header.shape, dtype.itemsize, limits=limits)
    expected = math.prod(header.shape) * dtype.itemsize
    if len(body) != expected:
        message = f"shape {shown(header.shape)} needs {expected} bytes, {len(body)} are there"
        raise ModelReadError(message, offset=header.n_header)
    if header.fortran:
        array: NDArray = np.ndarray(header.shape, dtype, buffer=body, order="F")
    else:
        array = np.ndarray(header.shape, dtype, buffer=body)
    return as_plain(array)


def as_plain(array: NDArray) -> NDArray:
    """The array as all values are here: native, in C order, read-only; a copy only if need be.

    Raises:
        ModelReadError: bytes that are not a boolean or a character.
    """
    native = np.require(array, array.dtype.newbyteorder("="), ["C", "ALIGNED"])
    _check_values(native)
    return read_only(native)


def check_shape(shape: tuple[int, ...], itemsize: int, *, limits: Limits) -> None:
    """Refuse what numpy would refuse less clearly, or not at all: arrays over the limits.

    A zero counts as one, so that no huge number hides behind it.
    """
    if len(shape) > limits.depth:
        message = f"an array of {len(shape)} dimensions; the limit is {limits.depth}"
        raise ModelReadError(message)
    if math.prod(max(size, 1) for size in shape) * itemsize > limits.array_bytes:
        message = f"shape {shown(shape)} is over the limit of {limits.array_bytes} bytes an array"
        raise ModelReadError(message)


def _check_values(array: NDArray) -> None:
    """Bytes that Python or numpy would choke on much later."""
    if array.dtype.kind == "b" and array.size and array.view(np.uint8).max() > 1:
        raise ModelReadError("a boolean that is neither 0 nor 1")
    if array.dtype.kind == "U" and array.size:
        points = array.reshape(-1).view(np.uint32)
        if points.max() > 0x10FFFF:
            raise ModelReadError("text with an impossible character")


def encode_header(array: NDArray) -> bytes:
    """The header for ``array`` in C order, little-endian: version 1.0, a multiple of 64 bytes.

    Raises:
        ModelWriteError: a dtype that ``np.load`` without ``allow_pickle`` or this module could
            not read back.
    """
    dtype = array.dtype.newbyteorder("<")
    if dtype.hasobject or not DTYPE.fullmatch(dtype.str):
        raise ModelWriteError(f"dtype {array.dtype} cannot be written to a .npz")
    return header_of(dtype.str, array.shape)


def header_of(dtype: str, shape: tuple[int, ...]) -> bytes:
    """The header of an array in C order, see ``encode_header``; its body follows."""
    text = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}"
    n_padding = -(len(MAGIC) + 4 + len(text) + 1) % 64
    header = text.encode("ascii") + b" " * n_padding + b"\n"
    return MAGIC + struct.pack("<BBH", 1, 0, len(header)) + header

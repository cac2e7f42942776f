"""numpy's part of a pickle: arrays from the bytes that the file brings, never by numpy's own hooks.

``numpy.dtype`` as a file spells it can kill the process; state with cleared flags makes numpy
follow pointers from the file. Here a dtype is made from its code alone, and flags are ignored.
"""

from __future__ import annotations

import math
import re

import numpy as np
from numpy.typing import NDArray

from ...errors import shown
from ...records.contents import ObjectArray, read_only
from ..npz.npy import NpyHeader, array_from, check_shape
from .names import Call, Meaning, Name
from .values import Values

# Codes that cannot point into memory and have no parts. The byte order comes from the state.
DTYPE_CODE = re.compile(r"[biu]1|[iu][248]|f[248]|[SU][1-9]\d{0,3}|O8?")


def array_of(values: Values, call: Call) -> NDArray | ObjectArray:
    """``_reconstruct(numpy.ndarray, ...)`` with (version, shape, dtype, Fortran order, body)."""
    match call.args:
        case (Name(meaning=Meaning.ARRAY_CLASS), _, _):
            pass
        case _:
            raise values.error(
                "an array of a class other than numpy.ndarray is refused", call.offset
            )
    match call.state:
        case (1, shape, dtype, bool() | 0 | 1 as fortran, body):
            return _filled(values, shape, dtype, bool(fortran), body, call.offset)
    raise values.error("an array without its contents, or of an unknown version", call.offset)


def buffer_array_of(values: Values, call: Call) -> NDArray:
    """``_frombuffer(body, dtype, shape, order[, axes])``; with order K, axes turn the array."""
    match call.args:
        case (body, dtype, shape, "C" | "F" | "K" as order, *rest):
            array = _plain(values, shape, dtype, order == "F", body, call.offset)
        case _:
            raise values.error("_frombuffer with unknown arguments", call.offset)
    match order, rest:
        case ("C" | "F", [] | [None]):
            return array
        case ("K", [tuple() as axes]) if sorted(map(repr, axes)) == [*map(repr, range(array.ndim))]:
            values.charge(array.nbytes, call.offset)
            return read_only(np.ascontiguousarray(array.transpose(axes)))
    raise values.error("_frombuffer with axes that are not the array's", call.offset)


def scalar_of(values: Values, call: Call) -> NDArray:
    """``scalar(dtype, body)`` as an array of no dimension, which keeps its dtype."""
    if len(call.args) != 2:
        raise values.error("a numpy scalar without its value", call.offset)
    dtype, body = call.args
    return _plain(values, (), dtype, False, body, call.offset)


def dtype_of(values: Values, call: Call) -> object:
    """Nothing: a dtype is no value of a model file."""
    raise values.error("a dtype was found where a value belongs", call.offset)


def _plain(
    values: Values, shape: object, dtype: object, fortran: bool, body: object, offset: int
) -> NDArray:
    array = _filled(values, shape, dtype, fortran, body, offset)
    return values.expect(array, np.ndarray, "an array of numbers or text", offset)


def _filled(
    values: Values, shape: object, dtype: object, fortran: bool, body: object, offset: int
) -> NDArray | ObjectArray:
    header = NpyHeader(
        dtype_from(values, dtype, offset), _shape(values, shape, offset), fortran, offset
    )
    if header.dtype.hasobject:
        check_shape(header.shape, 8, limits=values.limits)
        return _object_array(values, header, body, offset)
    view = values.body(body, offset)
    values.charge(len(view), offset)
    return array_from(view, header, limits=values.limits)


def _object_array(values: Values, header: NpyHeader, body: object, offset: int) -> ObjectArray:
    items = values.expect(body, list, "the list of an object array", offset)
    if math.prod(header.shape) != len(items):
        message = f"an object array of shape {shown(header.shape)} with {len(items)} items"
        raise values.error(message, offset)
    # numpy lists them in C order, whatever the array's own order.
    return ObjectArray(header.shape, [values.value(item) for item in items])


def dtype_from(values: Values, record: object, offset: int) -> np.dtype:
    """The dtype that a file asks for, made from its code alone."""
    if not isinstance(record, Call) or record.name.meaning is not Meaning.DTYPE:
        raise values.error("an array without a dtype", offset)
    code = values.text(record.args[0] if record.args else None, "a dtype code", record.offset)
    if not DTYPE_CODE.fullmatch(code):
        raise values.error(f"dtype {shown(code)} does not belong in a body model", record.offset)
    return np.dtype(_byte_order(values, record) + code)


def _byte_order(values: Values, dtype: Call) -> str:
    # (version, order, subtype, names, fields, item size, alignment, flags[, metadata]). What
    # follows the fields is not looked at: the code says it.
    match dtype.state if dtype.built else (3, "|", None, None, None, -1, -1, 0):
        case (3, order, None, None, None, _, _, _):
            pass
        case _:
            raise values.error(
                "a dtype with fields, a subtype or metadata, or of an unknown version, is refused",
                dtype.offset,
            )
    text = values.text(order, "a byte order", dtype.offset)
    if text not in ("<", ">", "|"):
        raise values.error(f"byte order {shown(text)} is unknown", dtype.offset)
    return text


def _shape(values: Values, record: object, offset: int) -> tuple[int, ...]:
    sizes = values.expect(record, tuple, "a shape", offset)
    if not all(type(size) is int and size >= 0 for size in sizes):
        raise values.error("a shape of something else than sizes", offset)
    return sizes

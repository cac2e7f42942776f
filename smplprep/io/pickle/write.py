"""Writes pickles that every Python 3 with any numpy and scipy loads, always alike.

Protocol 4 has bytes and text, so that ``pickle.load`` needs no encoding, and ``encoding="latin1"``
changes nothing. Python 2 gets protocol 2, whose arrays are Python 2 strings as in the official
files: Python 3 loads those with ``encoding="latin1"`` or ``"bytes"`` alone.

The names are those that no library has moved or deprecated: ``numpy.core.multiarray`` keeps
``_reconstruct`` in numpy 2, without a warning and for this purpose; ``scipy.sparse.csc`` warns and
goes, ``scipy.sparse._csc`` came in 1.8, ``scipy.sparse.csc_matrix`` was there always.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ModelWriteError, inside
from ...records.contents import ObjectArray, Sparse
from ..output import Output
from .arrays import DTYPE_CODE
from .opcodes import Op

_MAX_BINSTRING = (1 << 31) - 1  # it counts in a signed number of four bytes
_MAX_BINBYTES = (1 << 32) - 1


def write_pickle(entries: Mapping[str, object], out: Output, *, python2: bool = False) -> None:
    """Write ``entries`` to ``out`` in their order.

    Args:
        entries: key -> value of a kind that ``read_pickle`` gives. Arrays are written in C order
            and little-endian, as they lie in memory wherever they are so already.
        out: written front to back.
        python2: write protocol 2 for Python 2 in place of protocol 4.

    Raises:
        ModelWriteError: a value of another kind, or too large; the message names the key. What
            ``out.write`` raises passes through.
    """
    writer = _begun(out, python2)
    writer.write(Op.EMPTY_DICT, Op.MARK)
    for key, value in entries.items():
        with inside(key=key):
            writer.value(key)
            writer.value(value)
    writer.write(Op.SETITEMS, Op.STOP)


def write_value(value: object, out: Output, *, python2: bool = False) -> None:
    """Write one value as ``write_pickle`` writes many."""
    writer = _begun(out, python2)
    writer.value(value)
    writer.write(Op.STOP)


def _begun(out: Output, python2: bool) -> _Writer:
    writer = (_Python2Writer if python2 else _Writer)(out)
    writer.write(Op.PROTO, bytes([writer.protocol]))
    return writer


class _Writer:
    """Values to opcodes of protocol 4. Nothing is put into the memo: equal values repeat."""

    protocol = 4

    def __init__(self, out: Output) -> None:
        self._out = out

    def write(self, *pieces: Op | bytes | memoryview) -> None:
        for piece in pieces:
            self._out.write(bytes([piece]) if isinstance(piece, Op) else piece)

    def value(self, value: Any) -> None:
        kind = np.ndarray if isinstance(value, np.ndarray) else type(value)
        if kind not in _WRITERS:
            message = f"a value of type {type(value).__name__} cannot be written to a pickle"
            raise ModelWriteError(message)
        getattr(self, _WRITERS[kind])(value)

    def values(self, values: Iterable[object]) -> None:
        for value in values:
            self.value(value)

    def call(self, module: str, name: str, *args: object) -> None:
        self.name(module, name)
        self.value(args)
        self.write(Op.REDUCE)

    def name(self, module: str, name: str) -> None:
        self.write(Op.GLOBAL, f"{module}\n{name}\n".encode("ascii"))

    # Plain values

    def none(self, value: None) -> None:
        self.write(Op.NONE)

    def boolean(self, value: bool) -> None:
        self.write(Op.NEWTRUE if value else Op.NEWFALSE)

    def integer(self, value: int) -> None:
        if -(1 << 31) <= value < 1 << 31:
            self.write(Op.BININT, struct.pack("<i", value))
        else:
            n_bytes = value.bit_length() // 8 + 1
            self.write(Op.LONG1, bytes([n_bytes]), value.to_bytes(n_bytes, "little", signed=True))

    def real(self, value: float) -> None:
        self.write(Op.BINFLOAT, struct.pack(">d", value))

    def text(self, value: str) -> None:
        body = value.encode("utf-8")
        self.write(Op.BINUNICODE, struct.pack("<I", len(body)), body)

    def octets(self, value: bytes) -> None:
        self.body(memoryview(value))

    def body(self, body: memoryview) -> None:
        """Bytes, of an array or by themselves."""
        if body.nbytes <= _MAX_BINBYTES:
            self.write(Op.BINBYTES, struct.pack("<I", body.nbytes), body)
        else:
            self.write(Op.BINBYTES8, struct.pack("<Q", body.nbytes), body)

    # Containers

    def list_of(self, items: list[object]) -> None:
        self.write(Op.EMPTY_LIST, Op.MARK)
        self.values(items)
        self.write(Op.APPENDS)

    def tuple_of(self, items: tuple[object, ...]) -> None:
        self.write(Op.MARK)
        self.values(items)
        self.write(Op.TUPLE)

    def dict_of(self, items: dict[Any, object]) -> None:
        self.write(Op.EMPTY_DICT, Op.MARK)
        self.values(part for pair in items.items() for part in pair)
        self.write(Op.SETITEMS)

    def set_of(self, items: set[object]) -> None:
        self.write(Op.EMPTY_SET, Op.MARK)
        self.values(_in_order(items))
        self.write(Op.ADDITEMS)

    # Arrays

    def array(self, array: NDArray) -> None:
        # No copy wherever the array is C-ordered and little-endian already.
        plain = np.asarray(array, array.dtype.newbyteorder("<"), order="C")
        order, code = plain.dtype.str[0], plain.dtype.str[1:]
        if plain.dtype.hasobject or not DTYPE_CODE.fullmatch(code):
            message = f"dtype {array.dtype} cannot be written to a pickle"
            raise ModelWriteError(message)
        self._begin_array(plain.shape, code, order, *_widths(plain.dtype))
        self.body(memoryview(plain.reshape(-1).view(np.uint8)))  # type: ignore[arg-type]
        self.write(Op.TUPLE, Op.BUILD)

    def object_array(self, array: ObjectArray) -> None:
        self._begin_array(array.shape, "O8", "|", -1, -1, 63)  # 63: numpy's flags for objects
        self.list_of(array.items)
        self.write(Op.TUPLE, Op.BUILD)

    def _begin_array(self, shape: tuple[int, ...], code: str, order: str, *widths: int) -> None:
        """An empty array, and its state up to the body: (version, shape, dtype, Fortran order."""
        self.name("numpy.core.multiarray", "_reconstruct")
        self.write(Op.MARK)
        self.name("numpy", "ndarray")
        self.values([(0,), "b"])
        self.write(Op.TUPLE, Op.REDUCE, Op.MARK)
        self.values([1, shape])
        self.call("numpy", "dtype", code, False, True)
        self.tuple_of((3, order, None, None, None, *widths))
        self.write(Op.BUILD)
        self.boolean(False)

    def sparse(self, sparse: Sparse) -> None:
        # Old scipy prints with maxprint. Other attributes have defaults in the class, but for one.
        state: dict[str, object] = {"_shape": sparse.shape, "maxprint": 50, "data": sparse.data}
        if sparse.layout == "coo":
            state |= {"row": sparse.indices, "col": sparse.indptr, "has_canonical_format": False}
        else:
            state |= {"indices": sparse.indices, "indptr": sparse.indptr}
        self.name("scipy.sparse", f"{sparse.layout}_matrix")
        self.write(Op.EMPTY_TUPLE, Op.NEWOBJ)
        self.dict_of(state)
        self.write(Op.BUILD)


class _Python2Writer(_Writer):
    """Values to opcodes of protocol 2, which has no bytes but those of Python 2's strings."""

    protocol = 2

    def octets(self, value: bytes) -> None:
        self.call("_codecs", "encode", value.decode("latin-1"), "latin1")

    def body(self, body: memoryview) -> None:
        if body.nbytes > _MAX_BINSTRING:
            message = f"an array of {body.nbytes} bytes is too long for a pickle of protocol 2"
            raise ModelWriteError(message)
        self.write(Op.BINSTRING, struct.pack("<i", body.nbytes), body)

    def set_of(self, items: set[object]) -> None:
        self.call("__builtin__", "set", _in_order(items))


def _in_order(items: set[object]) -> list[object]:
    """Python's own order of a set changes from run to run."""
    return sorted(items, key=lambda item: (type(item).__name__, repr(item)))


def _widths(dtype: np.dtype) -> tuple[int, int, int]:
    """Item size, alignment and flags as numpy pickles them; only text has its own."""
    if dtype.kind == "U":
        return dtype.itemsize, 4, 8
    return (dtype.itemsize, 1, 0) if dtype.kind == "S" else (-1, -1, 0)


_WRITERS: dict[type, str] = {  # the method of _Writer for each type of value
    type(None): "none",
    bool: "boolean",
    int: "integer",
    float: "real",
    str: "text",
    bytes: "octets",
    list: "list_of",
    tuple: "tuple_of",
    dict: "dict_of",
    set: "set_of",
    np.ndarray: "array",
    ObjectArray: "object_array",
    Sparse: "sparse",
}

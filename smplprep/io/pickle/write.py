"""Writes pickles of protocol 2 that every Python 3 with any numpy and scipy loads, always alike.

They look as the official model files do: bodies of arrays are Python 2 strings. Python 3 has no
bytes in protocol 2 but as encoded text, which doubles half of all bytes. Load them as those files
are loaded, with ``pickle.load(file, encoding="latin1")`` (or ``"bytes"``).

The names are those that nobody warns of or has moved: ``numpy.core.multiarray`` keeps
``_reconstruct`` in numpy 2, without a warning and for this purpose; ``scipy.sparse.csc`` warns and
goes, ``scipy.sparse._csc`` came in 1.8, ``scipy.sparse.csc_matrix`` was there always.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ModelWriteError, inside
from ...records.contents import ObjectArray, Sparse
from ..output import Output
from .arrays import DTYPE_CODE
from .opcodes import Op

_MAX_BODY = (1 << 31) - 1  # BINSTRING counts in a signed number of four bytes


def write_pickle(entries: Mapping[str, object], out: Output) -> None:
    """Write ``entries`` to ``out`` in their order.

    Args:
        entries: key -> value of a kind that ``read_pickle`` gives. Arrays are written in C order
            and little-endian, as they lie in memory wherever they are so already.
        out: written front to back.

    Raises:
        ModelWriteError: a value of another kind, or too large; the message names the key. What
            ``out.write`` raises passes through.
    """
    writer = _Writer(out)
    writer.write(Op.PROTO, b"\2", Op.EMPTY_DICT, Op.MARK)
    for key, value in entries.items():
        with inside(key=key):
            writer.value(key)
            writer.value(value)
    writer.write(Op.SETITEMS, Op.STOP)


class _Writer:
    """Values to opcodes. Nothing is put into the memo: what is equal is written twice."""

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
        _WRITERS[kind](self, value)

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
        self.call("_codecs", "encode", value.decode("latin-1"), "latin1")

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
        # Python's order of a set changes from run to run.
        in_order = sorted(items, key=lambda item: (type(item).__name__, repr(item)))
        self.call("builtins", "set", in_order)

    # Arrays

    def array(self, array: NDArray) -> None:
        # No copy wherever the array is C-ordered and little-endian already.
        plain = np.asarray(array, array.dtype.newbyteorder("<"), order="C")
        order, code = plain.dtype.str[0], plain.dtype.str[1:]
        if plain.dtype.hasobject or not DTYPE_CODE.fullmatch(code):
            message = f"dtype {array.dtype} cannot be written to a pickle"
            raise ModelWriteError(message)
        if plain.nbytes > _MAX_BODY:
            message = f"an array of {plain.nbytes} bytes is too long for a pickle of protocol 2"
            raise ModelWriteError(message)
        self._begin_array(plain.shape, code, order, *_widths(plain.dtype))
        self.write(Op.BINSTRING, struct.pack("<i", plain.nbytes))
        self.write(memoryview(plain.reshape(-1).view(np.uint8)))  # type: ignore[arg-type]
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


def _widths(dtype: np.dtype) -> tuple[int, int, int]:
    """Item size, alignment and flags as numpy pickles them; only text has its own."""
    if dtype.kind == "U":
        return dtype.itemsize, 4, 8
    return (dtype.itemsize, 1, 0) if dtype.kind == "S" else (-1, -1, 0)


_WRITERS: dict[type, Callable[[_Writer, Any], None]] = {
    type(None): _Writer.none,
    bool: _Writer.boolean,
    int: _Writer.integer,
    float: _Writer.real,
    str: _Writer.text,
    bytes: _Writer.octets,
    list: _Writer.list_of,
    tuple: _Writer.tuple_of,
    dict: _Writer.dict_of,
    set: _Writer.set_of,
    np.ndarray: _Writer.array,
    ObjectArray: _Writer.object_array,
    Sparse: _Writer.sparse,
}

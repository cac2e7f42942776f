"""Write pickles byte by byte as Python 2 did, classes that are not installed here included.

SMPL's .pkl files were written by Python 2's cPickle, protocol 2: ``str`` where Python 3 has
``bytes``, numpy's and scipy's old module paths, chumpy objects. Python 3 cannot write such a file
with ``pickle``, so this spells out the opcodes; ``pickletools`` says what each one means.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np


@dataclass(frozen=True)
class Instance:
    """An object of a class that is only named: ``module.name()`` with ``state`` as its dict."""

    module: str
    name: str
    state: dict[str, Any]


def chumpy_ch(x: np.ndarray) -> Instance:
    """A ``chumpy.ch.Ch`` that holds the array ``x``.

    State: ``chumpy.ch.Ch.__getstate__``, after its value was read once.
    """
    return Instance("chumpy.ch", "Ch", {**_chumpy_state(), "x": x})


def chumpy_select(a: Instance, idxs: np.ndarray, shape: tuple[int, ...]) -> Instance:
    """A ``chumpy.reordering.Select``: ``a.ravel()[idxs].reshape(shape)``, as slicing a Ch gives."""
    state = {**_chumpy_state(), "preferred_shape": shape, "a": a, "idxs": idxs}
    return Instance("chumpy.reordering", "Select", state)


def csc_matrix(dense: np.ndarray) -> Instance:
    """A ``scipy.sparse.csc.csc_matrix`` of a 2D array, with the state scipy had before 1.0."""
    columns, rows = np.nonzero(dense.T)
    counts = np.bincount(columns, minlength=dense.shape[1])
    state = {
        "format": "csc",
        "_shape": dense.shape,
        "indptr": np.concatenate([[0], np.cumsum(counts)]).astype(np.int32),
        "indices": rows.astype(np.int32),
        "data": dense[rows, columns],
        "maxprint": 50,
    }
    return Instance("scipy.sparse.csc", "csc_matrix", state)


def _chumpy_state() -> dict[str, Any]:
    return {
        "_dirty_vars": set(),
        "_itr": None,
        "_make_dense": False,
        "_make_sparse": False,
        "_depends_on_deps": {},
    }


def dump_python2(value: Any, file: BinaryIO) -> None:
    """Write ``value`` to ``file`` as Python 2's ``cPickle.dump(value, file, 2)``.

    Takes None, bool, int, float, str (Python 2's, Latin-1), tuple, list, dict, set, numpy arrays of
    numbers, and ``Instance``.
    """
    writer = _Writer(file)
    file.write(b"\x80\x02")
    writer.save(value)
    file.write(b".")


class _Writer:
    def __init__(self, file: BinaryIO) -> None:
        self.write = file.write
        self.memo: dict[tuple[str, ...], int] = {}
        self.n_memo = 0

    def save(self, value: Any) -> None:
        if value is None:
            self.write(b"N")
        elif isinstance(value, bool):
            self.write(b"\x88" if value else b"\x89")
        elif isinstance(value, int):
            self._int(value)
        elif isinstance(value, float):
            self.write(b"G" + struct.pack(">d", value))
        elif isinstance(value, str):
            if not self._recall(("str", value)):
                self._string(value.encode("latin-1"))
                self.write(self._put(("str", value)))
        elif isinstance(value, tuple):
            self._tuple(value)
        elif isinstance(value, list):
            self.write(b"]" + self._put())
            self._batch(value, b"e")
        elif isinstance(value, dict):
            self.write(b"}" + self._put())
            self._batch([part for item in value.items() for part in item], b"u")
        elif isinstance(value, set):
            self._global("__builtin__", "set")
            self.save((sorted(value),))
            self.write(b"R" + self._put())
        elif isinstance(value, np.ndarray):
            self._array(value)
        elif isinstance(value, Instance):
            self._global(value.module, value.name)
            self.write(b")\x81" + self._put())
            self.save(value.state)
            self.write(b"b")
        else:
            raise TypeError(f"{type(value).__name__}: no Python 2 form for it here")

    def _int(self, value: int) -> None:
        if 0 <= value < 1 << 8:
            self.write(b"K" + struct.pack("<B", value))
        elif 0 <= value < 1 << 16:
            self.write(b"M" + struct.pack("<H", value))
        elif -(1 << 31) <= value < 1 << 31:
            self.write(b"J" + struct.pack("<i", value))
        else:
            raise ValueError(f"{value} does not fit into 32 bits")

    def _string(self, data: bytes) -> None:
        if len(data) < 256:
            self.write(b"U" + struct.pack("<B", len(data)))
        else:
            self.write(b"T" + struct.pack("<i", len(data)))
        self.write(data)

    def _tuple(self, value: tuple[Any, ...]) -> None:
        if len(value) > 3:
            self.write(b"(")
        for item in value:
            self.save(item)
        code = (b")", b"\x85", b"\x86", b"\x87")[len(value)] if len(value) <= 3 else b"t"
        self.write(code + (self._put() if value else b""))

    def _batch(self, values: list[Any], code: bytes) -> None:
        if values:
            self.write(b"(")
            for value in values:
                self.save(value)
            self.write(code)

    def _array(self, array: np.ndarray) -> None:
        """``numpy.ndarray.__reduce__`` of numpy 1 under Python 2: the data is a plain ``str``."""
        array = np.ascontiguousarray(array)
        kind, order = array.dtype.str[1:], array.dtype.str[0]
        self._global("numpy.core.multiarray", "_reconstruct")
        self._global("numpy", "ndarray")
        self.save((0,))
        self.save("b")
        self.write(b"\x87" + self._put() + b"R" + self._put() + b"(")
        self._int(1)
        self.save(array.shape)
        if not self._recall(("dtype", array.dtype.str)):
            self._global("numpy", "dtype")
            self.save((kind, 0, 1))
            self.write(b"R" + self._put(("dtype", array.dtype.str)))
            self.save((3, order, None, None, None, -1, -1, 0))
            self.write(b"b")
        self.save(False)
        self._string(array.tobytes())
        self.write(b"t" + self._put() + b"b")

    def _global(self, module: str, name: str) -> None:
        if not self._recall(("global", module, name)):
            self.write(f"c{module}\n{name}\n".encode("ascii"))
            self.write(self._put(("global", module, name)))

    def _recall(self, key: tuple[str, ...]) -> bool:
        """Fetch an earlier value from the memo; False where there is none."""
        if key not in self.memo:
            return False
        number = self.memo[key]
        short = number < 256
        self.write(b"h" + struct.pack("<B", number) if short else b"j" + struct.pack("<i", number))
        return True

    def _put(self, key: tuple[str, ...] | None = None) -> bytes:
        """The opcode that stores the top of the stack in the memo, under ``key`` for later."""
        number, self.n_memo = self.n_memo, self.n_memo + 1
        if key is not None:
            self.memo[key] = number
        short = number < 256
        return b"q" + struct.pack("<B", number) if short else b"r" + struct.pack("<i", number)

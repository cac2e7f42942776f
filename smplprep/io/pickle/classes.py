"""scipy's and chumpy's part of a pickle: instances by their attributes, without the classes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from ...errors import ModelReadError
from ...records.contents import ObjectArray, Sparse, read_only
from ..npz.npy import check_shape
from ..sparse import check_sparse, rows_and_columns
from .arrays import dtype_from
from .names import Call, Dict, Meaning
from .values import Values


class Attributes:
    """What BUILD brought. Only what is asked for is turned into a value; the rest is not ours."""

    def __init__(self, values: Values, call: Call) -> None:
        self._values = values
        self._call = call
        self._name = values.class_of(call).spelling
        self._records = values.attributes(call)
        self.offset = call.offset

    def __contains__(self, name: str) -> bool:
        return name in self._records

    def error(self, what: str) -> ModelReadError:
        return self._values.error(f"a {self._name} {what}", self.offset)

    def charge(self, n_bytes: int) -> None:
        self._values.charge(n_bytes, self.offset)

    def value(self, name: str) -> object:
        if name not in self._records:
            raise self.error(f"without {name}")
        return self._values.value(self._records[name])

    def array(self, name: str) -> NDArray:
        return self._values.expect(self.value(name), np.ndarray, f"the array {name}", self.offset)

    def sizes(self, name: str) -> tuple[int, ...]:
        """A shape: a tuple, a list or a row of whole numbers."""
        value = self.value(name)
        if isinstance(value, np.ndarray) and value.ndim == 1:
            value = value.tolist()
        if isinstance(value, list | tuple):
            sizes = [n.item() if isinstance(n, np.ndarray) and n.ndim == 0 else n for n in value]
            if all(type(n) is int and -1 <= n < 1 << 63 for n in sizes):
                return tuple(sizes)
        raise self.error(f"whose {name} is not a shape")

    def shape(self) -> tuple[int, int]:
        """Of a matrix."""
        match self.sizes("_shape" if "_shape" in self else "shape"):
            case (n_rows, n_columns) if n_rows >= 0 and n_columns >= 0:
                return n_rows, n_columns
        raise self.error("that is not two-dimensional")

    def numbers(self, items: list[object]) -> NDArray:
        """A list of numbers as a row of the matrix's own dtype."""
        row = self.row(items, "biuf", "a value that is not a number")
        if "dtype" not in self:
            return row
        dtype = dtype_from(self._values, self._records["dtype"], self.offset)
        return row.astype(dtype) if dtype.kind in "biuf" else row

    def row(self, items: list[object], kinds: str, fault: str) -> NDArray:
        """A list as an array of one of these kinds."""
        try:
            row = np.array(items) if items else np.zeros(0, np.int64)
        except ValueError:
            row = np.zeros(0, object)
        if row.ndim != 1 or row.dtype.kind not in kinds:
            raise self.error(f"with {fault}")
        return row

    def dok_pairs(self) -> Iterator[tuple[object, object]]:
        """Keys and values of the dict that a dok matrix is, or has."""
        inner, pairs = self._records.get("_dict"), self._call.items
        if len(self._call.args) == 3:
            pairs = self._call.args[2]  # type: ignore[assignment]
        if isinstance(inner, Dict):
            pairs = inner
        if isinstance(pairs, Dict):
            for key, item in pairs.pairs:
                yield self._values.value(key), self._values.value(item)


Coordinates = tuple[NDArray, NDArray, NDArray]  # data, rows, columns


def sparse_of(values: Values, call: Call) -> Sparse:
    """A scipy matrix, checked: what scipy would believe can write outside its memory.

    Layouts other than csc and csr become coo.
    """
    attributes, meaning = Attributes(values, call), values.class_of(call).meaning
    if meaning in (Meaning.CSC, Meaning.CSR):
        data, indices, indptr = map(attributes.array, ("data", "indices", "indptr"))
        sparse = Sparse(meaning.name.lower(), data, indices, indptr, attributes.shape())
    else:
        data, rows, columns = _COORDINATES[meaning](attributes)
        sparse = Sparse("coo", data, rows, columns, attributes.shape())
    # Many records can share these arrays, and each is looked at in full.
    n_bytes = sparse.data.nbytes + sparse.indices.nbytes + sparse.indptr.nbytes
    values.charge(n_bytes, call.offset)
    check_sparse(sparse, offset=call.offset)
    return sparse


def _of_coo(matrix: Attributes) -> Coordinates:
    if "row" in matrix:
        return matrix.array("data"), matrix.array("row"), matrix.array("col")
    match matrix.value("coords"):  # scipy from 1.13 on
        case (np.ndarray() as rows, np.ndarray() as columns):
            return matrix.array("data"), rows, columns
    raise matrix.error("not two-dimensional")


def _of_bsr(matrix: Attributes) -> Coordinates:
    """Blocks of (rows, columns) that ``indices`` and ``indptr`` place as csr places entries."""
    data, indices, indptr = map(matrix.array, ("data", "indices", "indptr"))
    if data.ndim != 3 or 0 in data.shape[1:]:
        raise matrix.error("without blocks")
    n_blocks, height, width = data.shape
    n_rows, n_columns = matrix.shape()
    if n_rows % height or n_columns % width:
        raise matrix.error("whose blocks do not fit its shape")
    blocks = Sparse(
        "csr", np.ones(n_blocks), indices, indptr, (n_rows // height, n_columns // width)
    )
    check_sparse(blocks, offset=matrix.offset)
    matrix.charge(data.size * 16)
    block_rows, block_columns = rows_and_columns(blocks)
    rows = block_rows[:, None, None] * height + np.arange(height)[None, :, None]
    columns = block_columns[:, None, None].astype(np.int64) * width + np.arange(width)
    rows, columns = (np.broadcast_to(a, data.shape).reshape(-1) for a in (rows, columns))
    return data.reshape(-1), rows, columns


def _of_dia(matrix: Attributes) -> Coordinates:
    """``data[k, j]`` lies in column j of the diagonal ``offsets[k]``."""
    data, offsets = matrix.array("data"), matrix.array("offsets")
    if data.ndim != 2 or offsets.shape != data.shape[:1] or offsets.dtype.kind not in "iu":
        raise matrix.error("without a place for each diagonal")
    n_rows, n_columns = matrix.shape()
    if np.any(offsets >= n_columns) or np.any(offsets.astype(np.int64) <= -n_rows):
        raise matrix.error("with a diagonal outside it")
    matrix.charge(data.size * 17)
    columns = np.broadcast_to(np.arange(data.shape[1]), data.shape)
    rows = columns - offsets.astype(np.int64)[:, None]
    inside = (rows >= 0) & (rows < n_rows) & (columns < n_columns)
    return data[inside], rows[inside], columns[inside]


def _of_lil(matrix: Attributes) -> Coordinates:
    """For each row a list of columns and a list of values."""
    columns, data = matrix.value("rows"), matrix.value("data")
    lists = [table.items if isinstance(table, ObjectArray) else [] for table in (columns, data)]
    n_rows, _ = matrix.shape()
    counts = [[len(row) if isinstance(row, list) else -1 for row in table] for table in lists]
    if counts[0] != counts[1] or len(counts[0]) != n_rows or -1 in counts[0]:
        raise matrix.error("whose rows and values differ in number")
    flat = [[item for row in table for item in row] for table in lists]
    indices = matrix.row(flat[0], "iu", "a column that is not an integer")
    return matrix.numbers(flat[1]), np.repeat(np.arange(n_rows), counts[0]), indices


def _of_dok(matrix: Attributes) -> Coordinates:
    """A dict of (row, column) -> value."""
    keys, items = [], []
    for key, item in matrix.dok_pairs():
        match key:
            case (row, column):
                keys += [row, column]
                items.append(item)
            case _:
                raise matrix.error("with a key that is not (row, column)")
    places = matrix.row(keys, "iu", "a key that is not (row, column)").reshape(-1, 2)
    return matrix.numbers(items), places[:, 0], places[:, 1]


_COORDINATES: dict[Meaning, Callable[[Attributes], Coordinates]] = {
    Meaning.COO: _of_coo,
    Meaning.BSR: _of_bsr,
    Meaning.DIA: _of_dia,
    Meaning.LIL: _of_lil,
    Meaning.DOK: _of_dok,
}


def ch_of(values: Values, call: Call) -> NDArray:
    """A ``chumpy.ch.Ch`` is the array under ``x``."""
    return Attributes(values, call).array("x")


def select_of(values: Values, call: Call) -> NDArray:
    """A ``chumpy.reordering.Select`` is some entries of another array, in a shape of their own.

    Source: chumpy/reordering.py, ``Select.compute_r``.
    """
    attributes = Attributes(values, call)
    source, indices = attributes.array("a"), attributes.array("idxs")
    if indices.ndim != 1 or indices.dtype.kind not in "iu":
        raise values.error("a chumpy Select whose idxs are not a row of integers", call.offset)
    values.charge(indices.nbytes + indices.size * source.itemsize, call.offset)
    if np.any((indices < 0) | (indices >= source.size)):
        raise values.error(f"a chumpy Select beyond its {source.size} entries", call.offset)
    chosen = source.reshape(-1)[indices]
    if "preferred_shape" in attributes:
        shape = attributes.sizes("preferred_shape")
        check_shape(shape, chosen.itemsize, limits=values.limits)
        try:
            chosen = chosen.reshape(shape)  # -1 stands for the size that is left
        except ValueError:
            raise attributes.error("whose preferred_shape does not fit") from None
    return read_only(chosen)

"""Sparse matrices as plain data: the checks that scipy leaves out, to dense and back.

An unpickled scipy matrix is not checked, and its ``toarray`` writes wherever the indices say.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelReadError, shown
from ..records.contents import Limits, Sparse, read_only

LAYOUTS = ("csc", "csr", "coo")


def check_sparse(sparse: Sparse, *, offset: int | None = None) -> None:
    """Nothing comes back from a matrix that is what it says.

    Raises:
        ModelReadError: not two-dimensional, arrays of another kind or length, an ``indptr`` that
            does not start at 0, falls, or does not end at the number of indices, or an index out
            of range; the message names the array and the place in it.
    """
    fault = _fault(sparse)
    if fault is not None:
        message = f"damaged {shown(sparse.layout)} matrix: {fault}"
        raise ModelReadError(message, offset=offset)


def _fault(sparse: Sparse) -> str | None:
    if sparse.layout not in LAYOUTS:
        return "an unknown layout"
    if len(sparse.shape) != 2 or not all(type(n) is int and n >= 0 for n in sparse.shape):
        return f"shape {shown(sparse.shape)} is not two-dimensional"
    if sparse.data.ndim != 1 or sparse.data.dtype.kind not in "biuf":
        return "data is not a row of numbers"
    for name, indices in (("indices", sparse.indices), ("indptr", sparse.indptr)):
        if indices.ndim != 1 or indices.dtype.kind not in "iu":
            return f"{name} is not a row of integers"
    if len(sparse.indices) != len(sparse.data):
        return f"{len(sparse.data)} values with {len(sparse.indices)} indices"
    n_rows, n_columns = sparse.shape
    if sparse.layout == "coo":
        if len(sparse.indptr) != len(sparse.data):
            return f"{len(sparse.data)} values with {len(sparse.indptr)} columns"
        return _outside("row", sparse.indices, n_rows) or _outside(
            "column", sparse.indptr, n_columns
        )
    n_major, n_minor = sparse.shape if sparse.layout == "csr" else (n_columns, n_rows)
    return _indptr_fault(sparse.indptr, n_major, len(sparse.indices)) or _outside(
        "indices", sparse.indices, n_minor
    )


def _outside(name: str, indices: NDArray, size: int) -> str | None:
    wrong = np.flatnonzero((indices < 0) | (indices >= size))
    return f"{name}[{wrong[0]}] is {indices[wrong[0]]}, not below {size}" if len(wrong) else None


def _indptr_fault(indptr: NDArray, n_major: int, n_indices: int) -> str | None:
    if len(indptr) != n_major + 1:
        return f"indptr has {len(indptr)} entries, not {n_major + 1}"
    if indptr[0] != 0:
        return f"indptr starts at {indptr[0]}, not 0"
    falls = np.flatnonzero(indptr[1:] < indptr[:-1])
    if len(falls):
        return f"indptr falls at {falls[0] + 1}"
    if indptr[-1] != n_indices:
        return f"indptr ends at {indptr[-1]}, not at {n_indices}"
    return None


def densify(sparse: Sparse, *, limits: Limits) -> NDArray:
    """The matrix as a read-only dense array of its own dtype; entries at one place add up.

    Raises:
        ModelReadError: see ``check_sparse``; or the dense array would be over the limit.
    """
    check_sparse(sparse)
    n_bytes = math.prod(sparse.shape) * sparse.data.itemsize
    if n_bytes > limits.array_bytes:
        message = (
            f"a sparse matrix of {n_bytes} bytes when dense; the limit is {limits.array_bytes}"
        )
        raise ModelReadError(message)
    dense = np.zeros(sparse.shape, sparse.data.dtype)
    np.add.at(dense, rows_and_columns(sparse), sparse.data)
    return read_only(dense)


def rows_and_columns(sparse: Sparse) -> tuple[NDArray, NDArray]:
    """Of each entry, in the order of ``data``."""
    if sparse.layout == "coo":
        return sparse.indices, sparse.indptr
    counts = (sparse.indptr[1:] - sparse.indptr[:-1]).astype(np.intp)
    major = np.repeat(np.arange(len(counts)), counts)
    return (major, sparse.indices) if sparse.layout == "csr" else (sparse.indices, major)


def sparsify(dense: NDArray) -> Sparse:
    """The non-zero entries of a (rows, columns) array as csc: rows sorted, none twice, int32."""
    columns, rows = np.nonzero(dense.T)
    counts = np.bincount(columns, minlength=dense.shape[1])
    return Sparse(
        layout="csc",
        data=read_only(dense[rows, columns]),
        indices=read_only(rows.astype(np.int32)),
        indptr=read_only(np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)),
        shape=(dense.shape[0], dense.shape[1]),
    )

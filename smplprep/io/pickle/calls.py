"""What each callable that a pickle may name gives: the one table of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .arrays import array_of, buffer_array_of, dtype_of, scalar_of
from .classes import ch_of, select_of, sparse_of
from .names import Call, Meaning
from .values import Values

CALLS: Mapping[Meaning, Callable[[Values, Call], object]] = {
    Meaning.ARRAY: array_of,
    Meaning.BUFFER_ARRAY: buffer_array_of,
    Meaning.SCALAR: scalar_of,
    Meaning.DTYPE: dtype_of,
    Meaning.ENCODE: Values.encoded,
    Meaning.BYTES: Values.empty_bytes,
    Meaning.SET: Values.set_of,
    Meaning.ORDERED_DICT: Values.dict_of,
    Meaning.CSC: sparse_of,
    Meaning.CSR: sparse_of,
    Meaning.COO: sparse_of,
    Meaning.CH: ch_of,
    Meaning.SELECT: select_of,
}

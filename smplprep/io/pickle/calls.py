"""What each callable that a pickle may name gives: the one table of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .arrays import array_of, buffer_array_of, dtype_of, scalar_of
from .classes import ch_of, select_of, sparse_of
from .names import SPARSE, Call, Meaning
from .tensors import (
    parameter_of,
    size_of,
    sparse_tensor_of,
    storage_alone,
    subclass_of,
    tensor_of,
    tensor_of_dtype,
    text_argument,
)
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
    **dict.fromkeys(SPARSE, sparse_of),
    Meaning.CH: ch_of,
    Meaning.SELECT: select_of,
    Meaning.TENSOR: tensor_of,
    Meaning.TENSOR_OF_DTYPE: tensor_of_dtype,
    Meaning.PARAMETER: parameter_of,
    Meaning.SUBCLASS: subclass_of,
    Meaning.SPARSE_TENSOR: sparse_tensor_of,
    Meaning.SIZE: size_of,
    Meaning.LAYOUT: text_argument,
    Meaning.DEVICE: text_argument,
    Meaning.STORAGE_FILE: storage_alone,
}

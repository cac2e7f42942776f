"""scipy's and chumpy's part of a pickle: instances by their attributes, without the classes."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ...records.contents import Sparse, read_only
from ..npz.npy import check_shape
from ..sparse import check_sparse
from .names import Call
from .values import Values


class _Attributes:
    """What BUILD brought. Only what is asked for is turned into a value; the rest is not ours."""

    def __init__(self, values: Values, call: Call) -> None:
        self._values = values
        self._name = values.class_of(call).spelling
        self._records = values.attributes(call)
        self.offset = call.offset

    def __contains__(self, name: str) -> bool:
        return name in self._records

    def record(self, name: str) -> object:
        if name not in self._records:
            raise self._values.error(f"a {self._name} without {name}", self.offset)
        return self._records[name]

    def array(self, name: str) -> NDArray:
        value = self._values.value(self.record(name))
        return self._values.expect(value, np.ndarray, f"the array {name}", self.offset)

    def sizes(self, name: str) -> tuple[int, ...]:
        sizes = self._values.value(self.record(name))
        if not isinstance(sizes, tuple) or not all(type(n) is int and n >= 0 for n in sizes):
            raise self._values.error(f"a {self._name} whose {name} is no shape", self.offset)
        return sizes


def sparse_of(values: Values, call: Call) -> Sparse:
    """A scipy matrix, checked: what scipy would believe can write outside its memory."""
    attributes = _Attributes(values, call)
    layout = values.class_of(call).meaning.name.lower()
    if layout != "coo":
        indices, indptr = attributes.array("indices"), attributes.array("indptr")
    elif "row" in attributes:
        indices, indptr = attributes.array("row"), attributes.array("col")
    else:  # scipy from 1.13 on
        match values.value(attributes.record("coords")):
            case (np.ndarray() as indices, np.ndarray() as indptr):
                pass
            case _:
                raise values.error("a coo matrix that is not two-dimensional", call.offset)
    shape = attributes.sizes("_shape" if "_shape" in attributes else "shape")
    data = attributes.array("data")
    # Many records can share these arrays, and each is looked at in full.
    values.charge(data.nbytes + indices.nbytes + indptr.nbytes, call.offset)
    sparse = Sparse(layout, data, indices, indptr, shape)  # type: ignore[arg-type]
    check_sparse(sparse, offset=call.offset)
    return sparse


def ch_of(values: Values, call: Call) -> NDArray:
    """A ``chumpy.ch.Ch`` is the array under ``x``."""
    return _Attributes(values, call).array("x")


def select_of(values: Values, call: Call) -> NDArray:
    """A ``chumpy.reordering.Select`` is some entries of another array, in a shape of their own.

    Source: chumpy/reordering.py, ``Select.compute_r``.
    """
    attributes = _Attributes(values, call)
    source, indices = attributes.array("a"), attributes.array("idxs")
    if indices.ndim != 1 or indices.dtype.kind not in "iu":
        raise values.error("a chumpy Select whose idxs are no row of integers", call.offset)
    values.charge(indices.nbytes + indices.size * source.itemsize, call.offset)
    if np.any((indices < 0) | (indices >= source.size)):
        raise values.error(f"a chumpy Select beyond its {source.size} entries", call.offset)
    chosen = source.reshape(-1)[indices]
    if "preferred_shape" in attributes:
        shape = attributes.sizes("preferred_shape")
        check_shape(shape, chosen.itemsize, limits=values.limits)
        if math.prod(shape) != chosen.size:
            raise values.error("a chumpy Select whose preferred_shape does not fit", call.offset)
        chosen = chosen.reshape(shape)
    return read_only(chosen)

"""Writes .h5 files for readers in C++, MATLAB and Julia: plain datasets at the root.

No times in it and the keys in their order, so that the same arrays give the same bytes. The file is
made in memory, since HDF5 seeks to and fro and everything that lands on a disk goes through
``replace_file``.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ModelWriteError
from ...records.contents import Sparse
from ..npz.zip_directory import is_plain_key
from ..output import Output

_LEVEL = 6


def write_h5(
    entries: Mapping[str, NDArray | Sparse], out: Output, *, compress: bool = False
) -> None:
    """Write ``entries`` to ``out`` in their order.

    Texts are of fixed length and UTF-8. A ``Sparse`` becomes a group of data, indices, indptr and
    shape with an attribute ``layout``: csc, csr or coo.

    Args:
        entries: key -> plain array or matrix.
        out: written front to back.
        compress: deflate the datasets that have entries.

    Raises:
        ModelWriteError: a key that is not a plain name. What ``out.write`` raises passes through.
    """
    import h5py  # half as slow to import as numpy, and few files need it

    memory = io.BytesIO()
    with h5py.File(memory, "w", track_order=True) as file:
        for key, value in entries.items():
            if not is_plain_key(key):
                raise ModelWriteError("this key cannot be a name in a .h5", key=key)
            if isinstance(value, Sparse):
                group = file.create_group(key, track_order=True)
                group.attrs["layout"] = np.bytes_(value.layout)
                parts = {name: getattr(value, name) for name in ("data", "indices", "indptr")}
                for name, array in {**parts, "shape": np.array(value.shape)}.items():
                    _put(group, name, array, compress=compress)
            else:
                _put(file, key, value, compress=compress)
    out.write(memory.getbuffer())


def _put(group: Any, name: str, array: NDArray, *, compress: bool) -> None:
    """One dataset without a time, little-endian."""
    import h5py

    data, dtype = np.asarray(array, array.dtype.newbyteorder("<")), None
    if array.dtype.kind == "U":
        data = np.char.encode(array, "utf-8")
        dtype = h5py.string_dtype("utf-8", max(data.dtype.itemsize, 1))
        data = data.astype(f"S{max(data.dtype.itemsize, 1)}").astype(dtype)
    packed = {"compression": _LEVEL, "shuffle": True} if compress and array.size > 1 else {}
    group.create_dataset(name, data=data, dtype=dtype, track_times=False, **packed)

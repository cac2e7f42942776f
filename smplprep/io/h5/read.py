"""Reads .h5 files, in a child process: the HDF5 library crashes on hostile ones.

What the child says is not trusted more than the file, since a fault in the library could make it
say anything: it goes through the same checks as the header of a .npy.
"""

from __future__ import annotations

import json
import math
import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ModelReadError, inside, shown
from ...records.contents import Contents, Limits, Sparse
from ..npz.npy import DTYPE, NpyHeader, array_from
from ..packed_file import PackedFile
from ..sparse import LAYOUTS, check_sparse

CHILD = Path(__file__).with_name("child.py")

_SLACK = 1 << 27  # bytes of memory for the library's own needs
_SECONDS, _BYTES_A_SECOND = 2, 1 << 27  # of the processor's time
_WALL = 60  # seconds; a machine under load gives the child its two a little at a time
_MAX_LIST = 1 << 24


def read_h5(file: PackedFile) -> Contents:
    """Every dataset at the root of ``file``; groups of data, indices, indptr, shape are matrices.

    Raises:
        ModelReadError: damaged; over the limits; or it holds what smplprep does not follow: links,
            data in other files, other filters than deflate, shuffle and fletcher32, other types
            than numbers and text.
    """
    answer = _ask_child(file.body, limits=file.limits)
    entries: dict[str, object] = {}
    parts: dict[str, dict[str, NDArray]] = {}
    for about, array in _arrays(answer, limits=file.limits):
        if not about.part:
            entries[about.key] = array
            continue
        matrix = parts.setdefault(about.key, {})
        matrix[about.part] = array
        if len(matrix) == 4:
            with inside(key=about.key):
                entries[about.key] = _sparse(matrix, about.layout)
    if not entries:
        raise ModelReadError("the HDF5 file is empty")
    return Contents(container="h5", entries=entries, sha256=file.sha256, n_bytes=file.n_bytes)


def _ask_child(data: memoryview, *, limits: Limits) -> memoryview:
    """What the child makes of the file."""
    # Half of what a .npz may have, for all of it goes through a pipe after it was unpacked.
    array_bytes = len(data) + limits.unpacked_bytes // 2
    memory = len(data) + array_bytes + _SLACK  # the file lies in the child's memory, too
    seconds = _SECONDS + len(data) // _BYTES_A_SECOND
    numbers = (memory, seconds, array_bytes, limits.members, limits.ratio)
    # No plugins: "::" is the library's own word for none. One thread, for RLIMIT_AS counts stacks.
    environment = os.environ | {"HDF5_PLUGIN_PRELOAD": "::", "OPENBLAS_NUM_THREADS": "1"}
    child = subprocess.Popen(
        # -P: the folder of io/ is no place for imports
        [sys.executable, "-P", CHILD, *map(str, numbers)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
    )
    try:
        answer, _ = child.communicate(data, timeout=_WALL)  # type: ignore[arg-type]
    except subprocess.TimeoutExpired:
        child.kill()
        child.communicate()
        raise ModelReadError("damaged HDF5: reading it takes too long") from None
    except BaseException:
        child.kill()
        raise
    if child.returncode:
        raise ModelReadError("damaged HDF5: the library fails on it")
    return memoryview(answer)


@dataclass(frozen=True)
class _Listed:
    """One array of the child's list; ``part`` is empty, or names its place in a sparse matrix."""

    key: str
    part: str
    layout: str
    dtype: str
    shape: tuple[int, ...]


def _arrays(answer: memoryview, *, limits: Limits) -> Iterator[tuple[_Listed, NDArray]]:
    """The child's list, and the array of each entry."""
    listed, at = _list(answer)
    for about in listed:
        with inside(key=about.key):
            if not DTYPE.fullmatch(about.dtype) or np.dtype(about.dtype).hasobject:
                raise ModelReadError("damaged HDF5: an unknown type")
            header = NpyHeader(np.dtype(about.dtype), about.shape, fortran=False, n_header=0)
            n_bytes = math.prod(about.shape) * header.dtype.itemsize
            array = array_from(answer[at : at + n_bytes], header, limits=limits)
        yield about, array
        at += n_bytes
    if at != len(answer):
        raise ModelReadError("damaged HDF5: its reader gives too much")


def _list(answer: memoryview) -> tuple[list[_Listed], int]:
    """The child's list, and where the bytes begin that it refers to."""
    try:
        (length,) = struct.unpack_from("<Q", answer)
        end = 8 + min(length, _MAX_LIST)
        listed = json.loads(bytes(answer[8:end]))
        if isinstance(listed, dict):
            refused, key = str(listed["refused"]), listed["key"]
            raise ModelReadError(f"HDF5: {shown(refused, 160)}", key=key)
        return [_Listed(**_checked(row)) for row in listed], end
    except ModelReadError:
        raise
    except (struct.error, ValueError, TypeError, KeyError, RecursionError) as error:
        raise ModelReadError("damaged HDF5: its reader gives no list") from error


def _checked(row: dict[str, Any]) -> dict[str, Any]:
    texts = {name: str(row[name]) for name in ("key", "part", "layout", "dtype")}
    return texts | {"shape": tuple(int(size) for size in row["shape"])}


def _sparse(parts: dict[str, NDArray], layout: str) -> Sparse:
    """A checked matrix; without the attribute ``layout``, what the length of ``indptr`` says."""
    shape = tuple(parts["shape"].tolist()) if parts["shape"].dtype.kind in "iu" else ()
    if layout not in LAYOUTS and len(shape) == 2:
        layout = "csc" if len(parts["indptr"]) == shape[1] + 1 else "csr"
    matrix = Sparse(layout, parts["data"], parts["indices"], parts["indptr"], shape)
    check_sparse(matrix)
    return matrix

"""Write a model in any container. Landing it safely is ``replace_file``'s matter."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..contents import Sparse
from ..errors import ModelWriteError, SmplprepError, VerificationError, shown
from ..model import Model
from .npz_write import Output, Written, write_npz
from .pickle_names import ObjectArray
from .pickle_write import write_pickle
from .plain_arrays import plain_array
from .read_model import read_model
from .replace_file import replacing
from .sparse import sparsify

PIECE = 1 << 20
ENDINGS = {".npz": "npz", ".pkl": "pkl", ".h5": "h5"}


def write_model(
    model: Model,
    path: str | os.PathLike[str],
    *,
    compress: bool | None = None,
    force: bool = False,
    inputs: Sequence[str | os.PathLike[str]] = (),
) -> Written:
    """Write a model to ``path``, whole or not at all, and read it back before it counts.

    Args:
        model: members of a .npz that are still as they were read are copied byte for byte.
        path: its ending, .npz, .pkl or .h5, says the container; the input's where it has none.
        compress: deflate a .npz; None keeps each member as it was.
        force: replace an existing file.
        inputs: files besides the model's own that must not be written to.

    Returns:
        SHA-256 and size of the file.

    Raises:
        ModelWriteError: it cannot be written; what stood there before still does.
        VerificationError: what was read back is not the model; the file was withheld.
    """
    container = container_of(path, default=model.source.container)
    own = [] if model.source.path is None else [model.source.path]
    with replacing(path, force=force, inputs=[*own, *inputs]) as output:
        written = write_container(model, output, container=container, compress=compress)
        output.commit(check=lambda temporary: check_written(model, temporary, written))
    return written


def container_of(path: str | os.PathLike[str], *, default: str) -> str:
    """The container that a file name asks for.

    Raises:
        ModelWriteError: an ending that is none of those that smplprep writes.
    """
    ending = Path(path).suffix.lower()
    if not ending:
        return default
    if ending not in ENDINGS:
        raise ModelWriteError(
            f"{shown(ending)} is no ending of a model file; it is one of {', '.join(ENDINGS)}",
            path=path,
        )
    return ENDINGS[ending]


def write_container(
    model: Model, out: Output, *, container: str, compress: bool | None = None
) -> Written:
    """Write the model's entries to an open file, in the file's order."""
    entries = model.entries()
    if container == "pkl":
        return write_pickle({key: as_stored(model, key, entries[key]) for key in entries}, out)
    if container == "h5":
        from .h5_write import write_h5

        return write_h5(
            {key: as_stored(model, key, h5_value(value, key)) for key, value in entries.items()},
            out,
            compress=bool(compress),
        )
    members = model.source.members
    arrays = {key: plain_array(value, key=key) for key, value in entries.items()}
    if compress is None:
        deflated = [key for key in entries if key in model.source.deflated]
        return write_npz(arrays, out, copy=members, compress=deflated)
    return write_npz(arrays, out, compress=compress)


def as_stored(model: Model, key: str, value: Any) -> Any:
    """The value as the file held it: sparse again where it was sparse."""
    return sparsify(value) if key in model.source.sparse else value


def h5_value(value: Any, key: str) -> Any:
    """As .h5 holds it: a matrix as it is, else an array, its text no wider than it has to be."""
    if isinstance(value, Sparse):
        return value
    array = plain_array(value, key=key)
    if array.dtype.kind != "U":
        return array
    return np.array(array.tolist(), np.str_).reshape(array.shape)


def check_written(model: Model, path: str | os.PathLike[str], written: Written) -> None:
    """Read the file back and compare every key with the model, bit for bit.

    Raises:
        VerificationError: another digest, a missing key, a value that differs, or a file that
            cannot be read.
    """
    try:
        found = read_model(path, normalise_rows=True)
    except SmplprepError as error:
        raise VerificationError(f"the file just written cannot be read: {error.message}") from error
    if (found.source.sha256, found.source.n_bytes) != (written.sha256, written.n_bytes):
        raise VerificationError("the file on the disk is not the one that was written")
    expected, present = model.entries(), found.entries()
    if list(expected) != list(present):
        raise VerificationError("the file just written has other keys than the model")
    for key, value in expected.items():
        if carried_over(key, model, found):
            continue
        if not same(value, present[key], key=key, container=found.source.container):
            raise VerificationError("the file just written holds another value", key=key)


def carried_over(key: str, model: Model, found: Model) -> bool:
    """Whether the file holds this member as the input did, going by the CRC that both passed."""
    ours, theirs = model.source.members.get(key), found.source.members.get(key)
    if ours is None or theirs is None:
        return False
    return (ours.crc32, ours.n_bytes) == (theirs.crc32, theirs.n_bytes)


def same(value: Any, found: Any, *, key: str, container: str) -> bool:
    """Equal in type, shape and every bit; .npz and .h5 have turned other values into arrays."""
    if container == "npz":
        value, found = plain_array(value, key=key), plain_array(found, key=key)
    if container == "h5":
        value, found = h5_value(value, key), h5_value(found, key)
    return identical(value, found)


def identical(a: Any, b: Any) -> bool:
    """Equal in type and in every bit, all the way down."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and identical_bytes(a, b)
    if isinstance(a, Sparse | ObjectArray):
        return identical(vars(a), vars(b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(identical(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(identical, a, b))
    if isinstance(a, set):
        # Their own order changes from run to run; 1 and True are equal, but their texts are not.
        return sorted(map(repr, a)) == sorted(map(repr, b))
    return repr(a) == repr(b)  # so that NaN equals NaN


def identical_bytes(a: NDArray, b: NDArray) -> bool:
    """Compared in pieces: a comparison of the whole would take as much memory again."""
    ours, theirs = (np.ascontiguousarray(array).reshape(-1).view(np.uint8) for array in (a, b))
    pieces = range(0, ours.size, PIECE)
    return all(np.array_equal(ours[i : i + PIECE], theirs[i : i + PIECE]) for i in pieces)

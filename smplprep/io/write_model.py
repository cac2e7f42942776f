"""Write a model in any container. Landing it safely is ``replace_file``'s matter."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import ModelWriteError, shown
from ..records.contents import ENDINGS
from ..records.model import Model
from ..records.storage import DEFAULT_STORAGE, Storage
from .check_written import check_written
from .npz.write import write_npz
from .output import Output
from .plain_arrays import h5_value, npz_entries, plain_entries
from .replace_file import replacing
from .sparse import sparsify


@dataclass(frozen=True)
class Written:
    """SHA-256 (hex) and size of a file that was written."""

    sha256: str
    n_bytes: int


def write_model(
    model: Model,
    path: str | os.PathLike[str],
    *,
    storage: Storage = DEFAULT_STORAGE,
    force: bool = False,
    inputs: Sequence[str | os.PathLike[str]] = (),
) -> Written:
    """Write a model to ``path``, whole or not at all, and read it back before it counts.

    Args:
        model: members of a .npz that are still as they were read are copied byte for byte.
        path: its ending, .npz, .pkl or .h5, says the container; the input's where it has none.
        storage: how the container holds the model.
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
        write_container(model, output, container=container, storage=storage)
        output.close()
        check_written(model, output.temporary, container=container, storage=storage)
        output.commit()
    return Written(output.sha256(), output.n_bytes)


def container_of(path: str | os.PathLike[str], *, default: str) -> str:
    """The container that a file name asks for.

    Raises:
        ModelWriteError: an ending that smplprep does not write.
    """
    ending = Path(path).suffix.lower()
    if not ending:
        return default
    if ending not in ENDINGS:
        raise ModelWriteError(
            f"{shown(ending)} is not one of the endings {', '.join(ENDINGS)}",
            path=path,
            hint="For a mesh, smplprep convert writes .glb."
            if ending in (".glb", ".gltf")
            else None,
        )
    return ENDINGS[ending]


def write_container(
    model: Model, out: Output, *, container: str, storage: Storage = DEFAULT_STORAGE
) -> dict[str, Any]:
    """Write the model's entries to an open file, in the file's order; what was written for each."""
    entries, compress = stored_entries(model, container, storage), storage.compress
    if container == "pkl":
        from .pickle.write import write_pickle

        write_pickle(entries, out, python2=storage.pickle == "python2")
    elif container == "h5":
        from .h5.write import write_h5

        write_h5(entries, out, compress=bool(compress))
    elif compress is None:
        deflated = [key for key in entries if key in model.source.deflated]
        write_npz(entries, out, copy=model.unchanged(), compress=deflated)
    else:
        write_npz(entries, out, compress=compress)
    return entries


def stored_entries(model: Model, container: str, storage: Storage) -> dict[str, Any]:
    """The model's entries as the container holds them: what it cannot hold, as plain arrays.

    In a .pkl or .h5, what the input held as a sparse matrix is one again.
    """
    entries, sparse = model.entries(), model.source.sparse
    if container == "npz":
        return npz_entries(entries, keep_objects=storage.keep_objects)
    if container == "h5":
        entries = plain_entries(entries, h5_value)
    return {key: sparsify(value) if key in sparse else value for key, value in entries.items()}

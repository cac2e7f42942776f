"""A whole file in memory, not yet decoded."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from ..records.contents import DEFAULT_LIMITS, Limits
from .input_file import open_input
from .npz.members import Unpacked, read_members


@dataclass(frozen=True, eq=False)
class PackedFile:
    """What was read.

    Attributes:
        path: as the user wrote it.
        container: "npz", "pkl", "h5", "npy", "torch" or "json", by content.
        n_bytes: size of the whole file.
        sha256: hex digest of the whole file.
        limits: how much it may ask for.
        body: the whole file; empty for a zip archive.
        members: of a zip archive: a .npz, or a torch.save file.
    """

    path: str
    container: str
    n_bytes: int
    sha256: str
    limits: Limits
    body: memoryview
    members: Mapping[str, Unpacked]


def read_packed(path: str | os.PathLike[str], *, limits: Limits = DEFAULT_LIMITS) -> PackedFile:
    """Read a file from its first byte to its last.

    Raises:
        ModelReadError: see ``open_input`` and ``read_members``.
    """
    with open_input(path, limits=limits) as file:
        members = read_members(file) if file.container == "npz" else {}
        is_torch = any(name.endswith("/data.pkl") for name in members)
        return PackedFile(
            path=os.fspath(path),
            container="torch" if is_torch else file.container,
            n_bytes=file.n_bytes,
            body=file.read_all(),
            sha256=file.sha256(),
            limits=limits,
            members=members,
        )

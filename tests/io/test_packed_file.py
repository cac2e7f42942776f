"""A file in memory, not yet decoded: all of it."""

from __future__ import annotations

import hashlib
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from smplprep.io.packed_file import read_packed

ARRAYS = {"weights": np.arange(6.0), "f": np.zeros(100_000, np.uint32)}


@pytest.fixture(params=["npz", "deflated", "pkl"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    target = tmp_path / "model"
    with target.open("wb") as file:
        if request.param == "pkl":
            pickle.dump(ARRAYS, file)
        else:
            (np.savez if request.param == "npz" else np.savez_compressed)(file, **ARRAYS)
    return target


def test_all_of_the_file_is_there(path: Path) -> None:
    found, data = read_packed(path), path.read_bytes()
    assert (found.path, found.n_bytes) == (str(path), len(data))
    assert found.sha256 == hashlib.sha256(data).hexdigest()
    if found.container == "pkl":
        assert bytes(found.body) == data and not found.members
        return
    assert not found.body
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == [f"{key}.npy" for key in found.members]
        for key, member in found.members.items():
            assert bytes(member.body) == archive.read(f"{key}.npy")
            assert member.raw.crc32 == archive.getinfo(f"{key}.npy").CRC

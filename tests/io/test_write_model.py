"""``write_model``: what it says of the file is what lies on the disk."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from smplprep.io.write_model import write_model
from smplprep.records.storage import Storage


@pytest.mark.parametrize("compress", [None, False, True])
@pytest.mark.parametrize("container", ["npz", "pkl", "h5"])
def test_digest_and_size_are_those_of_the_file(
    container: str, compress: bool | None, small_model, tmp_path: Path
) -> None:
    path = tmp_path / f"m.{container}"
    found = write_model(small_model(), path, storage=Storage(compress=compress))
    data = path.read_bytes()
    assert (found.sha256, found.n_bytes) == (hashlib.sha256(data).hexdigest(), len(data))

"""The cache of hashes: it saves reading, and believes nothing that could have changed."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from smplprep.build import hashes
from smplprep.build.hashes import Hashes


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that has been left alone for longer than a tick of the clock."""
    monkeypatch.setattr(hashes, "TICK_NS", 0)
    path = tmp_path / "a.npz"
    path.write_bytes(b"one")
    return path


def remembered(folder: Path) -> dict:
    return json.loads((folder / "hashes.json").read_text())


def test_what_did_not_change_is_not_read_again(file: Path, tmp_path: Path) -> None:
    first = Hashes(tmp_path)
    assert first.of([str(file), "none"]) == {str(file): sha256(b"one"), "none": None}
    first.save()
    known = remembered(tmp_path)
    known[str(file)][1] = "from the cache"
    (tmp_path / "hashes.json").write_text(json.dumps(known))
    assert Hashes(tmp_path).of([str(file)]) == {str(file): "from the cache"}
    assert Hashes(None).of([str(file)]) == {str(file): sha256(b"one")}


def test_an_edit_of_the_same_size_that_hides_its_date_shows(file: Path, tmp_path: Path) -> None:
    cache = Hashes(tmp_path)
    cache.of([str(file)])
    date = file.stat().st_mtime_ns
    while file.stat().st_ctime_ns == date:  # until the file system's clock has moved on
        file.write_bytes(b"two")
    os.utime(file, ns=(date, date))
    assert cache.of([str(file)]) == {str(file): sha256(b"two")}


def test_a_file_younger_than_a_tick_is_not_remembered(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hashes, "TICK_NS", 10**18)
    cache = Hashes(tmp_path)
    cache.of([str(file)])
    cache.save()
    assert not (tmp_path / "hashes.json").exists()


def test_what_changes_while_it_is_read_is_not_remembered(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = hashes.file_sha256

    def overtaken(path: str) -> str:
        digest = read(path)
        file.write_bytes(b"another")
        return digest

    monkeypatch.setattr(hashes, "file_sha256", overtaken)
    found = Hashes(tmp_path)
    assert found.of([str(file)]) == {str(file): sha256(b"one")}
    found.save()
    assert not (tmp_path / "hashes.json").exists()


@pytest.mark.parametrize("text", ["", "[]", '{"a": 1}', "{"])
def test_a_damaged_cache_is_no_cache(file: Path, tmp_path: Path, text: str) -> None:
    (tmp_path / "hashes.json").write_text(text)
    assert Hashes(tmp_path).of([str(file)]) == {str(file): sha256(b"one")}

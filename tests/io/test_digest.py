"""Hashing on a second core: the right digest from many threads, and after a fork."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import threading
from pathlib import Path

import pytest

from smplprep.io import digest

CHUNKS = [bytes([number]) * 50_000 for number in range(8)]


def hashed() -> str:
    sha256 = digest.BackgroundSha256()
    for chunk in CHUNKS:
        sha256.update(chunk)
    return sha256.hexdigest()


def test_a_whole_file(tmp_path: Path) -> None:
    data = os.urandom(digest.PIECE + 1)
    (tmp_path / "m").write_bytes(data)
    assert digest.sha256_of(tmp_path / "m") == hashlib.sha256(data).hexdigest()


def test_many_threads_share_one_hasher(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digest, "_queue", None)
    before, found, ready = threading.active_count(), [], threading.Barrier(16)

    def work() -> None:
        ready.wait()
        found.append(hashed())

    threads = [threading.Thread(target=work) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(found) == {hashlib.sha256(b"".join(CHUNKS)).hexdigest()}
    assert threading.active_count() == before + 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")  # it is what is tested
def test_a_forked_child_hashes_anew() -> None:
    """A DataLoader's workers are forks; the thread that hashes is not forked with them."""
    expected = hashed()
    context = multiprocessing.get_context("fork")
    answers = context.SimpleQueue()
    child = context.Process(target=lambda: answers.put(hashed()), daemon=True)
    child.start()
    child.join(20)
    try:
        assert child.exitcode == 0
        assert answers.get() == expected
    finally:
        child.kill()

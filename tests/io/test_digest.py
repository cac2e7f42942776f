"""Hashing on a second core: the right digest, after a fork, too."""

from __future__ import annotations

import hashlib
import multiprocessing
import os

import pytest

from smplprep.io import digest

CHUNKS = [bytes([number]) * 50_000 for number in range(8)]


def hashed() -> str:
    sha256 = digest.BackgroundSha256()
    for chunk in CHUNKS:
        sha256.update(chunk)
    return sha256.hexdigest()


def test_digests_that_are_fed_in_turn_do_not_mix() -> None:
    found = [digest.BackgroundSha256() for _ in range(4)]
    for chunk in CHUNKS:
        for index, sha256 in enumerate(found):
            sha256.update(chunk + bytes([index]))
    assert [sha256.hexdigest() for sha256 in found] == [
        hashlib.sha256(b"".join(chunk + bytes([index]) for chunk in CHUNKS)).hexdigest()
        for index in range(4)
    ]


def test_what_cannot_be_hashed_is_an_error_and_no_endless_wait() -> None:
    sha256 = digest.BackgroundSha256()
    sha256.update("text")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        sha256.hexdigest()


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

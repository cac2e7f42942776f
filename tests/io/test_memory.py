"""Memory for large files: zeros that can be written, gone with the last view."""

from __future__ import annotations

import gc
import mmap
import resource

import numpy as np
import pytest

from smplprep.io.memory import fresh_memory


@pytest.mark.parametrize("n_bytes", [0, 1, (1 << 16) - 1, 1 << 16, (5 << 20) + 3])
@pytest.mark.parametrize("has_pages", [True, False])
def test_writable_zeros(n_bytes: int, has_pages: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not has_pages:  # as on Windows
        monkeypatch.delattr(mmap, "MAP_PRIVATE")
    first, second = fresh_memory(n_bytes), fresh_memory(n_bytes)
    assert bytes(first) == bytes(n_bytes)
    first[:] = b"x" * n_bytes
    assert bytes(first) == b"x" * n_bytes and bytes(second) == bytes(n_bytes)


def test_too_much_is_a_memory_error() -> None:
    with pytest.raises(MemoryError):
        fresh_memory(1 << 48)  # more than the address space of a process


def test_an_array_keeps_it_and_its_end_gives_it_back() -> None:
    def peak() -> int:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    def filled(value: int) -> np.ndarray:
        array = np.frombuffer(fresh_memory(64 << 20), np.uint8)
        array[:] = value
        return array

    assert (filled(7) == 7).all()
    gc.collect()
    before = peak()
    for value in range(8):
        filled(value)
    grown = (peak() - before) / (1 << 20 if __import__("sys").platform == "darwin" else 1 << 10)
    assert grown < 128, grown  # MiB; all eight would be 512

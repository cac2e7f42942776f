"""Memory for what is large, without numpy: an input is read while numpy is imported."""

from __future__ import annotations

import mmap

_SMALL = 1 << 16


def fresh_memory(n_bytes: int) -> memoryview:
    """Zeros, in memory that is given back when the last view of it goes.

    Large pieces come from the system itself: it need not be filled first, and huge pages, where
    the system has them, take a third of the time.

    Raises:
        MemoryError: there is not so much.
    """
    if n_bytes < _SMALL or not hasattr(mmap, "MAP_PRIVATE"):
        return memoryview(bytearray(n_bytes))
    try:
        pages = mmap.mmap(-1, n_bytes, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    except OSError as error:
        raise MemoryError(f"{n_bytes} bytes") from error
    if hasattr(mmap, "MADV_HUGEPAGE"):
        pages.madvise(mmap.MADV_HUGEPAGE)
    return memoryview(pages)

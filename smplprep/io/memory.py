"""Memory for what is large."""

from __future__ import annotations

import mmap

from ..errors import SmplprepError

_SMALL = 1 << 16
LEAST = 512 << 20  # address space for Python, numpy, scipy and a small model


def check_limit() -> None:
    """Raise SmplprepError where the address space is limited to too little (``ulimit -v``).

    numpy's linear algebra ends the process where it gets no memory, and what cannot be imported
    says anything.
    """
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit != resource.RLIM_INFINITY and limit < LEAST:
        raise SmplprepError(
            f"memory is limited to {limit >> 20} MiB, smplprep needs {LEAST >> 20}",
            hint="ulimit -v unlimited lifts the limit.",
        )


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

"""One build of a manifest at a time."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows: two builds at once in one folder are the user's to avoid there
    fcntl = None  # type: ignore[assignment]


@contextlib.contextmanager
def manifest_locked(path: Path, waiting: Callable[[], object]) -> Iterator[None]:
    """Hold a lock on the manifest, once no other build does.

    Processes inherit it: those of a build that was killed hold it until they end. A network file
    system without locks is treated like Windows. The folder has a lock of its own, which each
    process takes while it puts outputs in place.

    Args:
        path: the manifest.
        waiting: called before a wait for another build.
    """
    if not fcntl:
        yield
        return
    manifest = os.open(path, os.O_RDONLY)
    try:
        try:
            fcntl.flock(manifest, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(manifest, fcntl.LOCK_EX)
        except OSError:
            pass
        yield
    finally:
        os.close(manifest)

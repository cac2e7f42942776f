"""One build at a time in a folder."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator

try:
    import fcntl
except ImportError:  # Windows: two builds at once in one folder are the user's to avoid there
    fcntl = None  # type: ignore[assignment]


@contextlib.contextmanager
def folder_locked(waiting: Callable[[], object]) -> Iterator[None]:
    """Hold a lock on the current folder, once no other build does.

    Processes inherit it: those of a build that was killed hold it until they end. A network file
    system that cannot lock folders is treated like Windows.

    Args:
        waiting: called before a wait for another build.
    """
    if not fcntl:
        yield
        return
    folder = os.open(".", os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(folder, fcntl.LOCK_EX)
        except OSError:
            pass
        yield
    finally:
        os.close(folder)

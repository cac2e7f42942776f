"""Of several processes that put outputs into one folder, one at a time does so.

The locks are the system's own (flock): they end with the process that holds them, however it ends.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from ..errors import ModelWriteError

try:
    import fcntl
except ImportError:  # Windows: two processes for one output are the user's to avoid there
    fcntl = None  # type: ignore[assignment]

SECONDS = 30.0  # renames take milliseconds
BUSY = (errno.EWOULDBLOCK, errno.EACCES, errno.EINTR)


@contextlib.contextmanager
def locked_folder(folder: Path) -> Iterator[None]:
    """Hold the folder's own lock, which ends with the process; none where there are no such locks.

    Raises:
        ModelWriteError: another process holds it for longer than any of ours would.
    """
    descriptor = -1
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
    try:
        if fcntl and descriptor >= 0:
            take(descriptor, folder)
        yield
    finally:
        if descriptor >= 0:
            os.close(descriptor)


def take(descriptor: int, folder: Path) -> None:
    """Wait for the lock of an open folder."""
    end = time.monotonic() + SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except OSError as error:
            if error.errno not in BUSY:
                return  # this file system has none
        if time.monotonic() > end:
            raise ModelWriteError("another process holds this folder locked", path=folder)
        time.sleep(0.005)


def mark_alive(descriptor: int) -> bool:
    """Lock an open temporary file, by which others see that its process is alive.

    Returns:
        False where another process is about to remove it, or has.
    """
    if fcntl:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError as error:
            return error.errno not in BUSY
    return os.fstat(descriptor).st_nlink > 0


def remove_dead(path: Path, folder: Path) -> None:
    """Remove a temporary file unless a living process holds it, or there is no way to know."""
    if not fcntl:
        return
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    with contextlib.suppress(OSError), locked_folder(folder):  # no rename at the same time
        descriptor = os.open(path, flags)
        try:
            if stat.S_ISREG(os.fstat(descriptor).st_mode):
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()
        finally:
            os.close(descriptor)

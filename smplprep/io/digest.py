"""SHA-256 of a file, or of what is read or written meanwhile, on a second core."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue

# hashlib's own loop reads less at a time, and waits for other threads each time.
PIECE = 1 << 20

Job = Callable[[], object]


def sha256_of(path: str | os.PathLike[str]) -> str:
    """Hex digest of a whole file."""
    sha256, buffer = hashlib.sha256(), memoryview(bytearray(PIECE))
    with Path(path).open("rb", buffering=0) as file:
        while n_bytes := file.readinto(buffer):
            sha256.update(buffer[:n_bytes])
    return sha256.hexdigest()


class BackgroundSha256:
    """The digest of the chunks in their order. A chunk must not change before ``hexdigest``."""

    def __init__(self) -> None:
        self._sha256 = hashlib.sha256()

    def update(self, chunk: bytes | memoryview) -> None:
        """Hash ``chunk`` some time later."""
        _jobs().put(lambda: self._sha256.update(chunk))

    def hexdigest(self) -> str:
        """Wait until every chunk is hashed."""
        done = threading.Event()
        _jobs().put(done.set)
        done.wait()
        return self._sha256.hexdigest()


_queue: SimpleQueue[Job] | None = None
_starting = threading.Lock()


def _jobs() -> SimpleQueue[Job]:
    """The queue of the one thread that hashes; it is started when first needed."""
    global _queue
    with _starting:
        if _queue is None:
            _queue = SimpleQueue()
            threading.Thread(target=_work, args=(_queue,), name="sha256", daemon=True).start()
        return _queue


def _start_anew() -> None:
    """A fork takes the queue along, but not the thread that empties it."""
    global _queue, _starting
    _queue, _starting = None, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_anew)


def _work(queue: SimpleQueue[Job]) -> None:
    while True:
        queue.get()()

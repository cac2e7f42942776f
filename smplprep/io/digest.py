"""SHA-256 of what is read or written meanwhile, on a second core."""

from __future__ import annotations

import hashlib
from concurrent.futures import Future, ThreadPoolExecutor


class BackgroundSha256:
    """The digest of the chunks in their order. A chunk must not change before ``hexdigest``."""

    def __init__(self) -> None:
        self._sha256 = hashlib.sha256()
        self._thread = ThreadPoolExecutor(1, "sha256")  # which the first chunk starts
        self._jobs: list[Future[None]] = []

    def update(self, chunk: bytes | memoryview) -> None:
        """Hash ``chunk`` some time later."""
        self._jobs.append(self._thread.submit(self._sha256.update, chunk))

    def hexdigest(self) -> str:
        """Wait until every chunk is hashed."""
        for job in self._jobs:
            job.result()
        return self._sha256.hexdigest()

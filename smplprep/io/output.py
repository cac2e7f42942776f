"""What the writers of all containers write to."""

from __future__ import annotations

from typing import Protocol


class Output(Protocol):
    """All that is asked of the file."""

    def write(self, data: bytes | memoryview, /) -> object: ...

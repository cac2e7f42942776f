"""What long work tells while it runs."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str], object]  # is told the name of each step as it starts
Watch = Callable[[int], object]  # is told how much more is done: vertices, frames or models


def silent(_: object) -> None:
    """Nobody is told."""

"""What long work tells while it runs."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str], object]  # called with the name of each step as it starts
Watch = Callable[[int], object]  # called with how much more is done: vertices, frames or models


def silent(_: object) -> None:
    """Report to nobody."""

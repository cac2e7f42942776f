"""Figures as reports show them: the digits beyond depend on the machine's linear algebra."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

DIGITS = 6  # significant


def rounded(value: Any) -> Any:
    """The same data with every float rounded to six significant digits."""
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, Mapping):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(item) for item in value]
    return value

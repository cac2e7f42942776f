"""Units of length."""

from __future__ import annotations

from typing import Literal

Unit = Literal["m", "cm", "mm"]
MILLIMETERS: dict[Unit, float] = {"m": 1000.0, "cm": 10.0, "mm": 1.0}

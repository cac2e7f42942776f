"""The texts in a value of a model file, such as the names of its joints."""

from __future__ import annotations

from typing import Any

import numpy as np

from .contents import ObjectArray


def texts_of(value: Any) -> list[str]:
    """The texts in a value of a model file but blank ones; what UTF-8 cannot hold becomes ?."""
    if isinstance(value, ObjectArray):
        value = value.items
    if isinstance(value, np.ndarray):
        value = value.reshape(-1).tolist()
    found = []
    for text in value if isinstance(value, list | tuple) else [value]:
        if isinstance(text, bytes):
            text = text.decode("latin-1")
        if isinstance(text, str) and text.strip():
            found.append(text.strip().encode("utf-8", "replace").decode("utf-8"))
    return found

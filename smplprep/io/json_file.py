"""JSON from a file that anybody may have written: bounded in size, in values and in depth."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

from ..errors import ModelReadError, shown
from ..records.contents import Limits
from .input_file import read_text

FILE_BYTES = 64 << 20
VALUES = 4_000_000  # some 100 bytes of memory each


def read_json(
    path: str | os.PathLike[str],
    *,
    pairs: Callable[[list[tuple[str, Any]]], Any] | None = None,
    hint: str | None = None,
) -> Any:
    """What a JSON file holds.

    Args:
        pairs: makes an object of its pairs; what it raises as ValueError is said of the file.
        hint: for the error.

    Raises:
        ModelReadError: it cannot be read, is not a regular file, is not JSON, or is too large.
    """
    text = read_text(path, limits=Limits(file_bytes=FILE_BYTES))
    if text.count(",") + text.count("[") + text.count("{") > VALUES:
        message = f"this is not readable JSON: it has more than {VALUES:,} values"
        raise ModelReadError(message, path=path, hint=hint)
    try:
        return json.loads(text, object_pairs_hook=pairs)
    except (ValueError, RecursionError) as error:
        message = f"this is not readable JSON: {shown(error)}"
        raise ModelReadError(message, path=path, hint=hint) from error

"""JSON that a person reads: letters of every script as they are, and nothing a terminal obeys."""

from __future__ import annotations

import json
from typing import Any


def json_text(data: Any) -> str:
    """``data`` as JSON, a line for each value, without a line break at the end."""
    text = json.dumps(data, indent=1, ensure_ascii=False)
    if text.isascii():  # json escapes the control characters among them
        return text
    # The others stand in strings only, where JSON has an escape for each.
    return "".join(
        letter if letter.isprintable() or letter == "\n" else json.dumps(letter)[1:-1]
        for letter in text
    )

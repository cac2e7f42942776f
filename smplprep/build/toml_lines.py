"""On which line of a TOML text a key is set, for error messages; tomllib does not say."""

from __future__ import annotations

import re
import tomllib
from typing import Any

# What may hold a line break or a bracket that ends no statement, the brackets, and line breaks.
_TOKENS = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'"
    r"|#[^\n]*|[\[{]|[\]}]|\n",
    re.DOTALL,
)


def line_of(text: str, where: tuple[str | int, ...], key: str | None) -> int | None:
    """The line (from 1) on which ``key`` of the table at ``where`` is set; None: its header's.

    The statement is the first one with which the text up to there has the key, which a search by
    halves finds whatever way the key is written in: some ten texts are parsed, not all.

    Args:
        text: TOML that tomllib reads.
    """
    ends = statement_ends(text)
    low, high = 0, len(ends)  # the key is not among the first ``low`` statements
    while low < high:
        middle = (low + high) // 2
        if has(text[: ends[middle]], where, key):
            high = middle
        else:
            low = middle + 1
    if low == len(ends):
        return None
    start = ends[low - 1] if low else 0
    blank = re.match(r"(?:[ \t\r]*(?:#[^\n]*)?\n)*", text[start:])
    return text.count("\n", 0, start + (blank.end() if blank else 0)) + 1


def statement_ends(text: str) -> list[int]:
    """Where each statement of the text ends: after its line break, outside of brackets."""
    ends, depth = [], 0
    for token in _TOKENS.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token[0], 0)
        if token[0] == "\n" and not depth:
            ends.append(token.end())
    return [*ends, len(text)]


def has(text: str, where: tuple[str | int, ...], key: str | None) -> bool:
    """Whether TOML sets a key of a table, or has the table where the key is None."""
    table: Any = tomllib.loads(text)
    try:
        for name in (*where, *([key] if key is not None else [])):
            table = table[name]
    except (KeyError, IndexError, TypeError):
        return False
    return True

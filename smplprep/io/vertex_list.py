"""A file that lists vertices: a JSON list, or one index a line."""

from __future__ import annotations

import json
import os

from ..errors import ModelReadError, shown
from ..records.contents import Limits
from .input_file import read_text
from .json_file import read_json

LIMITS = Limits(file_bytes=16 << 20)


class VertexList(tuple[int, ...]):
    """Vertices in rising order, each once, that remember for messages which file named them."""

    path: str


def read_vertex_list(path: str | os.PathLike[str]) -> VertexList:
    """The vertices that a file lists.

    Raises:
        ModelReadError: it cannot be read, or lists something else; the message names the entry.
    """
    text = read_text(path, limits=LIMITS)
    if text.lstrip().startswith("["):
        entries = read_json(path)
    else:
        entries = [as_index(line.strip()) for line in text.splitlines() if line.strip()]
    for number, entry in enumerate(entries):
        if type(entry) is not int or entry < 0:
            raise ModelReadError(
                f"entry {number}, {shown(json.dumps(entry))}, is not a vertex index", path=path
            )
    if not entries:
        raise ModelReadError("lists no vertices", path=path)
    found = VertexList(sorted(set(entries)))
    found.path = os.fspath(path)
    return found


def as_index(word: str) -> int | str:
    """The number in a line, or the line itself if it is not one. int() would also take "1_0"."""
    return int(word) if word.isascii() and word.isdigit() and len(word) < 20 else word

"""A file that names the joints of a rig: a JSON list, or one name a line, in the joints' order."""

from __future__ import annotations

import os

from ..errors import ModelReadError, shown
from ..records.contents import Limits
from .input_file import read_text
from .json_file import read_json

LIMITS = Limits(file_bytes=1 << 20)


def read_joint_names(path: str | os.PathLike[str]) -> tuple[str, ...]:
    """The names that a file lists.

    Raises:
        ModelReadError: it cannot be read, names nothing, or one name twice.
    """
    text = read_text(path, limits=LIMITS)
    if text.lstrip().startswith("["):
        names = read_json(path)
    else:
        names = [line.strip() for line in text.splitlines() if line.strip()]
    for number, name in enumerate(names):
        if not isinstance(name, str) or not name.strip() or not name.isprintable():
            raise ModelReadError(f"entry {number}, {shown(repr(name))}, is not a name", path=path)
        if name in names[:number]:
            raise ModelReadError(f"entry {number}, {shown(name)}, is there twice", path=path)
    if not names:
        raise ModelReadError("names no joints", path=path)
    return tuple(names)

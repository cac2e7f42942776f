"""Whose a file is that stands where an output goes: ours to replace, or somebody's to keep."""

from __future__ import annotations

import json
from pathlib import Path

from ..errors import SmplprepError
from ..records.file_keys import STAMP_KEY


def is_foreign(path: str, *, known: bool) -> bool:
    """Whether a file is there that no clean made: a model without our stamp, or no report of ours.

    A build that was killed, or whose lock was deleted, has left outputs that no lock knows.

    Args:
        path: the output.
        known: whether the lock says that a build put something there. What cannot be read is then
            a damaged output, and nobody's loss.
    """
    if not Path(path).exists():
        return False
    # numpy comes with them, and a build with nothing to do needs none.
    from ..io.input_file import read_text
    from ..io.read_model import read_contents

    try:
        if path.endswith(".report.json"):
            return "smplprep_version" not in json.loads(read_text(path))
        if path.endswith(".report.html"):
            return "smplprep" not in read_text(path)
        return STAMP_KEY not in read_contents(path).entries
    except (SmplprepError, ValueError, TypeError, RecursionError):
        return not known

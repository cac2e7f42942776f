"""Which files a build may write: in its own folder, and over its own outputs alone.

A manifest and its lock may come from anybody, so that neither is proof of what a file is.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable
from pathlib import Path

from ..errors import ManifestError, ModelReadError, ModelWriteError, SmplprepError
from ..io.input_file import file_sha256, read_text
from ..records.file_keys import STAMP_KEY
from .lock import Entry

ALLOW = "allow-outside"
_PAGE = re.compile(r"<!doctype html>\n.{,4000}? · smplprep report</title>", re.DOTALL)


def is_outside(path: str | os.PathLike[str]) -> bool:
    """Whether a path, its symbolic links followed, leaves the current folder."""
    root, real = os.path.realpath("."), os.path.realpath(path)
    return os.path.commonpath([root, real]) != root


def check_inside(paths: Iterable[str | os.PathLike[str]]) -> None:
    """Raise ManifestError for a path that leaves the manifest's folder."""
    for path in paths:
        if is_outside(path):
            message = "it would be written outside the manifest's folder"
            hint = f"If that is meant, set {ALLOW} = true in the manifest."
            raise ManifestError(message, path=path, hint=hint)


def check_replaceable(path: str, *, new: str, locked: str | None) -> None:
    """Raise unless nothing is lost when a file is put at ``path``.

    Nothing is where no file is, where the new bytes are those of the file, and where the file is an
    output of smplprep with the bytes that the lock has.

    Args:
        new: SHA-256 of what is to be put there.
        locked: that of the output in the lock, None where it has none.

    Raises:
        ModelWriteError: the file may be somebody's.
    """
    if not os.path.lexists(path):
        return
    try:
        found = file_sha256(path)
    except ModelReadError as error:
        raise ModelWriteError(
            f"the output cannot be replaced: {error.message}", path=path
        ) from error
    if found == new or (found == locked and is_ours(path)):
        return
    message = "a file exists there that is not the output in the lock"
    raise ModelWriteError(message, path=path, hint="Delete it or move it away, and build again.")


def is_ours(path: str) -> bool:
    """Whether smplprep wrote a file, by its content: a stamped model, a report, or its page."""
    # numpy comes with all of them, and a build with nothing to do needs none.
    try:
        if path.endswith(".report.json"):
            from ..report.read import read_report

            return bool(read_report(path))
        if path.endswith(".report.html"):
            return bool(_PAGE.match(read_text(path)))
        from ..io.read_model import read_contents
        from ..records.stamp import is_stamp

        return is_stamp(read_contents(path).entries.get(STAMP_KEY))
    except SmplprepError:
        return False


def remove_page(before: Entry | None, after: Entry) -> None:
    """Remove the page of the model that was replaced, where the new one has none."""
    for path, digest in before.outputs.items() if before else ():
        if path in after.outputs or not path.endswith(".report.html") or is_outside(path):
            continue
        with contextlib.suppress(SmplprepError, OSError):
            if file_sha256(path) == digest and is_ours(path):
                Path(path).unlink()

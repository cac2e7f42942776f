"""Where an output may go: what is refused before the work, and why a place cannot be written to."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..errors import ModelWriteError

_REASONS = {
    errno.ENOSPC: "no space left on the disk",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "it would exceed the file-size limit (ulimit -f)",
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "no permission to write in that folder",
    errno.EPERM: "no permission to write in that folder",
    errno.ENOENT: "there is no such folder",
    errno.ENOTDIR: "there is no such folder",
    errno.ELOOP: "its symbolic links go in a circle",
    errno.EEXIST: "another process created it while this one was running",
    errno.ENAMETOOLONG: "the name is too long",
}


def check_output(
    target: str | os.PathLike[str],
    *,
    force: bool = False,
    inputs: Sequence[str | os.PathLike[str]] = (),
) -> None:
    """Raise what ``replacing`` would, so that a refusal comes before the work; no file is made."""
    path, _ = replaceable(target, force=force, inputs=inputs)
    with explained(os.fspath(target)):
        path.parent.stat()
        if not os.access(path.parent, os.W_OK):
            number = errno.EROFS if _is_read_only(path.parent) else errno.EACCES
            raise OSError(number, os.strerror(number))


def make_folder_of(target: Path) -> None:
    """Make the folder that ``target`` will stand in, and those that it stands in itself.

    Raises:
        ModelWriteError: it cannot be made.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ModelWriteError(f"cannot be created: {error.strerror}", path=target.parent) from error


def _is_read_only(folder: Path) -> bool:
    """Whether the file system is mounted so; False where the system does not say."""
    return hasattr(os, "statvfs") and bool(os.statvfs(folder).f_flag & os.ST_RDONLY)


def replaceable(
    target: str | os.PathLike[str], *, force: bool, inputs: Sequence[str | os.PathLike[str]]
) -> tuple[Path, os.stat_result | None]:
    """Where the target really is, and what stands there, which may be replaced."""
    name = os.fspath(target)
    with explained(name):
        path = Path(os.path.realpath(name))  # a symbolic link is written through
        try:
            old = path.stat()
        except FileNotFoundError:
            old = None
    if old is not None:
        _check_old(old, name, force=force, inputs=inputs)
    return path, old


def _check_old(
    old: os.stat_result,
    name: str,
    *,
    force: bool,
    inputs: Sequence[str | os.PathLike[str]],
) -> None:
    if stat.S_ISDIR(old.st_mode):
        raise ModelWriteError("the output is a folder", path=name)
    if not stat.S_ISREG(old.st_mode):  # a rename would destroy a device node
        raise ModelWriteError("the output is a device or a pipe, not a regular file", path=name)
    if any(_is_file(source, old) for source in inputs):
        raise ModelWriteError("the output is the input", path=name)
    if not force:
        raise ModelWriteError(
            "the output exists already", path=name, hint="Use --force to replace it."
        )


def _is_file(path: str | os.PathLike[str], status: os.stat_result) -> bool:
    """Whether the path leads to the file that has this status."""
    try:
        return os.path.samestat(status, Path(path).stat())
    except OSError:
        return False


@contextlib.contextmanager
def explained(name: str) -> Iterator[None]:
    """Turns an OSError into one sentence about the output ``name``."""
    try:
        yield
    except OSError as error:
        reason = _REASONS.get(error.errno or 0, error.strerror)
        failure = ModelWriteError(f"cannot be written: {reason}", path=name)
        failure.errno = error.errno
        raise failure from error

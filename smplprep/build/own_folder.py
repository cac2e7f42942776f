"""``.smplprep_cache``: what a build keeps for itself beside the manifest."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from ..errors import ManifestError

try:
    import fcntl
except ImportError:  # Windows: two builds at once in one folder are the user's to avoid there
    fcntl = None  # type: ignore[assignment]

FOLDER = ".smplprep_cache"


def make_folder() -> Path:
    """``.smplprep_cache`` in the current folder; git ignores it by itself.

    Raises:
        ManifestError: it is a link or a file, or has anything but regular files in it.
    """
    folder = Path(FOLDER)
    with contextlib.suppress(FileExistsError):
        folder.mkdir()
    strange = [] if stat.S_ISDIR(folder.lstat().st_mode) else [folder]
    for path in strange or [each for each in folder.iterdir() if not is_file(each)]:
        message = "this is not what smplprep keeps here"
        raise ManifestError(message, path=path, hint="Remove it and build again.")
    with contextlib.suppress(FileExistsError), (folder / ".gitignore").open("x") as ignore:
        ignore.write("*\n")
    return folder


def is_file(path: Path) -> bool:
    """Whether it is a regular file and no link, or gone: another build's temporary file."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except FileNotFoundError:
        return True


@contextlib.contextmanager
def alone(folder: Path, waiting: Callable[[], object]) -> Iterator[None]:
    """Hold the folder's lock. The processes of a build that was killed hold it until they end."""
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    with open(os.open(folder / "build.lock", flags, 0o666), "w") as file:  # noqa: PTH123
        if fcntl:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                waiting()
                fcntl.flock(file, fcntl.LOCK_EX)
        yield

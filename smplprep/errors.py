"""Every error that smplprep raises on purpose, and how they show a file's text and what helps."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Iterator

LABEL_WIDTH = 24  # columns of a name in a table or a chart


def escaped(text: str) -> str:
    """The text with a backslash escape for each character that does not show as itself.

    Those are control characters and line breaks, what turns the direction of writing, what has no
    width, and code points that are not characters. Letters of every script stay.
    """
    if text.isprintable():
        return text
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii")
        for letter in text
    )


def shown(text: object, limit: int = 80) -> str:
    """Text that came out of a file, escaped and cut so that it cannot take over a terminal."""
    raw = text.decode("latin-1") if isinstance(text, bytes | bytearray) else str(text)
    # Cut first: a hostile name of a gigabyte should not be escaped in full. A character takes
    # at least one column, so what lies beyond the limit can never be shown.
    cut = escaped(raw[: limit + 1])
    return cut if len(cut) <= limit else cut[: limit - 3] + "..."


def install(extra: str) -> str:
    """The command that installs an extra for this Python; a plain ``pip`` may be another's."""
    import shlex  # only where something is missing

    return f"{shlex.quote(sys.executable or 'python')} -m pip install 'smplprep[{extra}]'"


class SmplprepError(ValueError):
    """Base of all errors; ``str()`` is one line that names the file, the fault and the place.

    Attributes:
        message: what is wrong, without file and place.
        path: the file, or None where the model is only in memory.
        key: the key of the model file, or None.
        offset: byte offset in the file (or in the member named by ``key``), or None.
        hint: one more line that says what to do, or None.
    """

    exit_status = 3

    def __init__(
        self,
        message: str,
        *,
        path: str | os.PathLike[str] | None = None,
        key: str | None = None,
        offset: int | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.path = None if path is None else os.fspath(path)
        self.key = key
        self.offset = offset
        self.hint = hint

    def __str__(self) -> str:
        place = []
        if self.key is not None:
            place.append(f"key {shown(self.key)}")
        if self.offset is not None:
            place.append(f"byte {self.offset}")
        where = f" ({', '.join(place)})" if place else ""
        file = f"{shown(self.path, 240)}: " if self.path is not None else ""
        return f"{file}{self.message}{where}"


@contextlib.contextmanager
def inside(
    *, path: str | os.PathLike[str] | None = None, key: str | None = None, start: int = 0
) -> Iterator[None]:
    """Add to an error from the block what only the caller knows; what it already says stays.

    Args:
        path, key: as in ``SmplprepError``.
        start: where the part begins in which the block counts offsets.
    """
    try:
        yield
    except SmplprepError as error:
        if error.path is None and path is not None:
            error.path = os.fspath(path)
        error.key = key if error.key is None else error.key
        if error.offset is not None:
            error.offset += start
        raise


class ModelReadError(SmplprepError):
    """The file is damaged, hostile, or no model file at all."""


class ModelNotFoundError(ModelReadError, FileNotFoundError):
    """There is no file at ``path``."""

    # That of ValueError, which comes first, would not do for what is an OSError as well.
    def __new__(cls, *args: object, **more: object) -> ModelNotFoundError:
        return OSError.__new__(cls)

    errno = errno.ENOENT

    def __init__(
        self, message: str = "there is no such file", *, path: str | os.PathLike[str] | None = None
    ) -> None:
        super().__init__(message, path=path, hint=None if path is None else nearest_file(path))


def nearest_file(path: str | os.PathLike[str]) -> str | None:
    """The files of the folder whose names are most like a name that is not there; None for none."""
    import difflib
    from itertools import islice

    folder, name = os.path.split(os.fspath(path))
    with contextlib.suppress(OSError, ValueError), os.scandir(folder or ".") as entries:
        names = [each.name for each in islice(entries, 10_000)]
        near = difflib.get_close_matches(name, names, cutoff=0.65)
        return f"Nearest names: {', '.join(shown(each) for each in near)}" if near else None
    return None


class ModelInvalidError(SmplprepError):
    """The file was read, but its arrays do not make a body model."""


class ManifestError(SmplprepError):
    """The manifest or the lock of a build says something that cannot be; ``path`` has the line."""


class VerificationError(SmplprepError):
    """A check on something smplprep made failed; the output was withheld."""

    exit_status = 1


class ModelWriteError(SmplprepError, OSError):
    """The output cannot be written; whatever stood there before still does."""

    # That of ValueError, which comes first, would not do for what is an OSError as well.
    def __new__(cls, *args: object, **more: object) -> ModelWriteError:
        return OSError.__new__(cls)

    exit_status = 4

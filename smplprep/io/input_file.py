"""Any input: opened without harm, recognized by its content, read once and hashed on the way."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from ..errors import ModelNotFoundError, ModelReadError, inside, shown
from ..geometry.other_kinds import TAKE_THE_MODEL
from ..records.contents import DEFAULT_LIMITS, ENDINGS, Limits
from .digest import BackgroundSha256
from .memory import fresh_memory
from .mistaken import is_text, mistaken_for_a_model

CHUNK = 1 << 23  # hashed while the next is read; smaller ones wait for the interpreter more often
PIECE = 1 << 20  # hashlib's own loop reads less at a time, and waits for other threads each time

# torch.save before torch 1.6: a pickle of a number.
_TORCH = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
# A pickle of protocol 2 to 5 says so; the older two show it by their first opcodes only.
_PICKLE = re.compile(
    rb"\x80[\x02-\x05]"
    rb"|\(?[dl]p\d+\r?\n|[}\])][qr(]"
    rb"|c[\w.]+\r?\n[\w.]+\r?\n[(pqr).]|\(c[\w.]+\r?\n[\w.]+\r?\n"
    rb"|\([dl]?[(SVINFLUTXJKMG].*\.\Z",
    re.DOTALL,
)


class InputFile:
    """A regular file of sane size, open for reading.

    ``read`` walks through it once, from the first byte to the last, and hashes what it reads;
    ``peek_at`` looks anywhere without a trace.

    Attributes:
        n_bytes: its size when it was opened.
        limits: how much it may ask for.
        container: "npz" (any zip archive), "pkl", "h5", "npy", "torch" (before its zip format) or
            "json", by content.
        position: how far ``read`` has come.
    """

    def __init__(self, file: io.FileIO, n_bytes: int, limits: Limits) -> None:
        self.n_bytes = n_bytes
        self.limits = limits
        self.position = 0
        self._file = file
        self._sha256 = BackgroundSha256()
        self.container = self._sniffed()

    def read(self, n_bytes: int) -> memoryview:
        """The next ``n_bytes``, in memory of their own that goes when the view goes."""
        self._require(self.position, n_bytes)
        buffer = fresh_memory(n_bytes)
        for start in range(0, n_bytes, CHUNK):
            chunk = buffer[start : start + CHUNK]
            self._fill(chunk, self.position)
            self._sha256.update(chunk)
            self.position += len(chunk)
        return buffer.toreadonly()

    def read_all(self) -> memoryview:
        """Everything that was not read yet."""
        return self.read(self.n_bytes - self.position)

    def peek_at(self, offset: int, n_bytes: int) -> bytes:
        """``n_bytes`` at ``offset``; neither the position nor the digest moves."""
        self._require(offset, n_bytes)
        with _reading(offset):
            self._file.seek(offset)
            found: bytes = self._file.read(n_bytes)
        if len(found) < n_bytes:
            raise _shrank(offset + len(found))
        return found

    def sha256(self) -> str:
        """Hex digest of the whole file, once all of it was read."""
        if self.position != self.n_bytes:
            raise RuntimeError("sha256() before the whole file was read")
        return self._sha256.hexdigest()

    def _require(self, offset: int, n_bytes: int) -> None:
        """Sizes come from the file; they are compared with it before memory is taken."""
        if offset < 0 or n_bytes < 0 or offset + n_bytes > self.n_bytes:
            message = f"the file is cut short: {n_bytes} bytes were expected here"
            raise ModelReadError(message, offset=offset)

    def _fill(self, buffer: memoryview, offset: int) -> None:
        done = 0
        with _reading(offset):
            self._file.seek(offset)
            while done < len(buffer):
                n_read = self._file.readinto(buffer[done:])
                if not n_read:
                    raise _shrank(offset + done)
                done += n_read

    def _sniffed(self) -> str:
        if not self.n_bytes:
            raise ModelReadError("the file is empty")
        head = self.peek_at(0, min(self.n_bytes, 512))
        if head.startswith(b"PK"):
            return "npz"
        if head.startswith(b"\x89HDF\r\n\x1a\n"):
            return "h5"
        if head.startswith(b"\x93NUMPY"):
            return "npy"
        if head.startswith(_TORCH):
            return "torch"
        if other := mistaken_for_a_model(head):
            what, hint = other
            raise ModelReadError(f"this is {what}", hint=hint)
        if _PICKLE.match(head + self.peek_at(self.n_bytes - 1, 1)):
            return "pkl"
        if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
            return "json"
        if is_text(head):
            raise ModelReadError("this is a text file, not a body model", hint=TAKE_THE_MODEL)
        message = f"this is not a .npz, .pkl or .h5 file: it begins with {head[:8].hex(' ')}"
        raise ModelReadError(message)


@contextlib.contextmanager
def open_input(
    path: str | os.PathLike[str], *, limits: Limits = DEFAULT_LIMITS
) -> Iterator[InputFile]:
    """The file at ``path``, open for the length of the ``with`` block, whose errors name it.

    Raises:
        ModelReadError: it cannot be opened, is not a regular file, is empty or too large, or is
            something else than a model; the message says what.
    """
    with _opened(path) as (file, n_bytes):
        _check_size(n_bytes, limits, hint="--max-bytes raises the limit")
        yield InputFile(file, n_bytes, limits)


def file_sha256(path: str | os.PathLike[str]) -> str:
    """Hex digest of a regular file, whatever it is and however large.

    Raises:
        ModelReadError: it cannot be opened or read, or is not a regular file.
    """
    sha256, buffer = hashlib.sha256(), memoryview(bytearray(PIECE))
    with _opened(path) as (file, _), _reading():
        while n_bytes := file.readinto(buffer):
            sha256.update(buffer[:n_bytes])
    return sha256.hexdigest()


def read_text(path: str | os.PathLike[str], *, limits: Limits = DEFAULT_LIMITS) -> str:
    """The text of a regular file of sane size; bytes that are no UTF-8 are replaced.

    Raises:
        ModelReadError: it cannot be opened or read, is not a regular file, or is too large.
    """
    with _opened(path) as (file, n_bytes):
        _check_size(n_bytes, limits)
        with _reading():
            return os.read(file.fileno(), n_bytes).decode("utf-8", "replace")


@contextlib.contextmanager
def _opened(path: str | os.PathLike[str]) -> Iterator[tuple[io.FileIO, int]]:
    """A regular file and its size; errors of the ``with`` block name the file."""
    with inside(path=path):
        descriptor = _descriptor(path)
        try:
            status = os.fstat(descriptor)
            if stat.S_ISDIR(status.st_mode):
                hint = f"Name a file in it: {found}" if (found := models_in(path)) else None
                raise ModelReadError("this is a folder, not a model file", hint=hint)
            if not stat.S_ISREG(status.st_mode):
                raise ModelReadError("this is a device or a pipe, not a regular file")
            yield io.FileIO(descriptor, closefd=False), status.st_size
        finally:
            os.close(descriptor)


def models_in(folder: str | os.PathLike[str]) -> str:
    """Some of the model files in a folder and the folders in it, for a message."""
    found, n_seen = [], 0
    for top, folders, files in os.walk(folder):
        if os.path.relpath(top, folder).count(os.sep) >= 2:
            folders.clear()
        found += [Path(top, file) for file in sorted(files) if Path(file).suffix.lower() in ENDINGS]
        n_seen += len(files) + len(folders)
        if len(found) >= 3 or n_seen > 10_000:
            break
    return ", ".join(shown(path, 240) for path in found[:3])


def _descriptor(path: str | os.PathLike[str]) -> int:
    # O_NONBLOCK: a pipe without a writer would otherwise hold the program for ever.
    names = ("O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC", "O_BINARY")
    try:
        return os.open(path, os.O_RDONLY | sum(getattr(os, name, 0) for name in names))
    except FileNotFoundError as error:
        raise ModelNotFoundError(path=path) from error
    except PermissionError as error:
        raise ModelReadError("no permission to read it") from error
    except OSError as error:
        raise ModelReadError(f"cannot be opened: {error.strerror}") from error
    except ValueError as error:  # a NUL in the name
        raise ModelReadError("this is not a valid file name") from error


@contextlib.contextmanager
def _reading(offset: int | None = None) -> Iterator[None]:
    """Turns an OSError into one sentence."""
    try:
        yield
    except OSError as error:
        raise ModelReadError(f"cannot be read: {error.strerror}", offset=offset) from error


def _shrank(offset: int) -> ModelReadError:
    return ModelReadError("the file shrank while it was read", offset=offset)


def _check_size(n_bytes: int, limits: Limits, *, hint: str | None = None) -> None:
    if n_bytes > limits.file_bytes:
        message = f"the file has {n_bytes} bytes, the limit is {limits.file_bytes}"
        raise ModelReadError(message, hint=hint)

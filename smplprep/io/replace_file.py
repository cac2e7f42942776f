"""Output files that are whole or not there: written beside the target, checked, then renamed."""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from . import signals
from .digest import BackgroundSha256
from .folder_lock import locked_folder, mark_alive, remove_dead
from .output_place import explained, replaceable

CAN_CHMOD = os.chmod in os.supports_fd
_TEMPORARY = re.compile(r"\.(.+)\.[0-9a-f]{16}\.tmp", re.DOTALL)  # as Replacement._beside names it


class Replacement:
    """One output on its way: a temporary file in the target's folder, open for writing.

    ``commit`` puts it in place. What is not committed when the ``with replacing(...)`` block ends
    is removed, and the old file stays.

    Attributes:
        target: where the file will be; for a symbolic link, what it points to.
        temporary: where it is until then.
        n_bytes: how much was written.
    """

    def __init__(
        self, name: str, target: Path, *, old: os.stat_result | None, force: bool, hashed: bool
    ) -> None:
        self.target = target
        self._name = name
        self._force = force
        self._old = old
        self._backup: Path | None = None
        self._sha256 = BackgroundSha256() if hashed else None
        self.n_bytes = 0
        self._alive = -1
        self._file = self._created()
        while not mark_alive(self._file.fileno()):
            self.discard()
            self._file = self._created()
        self._alive = os.dup(self._file.fileno())  # keeps the mark when the file is closed

    def write(self, data: bytes | memoryview) -> int:
        """Append ``data``, which must not change any more: it is hashed some time later."""
        with self._explained():
            n_bytes = self._file.write(data)
        if self._sha256:
            self._sha256.update(data)
        self.n_bytes += n_bytes
        return n_bytes

    def sha256(self) -> str:
        """Hex digest of what was written so far."""
        assert self._sha256, "opened without hashing"
        return self._sha256.hexdigest()

    def flush(self) -> None:
        """Hand everything to the system, so that the file can be read back."""
        with self._explained():
            self._file.flush()

    def close(self) -> None:
        """Flush to the disk itself and close; twice is harmless."""
        if not self._file.closed:
            with self._explained():
                self._file.flush()
                os.fsync(self._file.fileno())
                self._file.close()

    def commit(self) -> None:
        """Close the file and rename it onto the target."""
        commit_all(self)

    def discard(self) -> None:
        """Remove the temporary file, unless it was committed."""
        with contextlib.suppress(OSError):
            self._file.close()
        _remove(self.temporary)
        if self._alive >= 0:
            os.close(self._alive)
            self._alive = -1

    def _beside(self) -> Path:
        # Unpredictable, so that no other process can put a link there first. The name is cut since
        # the whole may have 255 bytes. Only a process that is killed leaves such a file behind, and
        # the next run removes it.
        return self.target.with_name(f".{cut_name(self.target)}.{os.urandom(8).hex()}.tmp")

    def _created(self) -> BinaryIO:
        self.temporary = self._beside()
        signals.remove_on_signal(str(self.temporary))
        # mkstemp's 0600 would stick to the output; 0666 under the umask is what users expect.
        mode = stat.S_IMODE(self._old.st_mode) & 0o777 if self._old else 0o666
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        try:
            with self._explained():
                file = os.fdopen(os.open(self.temporary, flags, mode), "wb")
                if self._old:
                    os.chmod(  # noqa: PTH101 (by descriptor: another process may remove it)
                        file.fileno() if CAN_CHMOD else self.temporary, mode
                    )
                return file
        except BaseException:
            _remove(self.temporary)
            raise

    def _swap(self) -> None:
        """Put the new file in place; a second link keeps the old one for ``_undo``.

        What another process made in the meantime is replaced with ``force`` alone.
        """
        with self._explained():
            if self._old is None and not (self._force and os.path.lexists(self.target)):
                _link_or_rename(self.temporary, self.target)
                return
            self._backup = self._beside()
            signals.remove_on_signal(str(self._backup))
            with contextlib.suppress(OSError):  # no hard links here: then there is no way back
                os.link(self.target, self._backup)
            self.temporary.replace(self.target)

    def _undo(self) -> None:
        with contextlib.suppress(OSError):
            if self._backup is None:
                self.target.unlink()
            else:
                self._backup.replace(self.target)

    def _settle(self) -> None:
        _remove(self.temporary)
        if self._backup is not None:
            _remove(self._backup)

    def _explained(self) -> contextlib.AbstractContextManager[None]:
        return explained(self._name)


@contextlib.contextmanager
def replacing(
    target: str | os.PathLike[str],
    *,
    force: bool = False,
    inputs: Sequence[str | os.PathLike[str]] = (),
    hashed: bool = True,
) -> Iterator[Replacement]:
    """A ``Replacement`` for ``target``; what is not committed in the block is removed.

    Args:
        force: whether an existing file may be replaced.
        inputs: files that must not be written to, under whatever name.
        hashed: whether ``sha256`` will be asked for.

    Raises:
        ModelWriteError: the target is a folder, a device, an input, exists without ``force``, or
            cannot be written; the old file stays as it was.
    """
    path, old = replaceable(target, force=force, inputs=inputs)
    remove_litter([path])
    replacement = Replacement(os.fspath(target), path, old=old, force=force, hashed=hashed)
    try:
        yield replacement
    finally:
        replacement.discard()


def commit_all(*replacements: Replacement, stale: Iterable[Path] = ()) -> None:
    """Close all and rename them in this order; when one fails, those before it are taken back.

    Of several processes that write the same files, one renames at a time, so that all files are of
    the same one in the end.

    Args:
        stale: files that describe what is replaced; they are removed with it.

    Raises:
        ModelWriteError: one could not be closed or renamed; the old files are back in place (where
            the file system has hard links).
    """
    for replacement in replacements:
        replacement.close()
    begun: list[Replacement] = []
    folders = {replacement.target.parent for replacement in replacements}
    with contextlib.ExitStack() as stack:
        for folder in sorted(folders):
            stack.enter_context(locked_folder(folder))
        signals.hold()  # all of them or none
        try:
            for replacement in replacements:
                begun.append(replacement)
                replacement._swap()
            for path in stale:
                if path.is_file():
                    path.unlink()
        except BaseException:
            for replacement in reversed(begun[:-1]):
                replacement._undo()
            raise
        finally:
            for replacement in begun:
                replacement._settle()
            signals.release()
    for folder in folders:
        _sync_folder(folder)


def remove_litter(targets: Iterable[str | os.PathLike[str]]) -> None:
    """Remove the temporary files beside ``targets`` whose processes were killed."""
    names: dict[Path, set[str]] = {}
    for target in targets:
        path = Path(os.path.realpath(target))
        names.setdefault(path.parent, set()).add(cut_name(path))
    for folder, wanted in names.items():
        with contextlib.suppress(OSError):
            for stray in [path for path in folder.iterdir() if path.name.endswith(".tmp")]:
                found = _TEMPORARY.fullmatch(stray.name)
                if found and found[1] in wanted:
                    remove_dead(stray, folder)


def cut_name(path: Path) -> str:
    """What a temporary file has of its target's name."""
    return path.name[:40]


def _link_or_rename(temporary: Path, target: Path) -> None:
    """Rename without replacing: of two runs at once, the second fails."""
    try:
        os.link(temporary, target)
        return
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if os.path.lexists(target):
            raise
    temporary.replace(target)


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()
    signals.forget(str(path))


def _sync_folder(folder: Path) -> None:
    """Make a rename survive a power cut. The file is in place already, so errors are ignored."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

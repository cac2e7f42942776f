"""SHA-256 of files, remembered beside the manifest so that gigabytes need not be read each time."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ..errors import ModelReadError
from ..io.input_file import file_sha256
from ..io.replace_file import replacing

# A file that is younger than this may change again within one tick of its file system's clock,
# unseen: its hash is not remembered. FAT's tick is the longest.
TICK_NS = 2_000_000_000

Signature = list[int]


class Hashes:
    """The content of files by their hash, as git's index does it.

    A hash is believed as long as size, inode and both times of the file are what they were. The
    time of the last change of the inode (ctime) cannot be set back, so that an edit shows even if
    its date was restored, while a mere ``touch`` costs one more reading and no more.

    Args:
        folder: where what is known is kept; None keeps nothing and reads every file.
    """

    def __init__(self, folder: Path | None) -> None:
        # Windows has no ctime of this kind.
        self._file = folder / "hashes.json" if folder and os.name == "posix" else None
        self._known: dict[str, tuple[Signature, str]] = self._load()

    def of(self, paths: Iterable[str]) -> dict[str, str | None]:
        """The SHA-256 of each file, None where it cannot be read."""
        listed = list(dict.fromkeys(paths))
        with ThreadPoolExecutor() as pool:
            return dict(zip(listed, pool.map(self._digest, listed), strict=True))

    def save(self) -> None:
        """Remember what was hashed."""
        if self._file and self._known != self._load():
            with replacing(self._file, force=True) as file:
                file.write(json.dumps(self._known, indent=0, sort_keys=True).encode())
                file.commit()

    def _load(self) -> dict[str, tuple[Signature, str]]:
        try:
            data = json.loads(self._file.read_text("utf-8")) if self._file else {}
            return {
                path: (list(signature), str(digest)) for path, (signature, digest) in data.items()
            }
        except (OSError, ValueError, TypeError, AttributeError):
            return {}  # it only saves time

    def _digest(self, path: str) -> str | None:
        try:
            now = time.time_ns()
            signature = signature_of(path)
            known = self._known.get(path)
            if known and known[0] == signature:
                return known[1]
            digest = file_sha256(path)
            if (
                self._file
                and max(signature[1:3]) < now - TICK_NS
                and signature_of(path) == signature
            ):
                self._known[path] = (signature, digest)
            return digest
        except (OSError, ModelReadError):
            return None


def signature_of(path: str) -> Signature:
    """What shows that a file changed, without reading it."""
    found = Path(path).stat()
    return [found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_dev]

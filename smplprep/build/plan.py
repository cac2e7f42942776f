"""Which models are current, and what of the others is not: by content, never by date."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from .. import __version__
from ..errors import ModelReadError
from ..io.input_file import file_sha256
from ..records.options import flag_of
from .lock import Entry, Key, key_of
from .manifest import Job


@dataclass(frozen=True)
class Planned:
    """One job beside what the lock says of it.

    Attributes:
        job: from the manifest.
        locked: from the lock, or None.
        differs: what of recipe, version and inputs is not as in the lock; None if all is.
        missing: what is wrong with the outputs; None if they are as in the lock.
    """

    job: Job
    locked: Entry | None
    differs: str | None
    missing: str | None

    @property
    def why(self) -> str | None:
        """Why it must be built; None: it is current."""
        return self.differs or self.missing


def plan(jobs: Sequence[Job], lock: dict[Key, Entry]) -> list[Planned]:
    """Every job, in order, and whether it is current."""
    locked = [lock.get(key_of(job.recipe())) for job in jobs]
    outputs = [path for entry in locked if entry for path in entry.outputs]
    found = hashes_of([*(path for job in jobs for path in job.inputs), *outputs])
    return [
        Planned(job, entry, _difference(job, entry, found), _fault(entry, found))
        for job, entry in zip(jobs, locked, strict=True)
    ]


def hashes_of(paths: Iterable[str]) -> dict[str, str | None]:
    """The SHA-256 of each file, None where it cannot be read."""
    listed = list(dict.fromkeys(paths))
    with ThreadPoolExecutor() as pool:
        return dict(zip(listed, pool.map(_hash, listed), strict=True))


def _hash(path: str) -> str | None:
    try:
        return file_sha256(path)
    except (OSError, ModelReadError):
        return None


def _difference(job: Job, entry: Entry | None, found: dict[str, str | None]) -> str | None:
    if entry is None:
        return "not in the lock"
    recipe = job.recipe()
    if recipe != entry.recipe:
        changed = _changed(recipe["options"], entry.recipe["options"]) or _changed(
            recipe, entry.recipe
        )
        return f"{', '.join(flag_of(name).lstrip('-') for name in changed)} changed"
    before = entry.versions["smplprep"]
    if before != __version__:
        return f"smplprep {before} > {__version__}"
    return next((_state(found[p]) for p in job.inputs if found[p] != entry.inputs.get(p)), None)


def _changed(a: dict[str, Any], b: dict[str, Any]) -> list[str]:
    return [key for key in sorted({*a, *b}) if a.get(key) != b.get(key)]


def _fault(entry: Entry | None, found: dict[str, str | None]) -> str | None:
    outputs = entry.outputs.items() if entry else ()
    return next((_state(found[p], "output") for p, digest in outputs if found[p] != digest), None)


def _state(digest: str | None, what: str = "input") -> str:
    return f"{what} {'missing' if digest is None else 'changed'}"

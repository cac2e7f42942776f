"""smplprep.lock: what was made of what, by which versions; hashes, and no model data."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..errors import ManifestError
from ..io.json_file import read_json
from ..io.replace_file import replacing

LOCK_VERSION = 1
NAME = "smplprep.lock"  # of smplprep.toml and pyproject.toml

LONGEST_VERSION = 100

Key = tuple[str, str, str]


@dataclass(frozen=True)
class Entry:
    """One model of the lock.

    Attributes:
        recipe: ``Job.recipe()`` as plain JSON.
        inputs, outputs: path, relative to the lock -> SHA-256.
        versions: of smplprep and of what else may decide over a byte.
    """

    recipe: dict[str, Any]
    inputs: dict[str, str]
    outputs: dict[str, str]
    versions: dict[str, str]

    @property
    def key(self) -> Key:
        return key_of(self.recipe)


def lock_of(manifest: str) -> Path:
    """The lock beside a manifest; one of another name has a lock of its own."""
    return Path(NAME if manifest == "pyproject.toml" else f"{Path(manifest).stem}.lock")


def key_of(recipe: dict[str, Any]) -> Key:
    """The input and where its output goes; what else changes makes no other model of it."""
    return recipe["path"], recipe.get("output", ""), recipe.get("layout", "")


def read_lock(path: Path) -> dict[Key, Entry]:
    """The entries of a lock by their key; none where there is no lock.

    Raises:
        ManifestError: it is not a lock, or that of a newer smplprep.
    """
    try:
        if not path.exists():
            return {}
        data = read_json(path)
        if data["lock_version"] != LOCK_VERSION:
            raise ManifestError("was written by another version of smplprep", path=path)
        entries = [checked(Entry(**model)) for model in data["models"]]
        return {entry.key: entry for entry in entries}
    except ManifestError:
        raise
    except (OSError, ValueError, KeyError, TypeError) as error:
        message = "is not a valid lock"
        hint = "Restore it, or move it and the outputs away to build everything again."
        raise ManifestError(message, path=path, hint=hint) from error


def checked(entry: Entry) -> Entry:
    """The entry as a lock holds it; an error of Python's where it cannot be one."""
    tables = (entry.inputs, entry.outputs, entry.versions, entry.recipe, entry.recipe["options"])
    if not all(isinstance(table, dict) for table in tables):
        raise TypeError("no table")
    words = (*entry.key, entry.versions["smplprep"], *entry.versions.values())
    if not all(isinstance(word, str) for word in words):
        raise TypeError("no text")
    for name, digest in [*entry.inputs.items(), *entry.outputs.items()]:
        if not re.fullmatch("[0-9a-f]{64}", digest) or "\0" in name:
            raise ValueError("no hash, or no name")
    for version in entry.versions.values():
        if len(version) > LONGEST_VERSION or not version.isprintable():
            raise ValueError("no version")
    return entry


def write_lock(path: Path, entries: Iterable[Entry]) -> None:
    """Write the lock, sorted, if that changes it: the same build gives the same bytes."""
    models = [asdict(entry) for entry in sorted(entries, key=lambda entry: entry.key)]
    data = {"lock_version": LOCK_VERSION, "models": models}
    text = (json.dumps(data, indent=1, sort_keys=True) + "\n").encode()
    if path.exists() and path.read_bytes() == text:
        return
    with replacing(path, force=True) as file:
        file.write(text)
        file.commit()

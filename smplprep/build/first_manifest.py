"""A manifest for a project that has none yet: of the models that lie in its folders."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from pathlib import Path

from ..errors import ManifestError, SmplprepError
from ..geometry.validation import check_keys
from ..io.read_model import read_contents
from ..records.contents import ENDINGS

MAX_FILES = 10_000  # that are looked at


def first_manifest(folder: Path) -> tuple[str, int]:
    """The text of a manifest of every model in and below a folder, and how many there are.

    Outputs of ``clean`` (NAME_clean) are left out, and so is a file beside another one of its
    name, as X.pkl beside X.npz.

    Raises:
        ManifestError: there is no model.
    """
    found: dict[str, dict[str, str]] = defaultdict(dict)
    n_seen = 0
    for top, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        place = Path(top).relative_to(folder).as_posix()
        n_seen += len(names)
        if n_seen > MAX_FILES:
            break
        for name in sorted(names):
            stem, ending = os.path.splitext(name)  # noqa: PTH122
            if ending in ENDINGS and not stem.endswith("_clean") and is_model(Path(top, name)):
                found[place].setdefault(stem, name)
    if not found:
        message = "no model in this folder, nor in the folders in it"
        raise ManifestError(message, path=folder, hint="Put the models here, in raw/ for example.")
    lines = ["# What smplprep build cleans. docs/build.md lists the keys."]
    for place, models in found.items():
        paths = [
            json.dumps(name if place == "." else f"{place}/{name}") for name in models.values()
        ]
        lines += ["", "[[model]]", "path = [", *(f"  {path}," for path in paths), "]"]
        lines.append(f"output = {json.dumps('cleaned' if place == '.' else f'cleaned/{place}')}")
    return "\n".join([*lines, ""]), sum(map(len, found.values()))


def is_model(path: Path) -> bool:
    """Whether a file has the keys of a body model."""
    try:
        check_keys(list(read_contents(path).entries))
    except (SmplprepError, MemoryError):
        return False
    return True

"""A manifest for a project that has none yet: of the models that lie in its folders."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from ..errors import ManifestError, SmplprepError
from ..geometry.validation import check_keys
from ..io.read_model import read_contents
from ..records.contents import ENDINGS
from ..records.file_keys import NEEDED

MAX_FILES = 10_000  # that are looked at


def first_manifest(folder: Path) -> tuple[str, int]:
    """The text of a manifest of every model in and below a folder, and how many there are.

    Outputs of ``clean`` (NAME_clean) are left out, and so is a file beside another one of its
    name, as X.pkl beside X.npz.

    Raises:
        ManifestError: there is no model.
    """
    found: dict[tuple[str, bool], dict[str, str]] = defaultdict(dict)
    n_seen = 0
    for top, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        place = Path(top).relative_to(folder).as_posix()
        n_seen += len(names)
        if n_seen > MAX_FILES:
            break
        for name in sorted(names):
            stem, ending = os.path.splitext(name)  # noqa: PTH122
            if ending not in ENDINGS or stem.endswith("_clean"):
                continue
            if entries := model_entries(Path(top, name)):
                found[place, lacks_hands(entries)].setdefault(stem, name)
    if not found:
        message = "no model in this folder, nor in the folders in it"
        raise ManifestError(message, path=folder, hint="Put the models here, in raw/ for example.")
    lines = ["# What smplprep build cleans. docs/build.md lists the keys."]
    for (place, no_hands), models in found.items():
        paths = [
            json.dumps(name if place == "." else f"{place}/{name}") for name in models.values()
        ]
        lines += ["", "[[model]]", "path = [", *(f"  {path}," for path in paths), "]"]
        lines.append(f"output = {json.dumps('cleaned' if place == '.' else f'cleaned/{place}')}")
        lines += ["flat-hands = true  # stock smplx does not load SMPL-H without hands"] * no_hands
    return "\n".join([*lines, ""]), sum(map(len, found.values()))


def model_entries(path: Path) -> Mapping[str, object]:
    """What a file with the keys of a body model holds; nothing for any other."""
    try:
        entries = read_contents(path).entries
        check_keys(list(entries))
    except (SmplprepError, MemoryError):
        return {}
    return entries


def lacks_hands(entries: Mapping[str, object]) -> bool:
    """Whether it is an SMPL-H without the keys of hands, as AMASS's model.npz."""
    weights = getattr(entries["weights"], "shape", ())
    return weights[1:] == (52,) and not {*NEEDED["smplh"]} <= entries.keys()

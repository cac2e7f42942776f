"""How stock smplx loads a file, or what keeps it from that and what to do."""

from __future__ import annotations

import json
import os
from collections.abc import Collection
from pathlib import Path

from ..records.families import FAMILIES
from ..records.file_keys import NEEDED

FLAME_LANDMARKS = "flame_static_embedding.pkl"


def loading_obstacles(family: str, container: str, keys: Collection[str]) -> list[dict[str, str]]:
    """Why stock smplx cannot load a file of this kind with these keys, each with what to do."""
    found = []
    missing = [key for key in NEEDED.get(family, ()) if key not in keys]
    if missing and family == "smplh":
        why = f"it lacks {', '.join(missing)}, as AMASS's files do"
        do = "smplprep merge-hands takes them from MANO_LEFT and MANO_RIGHT"
        found.append({"why": why, "do": f"{do}; clean --flat-hands needs no MANO"})
    elif missing:
        why = f"it lacks {', '.join(missing)}"
        found.append({"why": why, "do": "download the official file again"})
    if container == "h5":
        do = "smplprep convert FILE -o NAME.npz (SMPL of 24 joints: NAME.pkl)"
        found.append({"why": "it reads no .h5", "do": do})
    elif container == "npz" and family == "smpl":
        do = "smplprep convert FILE -o NAME.pkl"
        found.append({"why": "smplx.SMPL reads no .npz, only .pkl", "do": do})
    return found


def wanted_name(family: str, path: str) -> str | None:
    """How the name of a file must begin for ``smplx.create``; None where it does, or no name helps.

    Source: smplx 0.1.28, ``body_models.py``: ``create`` takes the name up to the first _ for the
    type, whatever ``model_type`` says; FLAME looks for FLAME_NEUTRAL and the like in a folder.
    """
    stem = Path(path).stem.lower()
    kind = stem.split("_")[0] if "_" in stem else ""
    if family == "other" or family == kind or (family == "mano" and "mano" in kind):
        return None
    return f"{family.upper()}_"


def renaming(family: str) -> str:
    """What to do where ``wanted_name`` names one; FLAME's class takes no file by its name."""
    return "rename it" if family == "flame" else f"rename it, or use smplx.{family.upper()}(...)"


def misnamed(family: str, path: str | os.PathLike[str]) -> str | None:
    """A warning where ``smplx.create`` takes a file for another family, by its name."""
    kind, wanted = Path(path).stem.split("_")[0].lower(), wanted_name(family, os.fspath(path))
    if not wanted or kind == family or kind not in FAMILIES:
        return None
    return (
        f"{Path(path).name} holds {family.upper()}, but is named {kind.upper()}: smplx.create "
        f"would load it with the wrong class. Give it a name that begins with {wanted}"
    )


def loading_notes(family: str, container: str, keys: Collection[str], path: str) -> list[str]:
    """What keeps stock smplx from loading a file, a sentence each; its name, if nothing else does.

    Args:
        family, container, keys: see ``loading_obstacles``.
        path: where the file is.
    """
    found = loading_obstacles(family, container, keys)
    if found:
        return [f"stock smplx cannot load it: {row['why']}; {row['do']}" for row in found]
    if family == "flame" and not Path(path).with_name(FLAME_LANDMARKS).exists():
        return [
            f"smplx.FLAME also needs {FLAME_LANDMARKS} in the same folder, and the model under the "
            "name FLAME_NEUTRAL: copy the former, and use --layout smplx FOLDER for the latter"
        ]
    wanted = wanted_name(family, path)
    if not wanted or misnamed(family, path):
        return []
    return [
        f"smplx.create loads a file only under a name that begins with {wanted}; "
        f"{renaming(family)}, or write it with --layout smplx FOLDER"
    ]


def load_line(family: str, container: str, path: Path, *, layout: str | None = None) -> str | None:
    """The line of Python that loads a file with stock smplx; None where no line does.

    Args:
        family, container: of a file that has all that ``loading_obstacles`` asks for.
        path: where it is.
        layout: the folder that ``smplx.create`` is given, where the file is in its layout.
    """
    if family == "other" or (family == "flame" and not layout):
        return None
    by_class = not layout and wanted_name(family, str(path))
    arguments = [json.dumps(layout or str(path), ensure_ascii=False)]
    arguments += [] if by_class else [f'model_type="{family}"']
    if layout:
        which = path.stem.partition("_")[2].lower()
        arguments += [f"is_rhand={which == 'right'}" if family == "mano" else f'gender="{which}"']
    arguments += [f'ext="{container}"', *(["use_pca=False"] if family in NEEDED else [])]
    return f"smplx.{family.upper() if by_class else 'create'}({', '.join(arguments)})"

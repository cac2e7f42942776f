"""What keeps stock smplx from loading a file, and what to do."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from ..records.file_keys import NEEDED


def loading_obstacles(family: str, container: str, keys: Collection[str]) -> list[dict[str, str]]:
    """Why stock smplx cannot load a file of this kind with these keys, each with what to do."""
    found = []
    missing = [key for key in NEEDED.get(family, ()) if key not in keys]
    if missing and family == "smplh":
        why = f"it lacks {', '.join(missing)}, as AMASS's files do"
        do = "smplprep merge-hands takes them from MANO_LEFT and MANO_RIGHT"
        found.append({"why": why, "do": f"{do}; clean --hands flat needs no MANO"})
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


def loading_notes(family: str, container: str, keys: Collection[str], path: str) -> list[str]:
    """What keeps stock smplx from loading a file, a sentence each; its name, if nothing else does.

    Args:
        family, container, keys: see ``loading_obstacles``.
        path: where the file is.
    """
    found = loading_obstacles(family, container, keys)
    if not found and (wanted := wanted_name(family, path)):
        return [
            f"smplx.create knows a file only by a name that begins with {wanted}; "
            f"{renaming(family)}, or write it with --layout smplx FOLDER"
        ]
    return [f"stock smplx cannot load it: {row['why']}; {row['do']}" for row in found]

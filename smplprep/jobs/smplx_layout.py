"""Where ``smplx.create(DIR, model_type, gender, ext)`` looks for a model."""

from __future__ import annotations

import os
import re
from pathlib import Path

from ..errors import ModelWriteError, SmplprepError
from ..records.families import GENDERS
from ..records.model import Model
from .merge_hands import side_of

# Words in the names of official files: basicModel_f_lbs_10_207_0_v1.0.0.pkl, generic_model.pkl.
_WORDS = {"f": "female", "m": "male", "n": "neutral", "generic": "neutral"}
_WORDS |= {gender: gender for gender in GENDERS}


def layout_path(folder: str | os.PathLike[str], model: Model, *, gender: str | None = None) -> Path:
    """FOLDER/smplh/SMPLH_MALE.npz and the like; a .npz where the .pkl of that name is the input.

    Args:
        folder: what ``smplx.create`` will be given.
        model: its family and container, and (for MANO) its mesh, say most of the name.
        gender: what no array says; None takes it from the name of the file or its folder.

    Raises:
        SmplprepError: stock smplx has no class for the model, the gender is unknown, or the
            input is there already.
    """
    family = model.family.name
    if family == "other":
        raise SmplprepError(
            "stock smplx has no class for this model, so there is no place for it",
            path=model.source.path,
        )
    which = side_of(model) if family == "mano" else gender or gender_in(model.source.path)
    # smplx.SMPL reads .pkl alone, and no class reads .h5.
    kept = model.source.container if model.source.container != "h5" else "npz"
    ending = "pkl" if family == "smpl" else kept
    target = Path(folder) / family / f"{family.upper()}_{which.upper()}.{ending}"
    if not is_input(target, model):
        return target
    if ending == "pkl" and family != "smpl":
        return target.with_suffix(".npz")
    raise ModelWriteError(
        "the output is the input",
        path=target,
        hint="Name another folder, here and in smplx.create: --layout smplx cleaned",
    )


def is_input(target: Path, model: Model) -> bool:
    """Whether the model was read from this file."""
    source = model.source.path
    return source is not None and target.exists() and target.samefile(source)


def gender_in(path: str | None) -> str:
    """The gender in the name of the file, or else in that of its folder."""
    for name in (Path(path).stem, Path(path).absolute().parent.name) if path else ():
        found = {_WORDS[word] for word in re.split("[^a-z]+", name.lower()) if word in _WORDS}
        if len(found) == 1:
            return found.pop()
    raise SmplprepError(
        "neither the file's name nor its folder's says which gender it is",
        path=path,
        hint=f"Use --gender {'|'.join(GENDERS)}.",
    )

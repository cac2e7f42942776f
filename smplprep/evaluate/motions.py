"""Motion files: AMASS's .npz, found in folders and read a stretch of frames at a time.

Only ``poses`` (N, 3J) and ``betas`` are read, as data; nothing else in the file is opened.
``trans`` moves both models alike, so it does not count.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelReadError, SmplprepError
from ..io.input_file import InputFile, open_input
from ..io.npz.stream import Member, open_members
from .measure import STRETCH, Frames

MAX_ANGLE = 1e4  # radians; far beyond any motion, and still exact enough in float64
MAX_BETA = 1e3
MAX_BETAS = 10_000
NO_MOTION = ("shape.npz", "*_stagei.npz")


@dataclass(frozen=True, order=True)
class Motion:
    """A motion file.

    Attributes:
        label: its name in results: the path from the folder that was named, / between parts.
        path: where it is.
    """

    label: str
    path: str


def find_motions(named: Sequence[str | os.PathLike[str]]) -> list[Motion]:
    """The files that are named, and every .npz below the folders that are, by their labels.

    What AMASS keeps beside the motions of a subject, ``shape.npz`` and ``*_stagei.npz``, is left
    out; so are links to folders.

    Raises:
        SmplprepError: no .npz in a folder, or two files with one label. What cannot be read is
            found out when it is read.
    """
    found: dict[str, Motion] = {}
    for name in named:
        top = Path(name)
        files = sorted(path for path in top.rglob("*.npz") if not any(map(path.match, NO_MOTION)))
        if top.is_dir() and not files:
            raise SmplprepError("no .npz file in this folder", path=name)
        for path in files if top.is_dir() else [top]:
            label = path.relative_to(top).as_posix() if top.is_dir() else path.name
            motion = Motion(label, os.path.realpath(path))
            if found.setdefault(label, motion) != motion:
                raise SmplprepError(
                    f"another motion has the same name, {label}",
                    path=path,
                    hint="Name the folder that holds both.",
                )
    return sorted(found.values())


def n_frames(motion: Motion, *, n_joints: int) -> int:
    """How many frames the file says it has.

    Raises:
        ModelReadError: it is not a motion for a model of this many joints.
    """
    with open_input(motion.path) as file:
        return int(members(file, n_joints=n_joints)["poses"].header.shape[0])


def stretches(motion: Motion, *, n_joints: int, count: int = STRETCH) -> Iterator[Frames]:
    """The motion, ``count`` frames at a time.

    Raises:
        ModelReadError: damaged, no motion for this model, or a value that is not a valid angle; the
            message names key and index. It may come after the last frame: use nothing before.
    """
    with open_input(motion.path) as file:
        found = members(file, n_joints=n_joints)
        betas = np.zeros(0)
        if "betas" in found:
            rows = found["betas"].rows(MAX_BETAS)
            betas = np.concatenate([row.reshape(-1) for row in rows]).astype(np.float64)
            check_values(betas, MAX_BETA, "shape coefficient", key="betas")
        first = 0
        for part in found["poses"].rows(count):
            poses = part.astype(np.float64)
            check_values(poses, MAX_ANGLE, "angle", key="poses", first=first)
            yield Frames(motion.label, first, poses.reshape(len(poses), n_joints, 3), betas)
            first += len(poses)


def members(file: InputFile, *, n_joints: int) -> dict[str, Member]:
    """``poses`` and, if it is there, ``betas``, both of shapes that make sense."""
    if file.container != "npz":
        raise ModelReadError("this is not a .npz file, so not a motion")
    found = open_members(file, ("poses", "betas"))
    if "poses" not in found:
        raise ModelReadError("it has no key poses, so it is not a motion")
    for key, member in found.items():
        if member.header.dtype.kind != "f":
            message = f"{key} has dtype {member.header.dtype}, not floats"
            raise ModelReadError(message, key=key)
    shape = found["poses"].header.shape
    if len(shape) != 2 or not shape[0]:
        raise ModelReadError(f"poses has shape {shape}, not (frames, {3 * n_joints})", key="poses")
    if shape[1] != 3 * n_joints:
        raise ModelReadError(
            f"poses has {shape[1]} columns, but a model of {n_joints} joints takes {3 * n_joints}",
            key="poses",
        )
    shape = found["betas"].header.shape if "betas" in found else (1,)
    if not shape or shape[:-1] not in ((), (1,)) or not 0 < shape[-1] <= MAX_BETAS:
        message = f"betas has shape {shape}, not one row of coefficients"
        raise ModelReadError(message, key="betas")
    return found


def check_values(
    values: NDArray[np.float64], limit: float, what: str, *, key: str, first: int = 0
) -> None:
    """Refuse NaN, infinity and what is beyond the limit; ``first`` is the number of the row 0."""
    wrong = ~(np.abs(values) <= limit)
    if wrong.any():
        index = np.argwhere(wrong)[0].tolist()
        value = values[tuple(index)]
        index[0] += first
        raise ModelReadError(f"{key}{index}: {value} is not a valid {what}", key=key)

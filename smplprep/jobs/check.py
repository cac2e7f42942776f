"""A gate for build steps and test suites: does a model still leak? Needs numpy alone."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..audit.landmark_sets import (
    FACE_KEYS,
    Landmark,
    face_landmarks,
    landmark_set,
    named_vertices,
    require_landmarks,
    skin_landmarks,
)
from ..audit.support import landmark_support, named
from ..errors import ModelInvalidError, SmplprepError, VerificationError
from ..geometry.displacement import displacements
from ..geometry.same_topology import check_same_topology, over_common_shapes
from ..io.read_model import read_model
from ..records.contents import DEFAULT_LIMITS, Limits, read_only
from ..records.model import Model
from ..records.units import Unit

SHOWN = 3  # leaks named for each landmark, so that a line has 80 columns


def check_file(
    path: str | os.PathLike[str],
    *,
    max_leaks: int = 0,
    max_influences: int | None = None,
    against: str | os.PathLike[str] | None = None,
    max_mm: float | None = None,
    landmarks: str | None = None,
    units: Unit = "m",
    limits: Limits = DEFAULT_LIMITS,
) -> list[str]:
    """What is wrong with a model file, a sentence each; an empty list if nothing is.

    Args:
        path: the file.
        max_leaks: how many landmarks may leak.
        max_influences: how many joints a vertex may be skinned to.
        against: the file before cleaning.
        max_mm: how far a vertex may move from there, over the pose set.
        landmarks: see ``landmark_set``; the family's own vertices if None.
        units: of lengths in both files.
        limits: how much a file may ask for.

    Raises:
        SmplprepError: the model has no known landmarks, or only one of ``against`` and ``max_mm``
            is given.
        ModelReadError, ModelInvalidError: a bad file.
    """
    if (against is None) != (max_mm is None):
        raise SmplprepError("max_mm and against need each other")
    model = read_model(path, units=units, limits=limits)
    points = skin_landmarks(model) if landmarks is None else landmark_set(model, landmarks)
    faults = model_faults(model, points, max_leaks=max_leaks, max_influences=max_influences)
    if against is not None and max_mm is not None:
        original = read_model(against, normalize_rows=True, units=units, limits=limits)
        faults += moved_too_far(original, model, max_mm)
    return faults


def assert_clean(body_model: Any, *, max_leaks: int = 0, max_influences: int | None = None) -> None:
    """Raise unless a stock smplx module in memory is clean: for a test suite.

    Args:
        body_model: any model of stock smplx; its buffers are read, nothing is run. The landmarks
            are the vertices that it appends to its joints, and SMPL-X's and FLAME's points of the
            face.
        max_leaks, max_influences: as in ``check_file``.

    Raises:
        VerificationError: it is not; the message names the landmarks that leak.
        ModelInvalidError: the module has no such buffers.
    """
    model = model_of_module(body_model)
    selector = body_model.vertex_joint_selector.extra_joints_idxs
    points = named_vertices(selector.detach().cpu().numpy().tolist(), model)
    if model.extras:
        points += face_landmarks(model, model.extras, FACE_KEYS)
    faults = model_faults(model, points, max_leaks=max_leaks, max_influences=max_influences)
    if faults:
        raise VerificationError("\n".join(faults))


def model_of_module(body_model: Any) -> Model:
    """The arrays of a stock smplx module as a Model; views, where it lives in main memory."""
    if isinstance(body_model, Model | str | os.PathLike):
        raise ModelInvalidError(
            "assert_clean takes a module from smplx.create; for a file use smplprep.check_file"
        )
    names = ["v_template", "faces_tensor", "lbs_weights", "J_regressor", "posedirs", "shapedirs",
             "parents"]  # fmt: skip
    names += [key for key in FACE_KEYS if hasattr(body_model, key)]
    try:
        buffers = {name: getattr(body_model, name).detach().cpu().numpy() for name in names}
    except AttributeError as error:
        raise ModelInvalidError(f"this is not a stock smplx module: {error}") from error
    parents, n_vertices = buffers["parents"], len(buffers["v_template"])
    return Model(
        v_template=read_only(buffers["v_template"]),
        f=read_only(buffers["faces_tensor"]),
        weights=read_only(buffers["lbs_weights"]),
        J_regressor=read_only(buffers["J_regressor"]),
        kintree_table=np.stack([parents, np.arange(len(parents))]),
        shapedirs=read_only(buffers["shapedirs"]),
        # Stock smplx keeps posedirs as (P, 3V).
        posedirs=read_only(buffers["posedirs"].T.reshape(n_vertices, 3, -1)),
        extras={key: buffers[key] for key in FACE_KEYS if key in buffers},
    )


def model_faults(
    model: Model,
    landmarks: Sequence[Landmark],
    *,
    max_leaks: int = 0,
    max_influences: int | None = None,
) -> list[str]:
    """What is wrong with a model in memory, a sentence each; see ``check_file``."""
    require_landmarks(landmarks, model)
    return leak_faults(model, landmarks, max_leaks) + influence_faults(model, max_influences)


def leak_faults(model: Model, landmarks: Sequence[Landmark], max_leaks: int) -> list[str]:
    """How many landmarks leak, and to which joints; nothing where so many may."""
    leaks = landmark_support(model, landmarks).leaks
    leaking = np.flatnonzero(leaks.any(axis=1))
    if leaking.size <= max_leaks:
        return []
    names = model.joint_names()
    verb = "leaks" if leaking.size == 1 else "leak"
    faults = [f"{leaking.size} of {len(landmarks)} landmarks {verb}; {max_leaks} are allowed"]
    for row in leaking.tolist():
        joints = named(leaks[row], names)
        listed = ", ".join(joints)
        if len(joints) > SHOWN:
            listed = f"{len(joints)} joints: {', '.join(joints[:SHOWN])}, ..."
        landmark = landmarks[row]
        place = f"{landmark.source} {landmark.index}"
        faults.append(f"  {landmark.label} ({place}) leaks to {listed}")
    return faults


def influence_faults(model: Model, max_influences: int | None) -> list[str]:
    """How many vertices are skinned to too many joints, and the worst of them."""
    if max_influences is None:
        return []
    influences = np.count_nonzero(model.weights, axis=1)
    over = np.flatnonzero(influences > max_influences)
    if not over.size:
        return []
    worst = int(influences.argmax())
    return [
        f"{over.size} vertices have more than {max_influences} influences, the most is "
        f"{influences[worst]} at vertex {worst}"
    ]


def moved_too_far(original: Model, model: Model, max_mm: float) -> list[str]:
    """How far a vertex moved, where that is too far."""
    check_same_topology(model, original)
    moved = displacements([*over_common_shapes(original, model)])[-1]
    if moved.max_mm <= max_mm:
        return []
    near = [name for name, vertex in model.family.landmarks.items() if vertex == moved.max_vertex]
    which = f"vertex {moved.max_vertex}" + "".join(f" ({name})" for name in near)
    return [f"{which} moved {moved.max_mm:.3f} mm from the original; {max_mm:g} mm is the limit"]

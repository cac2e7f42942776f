"""Landmarks: the points that a loss looks at, and the sets of them that have a name.

A landmark is a vertex of the posed mesh, a point on one of its faces or a regressed joint. Stock
smplx returns them in one list: the joints first, then the vertices, then SMPL-X's points on faces.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ModelInvalidError, SmplprepError, inside, shown
from ..io.json_file import read_json
from ..io.read_model import read_contents
from ..io.vertex_list import as_index
from ..records.landmark import LONGEST_NAME, Landmark, check_shares
from ..records.model import Model

NAMED_SETS = ("openpose25", "openpose-hands", "all")
NAME_THEM = (
    'Name some with --landmarks: a JSON file {"nose": 332, ...} '
    "or FLAME's flame_static_embedding.pkl"
)
# Faces and barycentric coordinates: in SMPL-X's model file, and in FLAME's file beside the model.
FACE_KEYS = ("lmk_faces_idx", "lmk_bary_coords")
FLAME_FACE_KEYS = ("lmk_face_idx", "lmk_b_coords")

# OpenPose's BODY_25 in its order -> smplx's name of the joint, or the name of the vertex.
OPENPOSE25 = {
    "Nose": "nose",
    "Neck": "neck",
    "RShoulder": "right_shoulder",
    "RElbow": "right_elbow",
    "RWrist": "right_wrist",
    "LShoulder": "left_shoulder",
    "LElbow": "left_elbow",
    "LWrist": "left_wrist",
    "MidHip": "pelvis",
    "RHip": "right_hip",
    "RKnee": "right_knee",
    "RAnkle": "right_ankle",
    "LHip": "left_hip",
    "LKnee": "left_knee",
    "LAnkle": "left_ankle",
    "REye": "reye",
    "LEye": "leye",
    "REar": "rear",
    "LEar": "lear",
    "LBigToe": "LBigToe",
    "LSmallToe": "LSmallToe",
    "LHeel": "LHeel",
    "RBigToe": "RBigToe",
    "RSmallToe": "RSmallToe",
    "RHeel": "RHeel",
}
# OpenPose's hand: the wrist, then four points on each finger, the last of them its tip.
OPENPOSE_FINGERS = ("thumb", "index", "middle", "ring", "pinky")


def openpose_hands() -> dict[str, str]:
    """OpenPose's 2 x 21 hand points in its order, as in OPENPOSE25: LThumb4 is the thumb's tip."""
    points = {}
    for side in ("left", "right"):
        letter = side[0].upper()
        points[f"{letter}Wrist"] = f"{side}_wrist"
        for finger in OPENPOSE_FINGERS:
            for k in (1, 2, 3):
                points[f"{letter}{finger.title()}{k}"] = f"{side}_{finger}{k}"
            points[f"{letter}{finger.title()}4"] = f"{side[0]}{finger}"
    return points


def all_landmarks(model: Model, vocabulary: str = "mixamo") -> list[Landmark]:
    """Every joint and every known point of the skin, in stock smplx's order."""
    names = model.joint_names(vocabulary)
    joints = [Landmark(name, joint=index) for index, name in enumerate(names)]
    return joints + family_landmarks(model)


def with_landmarks(model: Model, which: str) -> Model:
    """The model with more points of the skin to look at, in ``clean``'s report and choices.

    Args:
        which: see ``landmark_set``; joints of the set are left out, since they never leak, and so
            are points that are looked at already, whatever they are called. A set that has one
            point under two names has it under the first: a leak there is one leak.

    Raises:
        SmplprepError: no such set, or a name that is another point's already.
    """
    known = skin_landmarks(model)
    names = {point.name: point for point in known}
    places = {frozenset(point.blend.items()) for point in known}
    more = []
    points, remarks = points_and_remarks(model, which)
    for point in points:
        place = frozenset(point.blend.items())
        if point.source == "joint" or place in places:
            continue
        if other := names.get(point.name):
            raise SmplprepError(
                f"{point.label} is already the name of {other.source} {other.index}", path=which
            )
        places.add(place)
        more.append(point)
    more_remarks = [f"{shown(Path(which).name)}: {remark}" for remark in remarks]
    source = replace(model.source, remarks=(*model.source.remarks, *more_remarks))
    return replace(model, landmarks=(*model.landmarks, *more), source=source)


def skin_landmarks(model: Model) -> list[Landmark]:
    """The points of the skin that are looked at: those of the family, and what the user named."""
    return [*family_landmarks(model), *model.landmarks]


def require_landmarks(landmarks: Sequence[Landmark], model: Model) -> None:
    """Raise SmplprepError if no landmark on the skin is known: joints never leak."""
    if all(point.source == "joint" for point in landmarks):
        raise SmplprepError(
            "no landmarks are known for this model, so nothing can be said of its leaks",
            path=model.source.path,
            hint=NAME_THEM,
        )


def family_landmarks(model: Model) -> list[Landmark]:
    """What stock smplx appends to the joints: vertices, and SMPL-X's 51 points of the face.

    None for an unknown family; FLAME's are in a file of their own.

    Raises:
        ModelInvalidError: an SMPL-X whose ``lmk_faces_idx`` or ``lmk_bary_coords`` mean no points.
    """
    found = [Landmark(name, vertex=vertex) for name, vertex in model.family.landmarks.items()]
    if model.family.name == "smplx" and "lmk_faces_idx" in model.extras:
        with inside(path=model.source.path):
            found += face_landmarks(model, model.extras, FACE_KEYS)
    return found


def face_landmarks(
    model: Model, entries: Mapping[str, Any], keys: tuple[str, str]
) -> list[Landmark]:
    """Points on faces as SMPL-X and FLAME keep them: faces (L,) and barycentric shares (L, 3)."""
    faces = checked_faces(entries.get(keys[0]), len(model.f), key=keys[0])
    shares = entries.get(keys[1])
    if not isinstance(shares, np.ndarray) or shares.shape != (len(faces), 3):
        raise ModelInvalidError(f"must be an array of shape ({len(faces)}, 3)", key=keys[1])
    if shares.dtype.kind != "f":
        raise ModelInvalidError("must be an array of floats", key=keys[1])
    for row, listed in enumerate(shares.tolist()):
        try:
            check_shares(listed)
        except ValueError as error:
            raise ModelInvalidError(f"{keys[1]}[{row}] {error}", key=keys[1]) from error
    return [
        Landmark(f"face{row}", face=face, corners=tuple(corners), shares=tuple(s))
        for row, (face, corners, s) in enumerate(
            zip(faces, model.f[faces].astype(int).tolist(), shares.tolist(), strict=True)
        )
    ]


def checked_faces(faces: Any, n_faces: int, *, key: str) -> list[int]:
    """The face numbers in an array (L,); the error names the wrong entry."""
    if isinstance(faces, np.ndarray) and faces.ndim == 2:
        message = f"has a row for each head rotation; use {key} of flame_static_embedding.pkl"
        raise ModelInvalidError(message, key=key)
    if not isinstance(faces, np.ndarray) or faces.ndim != 1 or faces.dtype.kind not in "iu":
        raise ModelInvalidError("must be an array of face indices", key=key)
    if not len(faces):
        raise ModelInvalidError("lists no faces, so it names no landmarks", key=key)
    for row, face in enumerate(faces.tolist()):
        if not 0 <= face < n_faces:
            raise ModelInvalidError(
                f"{key}[{row}]: {face} is not a face index below {n_faces}", key=key
            )
    return [int(face) for face in faces.tolist()]


def landmark_set(model: Model, which: str, *, vocabulary: str = "mixamo") -> list[Landmark]:
    """The landmarks of a named set or of a file.

    Args:
        model: whose family says where the landmarks are.
        which: one of NAMED_SETS, the path of a JSON file that maps names to vertices, or that of
            FLAME's flame_static_embedding.pkl (a .npz or .npy with the same keys is as good).
        vocabulary: "mixamo" or "smplx", for the joints' names in "all".

    Raises:
        SmplprepError: the family has none of the set, or the file is not such a mapping.
    """
    return points_and_remarks(model, which, vocabulary=vocabulary)[0]


def points_and_remarks(
    model: Model, which: str, *, vocabulary: str = "mixamo"
) -> tuple[list[Landmark], tuple[str, ...]]:
    """As ``landmark_set``, and sentences on how its file was read, see ``Contents``."""
    if which.lower().endswith((".pkl", ".npz", ".npy")):
        contents = read_contents(which)
        with inside(path=which):
            return face_landmarks(model, contents.entries, FLAME_FACE_KEYS), contents.remarks
    return named_points(model, which, vocabulary), ()


def named_points(model: Model, which: str, vocabulary: str) -> list[Landmark]:
    """Of a named set, or of a JSON file."""
    if which not in NAMED_SETS:
        return landmarks_from_file(which, model.n_vertices)
    if which == "all":
        return all_landmarks(model, vocabulary)
    points = {landmark.name: landmark for landmark in all_landmarks(model, "smplx")}
    wanted = OPENPOSE25 if which == "openpose25" else openpose_hands()
    found = [replace(points[key], name=name) for name, key in wanted.items() if key in points]
    if not found:
        raise SmplprepError(
            f"the landmarks of {which} are not known for a model of "
            f"{model.n_vertices} vertices and {model.n_joints} joints",
            path=model.source.path,
            hint=NAME_THEM,
        )
    return found


def landmarks_from_file(path: str, n_vertices: int) -> list[Landmark]:
    """Landmarks from a JSON object {name: vertex}; the error names the entry that is wrong."""
    if not os.path.lexists(path):
        known = ", ".join(NAMED_SETS)
        raise SmplprepError(f"{shown(path)} is neither a file nor one of {known}")
    names = read_json(path, pairs=once_each)
    if not isinstance(names, dict) or not names:
        raise SmplprepError("this is not a JSON object {name: vertex}", path=path)
    for name, vertex in names.items():
        if type(vertex) is not int or not 0 <= vertex < n_vertices:
            raise SmplprepError(
                f"{shown(name)}: {shown(json.dumps(vertex))} is not a vertex index below "
                f"{n_vertices}",
                path=path,
            )
        if not name.isprintable():  # it goes into reports, pages and tables as it is
            raise SmplprepError(f"{shown(name)!r} has characters that cannot be printed", path=path)
        if not 0 < len(name) <= LONGEST_NAME:
            message = f"{shown(name)!r} is empty or has more than {LONGEST_NAME} characters"
            raise SmplprepError(message, path=path)
    return [Landmark(name, vertex=vertex) for name, vertex in names.items()]


def once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object; ValueError where it names something twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name appears twice")
    return found


def landmarks_at(vertices: str, model: Model) -> list[Landmark]:
    """Landmarks from "332,6260"; a vertex with a known name bears it, another is v332."""
    found = []
    for text in vertices.split(","):
        vertex = as_index(text.strip())
        if isinstance(vertex, str) or vertex >= model.n_vertices:
            raise SmplprepError(f"{shown(text)!r} is not a vertex index below {model.n_vertices}")
        found.append(vertex)
    return named_vertices(found, model)


def named_vertices(vertices: Iterable[int], model: Model) -> list[Landmark]:
    """Vertices as landmarks, each by the name that the family has for it, or as v332."""
    names = {vertex: name for name, vertex in model.family.landmarks.items()}
    return [Landmark(names.get(vertex, f"v{vertex}"), vertex=vertex) for vertex in vertices]

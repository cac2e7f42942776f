"""Landmarks: the points that a loss looks at, and the sets of them that have a name.

A landmark is a vertex of the posed mesh or a regressed joint. Stock smplx returns both in one
list: the joints first, then the vertices.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from ..errors import SmplprepError, shown
from ..model import Model

NAMED_SETS = ("openpose25", "openpose-hands", "all")

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


@dataclass(frozen=True)
class Landmark:
    """A point on the body; exactly one of ``vertex`` and ``joint`` is set."""

    name: str
    vertex: int | None = None
    joint: int | None = None

    @property
    def source(self) -> str:
        """Which of the two it is: "vertex" or "joint"."""
        return "joint" if self.vertex is None else "vertex"

    @property
    def index(self) -> int | None:
        """The number of the vertex or joint."""
        return self.joint if self.vertex is None else self.vertex


def all_landmarks(model: Model, vocabulary: str = "findings") -> list[Landmark]:
    """Every joint and every known vertex, in the order in which stock smplx returns them."""
    names = model.family.joint_names(model.n_joints, vocabulary)
    joints = [Landmark(name, joint=index) for index, name in enumerate(names)]
    return joints + vertex_landmarks(model)


def vertex_landmarks(model: Model) -> list[Landmark]:
    """The vertices that stock smplx appends to the joints; none for an unknown family."""
    return [Landmark(name, vertex=vertex) for name, vertex in model.family.landmarks.items()]


def landmark_set(model: Model, which: str, *, vocabulary: str = "findings") -> list[Landmark]:
    """The landmarks of a named set or of a file.

    Args:
        model: whose family says where the landmarks are.
        which: one of NAMED_SETS, or the path of a JSON file that maps names to vertices.
        vocabulary: "findings" or "smplx", for the joints' names in "all".

    Raises:
        SmplprepError: the family has none of the set, or the file is no such mapping.
    """
    if which not in NAMED_SETS:
        return landmarks_from_file(which, model.n_vertices)
    if which == "all":
        return all_landmarks(model, vocabulary)
    points = {landmark.name: landmark for landmark in all_landmarks(model, "smplx")}
    wanted = OPENPOSE25 if which == "openpose25" else openpose_hands()
    found = [
        Landmark(name, vertex=points[key].vertex, joint=points[key].joint)
        for name, key in wanted.items()
        if key in points
    ]
    if not found:
        raise SmplprepError(
            f"where the landmarks of {which} are is not known for a model of "
            f"{model.n_vertices} vertices and {model.n_joints} joints",
            path=model.source.path,
            hint='Name its own in a JSON file, {"nose": 332, ...}: --landmarks FILE.json',
        )
    return found


def landmarks_from_file(path: str, n_vertices: int) -> list[Landmark]:
    """Landmarks from a JSON object {name: vertex}; the error names the entry that is wrong."""
    try:
        names = json.loads(Path(path).read_text("utf-8"))
    except FileNotFoundError as error:
        raise SmplprepError(
            f"{shown(path)} is neither a file nor one of {', '.join(NAMED_SETS)}"
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        raise SmplprepError(f"no readable JSON: {shown(error)}", path=path) from error
    if not isinstance(names, dict) or not names:
        raise SmplprepError("no JSON object of the form {name: vertex}", path=path)
    for name, vertex in names.items():
        if type(vertex) is not int or not 0 <= vertex < n_vertices:
            raise SmplprepError(
                f"{shown(name)}: {shown(json.dumps(vertex))} is no vertex of {n_vertices}",
                path=path,
            )
    return [Landmark(shown(name, 24), vertex=vertex) for name, vertex in names.items()]


def landmarks_at(vertices: str, model: Model) -> list[Landmark]:
    """Landmarks from "332,6260"; a vertex with a known name bears it, another is v332."""
    names = {vertex: name for name, vertex in model.family.landmarks.items()}
    found = []
    for text in vertices.split(","):
        number = text.strip()
        # Digits by hand: int() would also take "1_0" and "+5".
        if not (number.isascii() and number.isdigit()) or int(number) >= model.n_vertices:
            raise SmplprepError(f"{shown(text)!r} is no vertex of {model.n_vertices}")
        found.append(Landmark(names.get(int(number), f"v{int(number)}"), vertex=int(number)))
    return found

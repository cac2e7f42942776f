"""Write a rig as a model file in SMPL's schema: what every script of this folder shares."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import linprog

ASSETS = Path(__file__).resolve().parents[2] / "assets/rigs"
ROOT = 2**32 - 1  # the root's parent in kintree_table
NEAR_VERTICES = 1500  # candidates for a joint's row of the regressor


@dataclass(frozen=True)
class Rig:
    """A skinned mesh, in meters.

    points: (V, 3). faces: (F, 3), triangles. weights: (V, J), rows that sum to 1. joints: (J, 3).
    parents: (J,), -1 for the root. names: of the joints.
    """

    points: np.ndarray
    faces: np.ndarray
    weights: np.ndarray
    joints: np.ndarray
    parents: np.ndarray
    names: list[str]


def write_rig(rig: Rig, path: Path) -> None:
    """Write the rig in SMPL's schema: float32, deflated, and no blend shapes of either kind."""
    order = parents_first(rig.parents)
    new = np.argsort(order)
    parents = [ROOT if rig.parents[j] < 0 else new[rig.parents[j]] for j in order]
    joints = rig.joints[order]
    np.savez_compressed(
        path,
        v_template=rig.points.astype(np.float32),
        f=rig.faces.astype(np.uint32),
        weights=rig.weights[:, order].astype(np.float32),
        J_regressor=regressor(rig.points.astype(np.float32).astype(float), joints),
        kintree_table=np.array([parents, range(len(order))], dtype=np.int64),
        shapedirs=np.zeros((len(rig.points), 3, 0), np.float32),
        joint_names=np.array([rig.names[j] for j in order]),
        bs_type=np.array("lrotmin"),
        bs_style=np.array("lbs"),
    )
    print(f"{path}: {path.stat().st_size / 1e3:.0f} KB, V {len(rig.points)}, J {len(order)}")


def parents_first(parents: np.ndarray) -> list[int]:
    """The joints in an order in which each comes after its parent."""
    order: list[int] = []
    while len(order) < len(parents):
        order += [j for j, p in enumerate(parents) if j not in order and (p < 0 or int(p) in order)]
    return order


def regressor(points: np.ndarray, joints: np.ndarray) -> np.ndarray:
    """(J, V) float32 rows that reproduce the joints (J, 3).

    A row is the convex combination of vertices near the joint that has the least mean squared
    distance from it. For a joint outside of its surroundings it is the affine combination of the
    eight nearest with the least squares. A joint at the origin has an empty row.
    """
    rows = np.zeros((len(joints), len(points)), np.float32)
    for row, joint in zip(rows, joints, strict=True):
        if not joint.any():
            continue
        away = np.square(points - joint).sum(axis=1)
        near = np.argsort(away, kind="stable")[:NEAR_VERTICES]
        equations = np.vstack([(points[near] - joint).T, np.ones(len(near))])
        right = np.array([0, 0, 0, 1.0])
        found = linprog(away[near], A_eq=equations, b_eq=right, method="highs-ds")
        if found.status == 0:
            row[near] = found.x
        else:
            row[near[:8]] = np.linalg.lstsq(equations[:, :8], right, rcond=None)[0]
    return rows

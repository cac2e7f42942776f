"""Rigs in which nothing is spurious: made here, or by other people and kept in assets/rigs."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from smplprep.records.model import Model, Source

RIGS = Path(__file__).resolve().parents[1] / "assets/rigs"
NAMES = ("dog", "hand", "makehuman", "rocketbox")


def read_rig(name: str) -> Model:
    """A rig of assets/rigs, with no pose correctives."""
    with np.load(RIGS / f"{name}.npz", allow_pickle=False) as rig:
        arrays = {key: rig[key] for key in rig.files}
    n_vertices, n_joints = arrays["weights"].shape
    arrays["posedirs"] = np.broadcast_to(np.float32(0), (n_vertices, 3, 9 * (n_joints - 1)))
    fields = {key: value for key, value in arrays.items() if key in Model.__dataclass_fields__}
    return Model(**fields, extras={"joint_names": arrays["joint_names"]}, source=Source())


def rig_of(points, faces, weights, joints, parents) -> Model:
    """A model of these arrays. Each joint is regressed from the vertex next to it."""
    points, weights = np.asarray(points, float), np.asarray(weights, float)
    n_vertices, n_joints = weights.shape
    regressor = np.zeros((n_joints, n_vertices))
    away = np.linalg.norm(points[None] - np.asarray(joints, float)[:, None], axis=2)
    regressor[np.arange(n_joints), away.argmin(axis=1)] = 1
    above = [2**32 - 1 if parent < 0 else parent for parent in parents]
    return Model(
        v_template=points,
        f=np.asarray(faces, np.uint32),
        weights=weights / weights.sum(axis=1, keepdims=True),
        J_regressor=regressor,
        kintree_table=np.array([above, range(n_joints)], np.int64),
        shapedirs=np.zeros((n_vertices, 3, 1)),
        posedirs=np.zeros((n_vertices, 3, 9 * (n_joints - 1))),
    )


def sheet(n_along: int, n_across: int, length: float, width: float):
    """Points (n, 3) of a flat sheet in x and y, and its faces."""
    x, y = np.meshgrid(
        np.linspace(0, length, n_along), np.linspace(0, width, n_across), indexing="ij"
    )
    points = np.stack([x.ravel(), y.ravel(), np.zeros(x.size)], axis=1)
    index = np.arange(x.size).reshape(x.shape)
    corners = [index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]]
    a, b, c, d = (corner.ravel() for corner in corners)
    return points, np.concatenate([np.stack([a, b, c], axis=1), np.stack([a, c, d], axis=1)])


def smooth_step(x: np.ndarray) -> np.ndarray:
    x = np.clip(x, 0, 1)
    return x * x * (3 - 2 * x)


def chains_that_meet(n_each: int = 4, step: float = 0.02) -> Model:
    """Two chains of bones; their ends, 2 n apart in the tree, share the skin between them."""
    points, faces = sheet(41, 11, 0.2, 0.05)
    share = smooth_step((points[:, 0] - 0.05) / 0.1)
    weights = np.zeros((len(points), 2 * n_each + 1))
    weights[:, n_each], weights[:, 2 * n_each] = 1 - share, share
    joints = np.zeros((2 * n_each + 1, 3))
    joints[1 : n_each + 1, 0] = step * np.arange(1, n_each + 1)
    joints[n_each + 1 :, 0] = 0.2 - step * np.arange(1, n_each + 1)
    parents = [-1, 0, *range(1, n_each), 0, *range(n_each + 1, 2 * n_each)]
    return rig_of(points, faces, weights, joints, parents)


def long_chain(n_joints: int = 12) -> Model:
    """A belly that hangs on the first and the last joint of a long chain."""
    points, faces = sheet(41, 11, 0.3, 0.1)
    share = smooth_step((points[:, 0] - 0.1) / 0.1)
    weights = np.zeros((len(points), n_joints))
    weights[:, 0], weights[:, -1] = 1 - share, share
    joints = np.stack([np.linspace(0.05, 0.25, n_joints), *np.full((2, n_joints), 0.05)], axis=1)
    return rig_of(points, faces, weights, joints, [-1, *range(n_joints - 1)])


def tube_with_seam(noise: float, seed: int = 0) -> Model:
    """A tube cut open along its length, the two sides of the cut up to ``noise`` meters apart.

    A bone moves a patch that lies across the cut.
    """
    sheet_points, faces = sheet(33, 21, 1, 0.4)
    angle, along = 2 * np.pi * sheet_points[:, 0], sheet_points[:, 1]
    points = np.stack([0.05 * np.cos(angle), along, 0.05 * np.sin(angle)], axis=1)
    points[-21:] = points[:21]
    shift = np.random.default_rng(seed).normal(size=(21, 3))
    points[-21:] += noise * shift / np.linalg.norm(shift, axis=1, keepdims=True)
    away = np.hypot(0.05 * np.minimum(angle, 2 * np.pi - angle), along - 0.2)
    patch = np.clip(1 - away / 0.06, 0, 1) * 0.9
    patch[-21:] = patch[:21]
    weights = np.stack([1 - patch, patch], axis=1)
    return rig_of(points, faces, weights, [[0.05, 0, 0], [0.05, 0.2, 0]], [-1, 0])

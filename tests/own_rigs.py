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


def tube(n_along: int, n_around: int, length: float, radius: float):
    """Points (n, 3) of a tube along x without ends, and its faces."""
    along, angle = np.meshgrid(
        np.linspace(0, length, n_along), np.linspace(0, 2 * np.pi, n_around, False), indexing="ij"
    )
    index = np.arange(along.size).reshape(along.shape)
    beside = np.roll(index, -1, axis=1)
    corners = [index[:-1], index[1:], beside[1:], beside[:-1]]
    a, b, c, d = (corner.ravel() for corner in corners)
    points = np.stack([along, radius * np.cos(angle), radius * np.sin(angle)], axis=-1)
    faces = np.concatenate([np.stack([a, b, c], axis=1), np.stack([a, c, d], axis=1)])
    return points.reshape(-1, 3), faces


def clothed(seed: int) -> Model:
    """A body, a sleeve of another mesh over a part of it, and cards of fur that stand on both.

    The sleeve has the weights of the nearest vertices of the body, a card that of its root.
    """
    random = np.random.default_rng(seed)
    joints = np.array([[0, 0, 0], [0.3, 0, 0], [0.6, 0, 0], [0.9, 0, 0]])
    parts = [tube(51, 20, 1, 0.1)]
    bumps = np.exp(-0.5 * np.square((parts[0][0][:, :1] - joints[:, 0]) / 0.07))
    weights = [np.where(bumps < 1e-3 * bumps.sum(axis=1, keepdims=True), 0, bumps)]
    start, gap = random.uniform(0.1, 0.6), random.uniform(0.002, 0.02)
    points, faces = tube(14, 13, 0.35, 0.1 + gap)
    parts.append((points + np.array([start, 0, 0]), faces))
    away = np.linalg.norm(parts[1][0][:, None] - parts[0][0], axis=2)
    weights.append(weights[0][away.argmin(axis=1)])
    card, faces = sheet(4, 2, 0.04, 0.01)
    for _ in range(30):
        part = random.integers(2)
        root = random.integers(len(parts[part][0]))
        out = parts[part][0][root] * [0, 1, 1] / np.linalg.norm(parts[part][0][root] * [0, 1, 1])
        frame = np.stack([0.9 * np.array([1, 0, 0]) + 0.4 * out, np.cross(out, [1, 0, 0]), out])
        parts.append((parts[part][0][root] + 0.002 * out + card @ frame, faces))
        weights.append(np.repeat(weights[part][root : root + 1], len(card), axis=0))
    starts = np.cumsum([0, *(len(points) for points, _ in parts)])
    return rig_of(
        np.concatenate([points for points, _ in parts]),
        np.concatenate([faces + at for (_, faces), at in zip(parts, starts, strict=False)]),
        np.concatenate(weights),
        joints,
        [-1, 0, 1, 2],
    )


def in_single_triangles(model: Model, noise: float) -> Model:
    """Every triangle with corners of its own, which lie up to ``noise`` meters off."""
    corners = model.f.astype(int).ravel()
    shift = np.random.default_rng(0).uniform(-1, 1, (len(corners), 3)) / np.sqrt(3)
    parents = [int(p) if p < model.n_joints else -1 for p in model.kintree_table[0]]
    return rig_of(
        model.v_template[corners] + noise * shift,
        np.arange(len(corners)).reshape(-1, 3),
        model.weights[corners],
        model.J_regressor @ model.v_template,
        parents,
    )

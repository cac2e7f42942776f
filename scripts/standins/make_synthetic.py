"""Make a synthetic model of any size in SMPL's schema, to see how time and memory grow with it.

    python -m scripts.standins.make_synthetic FILE.npz -V 20000 -J 55 -B 10 [--dtype float32]

Six limbs, tubes of rings around chains of joints that begin at the root. Each vertex has two real
weights along its limb and two spurious ones under 1e-2 anywhere; each joint is regressed from up to
150 vertices around it; every corrective touches every vertex. All noise is seeded.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

N_LIMBS = 6
RING = 20  # vertices around a limb
LENGTH, RADIUS = 0.8, 0.06  # meters
N_REGRESSED = 150
SPURIOUS = 1e-4, 9e-3
BULGE, FLOOR = 0.01, 1e-5  # meters per feature: where a corrective belongs, and everywhere else


def synthetic(
    n_vertices: int, n_joints: int, n_directions: int, dtype: str = "float64"
) -> dict[str, np.ndarray]:
    """The arrays of a model; V is rounded down to whole rings on every limb."""
    random = np.random.default_rng(0)
    n_rings = n_vertices // (N_LIMBS * RING)
    limb, ring, around = (
        axis.ravel()
        for axis in np.meshgrid(range(N_LIMBS), range(n_rings), range(RING), indexing="ij")
    )
    n_vertices = limb.size
    along = ring / max(n_rings - 1, 1)  # 0 at the root, 1 at the limb's end
    directions = limb_directions()
    angle = 2 * np.pi * around / RING
    out = np.array([frame(direction) for direction in directions])[limb]  # (V, 2, 3)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    axis = directions[limb] * (0.1 + LENGTH * along)[:, None]
    v_template = axis + RADIUS * np.einsum("vk,vkc->vc", circle, out)

    parents, joint_limb, joint_along = tree(n_joints)
    places = directions[joint_limb] * (0.1 + LENGTH * joint_along)[:, None]
    places[0] = 0.0
    first, second, share = neighbors(limb, along, joint_limb, joint_along)
    rows = np.arange(n_vertices)
    weights = np.zeros((n_vertices, n_joints), dtype=dtype)
    stray = random.integers(n_joints, size=(n_vertices, 2))
    weights[rows[:, None], stray] = random.uniform(*SPURIOUS, size=stray.shape)
    weights[rows, first] = share
    weights[rows, second] += 1 - share
    weights /= weights.sum(axis=1, keepdims=True)

    regressor = np.zeros((n_joints, n_vertices), dtype=dtype)
    for joint in range(n_joints):
        distance = np.linalg.norm(v_template - places[joint], axis=1)
        near = np.argpartition(distance, min(N_REGRESSED, n_vertices - 1))[:N_REGRESSED]
        row = random.random(near.size)
        regressor[joint, near] = row / row.sum()

    posedirs = np.empty((n_vertices, 3, n_joints - 1, 9), dtype=dtype)
    for start in range(0, n_vertices, 4096):
        part = slice(start, start + 4096)
        size = np.where(weights[part, 1:] > 1e-2, BULGE, FLOOR)[:, None, :, None]
        posedirs[part] = size * random.standard_normal(posedirs[part].shape, dtype=np.float32)
    shapes = 0.01 * random.standard_normal((n_vertices, 3, n_directions), dtype=np.float32)
    return {
        "v_template": v_template.astype(dtype),
        "f": faces(n_rings),
        "weights": weights,
        "J_regressor": regressor,
        "kintree_table": np.stack([parents, np.arange(n_joints)]).astype(np.int64),
        "shapedirs": shapes.astype(dtype),
        "posedirs": posedirs.reshape(n_vertices, 3, -1),
    }


def limb_directions() -> np.ndarray:
    """(6, 3) unit vectors: along both ways of each axis."""
    return np.concatenate([np.eye(3), -np.eye(3)])


def frame(direction: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two unit vectors across a limb."""
    other = np.roll(direction, 1)
    return other, np.cross(direction, other)


def tree(n_joints: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(J,) parents, limbs and places along them (0 to 1); joint 0 is the root of all limbs."""
    index = np.arange(n_joints) - 1
    limb, depth = index % N_LIMBS, index // N_LIMBS
    parents = np.where(depth < 1, 0, np.arange(n_joints) - N_LIMBS)
    parents[0], limb[0], depth[0] = -1, 0, 0
    return parents, limb, depth / max(depth.max() + 1, 1)


def neighbors(
    limb: np.ndarray, along: np.ndarray, joint_limb: np.ndarray, joint_along: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(V,) the joint below a vertex on its limb, the next one, and the first one's weight."""
    first, second, share = (np.zeros(limb.size, dtype=kind) for kind in (int, int, float))
    for number in range(N_LIMBS):
        joints = np.flatnonzero((joint_limb == number) & (np.arange(joint_limb.size) > 0))
        mine = limb == number
        if not joints.size:
            share[mine] = 1.0
            continue
        places = joint_along[joints]
        at = np.clip(np.searchsorted(places, along[mine], side="right") - 1, 0, None)
        beyond = np.minimum(at + 1, joints.size - 1)
        gap = np.maximum(places[beyond] - places[at], 1e-9)
        first[mine], second[mine] = joints[at], joints[beyond]
        share[mine] = np.where(
            at == beyond, 1.0, 1 - np.clip((along[mine] - places[at]) / gap, 0, 1)
        )
    return first, second, share


def faces(n_rings: int) -> np.ndarray:
    """(F, 3) two triangles for each square between two rings of a limb."""
    limb, ring, around = (
        axis.ravel()
        for axis in np.meshgrid(range(N_LIMBS), range(n_rings - 1), range(RING), indexing="ij")
    )
    start, beside = (limb * n_rings + ring) * RING, (around + 1) % RING
    a, b, c, d = start + around, start + beside, start + RING + around, start + RING + beside
    return np.concatenate([np.stack([a, b, c], axis=1), np.stack([b, d, c], axis=1)]).astype(
        np.uint32
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("target", type=Path)
    parser.add_argument("-V", "--vertices", type=int, default=7000)
    parser.add_argument("-J", "--joints", type=int, default=24)
    parser.add_argument("-B", "--directions", type=int, default=10)
    parser.add_argument("--dtype", choices=["float64", "float32"], default="float64")
    chosen = parser.parse_args()
    arrays = synthetic(chosen.vertices, chosen.joints, chosen.directions, chosen.dtype)
    np.savez(chosen.target, **arrays)
    print(f"{chosen.target}: {chosen.target.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()

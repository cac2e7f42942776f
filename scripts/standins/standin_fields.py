"""The arrays of a stand-in SMPL-H model, with the faults that the findings describe.

V vertices, J joints, P = 9(J-1) pose features. Meters and radians. Every function is a pure
function of its arguments and of the generator it is given.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
from scipy.optimize import nnls
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree
from scipy.special import ndtr

SPURIOUS_RANGE = (3e-5, 9e-3)  # weights; the findings' tolerance is 1e-2
MIN_TREE_DISTANCE = 4  # edges between a spurious joint and each genuine one of the vertex
FLOOR_RMS = 3e-5  # meters per unit of a pose feature, everywhere
BULGE_PER_SIZE = 0.05  # genuine corrective per pose feature, relative to the joint's size

DETOUR = 1.02  # how much longer the way through a vertex may be that lies on the way

# Genuine weights of the landmarks that have more than one joint after pruning.
LANDMARK_SHARES = {
    "LBigToe": {"leftToeBase": 0.92, "leftFoot": 0.08},
    "LSmallToe": {"leftToeBase": 0.55, "leftFoot": 0.45},
    "LHeel": {"leftFoot": 0.9, "leftLeg": 0.06, "leftToeBase": 0.04},
}


def tree_tables(parents: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Edges between joints, and along ancestors alone (J where neither is the other's), (J, J)."""
    n = len(parents)
    depth_up = np.full((n, n), n)  # [joint, ancestor]
    for joint in range(n):
        ancestor, steps = joint, 0
        while ancestor >= 0:
            depth_up[joint, ancestor] = steps
            ancestor, steps = int(parents[ancestor]), steps + 1
    apart = (depth_up[:, None] + depth_up[None]).min(axis=2)
    return apart, np.minimum(depth_up, depth_up.T)


def joint_index(name: str, joint_names: Sequence[str]) -> int:
    """Index of a joint by the findings' name; ``lthumb2`` is the third joint of the left thumb."""
    if name[0] in "lr" and name[-1].isdigit() and name not in joint_names:
        side = "left" if name[0] == "l" else "right"
        name = f"{side}Hand{name[1:-1].title()}{int(name[-1]) + 1}"
    return list(joint_names).index(name)


def true_weights(
    rig_weights: np.ndarray,
    verts: np.ndarray,
    faces: np.ndarray,
    joint_names: Sequence[str],
    findings: Mapping[str, dict],
) -> np.ndarray:
    """The rig's weights (V, J), with the landmark rows on the findings' joints after pruning.

    A landmark's weight does not stand alone: where its joint ends elsewhere, the vertices on the
    way there carry the same share, as the joint's support in a real model is one region.
    """
    weights = rig_weights.astype(np.float64)
    weights /= weights.sum(axis=1, keepdims=True)
    for landmark, shares in LANDMARK_SHARES.items():
        for side, name in itertools.product(("left", "right"), shares):
            vertex = findings["landmark_vertex_ids"][side[0].upper() + landmark[1:]]
            joint = joint_index(name.replace("left", side), joint_names)
            way = _on_the_way(verts, faces, vertex, rig_weights[:, joint] > 0)
            share = shares[name]
            weights[way] *= 1 - share
            weights[way, joint] += share
    for landmark, vertex in findings["landmark_vertex_ids"].items():
        names = findings["landmark_weight_support_after"][landmark]
        shares = LANDMARK_SHARES.get("L" + landmark[1:], {})
        weights[vertex] = 0
        for name in names:
            share = shares.get(name.replace("right", "left"), 1.0)
            weights[vertex, joint_index(name, joint_names)] = share
    return weights


def _on_the_way(
    verts: np.ndarray, faces: np.ndarray, vertex: int, region: np.ndarray
) -> np.ndarray:
    """Vertices on or near the shortest way from a vertex over the mesh to a region (V,)."""
    edges = np.unique(np.sort(faces[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1), axis=0)
    lengths = np.linalg.norm(verts[edges[:, 0]] - verts[edges[:, 1]], axis=1)
    graph = csr_array((lengths, (edges[:, 0], edges[:, 1])), shape=(len(verts),) * 2)
    there = dijkstra(graph, directed=False, indices=np.flatnonzero(region), min_only=True)
    here = dijkstra(graph, directed=False, indices=vertex)
    return np.flatnonzero((here + there <= DETOUR * there[vertex]) & ~region)


def contaminate_weights(
    weights: np.ndarray,
    verts: np.ndarray,
    parents: np.ndarray,
    joint_names: Sequence[str],
    findings: Mapping[str, dict],
    rng: np.random.Generator,
    sizes: tuple[float, float] = SPURIOUS_RANGE,
) -> tuple[np.ndarray, np.ndarray]:
    """Fill every row up to four weights with ones of these sizes on unrelated joints.

    Returns:
        weights: (V, J), rows sum to 1, exactly four non-zeros each.
        spurious: (V, J) bool, the entries that do not belong.
    """
    genuine = weights > 0
    far = tree_tables(parents)[0] >= MIN_TREE_DISTANCE
    # Neighbors share their faults, as in the real model: else the surface would turn to gravel.
    shares = ndtr(_smooth_fields(verts, 2 * len(parents), rng))
    # A joint is a candidate where it is far from every genuine joint of the row.
    candidate = (genuine.astype(float) @ ~far) == 0
    lot = np.where(candidate, shares[:, : len(parents)], -1)
    for landmark, names in findings["landmark_weight_support_before"].items():
        vertex = findings["landmark_vertex_ids"][landmark]
        lot[vertex, [joint_index(name, joint_names) for name in names]] = 2
        lot[vertex, genuine[vertex]] = -1
    rank = (-lot).argsort(axis=1, kind="stable").argsort(axis=1, kind="stable")
    spurious = rank < 4 - genuine.sum(axis=1, keepdims=True)
    low, high = np.log(sizes)
    added = np.where(spurious, np.exp(low + (high - low) * shares[:, len(parents) :]), 0)
    return weights * (1 - added.sum(axis=1, keepdims=True)) + added, spurious


def _smooth_fields(verts: np.ndarray, n_fields: int, rng: np.random.Generator) -> np.ndarray:
    """Fields (V, n) over the body, about normal with variance 1, that change over some 15 cm."""
    n_waves = 64
    phases = verts @ rng.normal(scale=7.0, size=(3, n_waves)) + rng.uniform(0, 2 * np.pi, n_waves)
    return np.sin(phases) @ rng.normal(scale=np.sqrt(2 / n_waves), size=(n_waves, n_fields))


def joint_sizes(joints: np.ndarray, parents: np.ndarray) -> np.ndarray:
    """Radius (J,) in meters of the body around each joint: part of its shortest bone."""
    length = np.linalg.norm(joints - joints[parents], axis=1)
    length[parents < 0] = np.inf
    shortest = length.copy()
    np.minimum.at(shortest, parents[1:], length[1:])
    return np.clip(0.6 * shortest, 0.012, 0.09)


def regressor(
    verts: np.ndarray,
    joints: np.ndarray,
    weights: np.ndarray,
    counts: Sequence[int],
    rng: np.random.Generator,
) -> np.ndarray:
    """Joint regressor (J, V): row j is a convex combination of exactly ``counts[j]`` vertices.

    Small rows take vertices close around the joint, hand rows a cloud over hand and forearm, as in
    the real model. Each row is part an even spread over its vertices and part the non-negative
    least squares solution that brings the sum to the joint.

    Args:
        verts: (V, 3). joints: (J, 3). weights: (V, J), genuine.
    """
    rows = np.zeros((len(joints), len(verts)))
    tree = cKDTree(verts)
    for j, (joint, count) in enumerate(zip(joints, counts, strict=True)):
        if count > 90:
            chosen = _cloud(verts, joint, _hand_region(weights, j), count, rng)
        else:
            chosen = _surrounding(verts, joint, tree, count)
        rows[j, chosen] = _convex_row(verts[chosen], joint)
    return rows


def _hand_region(weights: np.ndarray, joint: int) -> np.ndarray:
    """Vertices skinned mostly to the hand of this finger joint, its fingers or its forearm."""
    left = joint < 37
    owners = [18, 20, *range(22, 37)] if left else [19, 21, *range(37, 52)]
    return np.flatnonzero(np.isin(weights.argmax(axis=1), owners))


def _cloud(
    verts: np.ndarray, joint: np.ndarray, region: np.ndarray, count: int, rng: np.random.Generator
) -> np.ndarray:
    """``count`` vertices of the region, the nearer the likelier; the nearest 20 always."""
    distance = np.linalg.norm(verts[region] - joint, axis=1)
    lot = distance / 0.05 + rng.gumbel(size=len(region))
    lot[distance.argsort(kind="stable")[:20]] = -np.inf
    return region[lot.argsort(kind="stable")[:count]]


def _surrounding(verts: np.ndarray, joint: np.ndarray, tree: cKDTree, count: int) -> np.ndarray:
    """``count`` vertices near the joint whose convex hull holds it, or nearly if they are three."""
    n_near, error = max(20, 3 * count), np.inf
    while error > 1e-4:  # the nearest may all lie on one side, as a spine joint's do
        n_near = 2 * n_near
        pool = np.sort(tree.query(joint, k=n_near)[1])
        solution, error = nnls(_equations(verts[pool]), np.append(joint, 1.0))
    chosen = list(pool[solution.argsort(kind="stable")[::-1][: min(count, 4)]])
    arms = verts[pool] - joint
    arms /= np.linalg.norm(arms, axis=1, keepdims=True)
    while len(chosen) < count:  # the next one looks away from all so far
        seen = arms[np.searchsorted(pool, chosen)]
        closeness = (arms @ seen.T).max(axis=1)
        closeness[np.searchsorted(pool, chosen)] = np.inf
        chosen.append(pool[closeness.argmin()])
    return np.array(chosen)


def _equations(points: np.ndarray) -> np.ndarray:
    return np.concatenate([points.T, np.ones((1, len(points)))])


def _convex_row(points: np.ndarray, joint: np.ndarray) -> np.ndarray:
    """Positive weights (n,) with sum 1 that bring ``points`` (n, 3) as near the joint as can be."""
    distance = np.linalg.norm(points - joint, axis=1)
    spread = np.exp(-distance / distance.mean())
    spread /= spread.sum()
    best, best_error = spread, np.inf
    for share in (0.6, 0.3, 0.1, 0.03):
        aim = (joint - share * (spread @ points)) / (1 - share)
        corner = nnls(_equations(points), np.append(aim, 1.0))[0]
        row = share * spread + (1 - share) * corner / corner.sum()
        error = float(np.linalg.norm(row @ points - joint))
        if error < best_error - 1e-6:
            best, best_error = row, error
    return best / best.sum()


def correctives(
    verts: np.ndarray,
    normals: np.ndarray,
    joints: np.ndarray,
    parents: np.ndarray,
    weights: np.ndarray,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Genuine pose correctives: smooth bulges around each joint.

    A feature is an entry of R - 1 and reaches 1 at 90 degrees, where three to four of them act; so
    a bulge is millimeters at a finger and about a centimeter at a hip.

    Returns:
        posedirs: (V, 3, P). mask: (V, J-1) bool, where joint j+1 has a genuine corrective: on
        vertices skinned to it, to its parent or to a child.
    """
    related = tree_tables(parents)[1] <= 1
    size = joint_sizes(joints, parents)
    arms = (verts[:, None] - joints[None]) / size[:, None]
    envelope = np.exp(-0.5 * (arms**2).sum(axis=2))
    mask = ((weights > 0).astype(float) @ related > 0) & (envelope > 1e-2)
    field = bulges(np.where(mask, envelope, 0)[:, 1:], normals, size[1:], rng)
    return field, mask[:, 1:]


def bulges(
    envelope: np.ndarray, normals: np.ndarray, size: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Pose correctives (V, 3, P) mostly along the normals, of joints of this size, for envelopes
    (V, J-1) that are 1 where a joint's bulge is full."""
    amplitude = BULGE_PER_SIZE * size[:, None]
    along_normal = rng.normal(size=(len(size), 9)) * amplitude
    sideways = rng.normal(size=(len(size), 9, 3)) * amplitude[..., None] * 0.4
    field = np.einsum("vc,jf->vcjf", normals, along_normal) + np.moveaxis(sideways, 2, 0)
    field *= envelope[:, None, :, None]
    return field.reshape(len(normals), 3, -1)


def dense_floor(verts: np.ndarray, n_features: int, rng: np.random.Generator) -> np.ndarray:
    """Spurious correctives (V, 3, P) everywhere, none of them zero: a smooth field and noise."""
    smooth = _smooth_fields(verts, 3 * n_features, rng)
    noise = rng.standard_normal((len(verts), 3 * n_features), dtype=np.float32)
    floor = FLOOR_RMS * (0.95 * smooth + 0.3 * noise)
    floor[floor == 0] = FLOOR_RMS
    return floor.reshape(len(verts), 3, n_features)


def hands(rng: np.random.Generator, n_poses: int = 1554) -> dict[str, np.ndarray]:
    """The eight ``hands_*`` arrays: a half-curled mean, orthonormal components, coefficients.

    Left fingers point to +x with the palm down, so they curl about -z; the right hand mirrors it.
    """
    mean = np.zeros((5, 3, 3))  # finger (thumb last), joint, axis
    mean[:4, :, 2] = [-0.25, -0.45, -0.3]
    mean[2, :, 2] *= 1.3
    mean[4] = [[0.3, 0.2, -0.1], [0, 0.25, 0], [0, 0.3, 0]]
    basis = rng.normal(size=(45, 45))
    basis[0] = (mean / np.linalg.norm(mean)).ravel()  # the first component opens and closes
    components = np.linalg.qr(basis.T)[0].T
    components[0] *= np.sign(components[0] @ basis[0])
    mirror = np.tile([1.0, -1.0, -1.0], 15)
    deviations = 1.2 * 0.85 ** np.arange(45)
    return {
        "hands_meanl": mean.ravel(),
        "hands_meanr": mean.ravel() * mirror,
        "hands_componentsl": components,
        "hands_componentsr": components * mirror,
        "hands_coeffsl": rng.normal(size=(n_poses, 45)) * deviations,
        "hands_coeffsr": rng.normal(size=(n_poses, 45)) * deviations,
    }

"""Pose correctives whose genuine part is known, in several regimes, for ``study_correctives.py``.

V vertices, J joints, P = 9(J-1) pose features. A joint's place on the skin is its ring: the
vertices that hang on it and on its parent about alike. Distances from it go along the mesh, so a
finger's bulge does not reach the next finger through the air.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import dijkstra

from scripts.standins import standin_fields as fields
from scripts.standins.make_standin import vertex_normals

COMPACT_RADIUS, LONG_RADIUS = 1.5, 1.0  # in sizes of the joint, see ``joint_sizes``
REACHING = 0.3  # of a joint's own bulge, around its parent's ring and its grandparent's
STRAY = 0.5  # of a genuine bulge
TREE_NEAR, TREE_FAR = (2, 3), (4, 99)  # edges between a joint and where its stray bulge lies


@dataclass(frozen=True)
class Body:
    """What the regimes need of the stand-in: its arrays, true weights, edges and rings.

    edges: (E, 2), each once. apart: (V, J) meters along the mesh from each joint's ring, infinite
    for the root.
    """

    verts: np.ndarray
    normals: np.ndarray
    weights: np.ndarray
    joints: np.ndarray
    parents: np.ndarray
    sizes: np.ndarray
    edges: np.ndarray
    apart: np.ndarray


# The genuine field (V, 3, P), and after it the spurious bulges, if there are any.
Fields = tuple[np.ndarray, ...]
Regime = Callable[[Body, np.random.Generator], Fields]


def body_of(model: dict[str, np.ndarray], truth: dict[str, np.ndarray]) -> Body:
    """The body of a stand-in as ``make_standin`` returns it."""
    verts, faces = model["v_template"], model["f"].astype(np.int64)
    parents = model["kintree_table"][0].astype(np.int32).astype(np.int64)
    edges = mesh_edges(faces)
    length = np.linalg.norm(verts[edges[:, 0]] - verts[edges[:, 1]], axis=1)
    graph = sparse.csr_matrix((length, edges.T), shape=(len(verts), len(verts)))
    apart = np.full(truth["weights"].shape, np.inf)
    for joint in np.flatnonzero(parents >= 0):
        shared = np.minimum(truth["weights"][:, joint], truth["weights"][:, parents[joint]])
        ring = np.flatnonzero(shared >= 0.5 * shared.max())
        apart[:, joint] = dijkstra(graph, directed=False, indices=ring, min_only=True)
    return Body(
        verts=verts,
        normals=vertex_normals(verts, faces),
        weights=truth["weights"],
        joints=truth["joints"],
        parents=parents,
        sizes=fields.joint_sizes(truth["joints"], parents),
        edges=edges,
        apart=apart,
    )


def mesh_edges(faces: np.ndarray) -> np.ndarray:
    """(E, 2) the edges of triangles (F, 3), each once."""
    pairs = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    return np.unique(pairs, axis=0)


def compact(body: Body) -> np.ndarray:
    """(V, J-1) envelopes that end: (1 - r^2)^2 within 1.5 sizes of the ring."""
    r = body.apart[:, 1:] / (COMPACT_RADIUS * body.sizes[1:])
    return np.square(np.clip(1 - np.square(r), 0, None))


def long_tailed(body: Body) -> np.ndarray:
    """(V, J-1) envelopes that never quite end: exp(-r), r in sizes of the joint."""
    return np.exp(-body.apart[:, 1:] / (LONG_RADIUS * body.sizes[1:]))


def reaching(body: Body) -> np.ndarray:
    """Compact envelopes over weaker, wider ones that go as far as the parent's ring and around it.

    A shoulder's corrective lies on the chest too, a hip's on the belly.
    """
    bone = np.linalg.norm(body.joints - body.joints[body.parents], axis=1)[1:]
    r = body.apart[:, 1:] / (bone + body.sizes[body.parents[1:]])
    return np.maximum(compact(body), REACHING * np.square(np.clip(1 - np.square(r), 0, None)))


def apart_too(body: Body) -> np.ndarray:
    """Compact envelopes, and weaker ones apart from them, on the rings of parent and grandparent.

    A muscle bulges at its far end as well.
    """
    own = compact(body)
    around = np.hstack([np.zeros((len(own), 1)), own])
    parent = np.where(body.parents >= 0, body.parents, 0)
    lobes = np.maximum(around[:, parent[1:]], around[:, parent[parent[1:]]])
    return np.maximum(own, REACHING * lobes)


def stray(body: Body, rng: np.random.Generator, edges_away: tuple[int, int]) -> np.ndarray:
    """(V, J-1) envelopes around another joint's ring, so many edges of the tree away."""
    apart = fields.tree_tables(body.parents)[0][1:, 1:]
    low, high = edges_away
    hosts = [rng.choice(np.flatnonzero((low <= row) & (row <= high))) for row in apart]
    return STRAY * compact(body)[:, hosts]


def as_findings(body: Body, rng: np.random.Generator) -> Fields:
    genuine, _ = fields.correctives(
        body.verts, body.normals, body.joints, body.parents, body.weights, rng
    )
    return (genuine.astype(np.float32),)


def local_bulges(body: Body, rng: np.random.Generator) -> Fields:
    return (bulges(body, compact(body), rng),)


def long_tails(body: Body, rng: np.random.Generator) -> Fields:
    return (bulges(body, long_tailed(body), rng),)


def reach_across(body: Body, rng: np.random.Generator) -> Fields:
    return (bulges(body, reaching(body), rng),)


def lobes_apart(body: Body, rng: np.random.Generator) -> Fields:
    return (bulges(body, apart_too(body), rng),)


def far_bulges(body: Body, rng: np.random.Generator) -> Fields:
    genuine = bulges(body, compact(body), rng)
    return genuine, bulges(body, stray(body, rng, TREE_FAR), rng)


def near_bulges(body: Body, rng: np.random.Generator) -> Fields:
    genuine = bulges(body, compact(body), rng)
    return genuine, bulges(body, stray(body, rng, TREE_NEAR), rng)


def bulges(body: Body, envelope: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(V, 3, P) in single precision, in which stock smplx poses them."""
    return fields.bulges(envelope, body.normals, body.sizes[1:], rng).astype(np.float32)


def floor(body: Body, rng: np.random.Generator) -> np.ndarray:
    """(V, 3, P) what lies everywhere, in every regime."""
    return fields.dense_floor(body.verts, 9 * (len(body.joints) - 1), rng).astype(np.float32)


REGIMES: dict[str, Regime] = {
    "as in the findings": as_findings,
    "local bulges": local_bulges,
    "long tails": long_tails,
    "reach across": reach_across,
    "lobes apart": lobes_apart,
    "far bulges": far_bulges,
    "near bulges": near_bulges,
}

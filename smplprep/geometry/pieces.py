"""Which part of the body a loose piece of the mesh follows: eyes, teeth, hair, clothes.

A smaller piece follows the larger ones around it. Of the 64 largest pieces each has the larger ones
to follow, every other piece has those 64.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .mesh import Mesh

# A vertex follows what lies within this many times the way to the nearest, and half an edge more.
GAP = 1.5
EDGE_SHARE = 0.5
N_NEAREST = 16
N_HOSTS = 64


def followed(mesh: Mesh) -> NDArray[np.intp]:
    """(S, 2) pairs of a vertex and one of a larger piece that it follows.

    Where two pieces lie closer together than EDGE_SHARE of an edge, as at a seam too wide to be
    taken for one, each follows the other.
    """
    from scipy.spatial import cKDTree

    sizes = np.bincount(mesh.piece)
    by_size = np.lexsort((np.arange(len(sizes)), -sizes))
    rank = np.empty(len(sizes), dtype=np.intp)
    rank[by_size] = np.arange(len(sizes))
    rank_of = np.minimum(rank[mesh.piece], N_HOSTS)
    edge = mean_edges(mesh)
    found = [np.zeros((0, 2), dtype=np.intp)]
    for place in range(1, int(rank_of.max()) + 1):
        guests, hosts = np.flatnonzero(rank_of == place), np.flatnonzero(rank_of < place)
        away, nearest = cKDTree(mesh.points[hosts]).query(
            mesh.points[guests], k=np.arange(1, min(N_NEAREST, len(hosts)) + 1)
        )
        share = EDGE_SHARE * edge[hosts[nearest[:, 0]]][:, None]
        row, column = np.nonzero(away <= GAP * away[:, :1] + share)
        pairs = np.stack([guests[row], hosts[nearest[row, column]]], axis=1)
        adjoining = away[row, column] <= share[row, 0]
        found += [pairs, pairs[adjoining][:, ::-1]]
    return np.concatenate(found)


def mean_edges(mesh: Mesh) -> NDArray[np.float64]:
    """(V,) mean length of the links at each vertex; 0 where there are none."""
    n_vertices, ends = len(mesh.points), mesh.links.ravel()
    total = np.bincount(ends, np.repeat(mesh.lengths, 2), minlength=n_vertices)
    return total / np.maximum(np.bincount(ends, minlength=n_vertices), 1)

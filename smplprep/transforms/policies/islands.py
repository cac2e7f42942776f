"""A joint moves one region of the mesh: weights of it anywhere else are spurious, however large."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...geometry.mesh import graph_of, links_of
from ...records.model import Model


def islands(model: Model) -> dict[str, NDArray[np.bool_]]:
    """Keep of each joint's support the connected region with most of its mass.

    The support is the set of vertices with a weight of the joint above zero. Two of them are
    connected when the mesh, stitched as ``links_of`` says, links them through vertices of the
    support. Ties go to the region with the lowest vertex.

    Args:
        model: ``weights`` (V, J), ``f`` and ``v_template``.
    """
    return {"islands": off_main(model.weights, links_of(model.v_template, model.f))}


def off_main(weights: NDArray, links: NDArray[np.intp]) -> NDArray[np.bool_]:
    """(V, J); the entries outside the heaviest region of their joint."""
    from scipy.sparse.csgraph import connected_components

    # Joints by vertices, so that a region's lowest entry is its lowest vertex.
    weights = weights.T
    support = weights > 0
    # One graph for all joints at once: its nodes are the entries.
    entry = np.cumsum(support).reshape(support.shape) - 1
    joint, link = np.nonzero(support[:, links[:, 0]] & support[:, links[:, 1]])
    pairs = np.stack([entry[joint, end] for end in links[link].T], axis=1)
    n_regions, region = connected_components(
        graph_of(pairs, int(np.count_nonzero(support))), directed=False
    )
    mass = np.bincount(region, weights[support], minlength=n_regions)
    owner = np.empty(n_regions, dtype=np.intp)
    owner[region] = np.nonzero(support)[0]
    # scipy numbers regions by their lowest entry: of equal ones the first is the lowest.
    by_mass = np.lexsort((np.arange(n_regions), -mass, owner))
    _, first = np.unique(owner[by_mass], return_index=True)
    stays = np.zeros(n_regions, dtype=bool)
    stays[by_mass[first]] = True
    off = np.zeros(support.shape, dtype=bool)
    off[support] = ~stays[region]
    return off.T

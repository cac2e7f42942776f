"""Give vertices without any skinning weight those of the nearest weighted vertex over the mesh.

Rigs that were painted by hand have such vertices; stock smplx puts them at the origin.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..geometry.mesh import mesh_of
from ..records.change import Change
from ..records.model import Model


def fill_unweighted(model: Model) -> tuple[Model, Change]:
    """Copy to each all-zero row of ``weights`` the row of the nearest vertex that has weights.

    Args:
        model: ``weights`` (V, J), with at least one row that is not all zero.

    Returns:
        The new model, all other rows bit-equal, and its Change, which lists the vertices and where
        their rows came from. Near is by the length of edges, and in a piece of the mesh without
        any weight by the straight way. Between equally near vertices the choice is always the same.
    """
    weighted = np.asarray(model.weights.any(axis=1))
    sources = nearest_over_mesh(model, weighted) if not weighted.all() else np.arange(len(weighted))
    filled = np.flatnonzero(~weighted)
    weights = model.weights[sources]
    change = Change(
        transform="fill_unweighted",
        field="weights",
        options={},
        entries_before=int(np.count_nonzero(model.weights)),
        entries_after=int(np.count_nonzero(weights)),
        rows_touched=len(filled),
        figures={"filled_rows": [{"vertex": int(v), "from": int(sources[v])} for v in filled]},
    )
    return (model if change.nothing_to_do else model.with_arrays(weights=weights)), change


def nearest_over_mesh(model: Model, chosen: NDArray[np.bool_]) -> NDArray[np.intp]:
    """(V,) the chosen vertex that is nearest to each vertex; to a chosen one, itself."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import dijkstra
    from scipy.spatial import cKDTree

    mesh, sources = mesh_of(model.v_template, model.f, model.weights), np.flatnonzero(chosen)
    # A way of no length would be no link.
    lengths = np.tile(np.maximum(mesh.lengths, np.finfo(float).tiny), 2)
    here, there = np.concatenate([mesh.links, mesh.links[:, ::-1]]).T
    graph = coo_array((lengths, (here, there)), shape=(len(chosen), len(chosen))).tocsr()
    way, _, nearest = dijkstra(graph, indices=sources, min_only=True, return_predecessors=True)
    apart = np.isinf(way)
    if apart.any():
        _, closest = cKDTree(mesh.points[sources]).query(mesh.points[apart])
        nearest[apart] = sources[closest]
    return np.where(chosen, np.arange(len(chosen)), nearest).astype(np.intp)

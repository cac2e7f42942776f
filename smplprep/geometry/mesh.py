"""The mesh as a graph: which vertices are neighbors, also where it comes in several pieces."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def links_of(v_template: NDArray, faces: NDArray) -> NDArray[np.intp]:
    """(E, 2) pairs of neighboring vertices, which connect every vertex with every other.

    Neighbors are the ends of an edge; at a seam, vertices at the very same place. What is still in
    several pieces (eyes, teeth, clothes) is stitched to the largest piece: each vertex of another
    piece to the nearest vertex there, if it lies no farther than the mesh's median edge, and where
    a piece has no such vertex, the one that comes nearest.

    Args:
        v_template: (V, 3) meters. faces: (F, 3) indices.
    """
    from scipy.sparse.csgraph import connected_components

    edges = edges_of(faces, len(v_template))
    links = np.concatenate([edges, seams(v_template)])
    n_pieces, piece = connected_components(graph_of(links, len(v_template)), directed=False)
    if n_pieces == 1:
        return links
    lengths = np.linalg.norm(v_template[edges[:, 0]] - v_template[edges[:, 1]], axis=1)
    near = float(np.median(lengths)) if len(lengths) else 0.0
    return np.concatenate([links, stitches(v_template, piece, near)])


def edges_of(faces: NDArray, n_vertices: int) -> NDArray[np.intp]:
    """(E, 2) each edge of the faces (F, 3) once, and none from a vertex to itself."""
    faces = faces.astype(np.intp)
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    low, high = edges.min(axis=1), edges.max(axis=1)
    codes = np.unique((low * n_vertices + high)[low != high])
    return np.stack([codes // n_vertices, codes % n_vertices], axis=1)


def seams(v_template: NDArray) -> NDArray[np.intp]:
    """(S, 2) pairs of vertices at the very same place."""
    order = np.lexsort(v_template.T)
    same = (v_template[order[1:]] == v_template[order[:-1]]).all(axis=1)
    return np.stack([order[:-1][same], order[1:][same]], axis=1)


def stitches(v_template: NDArray, piece: NDArray, near: float) -> NDArray[np.intp]:
    """(S, 2) links from each piece but the largest to the largest."""
    from scipy.spatial import cKDTree

    inside = piece == np.bincount(piece).argmax()
    body, others = np.flatnonzero(inside), np.flatnonzero(~inside)
    distance, nearest = cKDTree(v_template[body]).query(v_template[others])
    # Of each piece the vertex that comes nearest, then all that are near.
    order = np.lexsort((others, distance, piece[others]))
    _, first = np.unique(piece[others][order], return_index=True)
    chosen = distance <= near
    chosen[order[first]] = True
    return np.stack([others[chosen], body[nearest[chosen]]], axis=1)


def graph_of(links: NDArray[np.intp], n_nodes: int):  # type: ignore[no-untyped-def]  # scipy's
    """The links as a sparse matrix for ``scipy.sparse.csgraph``."""
    from scipy.sparse import coo_array

    ones = np.ones(len(links), dtype=np.int8)
    return coo_array((ones, (links[:, 0], links[:, 1])), shape=(n_nodes, n_nodes)).tocsr()


def vertex_normals(v_template: NDArray, faces: NDArray) -> NDArray[np.float64]:
    """(V, 3) unit normals: the sum of those of the faces around, weighted by their areas.

    Args:
        v_template: (V, 3). faces: (F, 3) indices, counterclockwise seen from outside.

    Returns:
        z for a vertex of no face, or of faces without area.
    """
    faces = faces.astype(np.intp)
    a, b, c = (v_template[faces[:, corner]].astype(np.float64) for corner in range(3))
    of_faces = np.repeat(np.cross(b - a, c - a), 3, axis=0)
    sums = [np.bincount(faces.reshape(-1), each, len(v_template)) for each in of_faces.T]
    normals = np.stack(sums, axis=1)
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    known = lengths > 0
    return np.where(known, normals / np.where(known, lengths, 1), [0.0, 0.0, 1.0])

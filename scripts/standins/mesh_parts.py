"""Parts of a mesh, and meshes with more vertices: the other families' stand-ins need both."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy import sparse


def part_of(faces: np.ndarray, inside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The faces (F, 3) whose corners are all ``inside`` (V,) bool, and the vertices they use."""
    faces = faces[inside[faces].all(axis=1)]
    vertices, renamed = np.unique(faces, return_inverse=True)
    return renamed.reshape(faces.shape), vertices


def grown(
    faces: np.ndarray, n_vertices: int, n_wanted: int
) -> tuple[np.ndarray, sparse.csr_matrix]:
    """Split edges in the middle until there are ``n_wanted`` vertices.

    Returns:
        The new faces, and the matrix (n_wanted, n_vertices) that makes any field over the old
        vertices one over the new: old vertices come first, as they were.
    """
    matrix = sparse.identity(n_vertices, format="csr")
    while matrix.shape[0] < n_wanted:
        faces, chosen = split(faces, matrix.shape[0], n_wanted - matrix.shape[0])
        rows = np.repeat(np.arange(len(chosen)), 2)
        halves = np.full(2 * len(chosen), 0.5)
        shape = (len(chosen), matrix.shape[0])
        middles = sparse.csr_matrix((halves, (rows, chosen.ravel())), shape=shape)
        matrix = sparse.vstack([matrix, middles @ matrix], format="csr")
    return faces, matrix


def split(faces: np.ndarray, n_vertices: int, n_most: int) -> tuple[np.ndarray, np.ndarray]:
    """Split up to ``n_most`` edges, no two of them of one face. Returns faces and edges (n, 2)."""
    around: dict[tuple[int, int], list[int]] = {}
    for index, face in enumerate(faces.tolist()):
        for a, b in zip(face, face[1:] + face[:1], strict=True):
            around.setdefault((min(a, b), max(a, b)), []).append(index)
    new, taken, chosen = [row.tolist() for row in faces], set(), []
    for edge, owners in around.items():
        if len(chosen) == n_most or taken.intersection(owners):
            continue
        taken.update(owners)
        middle = n_vertices + len(chosen)
        chosen.append(edge)
        for owner in owners:
            face = faces[owner].tolist()
            new[owner] = [middle if corner == edge[0] else corner for corner in face]
            new.append([middle if corner == edge[1] else corner for corner in face])
    return np.array(new), np.array(chosen)


def order_with(n_vertices: int, places: Mapping[int, int]) -> np.ndarray:
    """(V,) a permutation: entry i is the old index of new vertex i, and ``places`` (old -> new)."""
    order = np.full(n_vertices, -1)
    order[list(places.values())] = list(places.keys())
    order[order < 0] = np.setdiff1d(np.arange(n_vertices), list(places.keys()))
    return order

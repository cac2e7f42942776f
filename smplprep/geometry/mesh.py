"""The mesh as a graph: edges, closed seams, and the pieces that no edge connects."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from .skinning import blocks

# Of the shortest edge at a vertex: how far its twin on the other side of a seam may lie.
SEAM_SHARE = 0.1
# L1 distance of the weights of two such vertices; beyond it, they are two surfaces that touch.
SEAM_DISTANCE = 1.0
CROWD = 8  # points near a point; a body has one or two


@dataclass(frozen=True, eq=False)
class Mesh:
    """Vertices and which of them are neighbors.

    Attributes:
        points: (V, 3) meters.
        edges: (E, 2), each edge of the faces once.
        links: (L, 2) the edges, then the pairs of vertices that are one but for a seam.
    """

    points: NDArray[np.float64]
    edges: NDArray[np.intp]
    links: NDArray[np.intp]

    @cached_property
    def lengths(self) -> NDArray[np.float64]:
        """(L,) of each link, meters."""
        return distances(self.points[self.links[:, 0]], self.points[self.links[:, 1]])

    @cached_property
    def piece(self) -> NDArray[np.intp]:
        """(V,) the piece of each vertex: what links connect."""
        return connected(self.links, len(self.points))

    @cached_property
    def neighbors(self) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
        """Where each vertex's links begin (V + 1,), where they lead (2 L,), their lengths."""
        here, there = self.links.ravel(), self.links[:, ::-1].ravel()
        order = np.argsort(here, kind="stable")
        begins = np.searchsorted(here[order], np.arange(len(self.points) + 1))
        return begins, there[order], np.repeat(self.lengths, 2)[order]

    def ways(self, sources: NDArray[np.intp], limit: float) -> NDArray[np.float64]:
        """(V,) the way over the mesh from the nearest source; infinity beyond the limit.

        From the vertices that were reached on a shorter way than before to their neighbors, all at
        once, until there are none (Bellman and Ford).
        """
        begins, leads_to, lengths = self.neighbors
        way = np.full(len(self.points), np.inf)
        way[sources] = 0
        front = sources
        while len(front):
            count = begins[front + 1] - begins[front]
            link = runs(begins[front], count)
            there, through = leads_to[link], np.repeat(way[front], count) + lengths[link]
            shorter = (through < way[there]) & (through <= limit)
            np.minimum.at(way, there[shorter], through[shorter])
            front = distinct(there[shorter])
        return way


def connected(links: NDArray[np.integer], n_nodes: int) -> NDArray[np.intp]:
    """(n_nodes,) the connected part of each, numbered in the order of their lowest nodes.

    In numpy: the import of scipy.sparse.csgraph takes longer than the work.
    """
    lowest = np.arange(n_nodes)
    while True:
        a, b = lowest[links].T
        apart = a != b
        if not apart.any():
            return (np.cumsum(lowest == np.arange(n_nodes)) - 1)[lowest]
        links, a, b = links[apart], a[apart], b[apart]
        np.minimum.at(lowest, np.maximum(a, b), np.minimum(a, b))
        while (lower := lowest[lowest]).tobytes() != lowest.tobytes():
            lowest = lower


def mesh_of(v_template: NDArray, faces: NDArray, weights: NDArray) -> Mesh:
    """The mesh of a model.

    Args:
        v_template: (V, 3) meters. faces: (F, 3) indices. weights: (V, J), see ``seams``.
    """
    points = v_template.astype(np.float64)
    edges = edges_of(faces, len(points))
    return Mesh(points, edges, np.concatenate([edges, seams(points, edges, weights)]))


def edges_of(faces: NDArray, n_vertices: int) -> NDArray[np.intp]:
    """(E, 2) each edge of the faces (F, 3) once, and none from a vertex to itself."""
    faces = faces.astype(np.intp)
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    low, high = edges.min(axis=1), edges.max(axis=1)
    codes = distinct((low * n_vertices + high)[low != high])
    return np.stack([codes // n_vertices, codes % n_vertices], axis=1)


def seams(points: NDArray, edges: NDArray[np.intp], weights: NDArray) -> NDArray[np.intp]:
    """(S, 2) pairs of vertices that an exporter made of one, to give it two texture coordinates.

    They lie closer together than SEAM_SHARE of the shortest edge at either, and their weights
    differ by SEAM_DISTANCE at most. Exact equality would miss them once anything has rounded.
    """
    lengths = distances(points[edges[:, 0]], points[edges[:, 1]])
    real = lengths > 0
    shortest = np.full(len(points), np.inf)
    for end in edges[real].T:
        np.minimum.at(shortest, end, lengths[real])
    if not real.any():
        return np.zeros((0, 2), dtype=np.intp)
    # Where a mesh is coarse, it need not look farther than where it is fine.
    known = shortest[np.isfinite(shortest)]
    usual = np.partition(known, len(known) // 2)[len(known) // 2]  # np.median imports numpy.ma
    near = SEAM_SHARE * np.minimum(np.where(np.isfinite(shortest), shortest, 0), usual)
    a, b = close_pairs(points, float(near.max())).T
    one = distances(points[a], points[b]) <= np.minimum(near[a], near[b])
    a, b = a[one], b[one]
    alike = row_distances(weights, a, b) <= SEAM_DISTANCE
    return np.stack([a[alike], b[alike]], axis=1)


def close_pairs(points: NDArray[np.float64], reach: float) -> NDArray[np.intp]:
    """(P, 2) pairs of points at most so far apart, the lower index first, in order.

    Points are sorted by the cells of a grid; each is compared with those of its own cell and of the
    cells around it. Without scipy.spatial, whose import takes longer than this. Where a mesh is
    crowded as no body is, nothing is found: the pairs would fill the memory.
    """
    low, size = points.min(axis=0), float(np.ptp(points, axis=0).max())
    width = max(reach, size * 1e-6, 1e-12)  # the number of a cell has to fit into 64 bits
    cells = np.floor((points - low) / width).astype(np.int64) + 1
    row = int(cells.max()) + 2
    codes = (cells[:, 0] * row + cells[:, 1]) * row + cells[:, 2]
    order = np.argsort(codes, kind="stable")
    codes = codes[order]
    found, n_left = [], CROWD * len(points) + 100_000
    for across in (0, 1, row - 1, row, row + 1):  # half of the columns of cells around one
        start = np.searchsorted(codes, codes + across * row - 1, side="left")
        if not across:
            start = np.arange(1, len(codes) + 1)
        count = np.searchsorted(codes, codes + across * row + 1, side="right") - start
        n_left -= int(count.sum())
        if n_left < 0:
            return np.zeros((0, 2), dtype=np.intp)
        a, b = np.repeat(np.arange(len(codes)), count), runs(start, count)
        pairs = np.sort(np.stack([order[a], order[b]], axis=1), axis=1)
        found.append(pairs[distances(points[pairs[:, 0]], points[pairs[:, 1]]) <= reach])
    pairs = np.concatenate(found)
    return pairs[np.lexsort(pairs.T[::-1])]


def runs(begins: NDArray[np.integer], counts: NDArray[np.integer]) -> NDArray[np.intp]:
    """(sum of counts,) from each beginning so many integers in a row."""
    return np.arange(counts.sum()) + np.repeat(begins - np.cumsum(counts) + counts, counts)


def distinct(values: NDArray[np.intp]) -> NDArray[np.intp]:
    """The different values from 0 on, rising; np.unique would import numpy.ma in 0.02 s."""
    values = np.sort(values)
    return values[np.diff(values, prepend=-1) != 0]


def distances(a: NDArray, b: NDArray) -> NDArray:
    """Between points (n, 3) and points (n, 3)."""
    return np.sqrt(np.square(a - b).sum(axis=1))


def row_distances(rows: NDArray, a: NDArray[np.intp], b: NDArray[np.intp]) -> NDArray[np.float64]:
    """(n,) L1 distances between rows ``a`` and rows ``b`` (n,) of a matrix; a megabyte at once."""
    found = np.empty(len(a))
    for part in blocks(len(a), 1 + (1 << 17) // rows.shape[1]):
        found[part] = np.abs(rows[a[part]] - rows[b[part]]).sum(axis=1, dtype=np.float64)
    return found


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

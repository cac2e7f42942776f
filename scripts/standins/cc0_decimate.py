"""Mirror-symmetric half-edge decimation of a closed triangle mesh, for build_cc0_body.

Every vertex that stays is one of the input, at its own place. So skinning weights, joints and
shape targets carry over without interpolation, and mirror partners stay mirror partners.

Source: Garland and Heckbert 1997, "Surface simplification using quadric error metrics"; the link
condition of Dey et al. 1999 keeps the surface a manifold of the same genus.
"""

from __future__ import annotations

import heapq

import numpy as np

MAX_VALENCE = 9
MIN_QUALITY = 0.2  # of a new triangle; 1 is equilateral. Slivers shade badly.
LENGTH_WEIGHT = 2e-3  # prefers short edges where the surface is flat
MAX_TURN_COS = 0.2  # a collapse may not turn a triangle by more than about 78 degrees


class _Mesh:
    """Vertex-to-face adjacency that survives collapses, with one quadric per vertex."""

    def __init__(self, verts: np.ndarray, faces: np.ndarray, importance: np.ndarray) -> None:
        self.verts = [tuple(p) for p in verts.tolist()]
        self.faces: list[tuple[int, ...]] = [tuple(f) for f in faces.tolist()]
        self.importance = importance.tolist()
        self.faces_of: list[set[int]] = [set() for _ in range(len(verts))]
        for i, face in enumerate(self.faces):
            for vertex in face:
                self.faces_of[vertex].add(i)
        self.quadrics = _vertex_quadrics(verts, faces)
        self.points = np.concatenate([verts, np.ones((len(verts), 1))], axis=1)
        self.version = [0] * len(verts)

    def neighbors(self, vertex: int) -> set[int]:
        out = {v for f in self.faces_of[vertex] for v in self.faces[f]}
        out.discard(vertex)
        return out

    def cost(self, gone: int, kept: int) -> float:
        """Squared distance (m^2 times area) that moving ``gone`` onto ``kept`` costs."""
        point = self.points[kept]
        error = float(point @ (self.quadrics[gone] + self.quadrics[kept]) @ point)
        a, b = self.verts[gone], self.verts[kept]
        length2 = (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 + (a[2] - b[2]) ** 2
        return (max(error, 0.0) + LENGTH_WEIGHT * length2 * length2) * self.importance[gone]

    def can_collapse(self, gone: int, kept: int) -> bool:
        """Whether the surface stays a manifold with well-shaped, unflipped triangles."""
        around_gone, around_kept = self.neighbors(gone), self.neighbors(kept)
        if kept not in around_gone or len(around_gone & around_kept) != 2:
            return False
        if len(around_gone | around_kept) - 2 > MAX_VALENCE:
            return False
        if any(len(self.faces_of[v]) <= 3 for v in around_gone & around_kept):
            return False
        return all(
            self._face_survives(f, gone, kept)
            for f in self.faces_of[gone]
            if kept not in self.faces[f]
        )

    def _face_survives(self, face: int, gone: int, kept: int) -> bool:
        corners = self.faces[face]
        before = _normal(*(self.verts[v] for v in corners))
        moved = [self.verts[kept if v == gone else v] for v in corners]
        after = _normal(*moved)
        size_before, size_after = _dot(before, before) ** 0.5, _dot(after, after) ** 0.5
        edges2 = sum(
            sum((p - q) ** 2 for p, q in zip(moved[i], moved[i - 1], strict=True)) for i in range(3)
        )
        if 3.4641 * size_after < MIN_QUALITY * edges2:
            return False
        return _dot(before, after) > MAX_TURN_COS * size_before * size_after

    def collapse(self, pair: list[tuple[int, int]]) -> bool:
        """Do both mirrored collapses, or neither where one spoils the other; whether it did."""
        undo: list[tuple[int, tuple[int, ...]]] = []
        for gone, kept in pair:
            if not self.can_collapse(gone, kept):
                for face, corners in reversed(undo):
                    self._set_face(face, corners)
                return False
            for face in sorted(self.faces_of[gone]):
                corners = self.faces[face]
                undo.append((face, corners))
                moved = tuple(kept if v == gone else v for v in corners)
                self._set_face(face, () if kept in corners else moved)
        for gone, kept in pair:
            self.quadrics[kept] += self.quadrics[gone]
            self.importance[kept] = max(self.importance[kept], self.importance[gone])
        return True

    def _set_face(self, face: int, corners: tuple[int, ...]) -> None:
        for vertex in self.faces[face]:
            self.faces_of[vertex].discard(face)
        self.faces[face] = corners
        for vertex in corners:
            self.faces_of[vertex].add(face)


def _dot(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def _normal(
    a: tuple[float, ...], b: tuple[float, ...], c: tuple[float, ...]
) -> tuple[float, float, float]:
    """Normal of a triangle, with twice its area as length."""
    ux, uy, uz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
    wx, wy, wz = c[0] - a[0], c[1] - a[1], c[2] - a[2]
    return uy * wz - uz * wy, uz * wx - ux * wz, ux * wy - uy * wx


def _vertex_quadrics(verts: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Area-weighted plane quadrics (V, 4, 4) of the faces around each vertex."""
    corners = verts[faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    double_area = np.linalg.norm(normals, axis=1, keepdims=True)
    normals = normals / np.maximum(double_area, 1e-30)
    offset = -np.einsum("fk,fk->f", normals, corners[:, 0])
    planes = np.concatenate([normals, offset[:, None]], axis=1)
    per_face = np.einsum("fi,fj->fij", planes, planes) * (double_area[:, :, None] / 2)
    quadrics = np.zeros((len(verts), 4, 4))
    for corner in range(3):
        np.add.at(quadrics, faces[:, corner], per_face)
    return quadrics


def decimate_symmetric(
    verts: np.ndarray,
    faces: np.ndarray,
    *,
    mirror: np.ndarray,
    importance: np.ndarray,
    protected: np.ndarray,
    n_target: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Collapse edges in mirrored pairs until exactly ``n_target`` vertices are left.

    Args:
        verts: (N, 3), meters. faces: (M, 3), closed manifold.
        mirror: (N,), the mirror partner of each vertex (itself on the middle line).
        importance: (N,), factor on the cost of removing a vertex.
        protected: indices of vertices that stay.

    Returns:
        kept: (n_target,) indices into ``verts``, ascending.
        faces: (2 n_target - 4, 3) for a closed surface of genus 0, indices into ``kept``.
    """
    mesh = _Mesh(verts, faces, importance)
    twin = mirror.tolist()
    keep_always = {int(v) for v in protected} | {twin[int(v)] for v in protected}
    heap: list[tuple[float, int, int, int, int]] = []

    def push(vertex: int) -> None:
        if vertex in keep_always:
            return
        for other in mesh.neighbors(vertex):
            if twin[vertex] == vertex and twin[other] != other:
                continue  # a middle vertex may only slide along the middle line
            if other != twin[vertex]:
                entry = (mesh.version[vertex], mesh.version[other])
                heapq.heappush(heap, (mesh.cost(vertex, other), vertex, other, *entry))

    for vertex in range(len(verts)):
        push(vertex)
    n_left = len(verts)
    while n_left > n_target:
        _, gone, kept, gone_version, kept_version = heapq.heappop(heap)
        if gone_version != mesh.version[gone] or kept_version != mesh.version[kept]:
            continue
        pair = sorted({(gone, kept), (twin[gone], twin[kept])})
        if len(pair) > n_left - n_target or not mesh.collapse(pair):
            continue
        n_left -= len(pair)
        touched = {kept, twin[kept]} | mesh.neighbors(kept) | mesh.neighbors(twin[kept])
        for vertex in (gone, kept, twin[gone], twin[kept]):
            mesh.version[vertex] += 1
        for vertex in sorted(touched):
            push(vertex)
    dst_faces = np.array([f for f in mesh.faces if f], dtype=np.int64)
    dst_kept = np.unique(dst_faces)
    return dst_kept, np.searchsorted(dst_kept, dst_faces)

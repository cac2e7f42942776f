"""Neighbors on the mesh (edges, seams, pieces stitched to the largest), and its normals."""

from __future__ import annotations

import numpy as np
import pytest

from smplprep.geometry.mesh import links_of, vertex_normals

SQUARE = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], float)
FACES = np.array([[0, 1, 2], [0, 2, 3]], np.uint32)


def as_sets(links: np.ndarray) -> list[set[int]]:
    return sorted(({int(a), int(b)} for a, b in links), key=sorted)


def test_one_piece_has_its_edges_once():
    assert as_sets(links_of(SQUARE, FACES)) == [{0, 1}, {0, 2}, {0, 3}, {1, 2}, {2, 3}]


def test_a_closed_mesh_has_half_as_many_edges_again_as_faces(standin):
    assert len(links_of(standin.v_template, standin.f)) == 13776 * 3 // 2


def test_vertices_at_the_same_place_are_linked():
    verts = np.concatenate([SQUARE, SQUARE[1:3], [[2, 0, 0]]])
    faces = np.concatenate([FACES, [[4, 6, 5]]])
    links = as_sets(links_of(verts, faces))
    assert {1, 4} in links
    assert {2, 5} in links
    assert len(links) == 5 + 3 + 2


def test_a_piece_is_stitched_where_it_is_near_or_at_one_place():
    near = [[1.2, 0.1, 0], [1.2, 0.9, 0], [9, 0.5, 0]]  # two of three within an edge's length
    verts = np.concatenate([SQUARE, near, [[0.4, 50, 0]]])  # and a lone vertex far away
    links = as_sets(links_of(verts, np.concatenate([FACES, [[4, 5, 6]]])))
    assert links[-1] == {5, 6}
    assert [link for link in links if min(link) < 4 <= max(link)] == [{1, 4}, {2, 5}, {3, 7}]


def test_a_mesh_without_faces_is_still_one_graph():
    assert as_sets(links_of(SQUARE, np.zeros((0, 3), int)))[0] == {0, 1}


def test_normals_of_a_sphere_point_outward_and_lone_vertices_up() -> None:
    trimesh = pytest.importorskip("trimesh", reason="trimesh is not installed")
    sphere = trimesh.creation.icosphere(subdivisions=4)
    vertices = np.vstack([2.0 * sphere.vertices, [[9, 9, 9]]])
    normals = vertex_normals(vertices, sphere.faces)
    assert (normals[:-1] * sphere.vertices).sum(axis=1).min() > 0.9999
    assert normals[-1].tolist() == [0, 0, 1]
    assert np.abs(np.linalg.norm(normals, axis=1) - 1).max() < 1e-12

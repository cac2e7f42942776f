"""Neighbors on the mesh (edges, seams that an exporter cut), ways over it, and its normals."""

from __future__ import annotations

import numpy as np
import pytest
from own_rigs import tube_with_seam
from scipy.sparse import dok_array
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import cKDTree

from smplprep.geometry.mesh import Mesh, close_pairs, connected, mesh_of, vertex_normals

SQUARE = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], float)
FACES = np.array([[0, 1, 2], [0, 2, 3]], np.uint32)


def mesh(points, faces=FACES, weights=None):
    return mesh_of(points, faces, np.ones((len(points), 1)) if weights is None else weights)


def as_sets(links: np.ndarray) -> list[set[int]]:
    return sorted(({int(a), int(b)} for a, b in links), key=sorted)


def test_one_piece_has_its_edges_once():
    assert as_sets(mesh(SQUARE).links) == [{0, 1}, {0, 2}, {0, 3}, {1, 2}, {2, 3}]
    assert not mesh(SQUARE).piece.any()


def test_a_closed_mesh_has_half_as_many_edges_again_as_faces(standin):
    assert len(mesh(standin.v_template, standin.f).links) == 13776 * 3 // 2


@pytest.mark.parametrize("noise", [0, 1e-7, 1e-5, 1e-4])
def test_a_seam_is_closed_whatever_has_rounded_its_two_sides(noise):
    model = tube_with_seam(noise)
    found = mesh_of(model.v_template, model.f, model.weights)
    seam = as_sets(found.links[len(found.edges) :])
    assert seam == [{vertex, 32 * 21 + vertex} for vertex in range(21)]
    assert not found.piece.any()


def test_what_lies_as_far_apart_as_edges_are_long_is_no_seam():
    model = tube_with_seam(2e-3)  # the shortest edge is 1 cm
    found = mesh_of(model.v_template, model.f, model.weights)
    assert len(found.links) == len(found.edges)


def test_one_short_edge_does_not_open_the_seams_elsewhere():
    model = tube_with_seam(1e-5)
    points = model.v_template.copy()
    points[16 * 21 + 10] = points[16 * 21 + 11] + [0, 1e-7, 0]
    found = mesh_of(points, model.f, model.weights)
    assert len(found.links) == len(found.edges) + 21


def test_two_surfaces_that_touch_are_no_seam():
    """The lips: at one place, but one hangs on the head and one on the jaw."""
    points = np.concatenate([SQUARE, SQUARE])
    faces = np.concatenate([FACES, FACES + 4])
    weights = np.zeros((8, 2))
    weights[:4, 0] = weights[4:, 1] = 1
    assert len(mesh(points, faces, weights).links) == 10
    weights[:] = [0.75, 0.25]
    assert len(mesh(points, faces, weights).links) == 14


def test_ways_go_over_the_mesh_and_across_seams():
    model = tube_with_seam(1e-6)
    found = mesh_of(model.v_template, model.f, model.weights)
    around = found.ways(np.array([0]), np.inf)
    assert around[31 * 21] == pytest.approx(around[21], abs=1e-5)  # its neighbors on both sides
    assert np.isinf(found.ways(np.array([0]), 0.1)[20])  # 0.4 m along the tube


@pytest.mark.parametrize("seed", range(5))
def test_ways_and_connected_parts_are_those_of_scipy(seed):
    random = np.random.default_rng(seed)
    n = 300
    links = random.integers(0, n, ((60, 250, 400)[seed % 3], 2))
    links = links[links[:, 0] != links[:, 1]]
    found = Mesh(random.random((n, 3)), links, links)
    lengths = dok_array((n, n))  # one length for the two ways of a link
    for (a, b), length in zip(links.tolist(), found.lengths, strict=True):
        lengths[a, b] = lengths[b, a] = length
    graph = lengths.tocsr()
    np.testing.assert_array_equal(connected(links, n), connected_components(graph)[1])
    sources, limit = random.choice(n, 4, replace=False), (0.8, np.inf)[seed % 2]
    expected = dijkstra(graph, indices=sources, min_only=True, limit=limit)
    np.testing.assert_allclose(found.ways(sources, limit), expected, rtol=1e-12)


def test_a_mesh_without_faces_has_only_vertices():
    found = mesh(SQUARE, np.zeros((0, 3), int))
    assert found.links.shape == (0, 2)
    assert sorted(found.piece) == [0, 1, 2, 3]


def test_normals_of_a_sphere_point_outward_and_lone_vertices_up() -> None:
    trimesh = pytest.importorskip("trimesh", reason="trimesh is not installed")
    sphere = trimesh.creation.icosphere(subdivisions=4)
    vertices = np.vstack([2.0 * sphere.vertices, [[9, 9, 9]]])
    normals = vertex_normals(vertices, sphere.faces)
    assert (normals[:-1] * sphere.vertices).sum(axis=1).min() > 0.9999
    assert normals[-1].tolist() == [0, 0, 1]
    assert np.abs(np.linalg.norm(normals, axis=1) - 1).max() < 1e-12


def test_a_crowd_of_points_has_no_pairs():
    """100,000 points at one place have 5 billion."""
    assert len(close_pairs(np.zeros((100_000, 3)), 0.1)) == 0


@pytest.mark.parametrize("reach", [0.0, 0.01, 0.1, 3.0])
def test_close_pairs_are_those_of_a_tree(reach: float):
    """scipy's, on points of which some are equal, some flat, and one far away."""
    random = np.random.default_rng(3)
    points = random.standard_normal((300, 3))
    points[100:200, 1] = 0.25
    points[7] = 1e6
    points[250:] = points[:50]
    wanted = cKDTree(points).query_pairs(reach, output_type="ndarray")
    found = close_pairs(points, reach)
    assert len(found) >= 50
    assert found.tolist() == sorted(wanted.tolist())

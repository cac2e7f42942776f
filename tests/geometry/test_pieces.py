"""Which vertices of the larger pieces a loose piece of the mesh follows."""

from __future__ import annotations

import numpy as np
from own_rigs import sheet

from smplprep.geometry.mesh import mesh_of
from smplprep.geometry.pieces import followed


def two_sheets(gap: float, side: float = 0.1):
    """A sheet of 11 by 11 vertices, and over its middle a smaller one of 5 by 5."""
    body, body_faces = sheet(11, 11, 0.2, 0.2)
    patch, patch_faces = sheet(5, 5, side, side)
    patch += [0.1 - side / 2, 0.1 - side / 2, gap]
    points = np.concatenate([body, patch])
    faces = np.concatenate([body_faces, patch_faces + len(body)])
    return mesh_of(points, faces, np.ones((len(points), 1)))


def test_one_piece_follows_nothing():
    points, faces = sheet(4, 4, 1, 1)
    assert followed(mesh_of(points, faces, np.ones((16, 1)))).shape == (0, 2)


def test_a_vertex_follows_what_is_about_as_far_as_the_nearest():
    mesh = two_sheets(gap=0.03)
    pairs = followed(mesh)
    assert (pairs[:, 0] >= 121).all()
    assert (pairs[:, 1] < 121).all()  # the smaller follows the larger
    away = np.linalg.norm(mesh.points[pairs[:, 0]] - mesh.points[pairs[:, 1]], axis=1)
    for vertex in range(121, 146):
        here = away[pairs[:, 0] == vertex]
        every = np.linalg.norm(mesh.points[:121] - mesh.points[vertex], axis=1)
        assert here.min() == every.min()
        assert here.max() <= 1.5 * every.min() + 0.5 * 0.0283  # the longest edge
        assert len(here) == min(16, np.count_nonzero(every <= here.max() + 1e-12))


def test_pieces_that_all_but_touch_follow_each_other():
    mesh = two_sheets(gap=4e-3)
    pairs = followed(mesh)
    up = {tuple(pair) for pair in pairs[pairs[:, 0] < 121].tolist()}
    down = {tuple(pair) for pair in pairs[pairs[:, 0] >= 121].tolist()}
    assert up
    assert {(b, a) for a, b in up} <= down
    for host, guest in up:
        assert np.linalg.norm(mesh.points[host] - mesh.points[guest]) < 0.0283 / 2


def test_many_pieces_are_no_more_work_than_a_few():
    """Hair in 300 strands: all follow something."""
    head, head_faces = sheet(30, 30, 1, 1)
    strands = [sheet(2, 2, 0.01, 0.01)[0] + [x, 0.5, 0.05] for x in np.linspace(0.1, 0.9, 300)]
    points = np.concatenate([head, *strands])
    faces = np.concatenate(
        [head_faces, *(sheet(2, 2, 1, 1)[1] + len(head) + 4 * k for k in range(300))]
    )
    pairs = followed(mesh_of(points, faces, np.ones((len(points), 1))))
    assert set(pairs[:, 0].tolist()) >= set(range(900, len(points)))
    assert len(pairs) <= 2 * 16 * 1200

"""islands against a plain twin, and on meshes of several pieces."""

from __future__ import annotations

import numpy as np
import pytest

from smplprep.geometry.mesh import links_of
from smplprep.transforms.policies.islands import islands, off_main


def twin(weights: np.ndarray, links: np.ndarray) -> np.ndarray:
    """By breadth-first search, one joint and one vertex at a time."""
    neighbors = {vertex: set() for vertex in range(len(weights))}
    for a, b in links.tolist():
        neighbors[a].add(b)
        neighbors[b].add(a)
    gone = np.zeros(weights.shape, bool)
    for joint in range(weights.shape[1]):
        unseen = [v for v in range(len(weights)) if weights[v, joint] > 0]
        regions = []
        while unseen:
            region, queue = [], [unseen.pop(0)]
            while queue:
                vertex = queue.pop(0)
                region.append(vertex)
                for other in neighbors[vertex]:
                    if other in unseen:
                        unseen.remove(other)
                        queue.append(other)
            regions.append(sorted(region))
        masses = [sum(weights[v, joint] for v in region) for region in regions]
        for region in regions:
            if regions and region is not regions[int(np.argmax(masses))]:
                gone[region, joint] = True
    return gone


@pytest.mark.parametrize("seed", range(8))
def test_equals_the_twin_on_random_meshes(seed):
    random = np.random.RandomState(seed)
    weights = np.where(random.rand(40, 5) < 0.5, random.choice([0.25, 0.5, 1.0], (40, 5)), 0)
    links = random.randint(0, 40, (45, 2))
    assert twin(weights, links).any()
    assert np.array_equal(off_main(weights, links), twin(weights, links))


def test_equals_the_twin_on_the_standin(standin):
    links = links_of(standin.v_template, standin.f)
    # The joints of the feet and of one finger; the twin is slow.
    joints = [7, 8, 10, 11, 24]
    expected = twin(standin.weights[:, joints], links)
    assert np.array_equal(islands(standin)["islands"][:, joints], expected)


def test_the_heaviest_region_stays_and_ties_go_to_the_lowest_vertex():
    links = np.array([[0, 1], [1, 2], [2, 3], [3, 4]])
    weights = np.array([[0.2, 0.5], [0.2, 0.0], [0.0, 0.5], [0.3, 0.0], [0.3, 0.0]])
    gone = off_main(weights, links)
    assert np.flatnonzero(gone[:, 0]).tolist() == [0, 1]
    assert np.flatnonzero(gone[:, 1]).tolist() == [2]


def strip(start: int, n: int) -> list[list[int]]:
    return [[k, k + 1, k + 2] for k in range(start, start + n - 2)]


def test_eyes_and_teeth_keep_their_joints_and_lose_what_is_spurious(small_model):
    """A head of five vertices, an eye of three beside it, with a joint of its own."""
    verts = np.zeros((10, 3))
    verts[:6, 0] = np.arange(6)  # the head
    verts[6:, 0] = [2.1, 2.4, 2.7, 2.8]  # the eye, a little before it
    verts[6:, 2] = 0.5
    weights = np.zeros((10, 4))
    weights[:6, 1] = 1  # head
    weights[6:, 1], weights[6:, 2] = 0.3, 0.69  # the eye hangs on both
    weights[9, 3] = weights[0, 3] = 0.01  # a leg's weight, somewhere
    weights[1:3, 3] = 0.01
    faces = np.array(strip(0, 6) + strip(6, 4))
    model = small_model(v_template=verts, weights=weights, f=faces)
    gone = islands(model)["islands"]
    assert np.argwhere(gone).tolist() == [[9, 3]]


def test_seams_are_no_border(small_model):
    """Two charts that share the places of an edge, cut there as for a texture."""
    verts = np.random.RandomState(0).rand(10, 3)
    verts[5:7] = verts[3:5]
    faces = np.array(strip(0, 5) + strip(5, 5))
    weights = np.zeros((10, 4))
    weights[:, 0], weights[2:8, 1] = 0.5, 0.5
    model = small_model(v_template=verts, weights=weights, f=faces)
    assert not islands(model)["islands"].any()

"""Regions against a plain twin: by search, one joint and one vertex at a time."""

from __future__ import annotations

import numpy as np
import pytest

from smplprep.geometry.mesh import Mesh
from smplprep.transforms.policies.regions import regions_of


def twin(weights: np.ndarray, links: np.ndarray) -> dict[tuple[int, tuple[int, ...]], dict]:
    """(joint, vertices) -> what is known of the region."""
    neighbors = {vertex: set() for vertex in range(len(weights))}
    for a, b in links.tolist():
        neighbors[a].add(b)
        neighbors[b].add(a)
    found = {}
    for joint in range(weights.shape[1]):
        value = weights[:, joint]
        unseen = [v for v in range(len(weights)) if value[v] > 0]
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
        masses = [sum(value[v] for v in region) for region in regions]
        squares = [sum(value[v] ** 2 for v in region) for region in regions]
        for index, region in enumerate(regions):
            touching = [(a, b) for a, b in links.tolist() if a in region or b in region]
            differences = sum(abs(value[a] - value[b]) for a, b in touching)
            sums = sum(value[a] + value[b] for a, b in touching)
            found[joint, tuple(region)] = {
                "main": index == int(np.argmax(squares)),
                "mass": masses[index],
                "peak": max(value[v] for v in region),
                "leads": any(value[v] >= weights[v].max() for v in region),
                "roughness": differences / sums if sums else 1,
            }
    return found


@pytest.mark.parametrize("seed", range(6))
def test_equal_the_twin_on_random_meshes(seed):
    random = np.random.RandomState(seed)
    weights = np.where(random.rand(40, 5) < 0.5, random.choice([0.25, 0.5, 1.0], (40, 5)), 0)
    links = np.unique(np.sort(random.randint(0, 40, (45, 2)), axis=1), axis=0)
    links = links[links[:, 0] != links[:, 1]]
    regions = regions_of(weights, Mesh(random.rand(40, 3), links, links))
    expected = twin(weights, links)
    assert len(regions.joint) == len(expected) > 40
    for index, joint in enumerate(regions.joint):
        only = np.arange(len(regions.joint)) == index
        vertices = sorted(regions.vertex_of[regions.region_of == index].tolist())
        known = expected[joint, tuple(vertices)]
        assert regions.main[index] == known["main"]
        assert regions.leads[index] == known["leads"]
        assert regions.size[index] == len(vertices)
        for name in ("mass", "peak", "roughness"):
            assert getattr(regions, name)[index] == pytest.approx(known[name])
        mask = regions.mask(only)
        assert np.argwhere(mask).tolist() == [[vertex, joint] for vertex in vertices]


def test_of_equal_regions_the_one_with_the_lowest_vertex_is_the_main_one():
    links = np.array([[0, 1], [1, 2], [2, 3], [3, 4]])
    weights = np.array([[0.2, 0.5], [0.2, 0.0], [0.0, 0.5], [0.3, 0.0], [0.3, 0.0]])
    regions = regions_of(weights, Mesh(np.zeros((5, 3)), links, links))
    assert np.flatnonzero(regions.mask(regions.main)[:, 0]).tolist() == [3, 4]
    assert np.flatnonzero(regions.mask(regions.main)[:, 1]).tolist() == [0]

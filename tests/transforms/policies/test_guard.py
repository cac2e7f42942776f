"""No removal may make neighbors' weights jump, or tear the skin between them."""

from __future__ import annotations

import numpy as np
import pytest
from own_rigs import rig_of, sheet

from smplprep import prune_weights
from smplprep.geometry.displacement import pose_set_of
from smplprep.geometry.mesh import mesh_of
from smplprep.geometry.skinning import posed_vertices
from smplprep.transforms.policies.guard import jumps, stretch
from smplprep.transforms.policies.regions import regions_of


def far_patch(share: float):
    """Two bones that meet in the middle, and a third, far one's weight on two neighbors there."""
    points, faces = sheet(41, 11, 0.4, 0.1)
    middle = np.abs(points - [0.205, 0.05, 0]).max(axis=1) < 0.006
    left = np.clip((0.21 - points[:, 0]) / 0.01, 0, 1)
    weights = np.stack([left, 1 - left, np.zeros(len(points))], axis=1)
    weights[middle] *= 1 - share
    weights[middle, 2] = share
    far, far_faces = sheet(11, 11, 0.1, 0.1)
    points = np.concatenate([points, far + np.array([0, 2, 0])])
    faces = np.concatenate([faces, far_faces + 451])
    weights = np.concatenate([weights, np.tile([0, 0, 1.0], (121, 1))])
    joints = [[0, 0.05, 0], [0.4, 0.05, 0], [0.05, 2.05, 0]]
    return rig_of(points, faces, weights, joints, [-1, 0, 0])


def test_what_would_make_weights_jump_is_spared_and_listed():
    for share, spared in ((0.05, False), (0.45, True)):
        model = far_patch(share)
        pruned, change = prune_weights(model, policy="islands")
        links = mesh_of(model.v_template, model.f, model.weights).links
        raised = jumps(model.weights, pruned.weights, links)[1].max()
        assert raised <= 0.1
        assert bool(change.figures["spared"]) is spared
        assert (pruned is model) is spared
    (row,) = change.figures["spared"]
    assert (row["joint"], row["vertices"], row["reason"]) == (2, 2, "jump")
    assert row["weight"] == pytest.approx(0.45)
    assert model.weights[row["vertex"], 2] == pytest.approx(0.45)


def test_jumps_are_those_of_a_plain_loop():
    random = np.random.RandomState(0)
    before = random.dirichlet([0.3] * 5, 30)
    after = np.where(random.rand(30, 5) < 0.1, 0, before)
    links = random.randint(0, 30, (60, 2))
    jump, raised = jumps(before, after, links)
    for index, (a, b) in enumerate(links):
        old, new = (sum(abs(rows[a] - rows[b])) for rows in (before, after))
        assert raised[index] == pytest.approx(new - old)
        if (before[[a, b]] != after[[a, b]]).any():
            assert jump[index] == pytest.approx(old)


def test_stretch_is_that_of_the_posed_models():
    model = far_patch(0.4)
    after = model.weights.copy()
    after[:451, 2] = 0
    after /= after.sum(axis=1, keepdims=True)
    mesh = mesh_of(model.v_template, model.f, model.weights)
    chosen = np.arange(len(mesh.links))
    poses, betas = pose_set_of(model)
    a, b = mesh.links[chosen].T
    longest = []
    for weights in (model.weights, after):
        posed = posed_vertices(model.with_arrays(weights=weights), poses, betas)
        longest.append(np.linalg.norm(posed[:, a] - posed[:, b], axis=2).max(axis=0))
    rest = mesh.lengths[chosen]
    expected = np.maximum(longest[1], rest) / np.maximum(longest[0], rest)
    found = stretch(model, model.weights, after, mesh, chosen)
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    assert found.max() > 1.3


def test_regions_far_from_any_limit_are_not_spared():
    model = far_patch(0.05)
    regions = regions_of(model.weights, mesh_of(model.v_template, model.f, model.weights))
    assert np.count_nonzero(regions.joint == 2) == 2
    pruned, change = prune_weights(model, policy="islands")
    assert change.figures["dropped_per_rule"] == {"islands": 2}
    assert not pruned.weights[:451, 2].any()

"""structure against a plain twin, and what it promises at the landmarks."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from smplprep import read_model
from smplprep.audit.landmark_sets import skin_landmarks
from smplprep.audit.support import support_of
from smplprep.geometry.kinematic_tree import parents_of
from smplprep.jobs.sweep import restricted
from smplprep.transforms.localize_posedirs import localize_posedirs
from smplprep.transforms.policies.islands import islands
from smplprep.transforms.policies.structure import structure
from smplprep.transforms.prune_weights import prune_weights


def way(parents: list[int], a: int, b: int) -> int:
    """Edges between two joints, by walking up from both."""

    def chain(joint: int) -> list[int]:
        return [joint, *chain(parents[joint])] if joint >= 0 else []

    up_a, up_b = chain(a), chain(b)
    return min(up_a.index(joint) + up_b.index(joint) for joint in set(up_a) & set(up_b))


def contaminated(standin, seed: int):
    """The stand-in with weights of every size and place on top of its own."""
    random = np.random.RandomState(seed)
    # Dense enough for the spurious weights of a joint to adjoin its genuine ones.
    extra = np.where(random.rand(6890, 52) < 0.6, 10 ** random.uniform(-4, -1.5, (6890, 52)), 0)
    weights = standin.weights + extra
    return standin.with_arrays(weights=weights / weights.sum(axis=1, keepdims=True))


@pytest.mark.parametrize("reach", [2, 4, 6])
def test_equals_the_twin(standin, reach):
    model = contaminated(standin, reach)
    masks = structure(model, tolerance=1e-2, reach=reach)
    assert list(masks) == ["islands", "far", "small"]
    off = islands(model)["islands"]
    assert np.array_equal(masks["islands"], off)
    parents = parents_of(model.kintree_table).tolist()
    apart = [[way(parents, a, b) for b in range(52)] for a in range(52)]
    landmarks = set(model.family.landmarks.values())
    for vertex in [*range(0, 6890, 31), *landmarks]:
        row = np.where(off[vertex], 0, model.weights[vertex])
        for joint in np.flatnonzero(row):
            edges = apart[row.argmax()][joint]
            far = edges > reach
            near = edges <= 3 and vertex not in landmarks
            small = not far and not near and row[joint] < 1e-2
            assert (masks["far"][vertex, joint], masks["small"][vertex, joint]) == (far, small)


def test_rules_are_disjoint(standin):
    masks = structure(contaminated(standin, 0), tolerance=1e-2, reach=4)
    assert all(mask.any() for mask in masks.values())
    assert sum(mask.astype(int) for mask in masks.values()).max() == 1


@pytest.mark.parametrize("seed", range(3))
def test_no_landmark_leaks_that_a_threshold_would_clear(standin, seed):
    vertices = list(standin.family.landmarks.values())
    model = contaminated(standin, seed)
    leaks = {}
    for policy in ("threshold", "structure"):
        pruned = prune_weights(model, policy=policy)[0]
        part = restricted(dataclasses.replace(model, weights=pruned.weights), vertices)
        leaks[policy] = support_of(localize_posedirs(part)[0], list(range(21))).leaks
    assert leaks["threshold"].any()
    assert not (leaks["structure"] & ~leaks["threshold"]).any()


def test_points_on_the_face_of_smplx_keep_nothing_small(family_dir):
    model = read_model(family_dir / "smplx" / "SMPLX_NEUTRAL.npz")
    corners = sorted({v for x in skin_landmarks(model) if x.source == "face" for v in x.blend})
    # A jaw's weight under the tolerance all over the head, so that it is no island anywhere.
    weights = model.weights.copy()
    held = (weights[:, 15] > 0) & (weights[:, 22] == 0)
    weights[held] *= 0.998
    weights[held, 22] = 0.002
    gone = structure(model.with_arrays(weights=weights), tolerance=1e-2, reach=4)["small"][:, 22]
    assert held[corners].any()
    assert gone[corners].tolist() == held[corners].tolist()
    assert not gone[np.setdiff1d(np.flatnonzero(weights[:, 15] > 0.9), corners)].all()

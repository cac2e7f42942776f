"""islands: what goes and what stays on rigs where the truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from own_rigs import (
    chains_that_meet,
    clothed,
    in_single_triangles,
    long_chain,
    read_rig,
    rig_of,
    sheet,
    tube_with_seam,
)

from smplprep import ModelInvalidError, prune_weights
from smplprep.audit.support import support_of
from smplprep.geometry.mesh import mesh_of
from smplprep.geometry.pieces import followed
from smplprep.transforms.policies import guard, regions
from smplprep.transforms.policies.islands import islands

LEFT_LEG = ["scapula_L", "upper_arm_L", "lower_arm_L", "hand_anchor_L", "hand_L", "finger_L"]


def gone(model) -> np.ndarray:
    return islands(model)[0]


@pytest.mark.parametrize("noise", [0, 1e-8, 1e-7, 1e-6, 1e-5])
@pytest.mark.parametrize("make", [chains_that_meet, long_chain, tube_with_seam])
def test_nothing_goes_where_nothing_is_spurious(make, noise):
    """However far apart in the tree two joints are, and whatever rounded a seam's two sides."""
    model = make(noise) if make is tube_with_seam else make()
    for seed in range(3):
        shift = np.random.default_rng(seed).normal(size=model.v_template.shape) * noise
        moved = model.with_arrays(v_template=model.v_template + shift)
        pruned, change = prune_weights(moved, policy="islands")
        assert pruned is moved
        assert change.figures["spared"] == []


@pytest.mark.parametrize(("seed", "noise", "scale"), [(0, 0, 1), (1, 1e-7, 100), (2, 1e-5, 1)])
def test_nothing_goes_from_clothes_and_single_triangles(seed, noise, scale):
    for model in (clothed(seed), in_single_triangles(clothed(seed), noise)):
        assert not gone(model.with_arrays(v_template=scale * model.v_template)).any()


@pytest.mark.parametrize("seed", range(3))
def test_faults_on_body_clothes_and_fur_are_found(seed):
    """On every second vertex, wherever no neighbor and nothing that is followed has the joint."""
    model, random = clothed(seed), np.random.default_rng(seed)
    mesh = mesh_of(model.v_template, model.f, model.weights)
    near = model.weights > 0
    for a, b in np.concatenate([mesh.links, followed(mesh)]).tolist():
        near[a] |= model.weights[b] > 0
        near[b] |= model.weights[a] > 0
    lot = np.where(near, 0, random.random(near.shape))
    chosen = (lot == lot.max(axis=1, keepdims=True)) & ~near & (random.random((len(lot), 1)) < 0.5)
    size = np.where(chosen, np.exp(random.uniform(np.log(1e-4), np.log(0.1), lot.shape)), 0)
    faulty = model.weights * (1 - size.sum(axis=1, keepdims=True)) + size
    pruned, change = prune_weights(model.with_arrays(weights=faulty), policy="islands")
    found = (faulty > 0) & (pruned.weights == 0)
    assert not (found & ~chosen).any()
    assert found.sum() >= 0.99 * chosen.sum() > 500
    assert change.figures["spared"] == []


def arm() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A strip of 41 by 11 vertices: shoulder, elbow at 0.2 m, wrist at 0.3, hand up to 0.4."""
    points, faces = sheet(41, 11, 0.4, 0.1)
    x = points[:, 0]
    weights = np.stack(
        [
            np.clip((0.22 - x) / 0.04, 0, 1),
            np.clip((x - 0.18) / 0.04, 0, 1) * np.clip((0.32 - x) / 0.04, 0, 1),
            np.clip((x - 0.28) / 0.04, 0, 1),
        ],
        axis=1,
    )
    return points, faces, weights


def model_of(points, faces, weights):
    joints = [[0, 0.05, 0], [0.2, 0.05, 0], [0.3, 0.05, 0]]
    return rig_of(points, faces, weights, joints, [-1, 0, 1])


def with_fault(where, size: float, joint: int = 0):
    """The arm, with a weight of a joint added at some vertices."""
    points, faces, weights = arm()
    weights[where] *= 1 - size
    weights[where, joint] += size
    return model_of(points, faces, weights)


def at(x: float, y: float = 0.05) -> int:
    """The vertex of the arm that is nearest."""
    points = arm()[0]
    return int(np.linalg.norm(points[:, :2] - [x, y], axis=1).argmin())


@pytest.mark.parametrize("size", [1e-4, 1e-3, 1e-2, 0.1])
@pytest.mark.parametrize("x", [0.26, 0.3, 0.4])
def test_a_stray_weight_goes_near_and_far(x, size):
    model = with_fault(at(x), size)
    assert np.argwhere(gone(model)).tolist() == [[at(x), 0]]
    pruned, _ = prune_weights(model, policy="islands")
    np.testing.assert_allclose(pruned.weights, model_of(*arm()).weights, atol=1e-15)


def test_a_patch_far_away_goes_however_smooth():
    """As a dog's right paw that hangs on the left one by 2 %."""
    points = arm()[0]
    bump = 0.02 * np.clip(1 - np.linalg.norm(points - points[at(0.02)], axis=1) / 0.05, 0, 1)
    points, faces, weights = arm()
    weights = weights * (1 - bump[:, None])
    weights[:, 2] += bump
    assert np.array_equal(gone(model_of(points, faces, weights))[:, 2], bump > 0)


def test_a_tail_beyond_a_gap_stays():
    """Weights below 1e-2 were cut, so that a joint's tail comes in two parts."""
    points, faces, weights = arm()
    x, y = points[:, 0], points[:, 1]
    tail = 0.03 * np.clip(1 - np.hypot(x - 0.25, y - 0.05) / 0.03, 0, 1)
    weights = weights * (1 - tail[:, None])
    weights[:, 0] += tail
    assert np.count_nonzero(tail) > 20
    assert (tail > 0)[weights[:, 0] == tail].any()
    assert not gone(model_of(points, faces, weights)).any()


def test_a_joint_with_two_regions_keeps_both():
    """A bone that lifts both brows, and leads at neither."""
    points, faces, weights = arm()
    brows = np.zeros(len(points))
    for x in (0.05, 0.37):
        brows += 0.3 * np.clip(1 - np.hypot(points[:, 0] - x, points[:, 1] - 0.05) / 0.03, 0, 1)
    weights = np.concatenate([weights * (1 - brows[:, None]), brows[:, None]], axis=1)
    joints = [[0, 0.05, 0], [0.2, 0.05, 0], [0.3, 0.05, 0], [0.2, 0.1, 0]]
    assert not gone(rig_of(points, faces, weights, joints, [-1, 0, 1, 0])).any()


def test_a_wide_patch_of_small_weights_does_not_outweigh_a_small_joint():
    """A finger moves four vertices; 6 % of it on the shoulder sum to more."""
    points, faces, weights = arm()
    tip = np.linalg.norm(points - points[at(0.4)], axis=1) < 0.011
    patch = points[:, 0] < 0.1
    share = np.where(tip, 0.9, np.where(patch, 0.06, 0))
    assert share[patch].sum() > share[tip].sum()
    weights = np.concatenate([weights * (1 - share[:, None]), share[:, None]], axis=1)
    joints = [[0, 0.05, 0], [0.2, 0.05, 0], [0.3, 0.05, 0], [0.39, 0.05, 0]]
    found = gone(rig_of(points, faces, weights, joints, [-1, 0, 1, 2]))
    assert np.array_equal(found[:, 3], patch)
    assert not found[:, :3].any()


def test_a_weight_that_leads_stays_wherever_it_is():
    model = with_fault(at(0.36), 0.6)
    assert not gone(model).any()


def head_with(piece: np.ndarray, piece_faces: np.ndarray, on_piece: np.ndarray):
    """A face with a jaw, an eye's joint and a foot's, and a loose piece before it."""
    points, faces = sheet(21, 21, 0.2, 0.2)
    x, y = points[:, 0], points[:, 1]
    jaw = np.clip((0.08 - y) / 0.02, 0, 1)
    weights = np.zeros((len(points), 4))
    weights[:, 0], weights[:, 1] = 1 - jaw, jaw
    weights[x > 0.18] = [0, 0, 0, 1]  # far to the side, the foot
    points = np.concatenate([points, piece])
    faces = np.concatenate([faces, piece_faces + 441])
    joints = [[0.1, 0.2, 0], [0.1, 0.1, -0.05], [0.05, 0.15, 0.01], [0.2, 0.1, 0]]
    return rig_of(points, faces, np.concatenate([weights, on_piece]), joints, [-1, 0, 0, 0])


def test_an_eye_keeps_the_joint_that_moves_it_and_the_lids_that_it_moves():
    eye, faces = sheet(5, 5, 0.02, 0.02)
    weights = np.tile([0.1, 0, 0.9, 0], (25, 1))
    model = head_with(eye + np.array([0.04, 0.14, 0.003]), faces, weights)
    lids = np.linalg.norm(model.v_template[:441] - [0.05, 0.15, 0], axis=1) < 0.015
    changed = model.weights.copy()
    changed[:441][lids] = [0.95, 0, 0.05, 0]
    assert not gone(model.with_arrays(weights=changed)).any()


def test_teeth_follow_the_jaw_and_not_the_upper_lip_that_is_nearest():
    """They lie before the upper lip, which the jaw does not move."""
    teeth, faces = sheet(9, 3, 0.08, 0.01)
    hangs = np.tile([0.3, 0.7, 0, 0], (27, 1))
    model = head_with(teeth + np.array([0.06, 0.081, 0.004]), faces, hangs)
    assert not gone(model).any()


def test_clothes_keep_what_the_skin_under_them_has_and_lose_the_rest():
    """A collar copies the skin's weights; a stray weight of the foot on it goes."""
    collar, faces = sheet(7, 7, 0.06, 0.06)
    collar += [0.07, 0.05, 0.01]
    jaw = 0.05 * np.clip((0.08 - collar[:, 1]) / 0.02, 0, 1)
    weights = np.stack([1 - jaw, jaw, 0 * jaw, 0 * jaw], axis=1)
    model = head_with(collar, faces, weights)
    assert not gone(model).any()
    faulty = model.weights.copy()
    faulty[441 + 24] = [0.95, 0, 0, 0.05]
    assert np.argwhere(gone(model.with_arrays(weights=faulty))).tolist() == [[441 + 24, 3]]


@pytest.mark.parametrize("noise", [0, 3e-6, 1e-5])
def test_the_dogs_paws_let_go_of_each_other(noise):
    """A landmark on the right paw leaks to six joints of the left leg before, and to none after.

    What rounds the two sides of its seams changes nothing.
    """
    dog = read_rig("dog")
    shift = np.random.default_rng(0).normal(size=dog.v_template.shape)
    shift *= noise / np.linalg.norm(shift, axis=1, keepdims=True)
    noisy = dog.with_arrays(v_template=dog.v_template + shift.astype(np.float32))
    names = dog.extras["joint_names"].tolist()
    after = prune_weights(noisy, policy="islands")[0].weights
    finger = names.index("finger_L")
    on_right = dog.weights.argmax(axis=1) == names.index("finger_R")
    paw = int((dog.weights[:, finger] * on_right).argmax())
    assert dog.weights[paw, finger] > 0.02
    before = support_of(noisy, [paw]).leaks[0]
    assert [names[joint] for joint in np.flatnonzero(before)] == LEFT_LEG
    assert not support_of(noisy.with_arrays(weights=after), [paw]).leaks.any()
    assert np.count_nonzero((dog.weights > 0) & (after == 0)) == 601


def test_a_seam_too_wide_to_be_closed_makes_no_islands():
    model = tube_with_seam(2e-3)
    mesh = mesh_of(model.v_template, model.f, model.weights)
    assert len(mesh.links) == len(mesh.edges)
    assert not gone(model).any()


def test_cleaning_twice_is_cleaning_once():
    for name in ("hand", "rocketbox"):
        once, change = prune_weights(read_rig(name), policy="islands")
        assert change.entries_dropped > 0
        assert prune_weights(once, policy="islands")[0] is once


def test_what_islands_compares_is_counted(monkeypatch):
    """Neighbors that share a joint, and rounds in which the mesh is spared."""
    model = with_fault(np.s_[-1], 0.005)
    links = mesh_of(model.v_template, model.f, model.weights).links
    n_pairs = np.count_nonzero(model.weights[links[:, 0]] > 0)
    monkeypatch.setattr(regions, "MAX_PAIRS", n_pairs)
    islands(model)
    monkeypatch.setattr(regions, "MAX_PAIRS", n_pairs - 1)
    with pytest.raises(ModelInvalidError, match=f"{n_pairs} pairs of neighbors") as error:
        islands(model)
    assert error.value.key == "weights"
    monkeypatch.undo()
    monkeypatch.setattr(guard, "MAX_ROUNDS", 0)
    with pytest.raises(ModelInvalidError, match="still change after"):
        islands(model)

"""localize_posedirs against a plain twin that walks the tree joint by joint."""

from __future__ import annotations

import numpy as np
import pytest

from smplprep import SmplprepError, localize_posedirs, prune_weights, read_model
from smplprep.geometry.kinematic_tree import parents_of


def in_line(parents, joint, other, hops):
    """Whether one is reached from the other by walking up at most ``hops`` edges."""
    for start, goal in ((joint, other), (other, joint)):
        walker = start
        for _ in range(hops + 1):
            if walker == goal:
                return True
            walker = parents[walker]
            if walker < 0:
                break
    return False


@pytest.mark.parametrize("hops", [0, 1, 2, 3])
def test_keeps_exactly_what_the_plain_twin_keeps(standin, hops):
    pruned, _ = prune_weights(standin)
    local, change = localize_posedirs(pruned, hops=hops)
    parents = parents_of(standin.kintree_table).tolist()
    for vertex in range(0, 6890, 61):
        skinned = np.flatnonzero(pruned.weights[vertex])
        for joint in range(1, 52):
            block = slice(9 * (joint - 1), 9 * joint)
            kept = any(in_line(parents, joint, other, hops) for other in skinned)
            expected = standin.posedirs[vertex, :, block] if kept else 0
            assert np.array_equal(
                local.posedirs[vertex, :, block], np.broadcast_to(expected, (3, 9))
            )
    assert change.figures["correctives_after"] == np.count_nonzero(
        local.correctives.any(axis=(1, 3))
    )


def test_energy_is_what_stays_of_the_squared_norm(standin):
    pruned, _ = prune_weights(standin)
    local, change = localize_posedirs(pruned)
    share = np.square(local.posedirs).sum() / np.square(standin.posedirs).sum()
    assert change.figures["energy_kept"] == pytest.approx(share, rel=1e-9)
    assert 0.5 < share < 1


@pytest.mark.parametrize(
    ("file", "head", "leaves"),
    [("smplx/SMPLX_NEUTRAL.npz", 15, [22, 23, 24]), ("flame/FLAME_NEUTRAL.pkl", 1, [2, 3, 4])],
)
def test_jaw_and_eyes_stay_off_what_hangs_on_another_of_them(family_dir, file, head, leaves):
    pruned, _ = prune_weights(read_model(family_dir / file))
    local, _ = localize_posedirs(pruned)
    stays = local.correctives.any(axis=(1, 3))[:, np.array(leaves) - 1]
    hangs = pruned.weights[:, leaves] != 0
    beside = hangs.any(axis=1)
    assert np.array_equal(stays[beside], hangs[beside])
    on_head = pruned.weights[:, head] == 1  # whose landmarks are promised the head's children
    assert np.count_nonzero(on_head) > 500
    assert stays[on_head].all()


def test_zero_keeps_shape_and_dtype(standin):
    zeroed, change = localize_posedirs(standin, mode="zero")
    assert zeroed.posedirs.shape == standin.posedirs.shape
    assert zeroed.posedirs.dtype == standin.posedirs.dtype
    assert not zeroed.posedirs.any()
    assert change.figures["energy_kept"] == 0


def test_float32_stays_float32(small_model):
    model = small_model(posedirs=np.ones((10, 3, 27), np.float32))
    local, _ = localize_posedirs(model, hops=0)
    assert local.posedirs.dtype == np.float32
    # Vertex 0 hangs on joints 0 and 1: only joint 1's corrective stays.
    assert local.posedirs[0].any(axis=0).tolist() == [True] * 9 + [False] * 18


@pytest.mark.parametrize("size", [1e-3, 1e-163, 5e-324])
def test_a_corrective_whose_square_is_zero_goes_too(small_model, size):
    local, change = localize_posedirs(small_model(posedirs=np.full((10, 3, 27), size)), hops=0)
    assert local.posedirs[0].any(axis=0).tolist() == [True] * 9 + [False] * 18
    assert change.figures["correctives_before"] == 30
    assert change.figures["correctives_after"] == np.count_nonzero(
        local.correctives.any(axis=(1, 3))
    )
    assert (change.entries_before, change.entries_after) == (810, np.count_nonzero(local.posedirs))


def test_the_smallest_weight_still_keeps_a_corrective(small_model):
    weights = np.zeros((10, 4))
    weights[:, 0], weights[0, 2] = 1, 5e-324  # stock smplx moves vertex 0 by it
    local, _ = localize_posedirs(small_model(weights=weights), hops=0)
    assert local.correctives.any(axis=(1, 3))[:2].tolist() == [[False, True, False], [False] * 3]


@pytest.mark.parametrize("mode", ["local", "zero"])
def test_twice_is_once(standin, mode):
    once, _ = localize_posedirs(standin, mode=mode)
    twice, change = localize_posedirs(once, mode=mode)
    assert twice is once
    assert change.nothing_to_do


def test_keep_returns_the_same_object(standin):
    same, change = localize_posedirs(standin, mode="keep")
    assert same is standin
    assert change.entries_dropped == 0
    assert change.figures["energy_kept"] == 1


@pytest.mark.parametrize("options", [{"mode": "near"}, {"hops": -1}])
def test_options_out_of_range_are_refused(small_model, options):
    with pytest.raises(SmplprepError, match=r"must be (one of|at least 0)"):
        localize_posedirs(small_model(), **options)

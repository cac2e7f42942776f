"""Cleaned files on a device through stock smplx: the body of the CPU, and the same exact zeros."""

from __future__ import annotations

from pathlib import Path

import pytest

pytestmark = pytest.mark.gpu

FILES = ("SMPLH_CLEAN.npz", "SMPLH_PKL_CLEAN.pkl", "SMPLX_CLEAN.npz", "MANO_RIGHT_CLEAN.pkl")
OPENPOSE = "openpose25_to_smplh_joints"


@pytest.fixture(scope="module", params=FILES)
def cleaned(request: pytest.FixtureRequest, artifacts: Path) -> Path:
    if request.param.endswith(".pkl"):
        pytest.importorskip("scipy", reason="stock smplx needs scipy for a sparse regressor")
    return artifacts / request.param


def test_vertices_agree_with_float64_on_the_cpu(cleaned: Path, device: str) -> None:
    import torch

    from scripts.gpu.bodies import forward, load, random_pose

    there, here = load(cleaned, device=device), load(cleaned, device="cpu", dtype=torch.float64)
    found = forward(there, *random_pose(there, 32, device=device, dtype=torch.float32))
    exact = forward(here, *random_pose(here, 32, device="cpu", dtype=torch.float64))
    assert (found.vertices.cpu().double() - exact.vertices).abs().max().item() < 1e-5


@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16 by autocast"])
def test_gradients_outside_the_chain_are_exactly_zero(
    dtype: str, cleaned: Path, device: str, batch: int
) -> None:
    import torch

    from scripts.gpu.bodies import load, random_pose, touched
    from smplprep import read_model
    from smplprep.audit.landmark_sets import skin_landmarks
    from smplprep.audit.support import landmark_support

    cast = dtype.startswith("bfloat16")
    kind = torch.float32 if cast else getattr(torch, dtype)
    n_poses = batch if kind == torch.float32 else batch // 4  # float64 takes twice the memory
    body = load(cleaned, device=device, dtype=kind)
    pose, betas = random_pose(body, n_poses, device=device, dtype=kind)
    with torch.autocast(device, torch.bfloat16, enabled=cast):
        found = touched(body, pose, betas).numpy()
    model = read_model(cleaned)
    expected = landmark_support(model, skin_landmarks(model)[: len(found)]).expected
    assert not (found[:, 1:] & ~expected[:, 1:]).any()
    assert found[:, 0].all()  # the root moves every landmark


def test_openpose_landmarks_have_the_published_supports(
    artifacts: Path, device: str, batch: int, findings: dict
) -> None:
    import torch

    from scripts.gpu.bodies import forward, load, random_pose
    from smplprep.records.families import SMPLH

    names = SMPLH.joint_names(52)
    body = load(artifacts / "SMPLH_CLEAN.npz", device=device)
    pose, betas = random_pose(body, batch, device=device, dtype=torch.float32)
    pose.requires_grad_()
    joints = forward(body, pose, betas).joints
    direction = torch.randn(3, generator=torch.Generator().manual_seed(4)).to(device)
    sources = zip(findings["openpose_joint_source"], findings[OPENPOSE], strict=True)
    for name, joint in sources:
        loss = (joints[:, joint] @ direction).sum()
        (gradient,) = torch.autograd.grad(loss, pose, retain_graph=True)
        moved = (gradient != 0).any(dim=2)
        expected = findings["structural_gradient_support_after"][name]
        outside = [k for k in range(1, 52) if names[k] not in expected]
        inside = [k for k in range(1, 52) if names[k] in expected]
        assert not moved[:, outside].any(), name  # exact zeros, in every body of the batch
        assert moved[:, inside].any(dim=0).all(), name  # each of them in some body

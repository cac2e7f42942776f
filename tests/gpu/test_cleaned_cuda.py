"""The cleaned file on a GPU: the same body as on the CPU, and the same exact zeros."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

pytestmark = pytest.mark.gpu

BATCH = 4096
OPENPOSE = "openpose25_to_smplh_joints"


def load(path: Path, *, device: str, dtype: str):
    """Stock smplx's SMPLH from the file, unchanged, without PCA."""
    import smplx
    import torch

    with warnings.catch_warnings():
        # smplx makes tensors from lists of arrays, which torch calls slow.
        warnings.simplefilter("ignore", UserWarning)
        settings = {"ext": path.suffix[1:], "use_pca": False, "dtype": getattr(torch, dtype)}
        return smplx.SMPLH(str(path), **settings).to(device)


def random_pose(n_poses: int, *, device: str, dtype: str):
    """(N, 156) axis-angle poses and (N, 10) betas, drawn on the CPU so that both sides match."""
    import torch

    generator = torch.Generator().manual_seed(3)
    pose = 0.3 * torch.randn(n_poses, 156, generator=generator, dtype=torch.float64)
    betas = torch.randn(n_poses, 10, generator=generator, dtype=torch.float64)
    return tuple(tensor.to(device, getattr(torch, dtype)) for tensor in (pose, betas))


def forward(body, pose, betas):
    return body(
        global_orient=pose[:, :3],
        body_pose=pose[:, 3:66],
        left_hand_pose=pose[:, 66:111],
        right_hand_pose=pose[:, 111:],
        betas=betas,
        transl=pose.new_zeros(len(pose), 3),
    )


@pytest.fixture(scope="module", params=["npz", "pkl"])
def cleaned(request: pytest.FixtureRequest, artifacts: Path) -> Path:
    path = artifacts / f"SMPLH_CLEAN.{request.param}"
    if not path.exists():
        pytest.skip(f"{path.name} was not carried to this machine (45 MB)")
    return path


def test_vertices_agree_with_float64_on_the_cpu(cleaned):
    on_gpu = load(cleaned, device="cuda", dtype="float32")
    on_cpu = load(cleaned, device="cpu", dtype="float64")
    found = forward(on_gpu, *random_pose(32, device="cuda", dtype="float32")).vertices
    exact = forward(on_cpu, *random_pose(32, device="cpu", dtype="float64")).vertices
    worst = (found.cpu().double() - exact).abs().max().item()
    print(f"largest difference {worst:.3g} m")
    assert worst < 1e-5


def test_gradient_supports_are_the_published_ones_in_a_batch(cleaned, findings):
    import torch

    from smplprep.records.families import SMPLH

    names = SMPLH.joint_names(52)
    body = load(cleaned, device="cuda", dtype="float32")
    pose, betas = random_pose(BATCH, device="cuda", dtype="float32")
    pose.requires_grad_()
    joints = forward(body, pose, betas).joints
    direction = torch.randn(3, generator=torch.Generator().manual_seed(4)).to("cuda")
    sources = zip(findings["openpose_joint_source"], findings[OPENPOSE], strict=True)
    for name, joint in sources:
        loss = (joints[:, joint] @ direction).sum()
        (gradient,) = torch.autograd.grad(loss, pose, retain_graph=True)
        moved = (gradient.reshape(BATCH, 52, 3) != 0).any(dim=2)
        expected = findings["structural_gradient_support_after"][name]
        outside = [k for k in range(1, 52) if names[k] not in expected]
        inside = [k for k in range(1, 52) if names[k] in expected]
        assert not moved[:, outside].any(), name  # exact zeros, in every body of the batch
        assert moved[:, inside].any(dim=0).all(), name  # each of them in some body

"""Cleaned files in stock smplx, without anything of smplprep's, and what their gradients touch."""

from __future__ import annotations

import contextlib
import io
import warnings
from pathlib import Path
from typing import Any

import torch

# The pose parameters of each class in the order of the joints, and how many joints each moves.
_HANDS = {"left_hand_pose": 15, "right_hand_pose": 15}
PARTS = {
    "SMPLH": {"global_orient": 1, "body_pose": 21, **_HANDS},
    "SMPLX": {
        "global_orient": 1, "body_pose": 21, "jaw_pose": 1, "leye_pose": 1, "reye_pose": 1, **_HANDS
    },
    "MANO": {"global_orient": 1, "hand_pose": 15},
}  # fmt: skip


def class_of(path: Path) -> str:
    """The name of the stock class, which the file's name begins with."""
    return path.name.split("_")[0]


def load(path: Path, *, device: str, dtype: torch.dtype = torch.float32) -> Any:
    """The stock class on the file as it stands, without PCA."""
    name = class_of(path)
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        # smplx makes tensors from lists of arrays, which torch calls slow; scipy deprecates the
        # module of sparse matrices that the official files name.
        warnings.simplefilter("ignore", UserWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        import smplx

        hand = {"is_rhand": True} if name == "MANO" else {}
        settings = {"ext": path.suffix[1:], "use_pca": False, "flat_hand_mean": True, **hand}
        return getattr(smplx, name)(str(path), dtype=dtype, **settings).to(device)


def random_pose(
    body: Any, n_poses: int, *, device: str, dtype: torch.dtype
) -> tuple[torch.Tensor, torch.Tensor]:
    """(N, J, 3) axis-angle poses and (N, 10) betas, drawn on the CPU so that devices agree."""
    n_joints = sum(PARTS[type(body).__name__].values())
    generator = torch.Generator().manual_seed(3)
    pose = 0.3 * torch.randn(n_poses, n_joints, 3, generator=generator, dtype=torch.float64)
    betas = torch.randn(n_poses, body.num_betas, generator=generator, dtype=torch.float64)
    return pose.to(device, dtype), betas.to(device, dtype)


def forward(body: Any, pose: torch.Tensor, betas: torch.Tensor) -> Any:
    """What stock smplx makes of poses (N, J, 3) and betas (N, B), at the origin, face at rest."""
    parts = PARTS[type(body).__name__]
    split = pose.split(list(parts.values()), dim=1)
    arguments = {name: part.flatten(1) for name, part in zip(parts, split, strict=True)}
    if hasattr(body, "expression"):
        arguments["expression"] = body.expression.detach().expand(len(pose), -1)
    return body(betas=betas, transl=torch.zeros_like(pose[:, 0]), **arguments)


def landmarks(body: Any) -> list[int]:
    """The vertices that the class appends to its joints: nose, toes, finger tips."""
    return body.vertex_joint_selector.extra_joints_idxs.tolist()


def touched(body: Any, pose: torch.Tensor, betas: torch.Tensor) -> torch.Tensor:
    """(L, J) whether some body of the batch has a gradient of landmark l at joint j.

    Through autograd: the landmark's product with one direction, summed over the batch.
    """
    pose = pose.detach().requires_grad_()
    vertices = forward(body, pose, betas).vertices
    direction = torch.randn(3, generator=torch.Generator().manual_seed(4)).to(vertices)
    rows = []
    for vertex in landmarks(body):
        loss = (vertices[:, vertex] @ direction).sum()
        (gradient,) = torch.autograd.grad(loss, pose, retain_graph=True)
        rows.append((gradient != 0).any(dim=2).any(dim=0))
    return torch.stack(rows).cpu()

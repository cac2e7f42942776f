"""``evaluate`` in torch, for a GPU: the same tallies as numpy's ``Measure``. Needs torch."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..geometry.kinematic_tree import parents_first, parents_of
from ..geometry.skinning import shaped_joints
from ..records.model import Model
from ..stock.load import require_torch
from .measure import STRETCH, Frames, ModelPair
from .tally import FIRST, MAX_UM, N_BINS, SHIFT, Peak, Tally

Tensor = Any  # torch is imported when it is first needed


class TorchMeasure(ModelPair):
    """Two models on a device; see ``evaluate.measure`` for the attributes.

    All in float32, as stock smplx: off by less than 0.001 mm on the stand-in (measured on a CPU).
    """

    stretch = 8 * STRETCH

    def __init__(self, original: Model, cleaned: Model, *, device: str = "cuda") -> None:
        """Raises SmplprepError: not of one family, no torch, or no such device."""
        super().__init__(original, cleaned)
        torch = require_torch(device)
        self.engine = f"torch-{device}"
        self._device = device
        self._region_of = torch.tensor(self.region_of, device=device)
        self._bodies = [Body(model, self.n_shapes, device) for model in (original, cleaned)]

    def __call__(self, frames: Frames) -> Tally:
        """The tally of one stretch."""
        import torch

        with torch.inference_mode():
            poses = torch.tensor(frames.poses, dtype=torch.float32, device=self._device)
            betas = torch.tensor(
                frames.betas[: self.n_shapes], dtype=torch.float32, device=self._device
            )
            rotations = rotation_matrices(poses)
            ours, theirs = (body.posed(rotations, betas) for body in self._bodies)
            um = torch.round(1e6 * torch.linalg.vector_norm(ours - theirs, dim=2))
            return self._tally(torch.clamp(um, max=MAX_UM), frames)

    def _tally(self, um: Tensor, frames: Frames) -> Tally:
        """Of (N, V) whole micrometers."""
        import torch

        n_regions = len(self.regions)
        bins = torch.clamp((um.view(torch.int32) >> SHIFT) - FIRST, min=0)
        where = (bins + self._region_of * N_BINS).reshape(-1)
        counts = torch.bincount(where, minlength=n_regions * N_BINS)
        sums = torch.zeros(n_regions, dtype=torch.int64, device=um.device)
        sums.index_add_(0, self._region_of, um.to(torch.int64).sum(dim=0))
        highest = torch.zeros(n_regions, dtype=um.dtype, device=um.device)
        highest.scatter_reduce_(0, self._region_of, um.amax(dim=0), "amax")
        tally = Tally(
            counts=as_integers(counts).reshape(n_regions, N_BINS),
            sums=as_integers(sums),
            highest=as_integers(highest),
            frames=len(um),
        )
        for start in range(0, len(um), STRETCH):
            part = um[start : start + STRETCH]
            frame, vertex = divmod(int(part.argmax()), um.shape[1])
            first = frames.first + start
            peak = Peak(-int(part[frame, vertex]), frames.file, first + frame, vertex)
            tally.worst += (peak,)
        return tally


class Body:
    """One model's arrays on a device, and linear blend skinning with them."""

    def __init__(self, model: Model, n_shapes: int, device: str) -> None:
        import torch

        def moved(array: NDArray) -> Tensor:
            return torch.tensor(np.asarray(array, np.float32), device=device)

        self.template = moved(model.v_template)
        self.shapedirs = moved(model.shapedirs[:, :, :n_shapes])
        self.posedirs = moved(model.posedirs.reshape(3 * model.n_vertices, -1).T)
        self.weights = moved(model.weights)
        self.joints, self.directions = map(moved, shaped_joints(model, n_shapes))
        self.parents = parents_of(model.kintree_table)

    def posed(self, rotations: Tensor, betas: Tensor) -> Tensor:
        """(N, V, 3) vertices for rotations (N, J, 3, 3) and betas (B',)."""
        import torch

        n_frames, n_vertices = len(rotations), len(self.template)
        identity = torch.eye(3, device=rotations.device)
        features = (rotations[:, 1:] - identity).reshape(n_frames, -1)
        unposed = self.template + self.shapedirs[:, :, : len(betas)] @ betas
        unposed = unposed + (features @ self.posedirs).reshape(n_frames, n_vertices, 3)
        transforms = self.transforms(rotations, betas)
        blended = torch.einsum("vj,njk->nvk", self.weights, transforms.flatten(2))
        blended = blended.reshape(n_frames, n_vertices, 3, 4)
        return (blended[..., :3] @ unposed[..., None])[..., 0] + blended[..., 3]

    def transforms(self, rotations: Tensor, betas: Tensor) -> Tensor:
        """(N, J, 3, 4) from rest to posed space."""
        import torch

        joints = self.joints + self.directions[:, :, : len(betas)] @ betas
        turned: dict[int, Tensor] = {}
        placed: dict[int, Tensor] = {}
        for joint in parents_first(self.parents):
            parent = int(self.parents[joint])
            if parent < 0:
                turned[joint] = rotations[:, joint]
                placed[joint] = joints[joint].expand(len(rotations), 3)
                continue
            turned[joint] = turned[parent] @ rotations[:, joint]
            placed[joint] = placed[parent] + turned[parent] @ (joints[joint] - joints[parent])
        turn = torch.stack([turned[joint] for joint in range(len(joints))], dim=1)
        place = torch.stack([placed[joint] for joint in range(len(joints))], dim=1)
        moved = place - (turn @ joints[..., None])[..., 0]
        return torch.cat([turn, moved[..., None]], dim=3)


def rotation_matrices(poses: Tensor) -> Tensor:
    """(..., 3, 3) rotation matrices of (..., 3) axis-angle vectors in radians (Rodrigues)."""
    import torch

    angle = torch.linalg.vector_norm(poses, dim=-1)[..., None, None]
    x, y, z = poses.unbind(-1)
    zero = torch.zeros_like(x)
    skew = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], dim=-1)
    skew = skew.reshape(*poses.shape, 3)
    sine = torch.sinc(angle / torch.pi)
    versine = 0.5 * torch.sinc(angle / (2 * torch.pi)) ** 2
    return torch.eye(3, device=poses.device) + sine * skew + versine * (skew @ skew)


def as_integers(tensor: Tensor) -> NDArray[np.int64]:
    return tensor.cpu().numpy().astype(np.int64)

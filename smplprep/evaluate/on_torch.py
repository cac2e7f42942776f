"""``evaluate`` by stock smplx's ``lbs``, for a GPU: the same tallies as numpy's ``Measure``."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..records.model import Model
from ..stock.load import require_torch
from ..stock.skinning import StockSkinning
from .measure import STRETCH, Frames, ModelPair
from .tally import FIRST, MAX_UM, N_BINS, SHIFT, Peak, Tally

Tensor = Any  # torch is imported when it is first needed


class TorchMeasure(ModelPair):
    """Two models on a device; see ``evaluate.measure`` for the attributes.

    All in float32, as stock smplx is.
    """

    stretch = 8 * STRETCH

    def __init__(self, original: Model, cleaned: Model, *, device: str = "cuda") -> None:
        """Raises SmplprepError: not of one family, no torch or smplx, or no such device."""
        super().__init__(original, cleaned)
        torch = require_torch(device)
        self.engine = f"torch-{device}"
        self._device = device
        self._region_of = torch.tensor(self.region_of, device=device)
        self._models = [
            StockSkinning(model, n_shapes=self.n_shapes, device=device)
            for model in (original, cleaned)
        ]

    def __call__(self, frames: Frames) -> Tally:
        """The tally of one stretch."""
        import torch

        with torch.inference_mode():
            betas = np.tile(frames.betas[: self.n_shapes], (len(frames.poses), 1))
            poses, shapes = map(self._models[0].tensor, (frames.poses, betas))
            ours, theirs = (model.vertices(poses, shapes) for model in self._models)
            um = torch.round(self.um * torch.linalg.vector_norm(ours - theirs, dim=2))
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


def as_integers(tensor: Tensor) -> NDArray[np.int64]:
    return tensor.cpu().numpy().astype(np.int64)

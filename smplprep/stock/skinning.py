"""Stock smplx's own linear blend skinning, ``smplx.lbs``, of the arrays of any model."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import SmplprepError
from ..geometry.kinematic_tree import parents_of
from ..records.model import Model
from .load import require_torch


class StockSkinning:
    """The arrays of one model, of any family, on a device, for ``smplx.lbs``."""

    def __init__(
        self, model: Model, *, n_shapes: int, device: str = "cpu", dtype: str = "float32"
    ) -> None:
        """Take the first ``n_shapes`` shape directions.

        Raises:
            SmplprepError: torch, smplx or the device is missing, or a child comes before its
                parent in ``kintree_table``, which ``smplx.lbs`` cannot pose.
        """
        torch = require_torch(device)
        parents = parents_of(model.kintree_table)
        if (parents >= np.arange(len(parents))).any():
            raise SmplprepError(
                "stock smplx cannot pose it: a child comes before its parent",
                path=model.source.path,
                key="kintree_table",
            )

        def moved(array: NDArray) -> Any:
            return torch.tensor(np.asarray(array, dtype), device=device)

        self.arrays = {
            "v_template": moved(model.v_template),
            "shapedirs": moved(model.shapedirs[:, :, :n_shapes]),
            "posedirs": moved(model.posedirs.reshape(3 * model.n_vertices, -1).T),
            "J_regressor": moved(model.J_regressor),
            "lbs_weights": moved(model.weights),
            # smplx.lbs asks for its entries one by one.
            "parents": torch.tensor(parents),
        }

    def tensor(self, array: NDArray[np.float64]) -> Any:
        """The array in the model's dtype on its device."""
        return self.arrays["v_template"].new_tensor(array)

    def vertices(self, poses: Any, betas: Any) -> Any:
        """(N, V, 3) vertices in meters, for axis-angle poses (N, J, 3) and betas (N, B').

        Betas beyond the model's shape directions count for nothing.
        """
        from smplx.lbs import lbs

        directions = self.arrays["shapedirs"][:, :, : betas.shape[1]]
        arrays = self.arrays | {"shapedirs": directions}
        return lbs(betas=betas[:, : directions.shape[2]], pose=poses, **arrays)[0]

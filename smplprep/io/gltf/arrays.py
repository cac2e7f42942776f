"""The arrays of a .glb, from those of a model."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...errors import ModelWriteError
from ...geometry.skinning import Skeleton
from ...records.model import Model

DEFAULT_BETAS = 10
GRID_DECIMALS = 9  # joints are rounded to 1e-9 m: sums may differ in their last digits by machine


def morph_directions(model: Model, n_betas: int | None) -> NDArray:
    """(V, 3, N) the shape directions that become morph targets.

    Raises:
        ModelWriteError: the model has fewer than ``n_betas``.
    """
    n_found = model.shapedirs.shape[2]
    if n_betas is not None and n_betas > n_found:
        raise ModelWriteError(
            f"there are {n_found} shape directions, not {n_betas}",
            key="shapedirs",
            hint=f"Use --betas {n_found} or less.",
        )
    return model.shapedirs[:, :, : DEFAULT_BETAS if n_betas is None else n_betas]


def influence_sets(weights: NDArray) -> list[tuple[NDArray, NDArray[np.float32]]]:
    """(V, 4) joint numbers and (V, 4) weights for each set of four influences, heaviest first.

    Rows sum to 1 over all sets. An unused place has joint 0 and weight 0.
    """
    rows = np.maximum(weights.astype(np.float64), 0)  # validation lets -1e-6 through
    rows = (rows / rows.sum(axis=1, keepdims=True)).astype(np.float32)
    n_sets = max(1, -(-int(np.count_nonzero(rows, axis=1).max()) // 4))
    rows = np.pad(rows, ((0, 0), (0, max(0, 4 * n_sets - rows.shape[1]))))
    order = np.argsort(-rows, axis=1, kind="stable")[:, : 4 * n_sets]
    heaviest = np.take_along_axis(rows, order, axis=1)
    numbers = np.where(heaviest > 0, order, 0)
    numbers = numbers.astype(np.uint8 if weights.shape[1] <= 256 else np.uint16)
    parts = [slice(4 * index, 4 * index + 4) for index in range(n_sets)]
    return [(numbers[:, part], heaviest[:, part]) for part in parts]


def indices(model: Model) -> NDArray:
    """(3 F,) vertices of the triangles; the largest number of a type has a meaning of its own."""
    dtype = np.uint16 if model.n_vertices <= 65535 else np.uint32
    return model.f.astype(dtype).reshape(-1)


def gltf_joints(model: Model) -> NDArray[np.float64]:
    """(J, 3) joints of the template, meters."""
    return np.round(Skeleton.of(model, 0).joints, GRID_DECIMALS) + 0.0  # -0.0 becomes 0.0


def inverse_binds(joints: NDArray[np.float64]) -> NDArray[np.float32]:
    """(J, 16) translations from each joint to the origin, column by column."""
    matrices = np.tile(np.eye(4, dtype=np.float32), (len(joints), 1, 1))
    matrices[:, 3, :3] = 0.0 - joints
    return matrices.reshape(-1, 16)


def joint_offsets(joints: NDArray[np.float64], parents: NDArray[np.int64]) -> NDArray[np.float64]:
    """(J, 3) each joint seen from its parent, (J,), and the root from the origin, meters."""
    offsets = joints - np.where(parents[:, None] < 0, 0, joints[parents])
    return np.round(offsets, GRID_DECIMALS) + 0.0

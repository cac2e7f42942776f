"""What is unusual in a tree or a regressor, and what stock smplx does with it."""

from __future__ import annotations

import numpy as np

from ..records.model import Model


def tree_remarks(model: Model) -> list[str]:
    """Sentences on how ``kintree_table`` names the root and the joints."""
    parents, ids = model.kintree_table
    joints, found = np.arange(model.n_joints), []
    for joint in np.flatnonzero(parents == joints).tolist():
        found.append(
            f"kintree_table says that joint {joint} is its own parent; it was taken for the root, "
            f"as stock smplx takes joint 0"
        )
    if (ids != joints).any():
        found.append(
            "row 1 of kintree_table does not number the joints 0, 1, 2, ...; stock smplx and "
            "smplprep do not look at it and take the columns in their order"
        )
    return found


def regressor_remarks(model: Model, *, tolerance: float) -> list[str]:
    """A sentence on the worst row whose sum is off by more than ``tolerance``."""
    sums = model.J_regressor.sum(axis=1, dtype=np.float64)
    off = np.abs(sums - 1)
    worst, n_off = int(off.argmax()), int((off > tolerance).sum())
    if not n_off:
        return []
    others = f", and {n_off - 1} more are off" if n_off > 1 else ""
    return [
        f"J_regressor[{worst}] sums to {sums[worst]:.6g}, not 1{others}; stock smplx puts a joint "
        f"that many times as far from the origin, and smplprep keeps the sum"
    ]

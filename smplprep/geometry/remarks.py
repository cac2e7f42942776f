"""What is unusual in a tree, a regressor or the size of a body, and what smplx does with it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..errors import shown
from ..records.model import Model
from ..records.units import MILLIMETERS

# In meters: what is larger or smaller is not a body, or a file in other units.
LARGEST, SMALLEST = 10.0, 0.1


def storage_remarks(notes: Mapping[str, str]) -> list[str]:
    """A sentence on each way of storing values that is not plain; see ``Contents.notes``."""
    keys_of: dict[str, list[str]] = {}
    for key, note in notes.items():
        keys_of.setdefault(note, []).append(shown(key))
    return [f"stored as {note} in the file: {', '.join(keys)}" for note, keys in keys_of.items()]


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
    off = np.where(model.J_regressor.any(axis=1), np.abs(sums - 1), 0)  # empty: see place_remarks
    worst, n_off = int(off.argmax()), int((off > tolerance).sum())
    if not n_off:
        return []
    others = f", and {n_off - 1} more are off" if n_off > 1 else ""
    return [
        f"J_regressor[{worst}] sums to {sums[worst]:.6g}, not 1{others}; stock smplx puts a joint "
        f"that many times as far from the origin, and smplprep keeps the sum"
    ]


def place_remarks(model: Model) -> list[str]:
    """Sentences on the size of the body and on joints that no vertex places."""
    found = []
    extent = float(np.ptp(model.v_template, axis=0).max())
    meters = extent * model.mm / 1000
    if not SMALLEST <= meters <= LARGEST:
        units = [unit for unit in MILLIMETERS if unit != model.units]
        found.append(
            f"the body is {extent:.3g} {model.units} long: if its unit is another, every "
            f"figure in mm is wrong (--units {' or '.join(units)})"
        )
    empty = np.flatnonzero(~model.J_regressor.any(axis=1))
    if empty.size:
        names = model.joint_names()
        listed = ", ".join(names[joint] for joint in empty[:5]) + ", ..." * (empty.size > 5)
        found.append(f"no vertex places {listed}: such a joint is at the origin")
    return found

"""The kinematic tree: who hangs from whom, and how many edges lie between."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelInvalidError

# How files spell "no parent": -1 as itself, wrapped to an unsigned type (floats round the larger
# ones up), or cut to the largest of a signed one. A joint of that number is a joint.
UNSIGNED = (2**8 - 1, 2**16 - 1, 2**32 - 1, 2**32, 2**64 - 1, 2**64)
SIGNED = (2**7 - 1, 2**15 - 1, 2**31 - 1, 2**31, 2**63 - 1, 2**63)


def parents_of(kintree_table: NDArray) -> NDArray[np.int64]:
    """(J,) parent of each joint, -1 for the one root.

    Raises:
        ModelInvalidError: not (2, J) of whole numbers, no or several roots, a parent out of range,
            or a cycle; the message names the joint. A joint that is its own parent is a root.
    """

    def refuse(message: str) -> ModelInvalidError:
        return ModelInvalidError(message, key="kintree_table")

    if kintree_table.ndim != 2 or kintree_table.shape[0] != 2:
        raise refuse(f"kintree_table has shape {kintree_table.shape}, not (2, J)")
    n_joints = kintree_table.shape[1]
    if kintree_table.dtype.str[1:] == "f2":  # whose infinity is 65535
        kintree_table = np.minimum(kintree_table.astype(np.float64), 2**16 - 1)
    broken = ~np.isfinite(kintree_table) | (np.trunc(kintree_table) != kintree_table)
    if broken.any():
        row, joint = np.argwhere(broken)[0]
        value = kintree_table[row, joint]
        raise refuse(f"kintree_table[{row}, {joint}]: {value} is not an integer")
    numbers = [int(value) for value in kintree_table[0].tolist()]
    none = {-1, *(number for number in (*UNSIGNED, *SIGNED) if number >= n_joints)}
    parents = [-1 if n in none or n == joint else n for joint, n in enumerate(numbers)]
    roots = [joint for joint, parent in enumerate(parents) if parent == -1]
    if len(roots) != 1:
        raise refuse(f"kintree_table has {len(roots)} roots {roots[:5]}, not one")
    for joint, parent in enumerate(parents):
        if not -1 <= parent < n_joints:
            raise refuse(
                f"kintree_table[0, {joint}]: parent {parent} is not one of the {n_joints} joints"
            )
    for joint in range(n_joints):
        walker, steps = joint, 0
        while walker != -1:
            walker, steps = parents[walker], steps + 1
            if steps > n_joints:
                raise refuse(f"kintree_table: joint {joint} is its own ancestor (a cycle)")
    return np.array(parents, dtype=np.int64)


def ancestors_or_self(parents: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(J, J); [j, a] says that a is j or one of its ancestors."""
    table = np.eye(len(parents), dtype=bool)
    for joint in parents_first(parents):
        if parents[joint] >= 0:
            table[joint] |= table[parents[joint]]
    return table


def parents_first(parents: NDArray[np.int64]) -> list[int]:
    """The joints in an order in which each parent comes before its children."""
    depth = depths(parents)
    return sorted(range(len(parents)), key=lambda joint: (depth[joint], joint))


def depths(parents: NDArray[np.int64]) -> list[int]:
    """Number of edges between each joint and the root."""
    found = []
    for joint in range(len(parents)):
        steps, walker = 0, joint
        while parents[walker] >= 0:
            walker, steps = int(parents[walker]), steps + 1
        found.append(steps)
    return found


def in_line_within(parents: NDArray[np.int64], hops: int) -> NDArray[np.bool_]:
    """(J, J), symmetric; [j, k]: one is the other's ancestor, or the same, ``hops`` edges or less.

    Siblings are not in line, however close.
    """
    above = ancestors_or_self(parents)
    depth = np.array(depths(parents))
    near = np.abs(depth[:, None] - depth[None, :]) <= hops
    return (above | above.T) & near


def leaf_siblings(parents: NDArray[np.int64]) -> list[int]:
    """The joints without children that share their parent: jaw and eyes, of the known families."""
    n_children = np.bincount(parents[parents >= 0], minlength=len(parents))
    leaves = np.flatnonzero((n_children == 0) & (parents >= 0))
    n_leaves = np.bincount(parents[leaves], minlength=len(parents))
    return [int(leaf) for leaf in leaves if n_leaves[parents[leaf]] > 1]

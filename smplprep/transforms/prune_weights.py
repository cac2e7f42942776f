"""Prune skinning weights: small entries go, the rest of each row is rescaled to sum 1.

Landmark vertices carry weights of 1e-3 on unrelated joints, so a loss on the nose turns the legs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..change import Change
from ..errors import SmplprepError
from ..model import Model

# A row whose sum is off by no more than this many eps of its dtype needs no rescaling.
SUM_SLACK_EPS = 4
# Rescaling a row whose sum was above 1 can push an entry under the tolerance, and so on; each round
# but the first touches hardly any row.
MAX_ROUNDS = 16


def prune_weights(
    model: Model, *, tolerance: float = 1e-2, spared: NDArray[np.bool_] | None = None
) -> tuple[Model, Change]:
    """Zero skinning weights below ``tolerance`` and rescale the rest of each row to sum 1.

    A landmark then depends on the joints of its own kinematic chain alone.

    Args:
        model: ``weights`` (V, J), rows summing to about 1 (they are normalised).
        tolerance: dimensionless, in [0, 1); entries ``< tolerance`` go, one equal to it stays.
        spared: (V, J); entries that stay whatever else says they go, see ``budget``.

    Returns:
        The new model (the input is untouched, unchanged rows are bit-equal) and its Change. A row
        with no entry left keeps its largest as 1 (ties: the lowest joint) and is listed as rescued.
        In a row whose survivors sum to more than 1, rescaling can push an entry under the
        tolerance; it goes too, so that cleaning twice gives the bytes of cleaning once.

    Error bound: with dropped mass r_v, vertex v moves at most
        r_v * max_jk |T_j v - T_k v| metres over the joints of its input row.

    Raises:
        SmplprepError: a tolerance outside [0, 1).

    Source: the investigation's ``prune_lbs_weights``: zero ``(w < tol) & (w != 0)``, then
        ``torch.nn.functional.normalize(w, p=1, dim=1)``.
    """
    if not 0.0 <= tolerance < 1.0:
        raise SmplprepError(f"the tolerance {tolerance} is not in [0, 1)")
    stored = model.weights
    # Compared in the stored dtype, as torch does: float32(0.01) equals a tolerance of 0.01.
    threshold = stored.dtype.type(tolerance)
    slack = SUM_SLACK_EPS * float(np.finfo(stored.dtype).eps)
    input_sums = row_sums(stored).astype(np.float64)

    stays = np.zeros(stored.shape, dtype=bool) if spared is None else spared
    # Negative entries go also at a tolerance of 0.
    after = np.where(((stored < threshold) | (stored < 0)) & ~stays, 0, stored)
    rescued = np.flatnonzero(~after.any(axis=1))
    after[rescued, stored[rescued].argmax(axis=1)] = 1
    rows = np.flatnonzero((after != stored).any(axis=1) | (np.abs(input_sums - 1) > slack))
    for _ in range(MAX_ROUNDS):
        after[rows] /= row_sums(after[rows])[:, None]
        fallen = (after[rows] > 0) & (after[rows] < threshold) & ~stays[rows]
        after[rows] = np.where(fallen, 0, after[rows])
        off = np.abs(row_sums(after[rows]).astype(np.float64) - 1) > slack
        rows = rows[fallen.any(axis=1) | off]
    touched = (after != stored).any(axis=1)

    before = stored.astype(np.float64)
    dropped = np.where(after == 0, before, 0.0)
    row_loss = np.abs(dropped).sum(axis=1)
    odd = np.flatnonzero(np.abs(input_sums - 1.0) > max(slack, 1e-6))
    change = Change(
        transform="prune_weights",
        field="weights",
        options={"tolerance": tolerance},
        entries_before=int(np.count_nonzero(before)),
        entries_after=int(np.count_nonzero(after)),
        rows_touched=int(np.count_nonzero(touched)),
        figures={
            "mass_dropped_mean": float(row_loss.mean()),
            "mass_dropped_max": float(row_loss.max()),
            "mass_dropped_max_vertex": int(row_loss.argmax()),
            "mass_dropped_per_joint": np.abs(dropped).sum(axis=0).tolist(),
            "negative_entries_dropped": int(np.count_nonzero(before < 0)),
            "rescued_rows": [{"vertex": int(v), "joint": int(after[v].argmax())} for v in rescued],
            "normalised_rows": [{"vertex": int(v), "sum": float(input_sums[v])} for v in odd],
        },
    )
    return (model if change.nothing_to_do else model.with_arrays(weights=after)), change


def row_sums(matrix: NDArray[np.floating]) -> NDArray[np.floating]:
    """Sum of each row, entry by entry in the dtype of the matrix.

    So does torch's norm. numpy's own sum adds in an order that depends on the machine, and this one
    decides bytes.
    """
    total = np.zeros(len(matrix), dtype=matrix.dtype)
    for column in matrix.T:
        total = total + column
    return total

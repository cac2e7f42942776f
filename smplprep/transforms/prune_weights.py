"""Prune skinning weights: spurious entries go, the rest of each row is rescaled to sum 1.

Landmark vertices carry weights of 1e-3 on unrelated joints, so a loss on the nose turns the legs.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from ..geometry.kinematic_tree import parents_first, parents_of
from ..geometry.validation import MAX_SUM_ERROR
from ..records.change import Change
from ..records.model import Model
from ..records.options import Policy, RemovedTo, checked
from .policies.islands import islands
from .policies.rounds import MAX_ROUNDS, no_end
from .policies.threshold import threshold

# A row whose sum is off by no more than this many eps of its dtype needs no rescaling. Nor does one
# whose sum is off by one eps for each of its entries: a row that was divided by its sum may be, for
# adding n numbers is off by (n - 1) / 2 eps at most, once in the divisor and once in the check.
SUM_SLACK_EPS = 4

Mask = NDArray[np.bool_]


def prune_weights(
    model: Model,
    *,
    tolerance: float = 1e-2,
    policy: Policy = "threshold",
    max_influences: int | None = None,
    protected: Mask | None = None,
    removed_to: RemovedTo = "renormalize",
) -> tuple[Model, Change]:
    """Zero the skinning weights that a policy calls spurious; each row sums to 1 again.

    A landmark then depends on the joints of its own kinematic chain alone.

    Args:
        model: ``weights`` (V, J), rows summing to about 1 (they are normalized).
        tolerance: dimensionless, in [0, 1); for "threshold": entries ``< tolerance`` go, one equal
            to it stays.
        policy: "threshold" or "islands"; each is a file of ``policies/``.
        max_influences: after the policy, only so many entries of a row stay, the largest.
        protected: (V, J); entries that keep their bits. The others of their row take what was
            removed; a row that would be left with protected entries alone is left as it is.
        removed_to: "renormalize" shares what was removed among the rest of the row, "parent" gives
            it to the nearest ancestor that stays in the row, and where none does, shares it.

    Returns:
        The new model (the input is untouched, unchanged rows are bit-equal) and its Change. A row
        that loses nothing is unchanged if its sum is off by at most four eps of its dtype, or one
        eps for each of its n entries (in float16, of float32). A row with no entry left keeps its
        largest as 1 (ties: the lowest joint) and is listed as rescued.
        What is left is pruned again until nothing goes (rescaling can push an entry under the
        tolerance), so that cleaning twice gives the bytes of cleaning once.

    Error bound: with dropped mass r_v, vertex v moves at most
        r_v * max_jk |T_j v - T_k v| meters over the joints of its input row.

    Raises:
        SmplprepError: an option out of its range.

    Source: the investigation's ``prune_lbs_weights``: zero ``(w < tol) & (w != 0)``, then
        ``torch.nn.functional.normalize(w, p=1, dim=1)``.
    """
    check_options(tolerance, policy, max_influences, removed_to)
    stored = model.weights
    sums = row_sums(stored).astype(np.float64)
    frozen = frozen_entries(stored, protected)

    after, gone_by = np.where((stored < 0) & ~frozen, 0, stored), dict[str, Mask]()
    rescued = np.zeros(len(after), dtype=bool)
    for _ in range(MAX_ROUNDS):
        left = dataclasses.replace(model, weights=after)
        if policy == "islands":
            spurious, spared = islands(left)
        else:
            spurious, spared = threshold(left, tolerance=tolerance), []
        rules: dict[str, Mask] = {policy: spurious}
        if max_influences is not None:
            least = beyond_largest(after, spurious & ~frozen, frozen, max_influences)
            rules["max_influences"] = least
        gone = np.logical_or.reduce([*rules.values()]) & ~frozen
        rescued |= rescue_rows(gone, after, frozen) & (gone.any(axis=1) | unscaled(after))
        if gone_by and not gone.any():  # the first round rescales in any case
            break
        for rule, mask in rules.items():
            gone_by[rule] = gone_by.get(rule, np.zeros_like(gone)) | (mask & gone)
        after = without_entries(after, gone, frozen, removed_to=removed_to, model=model)
    else:
        raise no_end()
    touched = (after != stored).any(axis=1)

    before = stored.astype(np.float64)
    dropped = np.where(after == 0, before, 0.0)
    row_loss = np.abs(dropped).sum(axis=1)
    normalized = [vertex for vertex in unnormalized_rows(stored) if touched[vertex]]
    change = Change(
        transform="prune_weights",
        field="weights",
        options={"tolerance": tolerance, "policy": policy},
        entries_before=int(np.count_nonzero(before)),
        entries_after=int(np.count_nonzero(after)),
        rows_touched=int(np.count_nonzero(touched)),
        figures={
            "dropped_per_rule": {rule: int(mask.sum()) for rule, mask in gone_by.items()},
            "spared": spared,
            "mass_dropped_mean": float(row_loss.mean()),
            "mass_dropped_max": float(row_loss.max()),
            "mass_dropped_max_vertex": int(row_loss.argmax()),
            "mass_dropped_per_joint": np.abs(dropped).sum(axis=0).tolist(),
            "negative_entries_dropped": int(np.count_nonzero((before < 0) & (after == 0))),
            "rescued_rows": [
                {"vertex": int(v), "joint": int(after[v].argmax())} for v in np.flatnonzero(rescued)
            ],
            "normalized_rows": [{"vertex": int(v), "sum": float(sums[v])} for v in normalized],
        },
    )
    return (model if change.nothing_to_do else model.with_arrays(weights=after)), change


def check_options(
    tolerance: float, policy: str, max_influences: int | None, removed_to: str
) -> None:
    """Raise SmplprepError for an option out of its range."""
    checked("tolerance", tolerance)
    checked("policy", policy)
    checked("max_influences", max_influences)
    checked("removed_to", removed_to)


def beyond_largest(weights: NDArray, gone: Mask, frozen: Mask, n_most: int) -> Mask:
    """(V, J); what is left beyond the ``n_most`` largest of a row, protected entries first.

    Of equal entries those of the lowest joints stay.
    """
    left = np.where(gone, 0, weights)
    beyond = np.zeros(left.shape, dtype=bool)
    rows = np.flatnonzero(np.count_nonzero(left, axis=1) > n_most)
    worth = np.where(frozen[rows] & (left[rows] != 0), np.inf, left[rows])
    order = np.argsort(-worth, axis=1, kind="stable")
    beyond[rows[:, None], order[:, n_most:]] = True
    return beyond & (left != 0)


def rescue_rows(gone: Mask, weights: NDArray, frozen: Mask) -> Mask:
    """(V,); rows that would be left empty, whose largest entry is taken out of ``gone``.

    So is every entry of a row that would be left with protected ones alone, or whose protected ones
    sum to 1 or more: nothing could take its mass.
    """
    left = (weights != 0) & ~gone
    empty = ~left.any(axis=1)
    gone[empty, weights[empty].argmax(axis=1)] = False
    full = (row_sums(np.where(frozen, weights, 0)) >= 1) & frozen.any(axis=1)
    gone[~empty & (full | ~(left & ~frozen).any(axis=1))] = False
    return empty


def frozen_entries(weights: NDArray, protected: Mask | None) -> Mask:
    """(V, J); of the entries that are to be protected, those in rows that are a body model's.

    Others are only read where the user wants them rescaled.
    """
    if protected is None:
        return np.zeros(weights.shape, dtype=bool)
    sums = row_sums(weights).astype(np.float64)
    return protected & (np.abs(sums - 1) <= MAX_SUM_ERROR)[:, None]


def without_entries(
    weights: NDArray, gone: Mask, frozen: Mask, *, removed_to: str, model: Model
) -> NDArray[np.floating]:
    """(V, J) the weights without the entries that are gone; every row sums to 1 again.

    Rows that lose nothing and sum to 1 keep their bits, and so do frozen entries.
    """
    after = np.where(gone, 0, weights)
    if removed_to == "parent":
        after += handed_up(weights - after, (after > 0) & ~frozen, model)
    rows = np.flatnonzero(gone.any(axis=1) | unscaled(after))
    after[rows] = rescaled(after[rows], frozen[rows])  # which are not unscaled any more
    return after


def unnormalized_rows(weights: NDArray) -> NDArray[np.intp]:
    """The rows that do not sum to 1 by more than rounding explains."""
    sums = row_sums(weights).astype(np.float64)
    return np.flatnonzero((np.abs(sums - 1.0) > 1e-6) & unscaled(weights))


def unscaled(weights: NDArray) -> NDArray[np.bool_]:
    """(V,); rows that do not sum to 1. A row that was rescaled is not one of them."""
    sums = row_sums(weights)
    each = np.count_nonzero(weights, axis=1) * float(np.finfo(sums.dtype).eps)
    slack = np.maximum(SUM_SLACK_EPS * float(np.finfo(weights.dtype).eps), each)
    return np.abs(sums.astype(np.float64) - 1) > slack


def handed_up(removed: NDArray, heirs: Mask, model: Model) -> NDArray:
    """(R, J) what each heir gets of the removed mass: that of the joints it is the next above."""
    parents = parents_of(model.kintree_table)
    carried = np.maximum(removed, 0)
    for joint in reversed(parents_first(parents)):
        passed = np.where(heirs[:, joint], 0, carried[:, joint])
        carried[:, joint] -= passed
        if parents[joint] >= 0:
            carried[:, parents[joint]] += passed
    return carried


def rescaled(rows: NDArray, frozen: Mask) -> NDArray:
    """Rows with sum 1, by one factor on the entries that are not frozen; untouched if none is."""
    if not frozen.any():
        return rows / row_sums(rows).astype(rows.dtype)[:, None]
    free = np.where(frozen, 0, rows)
    total = row_sums(free).astype(rows.dtype)
    wanted = (1 - row_sums(np.where(frozen, rows, 0))).astype(rows.dtype)
    able = (total > 0) & (wanted > 0)
    # Divided first: a quotient of the two sums can be too large for the type.
    shares = free / np.where(able, total, 1)[:, None]
    return np.where(frozen, rows, shares * np.where(able, wanted, 1)[:, None])


def row_sums(matrix: NDArray[np.floating]) -> NDArray[np.floating]:
    """Sum of each row, entry by entry in the dtype of the matrix; of float16, in float32.

    So does torch's norm. numpy's own sum adds in an order that depends on the machine, and this one
    decides bytes.
    """
    total = np.zeros(len(matrix), dtype=np.result_type(matrix.dtype, np.float32))
    for column in matrix.T:
        total = total + column
    return total

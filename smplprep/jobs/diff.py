"""Compare any two files of one family in the report's own terms."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..geometry.displacement import displacements
from ..geometry.same_topology import check_same_topology, over_common_shapes
from ..records.change import Change
from ..records.model import Model
from ..report.build_report import build_report, keys_as_read, name_of
from ..report.report import Report
from ..transforms.localize_posedirs import block_energy, entry_counts
from ..transforms.sparsify_regressor import max_shift_mm, shape_basis

# In the order in which B's arrays replace A's; displacements are stated for each replacement.
FIELDS = ("weights", "J_regressor", "posedirs", "shapedirs", "v_template")


def diff(a: Model, b: Model) -> Report:
    """The report of how B differs from A; its ``options`` are None, its input is A, its output B.

    Args:
        a, b: with the same vertices, joints and tree. Where one has more shape directions than the
            other, those that both have are compared.

    Raises:
        SmplprepError: they are not of one family.
    """
    check_same_topology(a, b)
    first, last = over_common_shapes(a, b)
    stages, changes = [first], []
    for key in FIELDS:
        changes.append(change_in(key, first, last))
        replaced = stages[-1]
        if changes[-1].rows_touched:
            replaced = replaced.with_arrays(**{key: getattr(last, key)})
        stages.append(replaced)
    moved = displacements(stages)
    # The file's own keys and notes belong to the report's ends; the arrays are the same.
    stages[-1] = dataclasses.replace(stages[-1], extras=b.extras, source=b.source)
    report = build_report(stages, changes, moved, None)
    names = [name_of(model) or "MODEL" for model in (a, b)]
    described = {
        "name": name_of(b),
        "sha256": b.source.sha256,
        "bytes": b.source.n_bytes,
        "container": b.source.container,
        "keys": keys_as_read(b),
    }
    command = shlex.join(["smplprep", "diff", *names])
    return report.with_output(described, command=command, remarks=differences(a, b))


def differences(a: Model, b: Model) -> list[str]:
    """Sentences on what differs beyond the fields that move vertices."""
    found = []
    ours, theirs = a.shapedirs.shape[2], b.shapedirs.shape[2]
    if ours != theirs:
        found.append(
            f"A has {ours} shape directions, B {theirs}: compared over the first "
            f"{min(ours, theirs)}"
        )
    if not np.array_equal(a.f, b.f):
        found.append("the faces differ; those of A are drawn")
    for key in FIELDS:
        kinds = getattr(a, key).dtype, getattr(b, key).dtype
        if kinds[0] != kinds[1]:
            found.append(f"{key} is {kinds[0]} in A, {kinds[1]} in B")
    return found


def change_in(key: str, a: Model, b: Model) -> Change:
    """How one field of B differs from A's, with the figures that the report shows for it."""
    before, after = getattr(a, key), getattr(b, key)
    differing = (before != after).reshape(len(before), -1).any(axis=1)
    return Change(
        transform=key,
        field=key,
        options={},
        entries_before=int(np.count_nonzero(before)),
        entries_after=int(np.count_nonzero(after)),
        rows_touched=int(np.count_nonzero(differing)),
        figures=FIGURES[key](a, b) if key in FIGURES else {},
    )


def weights_figures(a: Model, b: Model) -> dict[str, Any]:
    dropped = np.abs(np.where(b.weights == 0, a.weights, 0.0)).astype(np.float64)
    gained = np.abs(np.where(a.weights == 0, b.weights, 0.0)).astype(np.float64)
    row_loss = dropped.sum(axis=1)
    return {
        "mass_dropped_mean": float(row_loss.mean()),
        "mass_dropped_max": float(row_loss.max()),
        "mass_dropped_max_vertex": int(row_loss.argmax()),
        "mass_dropped_per_joint": dropped.sum(axis=0).tolist(),
        "mass_gained": float(gained.sum()),
        "negative_entries_dropped": 0,
        "rescued_rows": [],
        "normalized_rows": [],
    }


def regressor_figures(a: Model, b: Model) -> dict[str, Any]:
    delta = b.J_regressor.astype(np.float64) - a.J_regressor
    shift = max_shift_mm(delta, shape_basis(a), a.mm)
    return {
        "vertices_before": np.count_nonzero(a.J_regressor, axis=1).tolist(),
        "vertices_after": np.count_nonzero(b.J_regressor, axis=1).tolist(),
        "max_shift_mm": float(shift.max()),
        "max_shift_mm_per_joint": shift.tolist(),
    }


def posedirs_figures(a: Model, b: Model) -> dict[str, Any]:
    before, after = block_energy(a.correctives), block_energy(b.correctives)
    return {
        "correctives_before": int(np.count_nonzero(entry_counts(a.correctives))),
        "correctives_after": int(np.count_nonzero(entry_counts(b.correctives))),
        "energy_kept": share(after.sum(), before.sum()),
        "energy_kept_per_joint": [
            share(kept, total)
            for kept, total in zip(after.sum(axis=0), before.sum(axis=0), strict=True)
        ],
    }


def share(kept: NDArray | float, total: NDArray | float) -> float:
    """B's energy over A's; 1 where A has none."""
    return float(kept) / float(total) if total else 1.0


FIGURES: Mapping[str, Callable[[Model, Model], dict[str, Any]]] = {
    "weights": weights_figures,
    "J_regressor": regressor_figures,
    "posedirs": posedirs_figures,
}

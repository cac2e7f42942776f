"""Make the report of a clean or of a comparison: plain data, as ``report.schema.json`` says."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .. import __version__
from ..audit.support import landmark_table
from ..geometry.displacement import Displacement
from ..geometry.poses import MAX_BETA, N_POSES
from ..geometry.poses import SOURCE as POSE_SOURCE
from ..geometry.remarks import place_remarks, regressor_remarks, storage_remarks, tree_remarks
from ..io.plain_arrays import type_and_shape
from ..records.change import Change
from ..records.contents import Sparse
from ..records.file_keys import FILLED_KEYS
from ..records.model import Model
from ..records.options import Options
from ..records.rounding import rounded
from ..records.stamp import has_other_stamp
from ..transforms.prune_weights import unnormalized_rows
from .details import details
from .removed import removed
from .report import Report
from .schema import REPORT_VERSION


def build_report(
    stages: list[Model],
    changes: list[Change],
    moved: list[Displacement],
    options: Options | None,
) -> Report:
    """The report of one clean, its output still unwritten.

    Args:
        stages: the model before the first transform and after each.
        changes: one for each transform.
        moved: the displacement of each transform, then of all.
        options: as used; None for a comparison of two files.
    """
    before, after = stages[0], stages[-1]
    names = before.joint_names()
    landmarks = landmark_table(before, after)
    pruned = next(change for change in reversed(changes) if change.field == "weights")
    counts = field_counts(changes)
    file_before = {
        "name": name_of(before),
        "sha256": before.source.sha256,
        "bytes": before.source.n_bytes,
        "container": before.source.container,
        "keys": [row for row in keys_as_read(before) if row["key"] not in added_keys(before)],
    }
    return Report(
        {
            "report_version": REPORT_VERSION,
            "smplprep_version": __version__,
            "family": before.family.name,
            "units": before.units,
            "command": None,
            "input": file_before,
            "output": None,
            "options": options.as_dict() if options else None,
            "summary": {
                "before": rounded(summary_of(before, landmarks, "before", counts)),
                "after": rounded(summary_of(after, landmarks, "after", counts)),
            },
            "changes": [
                rounded(change.as_dict() | {"displacement": step.as_dict()})
                for change, step in zip(changes, moved[:-1], strict=True)
            ],
            "displacement": rounded(moved[-1].as_dict()),
            "removed": rounded(removed(before, after, moved[-1], pruned)),
            "pose_set": {
                "poses": N_POSES,
                "seed": 0,
                "joint_limits": POSE_SOURCE,
                "max_abs_beta": MAX_BETA,
            },
            "landmarks": landmarks,
            "regressor": regressor_rows(
                names,
                counts["before"]["vertices"],
                counts["after"]["vertices"],
                joint_shifts_mm(changes),
            ),
            "rescued_rows": pruned.figures["rescued_rows"],
            "remarks": [
                *input_remarks(before, pruned, options),
                *filling_notes(changes),
                *pairing_notes(changes),
            ],
            **rounded(details(before, after, moved[-1])),
        }
    )


def name_of(model: Model) -> str | None:
    """The name of the file that a model was read from, without its folder."""
    return Path(model.source.path).name if model.source.path else None


def field_counts(changes: list[Change]) -> dict[str, dict[str, Any]]:
    """What is counted of the fields before the first transform that works on them, and after all.

    ``symmetrize`` works on several and fills them up, so it counts them itself.
    """
    by_field = {change.field: change for change in changes}
    regressor, posedirs = by_field["J_regressor"], by_field["posedirs"]
    counts = {
        when: {
            "vertices": regressor.figures[f"vertices_{when}"],
            "correctives": posedirs.figures[f"correctives_{when}"],
            "posedirs_nonzeros": getattr(posedirs, f"entries_{when}"),
        }
        for when in ("before", "after")
    }
    for change in changes:
        if change.transform == "symmetrize":
            counts["before"] = {key: change.figures[f"{key}_before"] for key in counts["before"]}
    return counts


def joint_shifts_mm(changes: list[Change]) -> list[float]:
    """How far each joint moved at most, in all steps that move joints."""
    key = "max_shift_mm_per_joint"
    shifts = [change.figures[key] for change in changes if key in change.figures]
    return [sum(of_joint) for of_joint in zip(*shifts, strict=True)]


def keys_as_read(model: Model) -> list[dict[str, Any]]:
    """``described_keys`` of the file that the model was read from."""
    sparse = {key: f"{layout} matrix" for key, layout in model.source.sparse.items()}
    return described_keys(model.entries(), {**sparse, **model.source.notes})


def described_keys(
    entries: Mapping[str, Any], stored_as: Mapping[str, str] | None = None
) -> list[dict[str, Any]]:
    """Name, dtype, shape and storage of each key, in the file's order.

    Args:
        entries: as the container holds them.
        stored_as: how it holds those whose values do not say it.
    """
    sparse = {k: f"{v.layout} matrix" for k, v in entries.items() if isinstance(v, Sparse)}
    notes = {key: {"stored_as": note} for key, note in {**sparse, **(stored_as or {})}.items()}
    return [
        {"key": key, **type_and_shape(value), **notes.get(key, {})}
        for key, value in entries.items()
    ]


def regressor_rows(
    names: list[str], before: list[int], after: list[int], shifts_mm: list[float]
) -> list[dict[str, Any]]:
    """For each joint, how many vertices it is regressed from, and how far it moved."""
    return rounded(
        [
            {
                "joint": name,
                "vertices_before": n_before,
                "vertices_after": n_after,
                "max_shift_mm": shift,
            }
            for name, n_before, n_after, shift in zip(names, before, after, shifts_mm, strict=True)
        ]
    )


def added_keys(model: Model) -> list[str]:
    """What a model that was read from a file has beyond the file's keys: merged hands."""
    if model.source.sha256 is None:
        return []
    return [key for key in model.entries() if key not in model.source.keys]


def summary_of(
    model: Model, landmarks: list[dict[str, Any]], when: str, counts: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    """The figures of the before/after table, before or after the clean."""
    influences = np.count_nonzero(model.weights, axis=1)
    per_joint = counts[when]["vertices"]
    return {
        "weights_nonzeros": int(influences.sum()),
        "influences_mean": float(influences.mean()),
        "influences_max": int(influences.max()),
        "regressor_nonzeros": sum(per_joint),
        "regressor_vertices_max": max(per_joint),
        "correctives": counts[when]["correctives"],
        "posedirs_nonzeros": counts[when]["posedirs_nonzeros"],
        "leaking_landmarks": sum(bool(row[when]["leaks"]) for row in landmarks),
        "landmarks": len(landmarks),
        "file_bytes": model.source.n_bytes if when == "before" else None,
    }


def input_remarks(model: Model, pruned: Change, options: Options | None) -> list[str]:
    """Sentences on what was unusual in the input."""
    remarks = [*model.source.remarks, *tree_remarks(model)]
    remarks += regressor_remarks(model, tolerance=1e-2)
    remarks += storage_remarks(model.source.notes)
    added = [key for key in added_keys(model) if key not in FILLED_KEYS]
    if added:
        remarks.append(f"{', '.join(added)} were added: the input lacks them")
    rows = pruned.figures["normalized_rows"]
    if rows:
        worst = max(rows, key=lambda row: abs(row["sum"] - 1))
        remarks.append(
            f"{len(rows)} rows of weights did not sum to 1 and were rescaled; the worst is vertex "
            f"{worst['vertex']} with {worst['sum']:.6g}"
        )
    if options and (options.keep_joints or options.keep_vertices):
        left = np.setdiff1d(unnormalized_rows(model.weights), [row["vertex"] for row in rows])
        if left.size:
            remarks.append(
                f"weights that do not sum to 1 were kept as they are at {left.size} of the "
                f"vertices, such as {left[0]}"
            )
    if n_negative := pruned.figures["negative_entries_dropped"]:
        remarks.append(f"{n_negative} weights were negative and were removed")
    if options and has_other_stamp(model):
        remarks.append(
            "the input's key smplprep held no stamp of this or an earlier version; it was replaced"
        )
    remarks += place_remarks(model)
    if model.family.name == "other":
        named = "" if model.landmarks else ", without landmarks (--landmarks names some)"
        remarks.append(f"its family is not known: cleaned by its arrays alone{named}")
    if model.family.name == "flame" and not model.landmarks:
        remarks.append(
            "FLAME's landmarks are in a file of their own: --landmarks flame_static_embedding.pkl"
        )
    return remarks


def filling_notes(changes: list[Change]) -> list[str]:
    """Which vertices ``fill_unweighted`` gave weights."""
    notes = []
    for change in changes:
        if change.transform == "fill_unweighted" and change.figures["filled_rows"]:
            rows = change.figures["filled_rows"]
            listed = ", ".join(f"{row['vertex']} (from {row['from']})" for row in rows[:10])
            more = f" and {len(rows) - 10} more" if len(rows) > 10 else ""
            which = "vertices" if len(rows) > 1 else "vertex"
            notes.append(
                f"{len(rows)} {which} without any weight got the weights of the nearest vertex "
                f"that has some: {listed}{more}"
            )
    return notes


def pairing_notes(changes: list[Change]) -> list[str]:
    """How ``symmetrize`` paired the vertices, where that was not by the file's own table."""
    notes = []
    for change in changes:
        if change.transform != "symmetrize" or change.figures["paired_by"] != "geometry":
            continue
        left, joints = (
            change.figures[key]
            for key in ("vertices_without_mirror_image", "joints_left_asymmetric")
        )
        notes.append(
            f"{change.figures['vert_sym_idxs_unsound']}, so vertices were paired by where they "
            f"lie; {left} have no mirror image and keep their weights and correctives, and "
            f"{joints} joints regressed from them keep their regressor"
        )
    return notes

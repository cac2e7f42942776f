"""An audit as plain data, for JSON and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import escaped
from ..records.rounding import rounded
from .audit import Audit
from .support import named
from .vertices import JointLeaks

CSV_COLUMNS = ("model", "landmark", "source", "index", "joint", "weight", "weights", "posedirs",
               "expected", "leak", "rest_mm_per_rad", "median_mm_per_rad")  # fmt: skip


def audit_data(audits: Sequence[Audit], vocabulary: str = "mixamo") -> dict[str, Any]:
    """JSON-ready: ``models``, each with its landmarks, and for two models ``changes``.

    ``mm_per_radian`` maps joints to [at rest, median over the pose set]; joints that are not
    there do not move the landmark. The root is in it, but in none of the supports.
    """
    data: dict[str, Any] = {"models": [model_data(audit, vocabulary) for audit in audits]}
    if len(audits) == 2:
        data["changes"] = [
            {"landmark": landmark.name, "gone": gone, "new": new}
            for landmark, gone, new in changes(audits[0], audits[1], vocabulary)
        ]
    return rounded(data)


def model_data(audit: Audit, vocabulary: str) -> dict[str, Any]:
    """One model of ``audit_data``."""
    model, names = audit.model, audit.joint_names(vocabulary)
    return {
        "model": audit.name,
        "family": model.family.name,
        "vertices": model.n_vertices,
        "joints": model.n_joints,
        "leaking_landmarks": audit.n_leaking,
        "landmarks": [landmark_data(audit, row, names) for row in range(len(audit.landmarks))],
    }


def landmark_data(audit: Audit, row: int, names: list[str]) -> dict[str, Any]:
    """One landmark of ``model_data``."""
    landmark, support = audit.landmarks[row], audit.support
    return {
        "landmark": landmark.name,
        "source": landmark.source,
        "index": landmark.index,
        "skinned_to": named(audit.skinned[row], names),
        "weights": named(support.weights[row], names),
        "posedirs": named(support.posedirs[row], names),
        "leaks": named(support.leaks[row], names),
        "mm_per_radian": {
            names[joint]: [float(audit.rest_mm[row, joint]), float(audit.median_mm[row, joint])]
            for joint in np.flatnonzero(audit.rest_mm[row] + audit.median_mm[row])
        },
    }


def changes(before: Audit, after: Audit, vocabulary: str) -> list[tuple[Any, list[str], list[str]]]:
    """For each landmark: the joints that no longer move it, and those that newly do."""
    names = after.joint_names(vocabulary)

    def lost(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> list[str]:
        return named(a & ~b, names)

    rows = zip(before.landmarks, before.support.either, after.support.either, strict=True)
    return [(landmark, lost(was, now), lost(now, was)) for landmark, was, now in rows]


def audit_csv(audits: Sequence[Audit], vocabulary: str = "mixamo") -> str:
    """One line for each model, landmark and joint; the root, no part of a support, has it empty."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for audit in audits:
        names = audit.joint_names(vocabulary)
        support = audit.support
        tables = (support.weights, support.posedirs, support.expected, support.leaks)
        for row, landmark in enumerate(audit.landmarks):
            blend = landmark.blend
            weights = np.array([*blend.values()]) @ audit.model.weights[[*blend]]
            for joint, joint_name in enumerate(names):
                weight = f"{weights[joint]:.6g}" if blend else ""
                marks = [int(t[row, joint]) if joint != audit.root else "" for t in tables]
                moved = (audit.rest_mm[row, joint], audit.median_mm[row, joint])
                figures = [f"{figure:.6g}" for figure in moved]
                place = (
                    escaped(audit.name),
                    escaped(landmark.name),
                    landmark.source,
                    landmark.index,
                    joint_name,
                    weight,
                )
                writer.writerow([*place, *marks, *figures])
    return out.getvalue()


def vertex_leak_data(leaks: Sequence[JointLeaks], name: str, names: list[str]) -> dict[str, Any]:
    """The leaks of all vertices, JSON-ready."""
    rows = [
        {
            "joint": names[leak.joint],
            "weights": leak.weights,
            "posedirs": leak.posedirs,
            "vertices": leak.vertices,
            "worst": [{"vertex": v, "rest_mm_per_rad": size} for v, size in leak.worst],
        }
        for leak in leaks
    ]
    return rounded({"model": name, "joints": rows})


def vertex_leak_csv(models: Sequence[dict[str, Any]]) -> str:
    """One line for each model, joint and its worst vertices."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("model", "joint", "weights", "posedirs", "vertices", "worst"))
    for model in models:
        for row in model["joints"]:
            worst = " ".join(f"{w['vertex']}:{w['rest_mm_per_rad']}" for w in row["worst"])
            counts = (row["weights"], row["posedirs"], row["vertices"])
            writer.writerow((escaped(model["model"]), row["joint"], *counts, worst))
    return out.getvalue()

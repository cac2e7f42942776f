"""What a clean took from the weights that somebody may want to look at: the largest, the worst."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..geometry.displacement import Displacement
from ..geometry.mesh import mesh_of
from ..records.change import Change
from ..records.model import Model
from ..transforms.policies.guard import jumps

N_AT_WORST = 4  # weights that are named where a vertex moves most


def removed(before: Model, after: Model, moved: Displacement, pruned: Change) -> dict[str, Any]:
    """Laid out as ``report.schema.json`` says.

    Args:
        before, after: with the same vertices and joints.
        moved: between the two.
        pruned: of the weights.
    """
    names = before.joint_names()
    gone = np.where(after.weights == 0, before.weights, 0)
    largest = int(gone.argmax())
    links = mesh_of(before.v_template, before.f, before.weights).links
    raised = jumps(before.weights, after.weights, links)[1]
    worst = gone[moved.max_vertex]
    return {
        "largest": named(gone, largest // before.n_joints, largest % before.n_joints, names)
        if gone.any()
        else None,
        "jump_raised_max": float(raised.max(initial=0)),
        "jump_vertices": links[raised.argmax()].tolist() if raised.any() else [],
        "at_max_displacement": [
            {"joint": names[joint], "weight": float(worst[joint])}
            for joint in np.argsort(-worst, kind="stable")[:N_AT_WORST]
            if worst[joint] > 0
        ],
        "spared": [
            row | {"joint": names[row["joint"]]} for row in pruned.figures.get("spared", [])
        ],
    }


def named(gone: np.ndarray, vertex: int, joint: int, names: list[str]) -> dict[str, Any]:
    """One weight, with its vertex and its joint."""
    return {"vertex": vertex, "joint": names[joint], "weight": float(gone[vertex, joint])}

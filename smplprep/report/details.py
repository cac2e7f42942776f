"""The report's sections that the HTML page draws: gradients, distributions, the largest moves."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..audit.landmark_sets import skin_landmarks
from ..audit.sensitivity import at_rest
from ..geometry.displacement import Displacement
from ..records.model import Model
from .viewer import viewer_section

LOWEST_DECADE = -8
BINS_PER_DECADE = 5
N_MOVED_MOST = 50


def details(before: Model, after: Model, moved: Displacement) -> dict[str, Any]:
    """Everything the page shows beyond counts, laid out as ``report.schema.json`` says.

    Args:
        before, after: with the same vertices and joints.
        moved: between the two.
    """
    return {
        "gradients": {
            "pose": "rest",
            "unit": "mm per radian",
            "joints": before.joint_names(),
            "before": at_rest(before, skin_landmarks(before)).tolist(),
            "after": at_rest(after, skin_landmarks(after)).tolist(),
        },
        "weights_histogram": weights_histogram(before, after),
        "influences": {
            "before": influence_counts(before.weights),
            "after": influence_counts(after.weights),
        },
        "moved_most": moved_most(before, moved),
        "viewer": viewer_section(before, after, moved),
    }


def weights_histogram(before: Model, after: Model) -> dict[str, list[float] | list[int]]:
    """How many positive weights lie between 10**low and 10**high; the first bin has no floor."""
    log10_edges = [
        LOWEST_DECADE + index / BINS_PER_DECADE
        for index in range(-LOWEST_DECADE * BINS_PER_DECADE + 1)
    ]
    inner = 10.0 ** np.array(log10_edges[1:-1])
    counts = {}
    for when, model in (("before", before), ("after", after)):
        bins = np.searchsorted(inner, model.weights[model.weights > 0], side="right")
        counts[when] = np.bincount(bins, minlength=len(log10_edges) - 1).tolist()
    return {"log10_edges": log10_edges, **counts}


def influence_counts(weights: NDArray) -> list[int]:
    """Number of vertices with 0, 1, 2, ... non-zero weights."""
    return np.bincount(np.count_nonzero(weights, axis=1)).tolist()


def moved_most(model: Model, moved: Displacement) -> list[dict[str, Any]]:
    """The vertices that move most over the pose set, the farthest first."""
    names = model.joint_names()
    landmarks = {landmark.vertex: landmark.name for landmark in skin_landmarks(model)}
    order = np.argsort(-moved.vertex_max_mm, kind="stable")[:N_MOVED_MOST]
    return [
        {
            "vertex": int(vertex),
            "max_mm": float(moved.vertex_max_mm[vertex]),
            "joint": names[int(model.weights[vertex].argmax())],
            "landmark": landmarks.get(int(vertex)),
        }
        for vertex in order
        if moved.vertex_max_mm[vertex] > 0
    ]

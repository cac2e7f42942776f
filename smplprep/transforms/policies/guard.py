"""What a removal must not do to the mesh: make neighbors' weights jump, or tear them apart."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...geometry.mesh import Mesh, distances, row_distances
from ...geometry.poses import pose_set_of
from ...geometry.skinning import blocks, posing, skin_block
from ...records.model import Model
from .regions import Regions
from .rounds import MAX_ROUNDS, no_end

# The jump at a link is the L1 distance of the weights at its two ends. A removal may raise it by
# that much, or where the weights jumped before, by that share of what it was.
MAX_RAISE, MAX_GROWTH = 0.1, 0.5
# How many times as long as in the raw model an edge may get over all poses. Only links whose jump
# rises by MIN_RAISE are posed: what stays of two rows is only scaled.
MAX_STRETCH, MIN_RAISE = 2.0, 0.01


def spared_by_guard(
    model: Model,
    weights: NDArray[np.float64],
    mesh: Mesh,
    regions: Regions,
    going: NDArray[np.bool_],
) -> tuple[NDArray[np.bool_], list[dict[str, Any]]]:
    """(R,) the regions that must stay, of those that would go, and each of them as plain data.

    Without the others the jump at a link rises by more than MAX_RAISE and MAX_GROWTH, or in the
    pose set an edge gets more than MAX_STRETCH times as long as in the raw model. Of a link that
    would suffer, the strongest region that holds both ends stays; where none does, those of either
    end.
    """
    reasons: dict[int, str] = {}
    spared = np.zeros(len(going), dtype=bool)
    for _ in range(MAX_ROUNDS):
        gone = regions.mask(going & ~spared)
        suffering = links_that_suffer(model, weights, gone, mesh)
        for reason, links in suffering.items():
            for region in holding(links, weights, gone, regions).tolist():
                reasons.setdefault(region, reason)
        if spared.sum() == len(reasons):
            break
        spared[list(reasons)] = True
    else:
        raise no_end()
    lowest = regions.vertex_of[np.unique(regions.region_of, return_index=True)[1]]
    rows = [
        {
            "joint": int(regions.joint[region]),
            "vertex": int(lowest[region]),
            "vertices": int(regions.size[region]),
            "weight": float(regions.peak[region]),
            "reason": reason,
        }
        for region, reason in sorted(reasons.items())
    ]
    return spared, rows


def links_that_suffer(
    model: Model, weights: NDArray[np.float64], gone: NDArray[np.bool_], mesh: Mesh
) -> dict[str, NDArray[np.intp]]:
    """Reason -> (L, 2) the links that break a limit when these entries (V, J) go."""
    after = renormalized_without(weights, gone)
    before, raised = jumps(weights, after, mesh.links)
    posed = np.flatnonzero(raised > MIN_RAISE)
    torn = posed[stretch(model, weights, after, mesh, posed) > MAX_STRETCH]
    jumping = raised > np.maximum(MAX_RAISE, MAX_GROWTH * before)
    return {"jump": mesh.links[jumping], "tear": mesh.links[torn]}


def renormalized_without(
    weights: NDArray[np.float64], gone: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """(V, J) weights without these entries, rows that lose some scaled to their old sum."""
    after = weights.copy()
    rows = np.flatnonzero(gone.any(axis=1))
    left = np.where(gone[rows], 0, weights[rows])
    after[rows] = left * (weights[rows].sum(axis=1) / left.sum(axis=1))[:, None]
    return after


def jumps(
    before: NDArray, after: NDArray, links: NDArray[np.intp]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(L,) the jump at each link whose rows (V, J) change, and by how much it rises."""
    old, raised = np.zeros(len(links)), np.zeros(len(links))
    changed = (before != after).any(axis=1)
    touched = np.flatnonzero(changed[links].any(axis=1))
    a, b = links[touched].T
    old[touched] = row_distances(before, a, b)
    raised[touched] = row_distances(after, a, b) - old[touched]
    return old, raised


def stretch(
    model: Model,
    before: NDArray[np.float64],
    after: NDArray[np.float64],
    mesh: Mesh,
    chosen: NDArray[np.intp],
) -> NDArray[np.float64]:
    """(C,) how many times as long as before each chosen link gets, each in its own worst pose.

    What is shorter than at rest counts as long as at rest, and a seam as a tenth of the mesh's
    usual edge. Blend shapes are left out.
    """
    if not len(chosen):
        return np.zeros(0)
    poses, betas = pose_set_of(model)
    ready = posing(model, poses, betas)
    vertices, ends = np.unique(mesh.links[chosen], return_inverse=True)
    a, b = ends.reshape(-1, 2).T
    rest = mesh.points[vertices][:, :, None]
    lengths = []
    for weights in (before, after):
        posed = skin_block(weights[vertices], rest, ready)
        lengths.append(distances(posed[a], posed[b]).max(axis=1))
    usual = float(np.median(mesh.lengths[: len(mesh.edges)]))
    at_rest = np.maximum(mesh.lengths[chosen], usual / 10)
    return np.maximum(lengths[1], at_rest) / np.maximum(lengths[0], at_rest)


def holding(
    links: NDArray[np.intp],
    weights: NDArray[np.float64],
    gone: NDArray[np.bool_],
    regions: Regions,
) -> NDArray[np.int32]:
    """The regions whose going makes these links suffer."""
    found = [np.zeros(0, dtype=np.int32)]
    for part in blocks(len(links), 1 + (1 << 17) // weights.shape[1]):
        a, b = links[part].T
        both = np.where(gone[a] & gone[b], np.minimum(weights[a], weights[b]), 0)
        held = both.any(axis=1)
        found.append(regions.entry[both[held].argmax(axis=1), a[held]])
        for end in (a[~held], b[~held]):
            place, joint = np.nonzero(gone[end])
            found.append(regions.entry[joint, end[place]])
    return np.unique(regions.region_of[np.concatenate(found)])

"""How far the vertices of two models lie apart over the pose set, in millimeters."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..records.model import Model
from .poses import pose_set_of
from .skinning import POSED_BLOCK, Posing, blocks, posing, skin_block, unposed_block
from .two_threads import thread_map


@dataclass(frozen=True)
class Displacement:
    """Distances between the same vertices of two models, over poses and vertices."""

    mean_mm: float
    p99_mm: float
    max_mm: float
    max_vertex: int
    max_pose: int
    vertex_max_mm: NDArray[np.float32]  # (V,)

    def as_dict(self) -> dict[str, float | int]:
        """Plain data for the report."""
        return {
            "mean_mm": self.mean_mm,
            "p99_mm": self.p99_mm,
            "max_mm": self.max_mm,
            "max_vertex": self.max_vertex,
            "max_pose": self.max_pose,
        }


def displacements(stages: list[Model]) -> list[Displacement]:
    """Between each stage and the next, then between the first and the last.

    Args:
        stages: models of one family; a stage that is the one before it costs nothing.

    Returns:
        ``len(stages) - 1`` steps and the total (for one stage: the total alone, all zero).
    """
    first = stages[0]
    poses, betas = pose_set_of(first)
    ready = prepared(stages, poses, betas)
    pairs = [*pairwise(stages), (first, stages[-1])]
    # Vertices first, as the blocks come. Most pairs of a typical clean are the same model twice.
    distances = {
        index: np.empty((first.n_vertices, len(poses)), dtype=np.float32)
        for index, (a, b) in enumerate(pairs)
        if a is not b
    }

    def measure(block: slice) -> None:
        posed = posed_stages(stages, block, ready)
        for index, table in distances.items():
            a, b = pairs[index]
            table[block] = apart_mm(posed[id(a)], posed[id(b)], axis=1, mm=first.mm)

    for _ in thread_map(measure, blocks(first.n_vertices, POSED_BLOCK)):
        pass
    still = Displacement(0.0, 0.0, 0.0, 0, 0, np.zeros(first.n_vertices, dtype=np.float32))
    return [
        summary(distances[index]) if index in distances else still for index in range(len(pairs))
    ]


def prepared(
    stages: list[Model], poses: NDArray[np.float64], betas: NDArray[np.float64]
) -> list[Posing]:
    """The posing of each stage; stages with the same joints share one."""
    found: list[Posing] = []
    last: Model | None = None
    for model in stages:
        if last is None or not same_arrays(model, last, "v_template", "J_regressor", "shapedirs"):
            found.append(posing(model, poses, betas))
        else:
            found.append(found[-1])
        last = model
    return found


def posed_stages(
    stages: list[Model], block: slice, ready: list[Posing]
) -> dict[int, NDArray[np.float64]]:
    """id of each stage -> (b, 3, N) its posed vertices; what a stage shares is computed once."""
    found: dict[int, NDArray[np.float64]] = {}
    last: Model | None = None
    for model, posed in zip(stages, ready, strict=True):
        if id(model) in found:
            continue
        if last is None or not same_arrays(model, last, "v_template", "shapedirs", "posedirs"):
            unposed = unposed_block(model, block, posed)
        found[id(model)] = skin_block(model.weights[block], unposed, posed)
        last = model
    return found


def same_arrays(a: Model, b: Model, *keys: str) -> bool:
    """Whether these fields are the very same arrays, as transforms leave what they do not touch."""
    return all(getattr(a, key) is getattr(b, key) for key in keys)


def apart_mm(
    a: NDArray[np.float64], b: NDArray[np.float64], *, axis: int = -1, mm: float = 1000.0
) -> NDArray[np.float64]:
    """Distances in mm of points whose coordinates lie along ``axis``, in units of ``mm``."""
    return mm * np.sqrt(np.square(a - b).sum(axis=axis))


def summary(distances: NDArray[np.float32]) -> Displacement:
    """Mean, 99th percentile (nearest rank) and maximum over vertices and poses, of (V, N)."""
    rank = (99 * distances.size - 1) // 100
    vertex, pose = np.unravel_index(int(distances.argmax()), distances.shape)
    return Displacement(
        mean_mm=float(distances.mean(dtype=np.float64)),
        p99_mm=float(np.partition(distances, rank, axis=None)[rank]),
        max_mm=float(distances.max()),
        max_vertex=int(vertex),
        max_pose=int(pose),
        vertex_max_mm=distances.max(axis=1),
    )

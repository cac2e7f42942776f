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
    # Most pairs of a typical clean are the same model twice.
    moved = {
        index: Distances(first.n_vertices, len(poses))
        for index, (a, b) in enumerate(pairs)
        if a is not b
    }

    def measure(block: slice) -> list[NDArray[np.float32]]:
        posed = posed_stages(stages, block, ready)
        measured = []
        for index in moved:
            a, b = (posed[id(stage)] for stage in pairs[index])
            measured.append(apart_mm(a, b, axis=1, mm=first.mm).astype(np.float32))
        return measured

    for measured in thread_map(measure, blocks(first.n_vertices, POSED_BLOCK)):
        for distances, more in zip(moved.values(), measured, strict=True):
            distances.add(more)
    still = Displacement(0.0, 0.0, 0.0, 0, 0, np.zeros(first.n_vertices, dtype=np.float32))
    return [moved[index].summary() if index in moved else still for index in range(len(pairs))]


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


class Distances:
    """Distances of all vertices in all poses, added in the order of the vertices.

    The 99th percentile is the nearest rank, so that the largest hundredth is all that is kept.
    """

    def __init__(self, n_vertices: int, n_poses: int) -> None:
        self._n, self._n_poses, self._n_added = n_vertices * n_poses, n_poses, 0
        self._sum, self._max, self._place = 0.0, -1.0, 0
        self._vertex_max = np.empty(n_vertices, dtype=np.float32)
        self._n_top = self._n - (99 * self._n - 1) // 100
        self._top, self._floor = [np.empty(0, dtype=np.float32)], -1.0
        self._n_held = 0

    def add(self, distances: NDArray[np.float32]) -> None:
        """(b, N) those of the next b vertices."""
        start, self._n_added = self._n_added, self._n_added + len(distances)
        self._sum += float(distances.sum(dtype=np.float64))
        self._vertex_max[start : self._n_added] = distances.max(axis=1)
        place = int(distances.argmax())
        if (largest := float(distances.flat[place])) > self._max:
            self._max, self._place = largest, start * self._n_poses + place
        self._top.append(distances[~(distances <= self._floor)])  # NaN stays
        self._n_held += len(self._top[-1])
        if self._n_held >= 2 * self._n_top:
            self._keep_top()

    def _keep_top(self) -> None:
        held = np.concatenate(self._top)
        top = np.partition(held, len(held) - self._n_top)[-self._n_top :]
        self._top, self._floor, self._n_held = [top.copy()], float(top[0]), self._n_top

    def summary(self) -> Displacement:
        """Mean, 99th percentile and maximum, once all were added."""
        self._keep_top()
        return Displacement(
            mean_mm=self._sum / self._n,
            p99_mm=self._floor,
            max_mm=self._max,
            max_vertex=self._place // self._n_poses,
            max_pose=self._place % self._n_poses,
            vertex_max_mm=self._vertex_max,
        )


def summary(distances: NDArray[np.float32]) -> Displacement:
    """Of (V, N) distances at once."""
    found = Distances(*distances.shape)
    found.add(distances)
    return found.summary()

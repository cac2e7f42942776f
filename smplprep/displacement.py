"""How far the vertices of two models lie apart over the pose set, in millimetres."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .model import Model
from .poses import pose_set
from .skinning import (
    joint_transforms,
    pose_offsets,
    rest_shapes,
    rotation_matrices,
    skin,
)

CHUNK = 16  # poses at a time, which keeps a full-size model's share under 50 MiB


@dataclass(frozen=True)
class Displacement:
    """Distances between the same vertices of two models, over poses and vertices."""

    mean_mm: float
    p99_mm: float
    max_mm: float
    max_vertex: int
    max_pose: int
    vertex_max_mm: NDArray[np.float64]  # (V,)

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
        stages: models of one family; a stage that shares arrays with the one before it costs
            nothing where they are shared.

    Returns:
        ``len(stages) - 1`` steps and the total (for one stage: the total alone, all zero).
    """
    first = stages[0]
    names = first.family.joint_names(first.n_joints, "smplx")
    poses, betas = pose_set(names, min(first.shapedirs.shape[2], 16))
    n_pairs = len(stages)
    distances = np.empty((n_pairs, len(poses), first.n_vertices), dtype=np.float32)
    for start in range(0, len(poses), CHUNK):
        part = slice(start, start + CHUNK)
        vertices = stage_vertices(stages, poses[part], betas[part])
        for pair in range(n_pairs - 1):
            distances[pair, part] = apart_mm(vertices[pair], vertices[pair + 1])
        distances[-1, part] = apart_mm(vertices[0], vertices[-1])
    return [summary(pair) for pair in distances]


def stage_vertices(
    stages: list[Model], poses: NDArray[np.float64], betas: NDArray[np.float64]
) -> list[NDArray[np.float64]]:
    """(N, V, 3) posed vertices of each stage; what a stage shares with the last is kept."""
    rotations = rotation_matrices(poses)
    found: list[NDArray[np.float64]] = []
    last: Model | None = None
    for model in stages:
        if model is last:
            found.append(found[-1])
            continue
        new_shapes = last is None or model.shapedirs is not last.shapedirs
        if new_shapes:
            shaped = rest_shapes(model, betas)
        if new_shapes or last is None or model.J_regressor is not last.J_regressor:
            joints = model.J_regressor.astype(np.float64, copy=False) @ shaped
            transforms = joint_transforms(model, joints, rotations)
        if last is None or model.posedirs is not last.posedirs:
            offsets = pose_offsets(model, rotations)
        found.append(skin(model.weights, shaped + offsets, transforms))
        last = model
    return found


def apart_mm(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, V) distances in millimetres of two (N, V, 3) in metres."""
    if a is b:
        return np.zeros(a.shape[:2])
    return 1000.0 * np.sqrt(np.square(a - b).sum(axis=2))


def summary(distances: NDArray) -> Displacement:
    """Mean, 99th percentile and maximum over poses and vertices of (N, V) distances."""
    pose, vertex = np.unravel_index(int(distances.argmax()), distances.shape)
    return Displacement(
        mean_mm=float(distances.mean(dtype=np.float64)),
        p99_mm=float(np.percentile(distances, 99)),
        max_mm=float(distances.max()),
        max_vertex=int(vertex),
        max_pose=int(pose),
        vertex_max_mm=distances.max(axis=0),
    )

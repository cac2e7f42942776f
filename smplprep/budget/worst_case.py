"""Look for the pose and shape, within the limits, in which two models lie farthest apart.

What is found is a distance that does occur: the truth lies between it and ``bound``. Poses start at
the best of seeded random corners of the limits, then each parameter in turn goes to the end of its
range that is worse.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..geometry.displacement import apart_mm
from ..geometry.kinematic_tree import parents_of
from ..geometry.poses import MAX_BETA, MAX_SHAPES, limits_of
from ..geometry.skinning import joint_transforms, rotation_matrices, shaped_joints
from ..records.model import Model

Array = NDArray[np.float64]

N_STARTS = 64
SWEEPS = 2


def worst_found(before: Model, after: Model, vertices: Sequence[int]) -> tuple[float, int]:
    """The largest distance found at any of these vertices, in mm, and the vertex.

    Args:
        before, after: with the same vertices, joints and tree.
        vertices: at least one.
    """
    limits = limits_of(before).reshape(-1, 2)
    n_betas = min(MAX_SHAPES, before.shapedirs.shape[2])
    limits = np.concatenate([limits, np.full((n_betas, 2), (-MAX_BETA, MAX_BETA))])
    chosen = np.asarray(vertices, dtype=np.intp)
    pair = Part.of(before, chosen, n_betas), Part.of(after, chosen, n_betas)

    def apart(states: Array) -> Array:
        """(S, v) mm at each vertex, of states (S, v, 3J + B)."""
        return apart_mm(pair[0].posed(states), pair[1].posed(states))

    draw = random.Random(0).random
    coins = np.array([draw() < 0.5 for _ in range(N_STARTS * len(limits))]).reshape(N_STARTS, -1)
    corners = np.where(coins, limits[:, 0], limits[:, 1])
    starts = np.repeat(corners[:, None], len(chosen), axis=1)
    best = starts[apart(starts).argmax(axis=0), np.arange(len(chosen))]
    # The root turns both models alike.
    movable = [index for index in range(3, len(limits)) if limits[index, 0] < limits[index, 1]]
    for _ in range(SWEEPS):
        for index in movable:
            trials = np.stack([best, best])
            trials[:, :, index] = limits[index][:, None]
            best = trials[apart(trials).argmax(axis=0), np.arange(len(chosen))]
    found = apart(best[None])[0]
    return float(found.max()), int(chosen[found.argmax()])


@dataclass(frozen=True, eq=False)
class Part:
    """What poses a few vertices of a model, each in a pose and shape of its own."""

    model: Model
    vertices: NDArray[np.intp]
    joints: Array  # (J, 3)
    joint_shapes: Array  # (J, 3, B)

    @classmethod
    def of(cls, model: Model, vertices: NDArray[np.intp], n_betas: int) -> Part:
        joints, joint_shapes = shaped_joints(model, n_betas)
        return cls(model, vertices, joints, joint_shapes)

    def posed(self, states: Array) -> Array:
        """(S, v, 3) meters, for states (S, v, 3J + B): axis-angle poses, then betas."""
        model, chosen = self.model, self.vertices
        flat = states.reshape(-1, states.shape[2])
        n_pose = 3 * model.n_joints
        rotations = rotation_matrices(flat[:, :n_pose].reshape(len(flat), -1, 3))
        betas = flat[:, n_pose:]
        joints = self.joints + np.moveaxis(self.joint_shapes @ betas.T, 2, 0)
        transforms = joint_transforms(parents_of(model.kintree_table), joints, rotations)
        features = (rotations[:, 1:] - np.eye(3)).reshape(*states.shape[:2], -1)
        shapes = model.shapedirs[chosen][:, :, : betas.shape[1]]
        at_rest = model.v_template[chosen] + np.einsum(
            "vcb,svb->svc", shapes, betas.reshape(*states.shape[:2], -1)
        )
        at_rest = at_rest + np.einsum("vcp,svp->svc", model.posedirs[chosen], features)
        blended = np.einsum(
            "vj,svjcd->svcd",
            model.weights[chosen],
            transforms.reshape(*states.shape[:2], -1, 3, 4),
        )
        return (blended[..., :3] @ at_rest[..., None])[..., 0] + blended[..., 3]

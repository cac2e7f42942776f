"""Linear blend skinning in numpy: where a model's vertices go in a set of poses and shapes.

Work goes by blocks of vertices, all poses at once: ``posedirs``, which is most of a model, is then
read once, and nothing of the size of all vertices in all poses is ever made.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..records.model import Model
from .kinematic_tree import parents_first, parents_of

# Vertices at a time: few where every pose is at work, so that all of it stays in the processor's
# cache; more elsewhere, or Python would take longer than numpy.
POSED_BLOCK, BLOCK = 128, 512


@dataclass(frozen=True, eq=False)
class Posing:
    """Poses and shapes, made ready for one model's vertices.

    Attributes:
        betas: (B', N) shape coefficients, B' at most the model's B.
        features: (P, N) rotations minus the identity, which weigh the pose blend shapes.
        transforms: (J, 3, 4, N) from rest to posed space.
    """

    betas: NDArray[np.float64]
    features: NDArray[np.float64]
    transforms: NDArray[np.float64]


def rotation_matrices(rotations: NDArray[np.float64]) -> NDArray[np.float64]:
    """(..., 3, 3) rotation matrices of (..., 3) axis-angle vectors in radians (Rodrigues)."""
    angle = np.linalg.norm(rotations, axis=-1)[..., None, None]
    x, y, z = np.moveaxis(rotations, -1, 0)
    zero = np.zeros_like(x)
    skew = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=-1)
    skew = skew.reshape(*rotations.shape, 3)
    # sinc keeps the ratios exact at angle 0, where the rotation is the identity.
    sine = np.sinc(angle / np.pi)
    versine = 0.5 * np.sinc(angle / (2 * np.pi)) ** 2
    return np.eye(3) + sine * skew + versine * (skew @ skew)


def shaped_joints(model: Model, n_shapes: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(J, 3) joints of the template, meters, and (J, 3, B') what each of its first shapes adds."""
    regressor = model.J_regressor.astype(np.float64, copy=False)
    directions = model.shapedirs[:, :, :n_shapes]
    added = regressor @ directions.reshape(model.n_vertices, 3 * directions.shape[2])
    return regressor @ model.v_template, added.reshape(model.n_joints, *directions.shape[1:])


def rest_joints(model: Model, betas: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, J, 3) joints of the unposed body, meters, for (N, B') betas."""
    joints, added = shaped_joints(model, betas.shape[1])
    return joints + np.moveaxis(added @ betas.T, 2, 0)


def joint_transforms(
    parents: NDArray[np.int64], joints: NDArray[np.float64], rotations: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(N, J, 3, 4) transforms from rest to posed space, for joints (N, J, 3) at rest."""
    turned = np.empty_like(rotations)
    placed = np.empty_like(joints)
    for joint in parents_first(parents):
        parent = int(parents[joint])
        if parent < 0:
            turned[:, joint], placed[:, joint] = rotations[:, joint], joints[:, joint]
            continue
        bone = joints[:, joint] - joints[:, parent]
        turned[:, joint] = turned[:, parent] @ rotations[:, joint]
        placed[:, joint] = placed[:, parent] + (turned[:, parent] @ bone[..., None])[..., 0]
    moved = placed - (turned @ joints[..., None])[..., 0]
    return np.concatenate([turned, moved[..., None]], axis=-1)


def posing(model: Model, poses: NDArray[np.float64], betas: NDArray[np.float64]) -> Posing:
    """What ``posed_block`` needs, for axis-angle poses (N, J, 3) and betas (N, B')."""
    rotations = rotation_matrices(poses)
    features = (rotations[:, 1:] - np.eye(3)).reshape(len(poses), -1)
    transforms = joint_transforms(
        parents_of(model.kintree_table), rest_joints(model, betas), rotations
    )
    return Posing(
        betas=np.ascontiguousarray(betas.T),
        features=np.ascontiguousarray(features.T),
        transforms=np.ascontiguousarray(np.moveaxis(transforms, 0, 3)),
    )


def blocks(n_vertices: int, size: int = BLOCK) -> Iterator[slice]:
    """The vertices, ``size`` at a time."""
    return (slice(start, start + size) for start in range(0, n_vertices, size))


def unposed_block(model: Model, block: slice, ready: Posing) -> NDArray[np.float64]:
    """(b, 3, N) shaped vertices with the pose blend shapes added, before skinning."""
    n_betas, n_poses = ready.betas.shape
    template = model.v_template[block][:, :, None]
    n_rows = 3 * len(template)
    shapes = model.shapedirs[block, :, :n_betas].reshape(n_rows, n_betas) @ ready.betas
    offsets = model.posedirs[block].reshape(n_rows, len(ready.features)) @ ready.features
    return (shapes + offsets).reshape(-1, 3, n_poses) + template


def skin_block(
    weights: NDArray, unposed: NDArray[np.float64], ready: Posing
) -> NDArray[np.float64]:
    """(b, 3, N) posed vertices, from (b, J) weights and (b, 3, N) unposed ones."""
    used = weights.any(axis=0)  # few of the joints have a hold on any vertex of a block
    transforms = ready.transforms[used]
    blended = weights[:, used] @ transforms.reshape(len(transforms), -1)
    blended = blended.reshape(-1, *transforms.shape[1:])
    posed = blended[:, :, 3]
    for axis in range(3):
        posed += blended[:, :, axis] * unposed[:, None, axis]
    return posed


def posed_block(model: Model, block: slice, ready: Posing) -> NDArray[np.float64]:
    """(b, 3, N) posed vertices."""
    return skin_block(model.weights[block], unposed_block(model, block, ready), ready)


def posed_vertices(
    model: Model, poses: NDArray[np.float64], betas: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(N, V, 3) vertices in meters for axis-angle poses (N, J, 3) and betas (N, B).

    The same as stock smplx's ``lbs`` without translation; source: Loper et al. 2015, equations
    2 to 10.
    """
    ready = posing(model, poses, betas)
    parts = blocks(model.n_vertices, POSED_BLOCK)
    posed = [posed_block(model, block, ready) for block in parts]
    return np.ascontiguousarray(np.moveaxis(np.concatenate(posed), 2, 0))

"""Linear blend skinning in numpy: where a model's vertices go in a set of poses and shapes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .kinematics import parents_first, parents_of
from .model import Model


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


def rest_shapes(model: Model, betas: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, V, 3) shaped but unposed vertices, metres, for (N, B') betas, B' at most B."""
    used = model.shapedirs[:, :, : betas.shape[1]].reshape(-1, betas.shape[1])
    flat = betas @ used.T.astype(np.float64, copy=False)
    return flat.reshape(len(betas), -1, 3) + model.v_template


def pose_offsets(model: Model, rotations: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, V, 3) metres that the pose blend shapes add, for (N, J, 3, 3) local rotations."""
    features = (rotations[:, 1:] - np.eye(3)).reshape(len(rotations), -1)
    flat = model.posedirs.reshape(-1, features.shape[1])
    return (flat @ features.T.astype(flat.dtype, copy=False)).T.reshape(len(rotations), -1, 3)


def joint_transforms(
    model: Model, joints: NDArray[np.float64], rotations: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(N, J, 3, 4) transforms from rest to posed space, for joints (N, J, 3) at rest."""
    parents = parents_of(model.kintree_table)
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


def skin(
    weights: NDArray, unposed: NDArray[np.float64], transforms: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(N, V, 3) posed vertices, from (V, J) weights, (N, V, 3) vertices and (N, J, 3, 4)."""
    n_joints = transforms.shape[1]
    posed = np.empty_like(unposed)
    for index, transform in enumerate(transforms):  # one pose at a time: (V, 12) is small
        blended = (weights @ transform.reshape(n_joints, 12)).reshape(-1, 3, 4)
        posed[index] = np.einsum("vij,vj->vi", blended[:, :, :3], unposed[index])
        posed[index] += blended[:, :, 3]
    return posed


def posed_vertices(
    model: Model, poses: NDArray[np.float64], betas: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(N, V, 3) vertices in metres for axis-angle poses (N, J, 3) and betas (N, B).

    The same as stock smplx's ``lbs`` without translation; source: Loper et al. 2015, equations
    2 to 10.
    """
    rotations = rotation_matrices(poses)
    shaped = rest_shapes(model, betas)
    joints = model.J_regressor.astype(np.float64, copy=False) @ shaped
    transforms = joint_transforms(model, joints, rotations)
    return skin(model.weights, shaped + pose_offsets(model, rotations), transforms)

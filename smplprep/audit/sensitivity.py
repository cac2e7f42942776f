"""How far a landmark moves when a joint turns: d(landmark)/d(rotation) in mm per radian.

N poses, L landmarks, J joints. The rotation is the joint's axis-angle vector in radians, as stock
smplx's pose parameters are; the derivative is that of Rodrigues' formula itself, so it is exact
at the rest pose too. The figure is the Frobenius norm of the 3 x 3 Jacobian.

Stock smplx adds 1e-8 to the vector before it takes its length. At exactly zero its autograd gives
the exact derivative all the same; elsewhere the two differ by about 1e-8 / angle, relative.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..geometry.kinematic_tree import ancestors_or_self
from ..geometry.poses import pose_set_of
from ..geometry.skinning import Skeleton, VertexBlock, rotation_matrices, skew
from ..records.landmark import Landmark
from ..records.model import Model

Array = NDArray[np.float64]

SMALL_ANGLE = 0.03  # radians; below, three terms of the series are exact to the last digit
CHUNK_NUMBERS = 1 << 20  # poses x landmarks x joints at a time: about 100 MiB of Jacobians


def sensitivity_tables(model: Model, landmarks: Sequence[Landmark]) -> tuple[Array, Array]:
    """(L, J) sensitivities at the rest pose, and (L, J) their medians over the pose set.

    Args:
        model: any; at rest the rotation of every joint, fingers included, is zero.
        landmarks: L of them.
    """
    over_poses = sensitivities(model, landmarks, *pose_set_of(model))
    return at_rest(model, landmarks), np.median(over_poses, axis=0)


def at_rest(model: Model, landmarks: Sequence[Landmark]) -> Array:
    """(L, J) ``sensitivities`` of the mean shape where no joint is turned."""
    return sensitivities(model, landmarks, np.zeros((1, model.n_joints, 3)), np.zeros((1, 0)))[0]


def sensitivities(model: Model, landmarks: Sequence[Landmark], poses: Array, betas: Array) -> Array:
    """(N, L, J) norms of d(landmark)/d(axis-angle of joint), mm per radian.

    Zero means exactly zero: the landmark does not depend on the joint at all.

    Args:
        model: any.
        landmarks: L of them.
        poses: (N, J, 3) axis-angle, radians.
        betas: (N, B') with B' at most B.

    Source: with w_k the weights, T_k the joints' transforms, x the vertex before skinning and o_a
        the posed joint a, turning joint a about the world axis u moves the vertex by
        u x sum_k w_k (T_k x - o_a) over a and its descendants, and through the pose blend shapes by
        (sum_k w_k R_k) P_a vec(dR_a). The axes u are the columns of the left Jacobian of SO(3)
        (Sola, Deray and Atchuthan 2018, appendix B), turned by the parent.
    """
    found = np.zeros((len(poses), len(landmarks), model.n_joints))
    joints = {row: x.joint for row, x in enumerate(landmarks) if x.joint is not None}
    corners = [(row, *corner) for row, x in enumerate(landmarks) for corner in x.blend.items()]
    step = max(1, CHUNK_NUMBERS // max(1, found[0].size))
    for start in range(0, len(poses), step):
        part = slice(start, start + step)
        body = PosedBody(model, poses[part], betas[part])
        jacobians = np.zeros((len(poses[part]), *found.shape[1:], 3, 3))
        if joints:
            jacobians[:, list(joints)] = body.joint_jacobians(np.array([*joints.values()]))
        if corners:
            moved = body.vertex_jacobians(np.array([vertex for _, vertex, _ in corners]))
            for index, (row, _, share) in enumerate(corners):
                jacobians[:, row] += share * moved[:, index]
        found[part] = model.mm * np.sqrt(np.square(jacobians).sum(axis=(3, 4)))
    return found


class PosedBody:
    """A model's joints in N poses, and how they turn.

    Attributes:
        ready: see ``Posing``.
        transforms: (N, J, 3, 4) from rest to posed space.
        origins: (N, J, 3) posed joints, meters.
        axes: (N, J, 3, 3); column i is the world axis about which axis-angle component i turns,
            per radian.
        turns: (N, J, 3, 9); row i is vec(dR) of the local rotation for component i.
        below: (J, J); [a, k] says that k is a or one of its descendants.
    """

    def __init__(self, model: Model, poses: Array, betas: Array) -> None:
        skeleton, rotations = Skeleton.of(model, betas.shape[1]), rotation_matrices(poses)
        parents = skeleton.parents
        self.model = model
        self.below = ancestors_or_self(parents).T
        self.ready = skeleton.posing(rotations, betas)
        self.transforms = self.ready.transforms
        self.origins = apply(self.transforms, skeleton.rest(betas))
        local_axes = left_jacobians(poses)
        turned = self.transforms[:, parents, :, :3]
        turned[:, parents == -1] = np.eye(3)
        self.axes = turned @ local_axes
        # d R = [axis] R for each column of the local axes.
        slopes = skew(np.swapaxes(local_axes, 2, 3)) @ rotations[:, :, None]
        self.turns = slopes.reshape(*slopes.shape[:3], 9)

    def joint_jacobians(self, joints: NDArray[np.integer]) -> Array:
        """(N, L, J, 3, 3) derivatives of posed joints: only proper ancestors move them."""
        above = self.below[:, joints].T & ~np.eye(len(self.below), dtype=bool)[joints]
        arms = self.origins[:, joints, None] - self.origins[:, None]
        return swung(self.axes, arms * above[..., None])

    def vertex_jacobians(self, vertices: NDArray[np.integer]) -> Array:
        """(N, L, J, 3, 3) derivatives of posed vertices, through weights and posedirs."""
        weights = self.model.weights[vertices].astype(np.float64)
        blends = self.model.correctives[vertices].astype(np.float64)  # (L, 3, J-1, 9)
        block = VertexBlock.of(self.model, vertices, len(self.ready.betas))
        unposed = np.moveaxis(block.unposed(self.ready), 2, 0)
        # Where each joint alone would take the vertex, times its weight: (N, L, J, 3).
        carried = apply(self.transforms[:, None], unposed[:, :, None]) * weights[..., None]
        below = self.below.astype(np.float64)
        arms = below @ carried - (weights @ below.T)[..., None] * self.origins[:, None]
        jacobians = swung(self.axes, arms)
        mixed = np.einsum("lj,njcd->nlcd", weights, self.transforms[..., :3], optimize=True)
        bulges = np.einsum("lcaf,naif->nlaci", blends, self.turns[:, 1:], optimize=True)
        jacobians[:, :, 1:] += mixed[:, :, None] @ bulges
        return jacobians


def left_jacobians(rotations: Array) -> Array:
    """(..., 3, 3) left Jacobians of SO(3) for (..., 3) axis-angle vectors; the identity at zero."""
    angle = np.linalg.norm(rotations, axis=-1)[..., None, None]
    cross = skew(rotations)
    first = 0.5 * np.sinc(angle / (2 * np.pi)) ** 2  # (1 - cos t) / t^2
    safe = np.where(angle < SMALL_ANGLE, 1.0, angle)
    series = 1 / 6 - angle**2 / 120 + angle**4 / 5040
    second = np.where(angle < SMALL_ANGLE, series, (safe - np.sin(safe)) / safe**3)
    return np.eye(3) + first * cross + second * (cross @ cross)


def apply(transforms: Array, points: Array) -> Array:
    """(..., 3) points moved by (..., 3, 4) transforms."""
    return (transforms[..., :3] @ points[..., None])[..., 0] + transforms[..., 3]


def swung(axes: Array, arms: Array) -> Array:
    """(N, L, J, 3, 3): column i is axis i (N, J, 3, 3) times the arm (N, L, J, 3), crosswise."""
    return -skew(arms) @ axes[:, None]

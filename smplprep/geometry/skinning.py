"""Linear blend skinning in numpy: where a model's vertices go in a set of poses and shapes.

Work goes by blocks of vertices, all poses at once: ``posedirs``, which is most of a model, is then
read once, and nothing of the size of all vertices in all poses is ever made. The pose features and
the joints that are zero in a whole block are left out there. N poses, or one, of which all N share
the shape; b vertices of a block.

Source: Loper et al. 2015, equations 2 to 10; the same as stock smplx's ``lbs`` without translation.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ..records.model import Model
from .kinematic_tree import parents_first, parents_of

# Vertices at a time: few where every pose is at work, so that all of it stays in the processor's
# cache; more elsewhere, or Python would take longer than numpy.
POSED_BLOCK, BLOCK = 128, 512

Array = NDArray[np.float64]
Floats = NDArray[Any]  # float64, or float32 where a caller chooses it


def skew(vectors: Array) -> Array:
    """(..., 3, 3) matrices of the cross product with (..., 3) vectors."""
    x, y, z = np.moveaxis(vectors, -1, 0)
    zero = np.zeros_like(x)
    flat = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=-1)
    return flat.reshape(*vectors.shape, 3)


def rotation_matrices(rotations: Array) -> Array:
    """(..., 3, 3) rotation matrices of (..., 3) axis-angle vectors in radians (Rodrigues)."""
    angle = np.linalg.norm(rotations, axis=-1)[..., None, None]
    cross = skew(rotations)
    # sinc keeps the ratios exact at angle 0, where the rotation is the identity.
    sine = np.sinc(angle / np.pi)
    versine = 0.5 * np.sinc(angle / (2 * np.pi)) ** 2
    return np.eye(3) + sine * cross + versine * (cross @ cross)


@dataclass(frozen=True, eq=False)
class Posing:
    """Poses and shapes, made ready for the vertices of models with one skeleton.

    Attributes:
        betas: (B', N) shape coefficients, or (B', 1) for all poses.
        features: (P, N) rotations minus the identity, which weigh the pose blend shapes.
        columns: (4, J, 3 N) of the joints' transforms from rest to posed space: column by column,
            each a block of its own in memory, skinning is twice as fast.
    """

    betas: Floats
    features: Floats
    columns: Floats

    @property
    def transforms(self) -> Floats:
        """(N, J, 3, 4) the joints' transforms."""
        columns = self.columns.reshape(*self.columns.shape[:2], 3, -1)
        return np.ascontiguousarray(columns.transpose(3, 1, 2, 0))


@dataclass(frozen=True, eq=False)
class Skeleton:
    """Where a model's joints rest, and its kinematic tree.

    Attributes:
        joints: (J, 3) of the template, meters.
        directions: (J, 3, B') what each shape direction adds.
        parents: (J,) -1 for the root.
    """

    joints: Array
    directions: Array
    parents: NDArray[np.int64]

    @classmethod
    def of(cls, model: Model, n_shapes: int) -> Skeleton:
        """The skeleton over the model's first ``n_shapes`` shape directions."""
        regressor = model.J_regressor.astype(np.float64, copy=False)
        directions = model.shapedirs[:, :, :n_shapes]
        added = regressor @ directions.reshape(model.n_vertices, 3 * directions.shape[2])
        added = added.reshape(model.n_joints, *directions.shape[1:])
        return cls(regressor @ model.v_template, added, parents_of(model.kintree_table))

    def rest(self, betas: Array) -> Array:
        """(N, J, 3) joints of the unposed body, meters, for (N, B') betas."""
        return self.joints + np.moveaxis(self.directions[:, :, : betas.shape[1]] @ betas.T, 2, 0)

    def transforms(self, joints: Array, rotations: Array) -> Array:
        """(N, J, 3, 4) from rest to posed space, for joints (N or 1, J, 3) at rest."""
        turned = np.empty_like(rotations)
        placed = np.empty(rotations.shape[:-1])
        for joint in parents_first(self.parents):
            parent = int(self.parents[joint])
            if parent < 0:
                turned[:, joint], placed[:, joint] = rotations[:, joint], joints[:, joint]
                continue
            bone = joints[:, joint] - joints[:, parent]
            turned[:, joint] = turned[:, parent] @ rotations[:, joint]
            placed[:, joint] = placed[:, parent] + (turned[:, parent] @ bone[..., None])[..., 0]
        moved = placed - (turned @ joints[..., None])[..., 0]
        return np.concatenate([turned, moved[..., None]], axis=-1)

    def posing(self, rotations: Array, betas: Array, dtype: DTypeLike = np.float64) -> Posing:
        """What vertices need, for rotations (N, J, 3, 3) and betas (N, B') or (1, B')."""
        features = (rotations[:, 1:] - np.eye(3)).reshape(len(rotations), -1)
        columns = self.transforms(self.rest(betas), rotations).transpose(3, 1, 2, 0)
        return Posing(
            betas=np.ascontiguousarray(betas.T, dtype),
            features=np.ascontiguousarray(features.T, dtype),
            columns=np.ascontiguousarray(columns, dtype).reshape(4, len(self.parents), -1),
        )


def posing(model: Model, poses: Array, betas: Array) -> Posing:
    """What vertices need, for axis-angle poses (N, J, 3) and betas (N, B').

    Betas beyond the model's shape directions count for nothing.
    """
    betas = betas[:, : model.shapedirs.shape[2]]
    skeleton = Skeleton.of(model, betas.shape[1])
    return skeleton.posing(rotation_matrices(poses), betas)


@dataclass(frozen=True, eq=False)
class VertexBlock:
    """Some vertices of a model before skinning, with the p pose features that move any of them.

    Attributes:
        template: (3b, 1) meters.
        shapedirs: (3b, B).
        posedirs: (3b, p).
        features: (p,) which of the pose features these are.
    """

    template: Floats
    shapedirs: Floats
    posedirs: Floats
    features: NDArray[np.intp] | slice

    @classmethod
    def of(
        cls,
        model: Model,
        vertices: slice | NDArray[np.integer],
        n_shapes: int,
        dtype: DTypeLike = np.float64,
    ) -> VertexBlock:
        """The block of these vertices over the first ``n_shapes`` shape directions."""
        template = model.v_template[vertices].reshape(-1, 1)
        shapedirs = model.shapedirs[vertices, :, :n_shapes].reshape(len(template), n_shapes)
        posedirs = model.posedirs[vertices].reshape(len(template), model.posedirs.shape[2])
        used = posedirs.any(axis=0)
        features = slice(None) if used.all() else np.flatnonzero(used)
        return cls(
            template=np.ascontiguousarray(template, dtype),
            shapedirs=np.ascontiguousarray(shapedirs, dtype),
            posedirs=np.ascontiguousarray(posedirs[:, features], dtype),
            features=features,
        )

    def unposed(self, ready: Posing) -> Floats:
        """(b, 3, N) shaped vertices with the pose blend shapes added, before skinning."""
        found = self.posedirs @ ready.features[self.features]
        found += self.template + self.shapedirs[:, : len(ready.betas)] @ ready.betas
        return found.reshape(-1, 3, found.shape[1])


def skin_block(weights: NDArray, unposed: Floats, ready: Posing) -> Floats:
    """(b, 3, N) posed vertices, from (b, J) weights and (b, 3, N) or (b, 3, 1) unposed ones."""
    used = weights.any(axis=0)  # few of the joints have a hold on any vertex of a block
    rows = weights[:, used].astype(ready.columns.dtype, copy=False)
    shape = len(weights), 3, ready.features.shape[1]
    posed = (rows @ ready.columns[3, used]).reshape(shape)
    for axis in range(3):
        turned = (rows @ ready.columns[axis, used]).reshape(shape)
        turned *= unposed[:, None, axis]
        posed += turned
    return posed


def blocks(n_vertices: int, size: int = BLOCK) -> Iterator[slice]:
    """The vertices, ``size`` at a time."""
    return (slice(start, start + size) for start in range(0, n_vertices, size))


def unposed_block(model: Model, block: slice, ready: Posing) -> Array:
    """(b, 3, N) shaped vertices with the pose blend shapes added, before skinning."""
    return VertexBlock.of(model, block, len(ready.betas)).unposed(ready)


def posed_block(model: Model, block: slice, ready: Posing) -> Array:
    """(b, 3, N) posed vertices."""
    return skin_block(model.weights[block], unposed_block(model, block, ready), ready)


def posed_vertices(model: Model, poses: Array, betas: Array) -> Array:
    """(N, V, 3) vertices in meters for axis-angle poses (N, J, 3) and betas (N, B')."""
    ready = posing(model, poses, betas)
    parts = [posed_block(model, part, ready) for part in blocks(model.n_vertices, POSED_BLOCK)]
    return np.ascontiguousarray(np.moveaxis(np.concatenate(parts), 2, 0))

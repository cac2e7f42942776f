"""The map step: distances between two models' vertices in one stretch of frames, in numpy.

Arithmetic is float32 but for the joints' transforms, which are float64; a distance is off by less
than 0.001 mm. The models are cut into blocks of vertices that hang on one region, and each block
keeps only the correctives and the joints that are not zero in it. Blocks and stretches are always
the same, whoever measures them: so are the last digits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..geometry.kinematic_tree import parents_of
from ..geometry.same_topology import check_comparable
from ..geometry.skinning import joint_transforms, rotation_matrices, shaped_joints
from ..records.families import BODY_JOINTS
from ..records.model import Model
from .tally import MAX_UM, N_BINS, Peak, Tally, bins_of

STRETCH = 128  # frames
BLOCK = 128  # vertices; what one block of one stretch needs stays in the processor's cache

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Frames:
    """One stretch of one motion.

    Attributes:
        file: its label.
        first: number of the first frame.
        poses: (N, J, 3) axis-angle, radians; N at most STRETCH.
        betas: (B',), any number.
    """

    file: str
    first: int
    poses: NDArray[np.float64]
    betas: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Half:
    """One model's share of a block: b vertices, their j joints and p pose features in use."""

    template: Floats  # (3b,)
    shapedirs: Floats  # (3b, B)
    posedirs: Floats  # (3b, p)
    features: NDArray[np.intp]  # (p,)
    weights: Floats  # (b, j)
    joints: NDArray[np.intp]  # (j,)

    @classmethod
    def of(cls, model: Model, vertices: NDArray[np.intp], n_shapes: int) -> Half:
        posedirs = model.posedirs[vertices].reshape(3 * len(vertices), -1)
        features = np.flatnonzero(posedirs.any(axis=0))
        joints = np.flatnonzero(model.weights[vertices].any(axis=0))
        return cls(
            template=single(model.v_template[vertices].reshape(-1)),
            shapedirs=single(model.shapedirs[vertices, :, :n_shapes].reshape(len(posedirs), -1)),
            posedirs=single(posedirs[:, features]),
            features=features,
            weights=single(model.weights[vertices][:, joints]),
            joints=joints,
        )

    def posed(self, betas: Floats, features: Floats, transforms: Floats) -> Floats:
        """(b, 3, N) vertices for (B',) betas, (P, N) features and (4, J, 3 N) transforms."""
        n_frames = features.shape[1]
        unposed = self.posedirs @ features[self.features]
        unposed += (self.template + self.shapedirs[:, : len(betas)] @ betas)[:, None]
        unposed = unposed.reshape(-1, 3, n_frames)
        # Column by column of the transforms, each a block of its own in memory: twice as fast.
        posed = self.blended(transforms[3], n_frames)
        for axis in range(3):
            turned = self.blended(transforms[axis], n_frames)
            turned *= unposed[:, None, axis]
            posed += turned
        return posed

    def blended(self, column: Floats, n_frames: int) -> Floats:
        """(b, 3, N) one column of each vertex's transform, from that of the joints (J, 3 N)."""
        return (self.weights @ column[self.joints]).reshape(-1, 3, n_frames)


@dataclass(frozen=True, eq=False)
class Skeleton:
    """Where a model's joints rest, and who hangs from whom."""

    joints: NDArray[np.float64]  # (J, 3)
    directions: NDArray[np.float64]  # (J, 3, B), what each shape direction adds
    parents: NDArray[np.int64]  # (J,)

    @classmethod
    def of(cls, model: Model, n_shapes: int) -> Skeleton:
        joints, directions = shaped_joints(model, n_shapes)
        return cls(joints, directions, parents_of(model.kintree_table))

    def transforms(self, rotations: NDArray[np.float64], betas: NDArray[np.float64]) -> Floats:
        """(4, J, 3 N), the columns from rest to posed space, for rotations (N, J, 3, 3)."""
        joints = self.joints + self.directions[:, :, : len(betas)] @ betas
        found = joint_transforms(self.parents, np.tile(joints, (len(rotations), 1, 1)), rotations)
        return single(found.transpose(3, 1, 2, 0)).reshape(4, len(joints), -1)


@dataclass(frozen=True, eq=False)
class Block:
    """Vertices of one region, as both models have them."""

    region: int
    vertices: NDArray[np.intp]  # (b,), rising
    halves: tuple[Half, Half]


class ModelPair:
    """What every measure knows of its two models, which themselves may be let go.

    Attributes:
        inputs: SHA-256 of the two model files.
        regions: name of each region, in the joints' order.
        region_of: (V,) the region of each vertex.
        region_sizes: how many vertices each has.
        n_joints, n_shapes: of the poses and betas that it takes.
    """

    def __init__(self, original: Model, cleaned: Model) -> None:
        """Raises SmplprepError unless the two are of one family."""
        check_comparable(original, cleaned)
        self.family = original.family.name
        self.inputs = (original.source.sha256, cleaned.source.sha256)
        self.n_joints = original.n_joints
        self.n_shapes = min(original.shapedirs.shape[2], cleaned.shapedirs.shape[2])
        self.regions, self.region_of = regions(original)
        self.region_sizes = np.bincount(self.region_of, minlength=len(self.regions)).tolist()


class Measure(ModelPair):
    """Two models made ready for measuring with numpy.

    Attributes:
        engine, stretch: what computes, and how many frames it takes at a time.
    """

    engine, stretch = "numpy", STRETCH

    def __init__(self, original: Model, cleaned: Model) -> None:
        """Raises SmplprepError unless the two are of one family."""
        super().__init__(original, cleaned)
        self._blocks = [
            Block(
                region=int(self.region_of[vertices[0]]),
                vertices=vertices,
                halves=(
                    Half.of(original, vertices, self.n_shapes),
                    Half.of(cleaned, vertices, self.n_shapes),
                ),
            )
            for vertices in vertex_blocks(original, self.region_of)
        ]
        self._skeletons = tuple(Skeleton.of(m, self.n_shapes) for m in (original, cleaned))

    def __call__(self, frames: Frames) -> Tally:
        """The tally of one stretch."""
        rotations = rotation_matrices(frames.poses)
        features = single((rotations[:, 1:] - np.eye(3)).reshape(len(rotations), -1).T)
        betas = frames.betas[: self.n_shapes]
        transforms = [skeleton.transforms(rotations, betas) for skeleton in self._skeletons]
        tally = Tally.empty(len(self.regions))
        tally.frames = len(rotations)
        farthest: list[tuple[int, int, int]] = []
        for block in self._blocks:
            ours, theirs = (
                half.posed(single(betas), features, moved)
                for half, moved in zip(block.halves, transforms, strict=True)
            )
            um = apart_um(ours, theirs)
            tally.counts[block.region] += np.bincount(bins_of(um).reshape(-1), minlength=N_BINS)
            tally.sums[block.region] += int(um.sum(dtype=np.float64))
            vertex, frame = divmod(int(um.argmax()), um.shape[1])
            highest = int(um[vertex, frame])
            tally.highest[block.region] = max(int(tally.highest[block.region]), highest)
            farthest.append((-highest, frame, int(block.vertices[vertex])))
        minus_um, frame, vertex = min(farthest)
        tally.worst = (Peak(minus_um, frames.file, frames.first + frame, vertex),)
        return tally


def regions(model: Model) -> tuple[list[str], NDArray[np.intp]]:
    """The names of the regions, and (V,) the region of each vertex.

    A vertex belongs to its heaviest joint. Each joint that is some vertex's heaviest has a region
    of its own, but fingers count with their hand, and jaw and eyes with the head.
    """
    names = model.family.joint_names(model.n_joints)
    own = {name for name, _ in BODY_JOINTS}
    parents = parents_of(model.kintree_table)
    keepers = []
    for joint in range(model.n_joints):
        walker = joint
        while names[walker] not in own and parents[walker] != -1 and own & set(names):
            walker = int(parents[walker])
        keepers.append(walker)
    keeper_of = np.array(keepers)[model.weights.argmax(axis=1)]
    kept, region_of = np.unique(keeper_of, return_inverse=True)
    return [names[joint] for joint in kept], region_of


def vertex_blocks(model: Model, region_of: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    """The vertices of each region by their heaviest joint, at most BLOCK at a time."""
    found = []
    for region in np.unique(region_of):
        members = np.flatnonzero(region_of == region)
        members = members[np.argsort(model.weights[members].argmax(axis=1), kind="stable")]
        found += [np.sort(members[i : i + BLOCK]) for i in range(0, len(members), BLOCK)]
    return found


def apart_um(a: Floats, b: Floats) -> Floats:
    """(b, N) distances of (b, 3, N) points in meters, in whole micrometers."""
    a -= b
    np.square(a, out=a)
    found = np.sqrt(a[:, 0] + a[:, 1] + a[:, 2])
    found *= 1e6
    np.rint(found, out=found)
    return np.minimum(found, MAX_UM, out=found)


def single(array: NDArray) -> Floats:
    """The array in float32 and C order."""
    return np.ascontiguousarray(array, dtype=np.float32)

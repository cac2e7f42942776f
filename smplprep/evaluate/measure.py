"""The map step: distances between two models' vertices in one stretch of frames, in numpy.

Arithmetic is float32 but for the joints' transforms, which are float64; a distance is off by less
than 0.001 mm. The models are cut into blocks of vertices that hang on one region, and each block
keeps only the correctives and the joints that are not zero in it. Blocks and stretches are always
the same on every machine, and so are the last digits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..geometry.kinematic_tree import parents_of
from ..geometry.same_topology import check_same_topology
from ..geometry.skinning import Skeleton, VertexBlock, rotation_matrices, skin_block
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
class Block:
    """Vertices of one region, as both models have them."""

    region: int
    vertices: NDArray[np.intp]  # (b,), rising
    parts: list[VertexBlock]
    weights: list[Floats]  # (b, J) each


class ModelPair:
    """What every measure knows of its two models, which themselves may be let go.

    Attributes:
        inputs: SHA-256 of the two model files.
        regions: name of each region, in the joints' order.
        region_of: (V,) the region of each vertex.
        region_sizes: how many vertices each has.
        n_joints, n_shapes: of the poses and betas that it takes.
        um: micrometers in a unit of the models' lengths.
    """

    def __init__(self, original: Model, cleaned: Model) -> None:
        """Raises SmplprepError unless the two are of one family."""
        check_same_topology(original, cleaned)
        self.family = original.family.name
        self.inputs = (original.source.sha256, cleaned.source.sha256)
        self.n_joints = original.n_joints
        self.um = 1000 * original.mm
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
        models = (original, cleaned)
        self._blocks = [
            Block(
                region=int(self.region_of[vertices[0]]),
                vertices=vertices,
                parts=[VertexBlock.of(m, vertices, self.n_shapes, np.float32) for m in models],
                weights=[m.weights[vertices].astype(np.float32) for m in models],
            )
            for vertices in vertex_blocks(original, self.region_of)
        ]
        self._skeletons = tuple(Skeleton.of(m, self.n_shapes) for m in models)

    def __call__(self, frames: Frames) -> Tally:
        """The tally of one stretch."""
        rotations = rotation_matrices(frames.poses)
        betas = frames.betas[None, : self.n_shapes]
        ready = [skeleton.posing(rotations, betas, np.float32) for skeleton in self._skeletons]
        tally = Tally.empty(len(self.regions))
        tally.frames = len(rotations)
        farthest: list[tuple[int, int, int]] = []
        for block in self._blocks:
            ours, theirs = (
                skin_block(weights, part.unposed(posing), posing)
                for weights, part, posing in zip(block.weights, block.parts, ready, strict=True)
            )
            um = apart_um(ours, theirs, self.um)
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
    names = model.joint_names()
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


def apart_um(a: Floats, b: Floats, um: float) -> Floats:
    """(b, N) distances of (b, 3, N) points in whole micrometers, of which a unit has ``um``."""
    a -= b
    np.square(a, out=a)
    found = np.sqrt(a[:, 0] + a[:, 1] + a[:, 2])
    found *= um
    np.rint(found, out=found)
    return np.minimum(found, MAX_UM, out=found)

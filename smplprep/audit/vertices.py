"""The leaks of every vertex: how many leak to each joint, and the worst of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..geometry.kinematic_tree import parents_of
from ..geometry.skinning import blocks
from ..records.landmark import Landmark
from ..records.model import Model
from .sensitivity import at_rest
from .support import Support, support_of

N_WORST = 3


@dataclass(frozen=True)
class JointLeaks:
    """What leaks to one joint.

    Attributes:
        joint: its index.
        weights, posedirs, vertices: how many vertices leak through each channel, and in all.
        worst: (vertex, mm per radian at the rest pose) of those that move most, worst first.
    """

    joint: int
    weights: int
    posedirs: int
    vertices: int
    worst: list[tuple[int, float]]


def vertex_leaks(model: Model, *, n_worst: int = N_WORST) -> list[JointLeaks]:
    """The leaks of all vertices, joint by joint, the root left out.

    Where two limbs meet, a vertex may rightly hang on joints of both; by the landmarks' rule it
    leaks. So a cleaned model has some leaks here, and none at its landmarks.
    """
    parents = parents_of(model.kintree_table)
    counts = np.zeros((3, model.n_joints), dtype=np.int64)
    sizes = np.zeros((model.n_vertices, model.n_joints))
    for vertices, support, moved in vertex_chunks(model):
        leaks = support.leaks
        counts += [(t & leaks).sum(axis=0) for t in (support.weights, support.posedirs, leaks)]
        sizes[vertices] = moved * leaks
    found = []
    for joint in np.argsort(-counts[2], kind="stable"):
        if parents[joint] == -1:
            continue
        weights, posedirs, either = (int(count) for count in counts[:, joint])
        order = np.argsort(-sizes[:, joint], kind="stable")[: min(n_worst, either)]
        worst = [(int(vertex), float(sizes[vertex, joint])) for vertex in order]
        found.append(JointLeaks(int(joint), weights, posedirs, either, worst))
    return found


def vertex_chunks(
    model: Model,
) -> Iterator[tuple[NDArray[np.int64], Support, NDArray[np.float64]]]:
    """(C,) vertices, their support, and (C, J) sensitivities at rest in mm per radian."""
    for block in blocks(model.n_vertices):  # posedirs are never copied whole
        vertices = np.arange(model.n_vertices)[block]
        landmarks = [Landmark(f"v{vertex}", vertex=int(vertex)) for vertex in vertices]
        yield vertices, support_of(model, vertices), at_rest(model, landmarks)

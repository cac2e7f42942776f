"""Which joints can move a landmark, read off the arrays, and which of them are leaks.

The support has two channels. ``weights``: a joint moves the vertex when the vertex is skinned to
it or to one of its descendants. ``posedirs``: a joint moves it when its corrective is not zero
there. The root is left out, since it moves everything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..geometry.kinematic_tree import ancestors_or_self, parents_of
from ..records.landmark import Landmark
from ..records.model import Model
from .landmark_sets import skin_landmarks


@dataclass(frozen=True, eq=False)
class Support:
    """Boolean tables (L, J) for L vertices, root column always False.

    Attributes:
        weights: joints that move the vertex through its skinning weights (for a regressed joint:
            through the kinematic tree).
        posedirs: joints that move it through the pose blend shapes.
        expected: the chain of the vertex's heaviest joint, and that joint's children.
    """

    weights: NDArray[np.bool_]
    posedirs: NDArray[np.bool_]
    expected: NDArray[np.bool_]

    @property
    def leaks(self) -> NDArray[np.bool_]:
        """(L, J) joints that can move the vertex and should not."""
        return self.either & ~self.expected

    @property
    def either(self) -> NDArray[np.bool_]:
        """(L, J) joints that can move the vertex at all."""
        return self.weights | self.posedirs


def support_of(model: Model, vertices: NDArray[np.integer] | list[int]) -> Support:
    """The support of these vertices in both channels, and what it should be.

    Args:
        model: any model; V vertices, J joints.
        vertices: (L,) indices below V.

    Source: Loper et al. 2015, equations 2 to 10; stock smplx's autograd agrees, joint by joint.
    """
    vertices = np.asarray(vertices, dtype=np.intp)
    parents = parents_of(model.kintree_table)
    above = ancestors_or_self(parents)
    weights = model.weights[vertices]
    skinned = ((weights != 0).astype(np.float32) @ above.astype(np.float32)) > 0
    corrected = np.zeros_like(skinned)
    corrected[:, 1:] = (model.correctives[vertices] != 0).any(axis=(1, 3))
    heaviest = weights.argmax(axis=1)
    expected = above[heaviest] | (parents[None, :] == heaviest[:, None])
    root = int(np.flatnonzero(parents == -1)[0])
    for table in (skinned, corrected, expected):
        table[:, root] = False
    return Support(skinned, corrected, expected)


def joint_support(model: Model) -> NDArray[np.bool_]:
    """(J, J); [j, k]: the pose of k can move the regressed joint j: k is a proper ancestor of j.

    Root excluded. Regressed joints never leak: stock smplx poses them by the tree alone.
    """
    parents = parents_of(model.kintree_table)
    table = ancestors_or_self(parents) & ~np.eye(len(parents), dtype=bool)
    table[:, parents == -1] = False
    return table


def landmark_support(model: Model, landmarks: Sequence[Landmark]) -> Support:
    """The support of landmarks of all kinds, (L, J).

    Of a regressed joint it is its ancestors; of a point on a face, what its corners have together,
    and so is what is expected of it.
    """
    corners = [(row, v) for row, landmark in enumerate(landmarks) for v in landmark.blend]
    is_joint = np.array([landmark.joint is not None for landmark in landmarks], dtype=bool)
    joints = [landmark.joint for landmark in landmarks if landmark.joint is not None]
    of_vertices = support_of(model, [vertex for _, vertex in corners])
    of_joints = joint_support(model)[joints]

    def merged(rows: NDArray[np.bool_], joint_rows: NDArray[np.bool_]) -> NDArray[np.bool_]:
        table = np.zeros((len(landmarks), model.n_joints), dtype=bool)
        np.logical_or.at(table, [row for row, _ in corners], rows)
        table[is_joint] = joint_rows
        return table

    return Support(
        weights=merged(of_vertices.weights, of_joints),
        posedirs=merged(of_vertices.posedirs, np.zeros_like(of_joints)),
        expected=merged(of_vertices.expected, of_joints),
    )


def skinned_to(model: Model, landmarks: Sequence[Landmark]) -> NDArray[np.bool_]:
    """(L, J) joints with a non-zero weight at the landmark; none for a regressed joint."""
    found = [(model.weights[list(landmark.blend)] != 0).any(axis=0) for landmark in landmarks]
    return np.array(found, dtype=bool).reshape(len(landmarks), model.n_joints)


def landmark_table(before: Model, after: Model) -> list[dict[str, object]]:
    """One row a landmark of the skin, with the names of the joints in each channel.

    ``vertex`` is None for a point on a face, whose face, corners and shares are given instead.
    """
    joint_names = before.joint_names()
    landmarks = skin_landmarks(before)
    tables = {
        when: (skinned_to(model, landmarks), landmark_support(model, landmarks))
        for when, model in (("before", before), ("after", after))
    }
    rows: list[dict[str, object]] = []
    for row, landmark in enumerate(landmarks):
        entry: dict[str, object] = {"landmark": landmark.name, "vertex": landmark.vertex}
        if landmark.face is not None:
            entry |= {"face": landmark.face, "corners": [*landmark.corners]}
            entry |= {"shares": [*landmark.shares]}
        for when, (skinned, support) in tables.items():
            entry[when] = {
                "joints": named(skinned[row], joint_names),
                "weights": named(support.weights[row], joint_names),
                "posedirs": named(support.posedirs[row], joint_names),
                "leaks": named(support.leaks[row], joint_names),
            }
        rows.append(entry)
    return rows


def named(mask: NDArray[np.bool_], names: list[str]) -> list[str]:
    """The names whose entry in the mask is True, in joint order."""
    return [names[index] for index in np.flatnonzero(mask)]

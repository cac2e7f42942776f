"""How far the vertices of two models can lie apart in any pose within the joint limits: a bound.

No pose set can prove that a distance is kept; this is a proof. V vertices, J joints, B shape
directions, of which the first ``MAX_SHAPES`` count, with |beta| <= 3.

Let x be a vertex before skinning, o_a joint a at rest, L_a its rotation and G_a the world rotation
of its parent. Then joint j takes x to

    T_j x = x + sum over a, j or an ancestor of j, of G_a (I - L_a) (o_a - x),

so with d = w' - w and d_a its sum over a and the descendants of a,

    sum_j d_j T_j x = (sum_j d_j) x + sum_a d_a G_a (I - L_a) (o_a - x).

G_a keeps lengths, and I - L_a stretches by at most the chord 2 sin(angle / 2) of a's largest turn.
Weights that move between two joints thus cost only along the way from one to the other. Between far
joints another bound is lower: T_j x and T_k x lie no farther apart than the way from x to o_j,
along the bones to o_k, and back to x. Each vertex takes the lower of the two. The vertex itself
adds what its template, shapes and correctives differ by, and joints that were regressed anew add
sum_a w'_a G_a (I - L_a) e_a, e_a being the shift of joint a.

Lengths are bounded one coordinate at a time: |c_0 + C y| <= |c_0| + |C| max|y| for betas y, and
by both ends of each range for the terms that pose features are made of (``limit_ranges``). Nothing
is sampled; the bound is above every pose, by how much ``worst_case`` shows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..geometry.displacement import same_arrays
from ..geometry.kinematic_tree import ancestors_or_self, parents_of
from ..geometry.poses import MAX_BETA, MAX_SHAPES, limits_of
from ..geometry.skinning import blocks, shaped_joints
from ..records.model import Model
from .limit_ranges import largest_chords, one_axis_masks, term_ranges, terms_of_entries

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Rest:
    """What two models differ by besides their weights, meters.

    Attributes:
        unposed: (V, 3) by how much each coordinate of a vertex can differ before skinning.
        joints: (J,) by how much a joint at rest can.
    """

    unposed: Array
    joints: Array


class Bound:
    """Bounds of the distance to one model, vertex by vertex.

    Attributes:
        model: the model that distances are from.
        chords: (J,) the largest |I - L_a| of each joint within its limits, 0 to 2.
        ranges: (2, J-1, 9) lowest and highest value of each term of the pose features.
        turning: (V, J) meters; the largest |(I - L_a)(o_a - x)|.
        arms: (V, J) meters; the largest |o_a - x|.
        sizes: (V,) meters; the largest |x|.
        paths: (J, J) meters; the largest length of the bones between two joints.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        limits = limits_of(model)
        self.chords = largest_chords(limits)
        self.ranges = term_ranges(limits)[:, 1:]
        self.below = ancestors_or_self(parents_of(model.kintree_table)).astype(np.float64)
        self.turning, self.arms, self.sizes = self._reach(one_axis_masks(limits))
        self.paths = self._paths()

    def mm(self, weights: NDArray, rest: Rest) -> Array:
        """(V,) how far each vertex can lie from the model's, with these weights (V, J)."""
        weights = weights.astype(np.float64)
        change = weights - self.model.weights
        uneven = np.abs(change.sum(axis=1))  # of rows that did not sum to 1
        by_turns = (np.abs(change @ self.below) * self.turning).sum(axis=1) + uneven * self.sizes
        found = np.minimum(by_turns, self._by_reach(change, uneven))
        found += np.abs(weights).sum(axis=1) * np.linalg.norm(rest.unposed, axis=1)
        found += np.abs(weights @ self.below) @ (self.chords * rest.joints)
        return 1000.0 * found

    def _by_reach(self, change: Array, uneven: Array) -> Array:
        """(V,) meters; the weight that goes is shared out among the joints that gain, pro rata."""
        lost, gained = np.maximum(-change, 0), np.maximum(change, 0)
        most = np.maximum(lost.sum(axis=1), gained.sum(axis=1))
        along = ((lost @ self.paths) * gained).sum(axis=1) / np.where(most > 0, most, 1)
        found = (np.abs(change) * self.arms).sum(axis=1) + along
        return found + uneven * (self.sizes + self.turning.sum(axis=1))

    def rest(self, after: Model) -> Rest:
        """Everything but the weights that another model differs by; the two share one tree."""
        joints = np.zeros(after.n_joints)
        if not same_arrays(after, self.model, "J_regressor", "v_template", "shapedirs"):
            joints = np.linalg.norm(self._joint_shifts(after), axis=1)
        return Rest(self.unposed(after), joints)

    def unposed(self, after: Model) -> Array:
        """(V, 3) meters; by how much each coordinate of a vertex can differ before skinning."""
        ours, found = self.model, np.zeros((after.n_vertices, 3))
        if after.v_template is not ours.v_template:
            found += np.abs(difference(after.v_template, ours.v_template))
        if after.shapedirs is not ours.shapedirs:
            directions = difference(after.shapedirs, ours.shapedirs)[:, :, :MAX_SHAPES]
            found += MAX_BETA * np.abs(directions).sum(axis=2)
        if after.posedirs is not ours.posedirs:
            for block in blocks(after.n_vertices):
                dropped = difference(after.posedirs[block], ours.posedirs[block])
                found[block] += self._bulges(dropped)
        return found

    def corrective_ranges(self, correctives: NDArray) -> Array:
        """(2, n, 3, J-1) meters; how far down and up each coordinate of joints' correctives goes.

        Args:
            correctives: (n, 3, J-1, 9), see ``Model.correctives``.
        """
        terms = correctives @ terms_of_entries()
        ends = np.minimum(terms, 0), np.maximum(terms, 0)
        low, high = self.ranges
        return np.stack(
            [
                np.einsum("vcjt,jt->vcj", ends[0], far) + np.einsum("vcjt,jt->vcj", ends[1], near)
                for far, near in ((high, low), (low, high))
            ]
        )

    def _bulges(self, posedirs: NDArray) -> Array:
        """(n, 3) meters; the largest coordinates of all correctives of posedirs (n, 3, P)."""
        return largest_sizes(
            self.corrective_ranges(posedirs.reshape(len(posedirs), 3, -1, 9)).sum(3)
        )

    def _paths(self) -> Array:
        parents = parents_of(self.model.kintree_table)
        joints, moved = shaped_joints(self.model, MAX_SHAPES)
        bones = np.abs(joints - joints[parents])
        bones += MAX_BETA * np.abs(moved - moved[parents]).sum(axis=2)
        lengths = np.linalg.norm(bones, axis=1) * (parents >= 0)
        apart = self.below[:, None] != self.below[None]  # (J, J, J) the bones on the way
        return apart @ lengths

    def _reach(self, masks: Array) -> tuple[Array, Array, Array]:
        model = self.model
        directions = model.shapedirs[:, :, :MAX_SHAPES].astype(np.float64)
        joints, moved = shaped_joints(model, MAX_SHAPES)
        turning, lengths = np.empty((2, model.n_vertices, model.n_joints))
        sizes = np.empty(model.n_vertices)
        for block in blocks(model.n_vertices):
            template, shapes = model.v_template[block].astype(np.float64), directions[block]
            bulges = self._bulges(model.posedirs[block])
            own = np.abs(template) + MAX_BETA * np.abs(shapes).sum(axis=2) + bulges
            sizes[block] = np.linalg.norm(own, axis=1)
            arms = np.abs(joints - template[:, None])  # (b, J, 3)
            for joint in range(model.n_joints):
                swell = np.abs(moved[joint] - shapes).sum(axis=2)
                arms[:, joint] += MAX_BETA * swell + bulges
            turning[block] = self.chords * np.linalg.norm(arms * masks, axis=2)
            lengths[block] = np.linalg.norm(arms, axis=2)
        return turning, lengths, sizes

    def _joint_shifts(self, after: Model) -> Array:
        """(J, 3) meters; by how much each coordinate of a regressed joint can differ."""
        joints, moved = shaped_joints(self.model, MAX_SHAPES)
        new_joints, new_moved = shaped_joints(after, MAX_SHAPES)
        swell = np.abs(new_moved - moved).sum(axis=2)
        return np.abs(new_joints - joints) + MAX_BETA * swell


def largest_sizes(ranges: Array) -> Array:
    """The largest |value| between the two ends of ranges (2, ...)."""
    return np.maximum(-ranges[0], ranges[1])


def difference(a: NDArray, b: NDArray) -> Array:
    """a - b in float64, whatever the two are stored in."""
    return np.subtract(a, b, dtype=np.float64)

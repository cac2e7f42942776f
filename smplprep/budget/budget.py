"""A budget in mm: of the removals that a clean would make, those that keep every vertex within it.

The figure that is held is the bound of ``bound``: what no pose within the joint limits exceeds. A
vertex's bound depends on the vertex's own removals alone, so each vertex has the whole budget, and
every vertex chooses for itself: one removal after another, from the largest leak to the smallest,
each made if the vertex then still is within the budget. A leak is as large as its removal costs.

First the weights choose, then the correctives with what is left: which correctives a vertex should
have is decided by the joints that it hangs on in the end.

"The most" means that nothing which stays could go, too, and that no smaller leak goes in place of a
larger one. It is not the greatest number: one large leak may cost as much as several small ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..audit.landmark_sets import skin_landmarks
from ..audit.support import landmark_support
from ..errors import SmplprepError, VerificationError
from ..geometry.displacement import Displacement
from ..geometry.poses import MAX_BETA, MAX_SHAPES
from ..geometry.skinning import blocks
from ..records.change import Change
from ..records.model import Model
from ..records.options import Options
from ..records.stamp import spent_before
from ..transforms.localize_posedirs import localize_posedirs
from ..transforms.prune_weights import frozen_entries, prune_weights, without
from .bound import Bound, Rest, largest_sizes
from .worst_case import worst_found

# Rescaled rows, joints regressed anew and rounding to float32 are no removals. They are charged
# first; up to this much of them is let pass where even the budget is smaller.
ROUNDING_MM = 1e-2
N_SEARCHED = 4  # vertices in which a bad pose is looked for: of the highest bound, and as many more

Step = partial[tuple[Model, Change]]
Mask = NDArray[np.bool_]
Cost = Callable[[Mask], NDArray[np.float64]]  # (V, n) removals -> (V,) mm


@dataclass(frozen=True, eq=False)
class Choice:
    """Which removals of one step were made.

    Attributes:
        wanted: (V, J) what the step would remove.
        made: (V, J) what of it was removed.
        cost_mm: (V, J) where a removal stays undone: the vertex's bound if it were made as well.
    """

    wanted: Mask
    made: Mask
    cost_mm: NDArray[np.float64]

    @property
    def stay(self) -> Mask:
        return self.wanted & ~self.made


@dataclass(eq=False)
class Budget:
    """The budget of one clean, and what was chosen under it so far.

    Attributes:
        mm: as asked for.
        spent_before_mm: of it, what an earlier clean of this file was given, by its stamp.
        bound: of the distance to the model as it was read.
        choices: field of the model file -> what was chosen for it.
    """

    mm: float
    spent_before_mm: float
    bound: Bound
    choices: dict[str, Choice] = field(default_factory=dict)

    @property
    def left_mm(self) -> float:
        """What this clean may spend."""
        return max(0.0, self.mm - self.spent_before_mm)

    def within(self, step: Step, model: Model) -> Step:
        """The step, told what to spare so that every vertex of its result stays in the budget.

        Args:
            step: any of the preset; those that remove nothing come back as they are.
            model: what the step is about to work on.

        Raises:
            SmplprepError: the steps before already exceed the budget.
        """
        if step.func is prune_weights:
            choice = self.choices["weights"] = self._weights(step, model)
            return partial(step, only=choice.made) if choice.stay.any() else step
        if step.func is localize_posedirs:
            choice = self.choices["posedirs"] = self._posedirs(step, model)
            return partial(step, spared=choice.stay[:, 1:])
        return step

    def _weights(self, prune: Step, model: Model) -> Choice:
        rest = self.bound.rest(model)
        frozen = frozen_entries(model.weights, prune.keywords["kept"])
        negative = (model.weights < 0) & ~frozen  # these go whatever they cost

        heir = prune.keywords["removed_to"]

        def cost(removed: Mask) -> NDArray[np.float64]:
            left = without(model.weights, removed | negative, frozen, heir=heir, model=model)
            return self.bound.mm(left, rest)

        start = float(cost(negative).max())
        if start > max(self.left_mm, ROUNDING_MM):
            raise SmplprepError(
                f"rescaled rows of weights, joints regressed anew or floats cast can move vertices "
                f"by {start:.4g} mm, more than the budget of {self.left_mm:g} mm",
                hint="--regressor keep and --dtype same spend nothing of it.",
            )
        wanted = (model.weights != 0) & (prune(model)[0].weights == 0)
        return chosen(wanted, cost, self.left_mm)

    def _posedirs(self, localize: Step, model: Model) -> Choice:
        rest = self.bound.rest(model)
        local, _ = localize(model)
        dropped = np.zeros((model.n_vertices, 2, 3, model.n_joints))  # the root has none
        if local is not model:
            for block in blocks(model.n_vertices):
                gone = model.correctives[block] - local.correctives[block]
                ranges = self.bound.corrective_ranges(gone)
                dropped[block, :, :, 1:] = np.moveaxis(ranges, 0, 1)
        wanted = np.zeros((model.n_vertices, model.n_joints), dtype=bool)
        wanted[:, 1:] = (model.correctives != local.correctives).any(axis=(1, 3))
        fixed = self.bound.mm(model.weights, Rest(np.zeros_like(rest.unposed), rest.joints))
        mass = 1000.0 * np.abs(model.weights).sum(axis=1, dtype=np.float64)

        def cost(removed: Mask) -> NDArray[np.float64]:
            ranges = np.einsum("vecj,vj->evc", dropped, removed.astype(np.float64))
            sizes = largest_sizes(ranges)
            return fixed + mass * np.linalg.norm(rest.unposed + sizes, axis=1)

        return chosen(wanted, cost, self.left_mm)

    def account(self, cleaned: Model, moved: Displacement) -> dict[str, Any]:
        """The report's section: the certified figure, and which leaks stay at what cost.

        Args:
            cleaned: the result of all steps.
            moved: over the pose set, between the model as read and the cleaned one.
        """
        before, names = self.bound.model, cleaned.family.joint_names(cleaned.n_joints)
        certified = self.bound.mm(cleaned.weights, self.bound.rest(cleaned))
        if certified.max() > max(self.left_mm, ROUNDING_MM) * (1 + 1e-9):
            raise VerificationError(
                f"vertex {certified.argmax()} may move by {certified.max():.4g} mm, more than the "
                f"{self.left_mm:g} mm that are left of the budget"
            )
        searched = [*top(certified), *top(moved.vertex_max_mm)]
        found_mm, found_at = worst_found(before, cleaned, sorted(set(searched)))
        if moved.max_mm > found_mm:
            found_mm, found_at = moved.max_mm, moved.max_vertex
        stay = np.logical_or.reduce([choice.stay for choice in self.choices.values()])
        return {
            "budget_mm": self.mm,
            "spent_before_mm": self.spent_before_mm,
            "certified_mm": float(certified.max()),
            "certified_vertex": int(certified.argmax()),
            "worst_found_mm": found_mm,
            "worst_found_vertex": found_at,
            "shapes": min(MAX_SHAPES, before.shapedirs.shape[2]),
            "max_abs_beta": MAX_BETA,
            "removals": {
                channel: {
                    "wanted": int(choice.wanted.sum()),
                    "made": int(choice.made.sum()),
                    "stay": int(choice.stay.sum()),
                }
                for channel, choice in self.choices.items()
            },
            "vertices_with_stays": int(stay.any(axis=1).sum()),
            "stays_per_joint": [
                {"joint": names[joint]}
                | {channel: int(c.stay[:, joint].sum()) for channel, c in self.choices.items()}
                for joint in np.flatnonzero(stay.any(axis=0))
            ],
            "leaks": self._leaks(cleaned, names),
        }

    def _leaks(self, cleaned: Model, names: list[str]) -> list[dict[str, Any]]:
        """The landmarks' leaks that stay, the cheapest last."""
        landmarks = skin_landmarks(cleaned)
        leaks = landmark_support(cleaned, landmarks).leaks
        rows = [
            {
                "landmark": landmark.name,
                "vertex": vertex,
                "joint": names[joint],
                "channel": channel,
                "cost_mm": float(choice.cost_mm[vertex, joint]),
            }
            for row, landmark in enumerate(landmarks)
            for vertex in landmark.blend
            for channel, choice in self.choices.items()
            for joint in np.flatnonzero(choice.stay[vertex] & leaks[row])
        ]
        return sorted(rows, key=lambda row: -row["cost_mm"])


def budget_of(model: Model, budget_mm: float, options: Options) -> Budget:
    """The budget of a clean, less what an earlier one of the same file was given.

    Raises:
        SmplprepError: it is no length, or the options move vertices for other reasons.
    """
    if not (math.isfinite(budget_mm) and budget_mm >= 0.0):
        raise SmplprepError(f"a budget of {budget_mm} mm is no length of 0 or more")
    if options.shapedirs == "zero":
        raise SmplprepError("no budget in mm can be kept with the shape directions zeroed")
    if options.symmetrize:
        raise SmplprepError("no budget in mm can be kept with a model made symmetric")
    return Budget(budget_mm, spent_before(model, "budget_mm"), Bound(model))


def chosen(wanted: Mask, cost: Cost, budget_mm: float) -> Choice:
    """Make what fits, from the largest leak to the smallest.

    A vertex at which everything fits makes everything. What does not raise a vertex's cost is made
    even where the vertex is beyond the budget already.

    Args:
        wanted: (V, n) the removals to choose among.
        cost: (V,) mm that each vertex can move under (V, n) removals.
        budget_mm: for each vertex.
    """
    none = np.zeros_like(wanted)
    limit = np.maximum(budget_mm, cost(none))
    made = wanted & (cost(wanted) <= limit)[:, None]
    open_to = wanted & ~made
    if not open_to.any():
        return Choice(wanted, made, np.zeros(wanted.shape))
    order = np.argsort(-each_added(none, open_to, cost), axis=1, kind="stable")
    for rank in range(int(open_to.sum(axis=1).max())):
        trial = made | (open_to & only(order[:, rank], wanted.shape))
        made = np.where((cost(trial) <= limit)[:, None], trial, made)
    return Choice(wanted, made, each_added(made, wanted & ~made, cost))


def each_added(start: Mask, candidates: Mask, cost: Cost) -> NDArray[np.float64]:
    """(V, n) the cost of ``start`` with one candidate more; 0 for what is no candidate."""
    found = np.zeros(candidates.shape)
    # Candidates first in each row, so that a round tries one of every vertex.
    order = np.argsort(~candidates, axis=1, kind="stable")
    for rank in range(int(candidates.sum(axis=1).max(initial=0))):
        added = candidates & only(order[:, rank], candidates.shape)
        found += added * cost(start | added)[:, None]
    return found


def only(columns: NDArray[np.intp], shape: tuple[int, ...]) -> Mask:
    """True at one column of each row."""
    mask = np.zeros(shape, dtype=bool)
    mask[np.arange(len(mask)), columns] = True
    return mask


def top(figures: NDArray) -> list[int]:
    """The vertices with the largest figures."""
    return np.argsort(-figures, kind="stable")[:N_SEARCHED].tolist()

"""What is spurious is a question of where a joint is: the mesh decides, the tree, then the size."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...audit.landmark_sets import skin_landmarks
from ...geometry.kinematic_tree import edges_apart, parents_of
from ...records.model import Model
from .islands import islands

# Edges of the tree between a vertex's heaviest joint and those whose small weights stay there. By
# the numbers of docs/policies.md: with 2, three times as many genuine weights are lost.
NEIGHBOURHOOD = 3


def structure(model: Model, *, tolerance: float, reach: int) -> dict[str, NDArray[np.bool_]]:
    """Remove islands, then what is far in the tree, then what is small and not near.

    Rules, by the heaviest joint that ``islands`` leaves to the vertex: "far", any weight of a joint
    more than ``reach`` edges from it; "small", a weight below ``tolerance`` of a joint outside its
    neighborhood. That is three edges; at the landmarks of a known family nothing is near, so that
    no leak is left there that ``threshold`` removes.

    Args:
        model: ``weights`` (V, J), ``f``, ``v_template`` and ``kintree_table``.
        tolerance: dimensionless; one equal to it stays.
        reach: edges of the kinematic tree, 0 or more.
    """
    gone = islands(model)
    weights = np.where(gone["islands"], 0, model.weights)
    parents = parents_of(model.kintree_table)
    apart = edges_apart(parents)[weights.argmax(axis=1)]
    near = apart <= NEIGHBOURHOOD
    near[[vertex for landmark in skin_landmarks(model) for vertex in landmark.blend]] = False
    far = (weights != 0) & (apart > reach)
    small = (weights != 0) & ~far & ~near & (weights < weights.dtype.type(tolerance))
    return {**gone, "far": far, "small": small}

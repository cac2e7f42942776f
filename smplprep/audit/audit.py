"""What moves the landmarks of one model, through which channel, and how far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..geometry.kinematic_tree import parents_of
from ..records.landmark import Landmark
from ..records.model import Model
from .sensitivity import sensitivity_tables
from .support import Support, landmark_support, skinned_to


@dataclass(frozen=True, eq=False)
class Audit:
    """What moves the landmarks of one model; tables are (L, J).

    Attributes:
        name: of the file, for a heading.
        model: as audited.
        landmarks: L of them.
        support: in both channels, and what it should be.
        skinned: joints with a non-zero weight at the landmark's vertex or corners.
        rest_mm: |d(landmark)/d(rotation)| in mm per radian at the rest pose; the root included.
        median_mm: its median over the pose set.
    """

    name: str
    model: Model
    landmarks: Sequence[Landmark]
    support: Support
    skinned: NDArray[np.bool_]
    rest_mm: NDArray[np.float64]
    median_mm: NDArray[np.float64]

    def joint_names(self, vocabulary: str) -> list[str]:
        """In "mixamo" or "smplx" terms."""
        return self.model.joint_names(vocabulary)

    @property
    def root(self) -> int:
        """The joint that moves everything, and is in no support."""
        return int(np.flatnonzero(parents_of(self.model.kintree_table) == -1)[0])

    @property
    def n_leaking(self) -> int:
        """How many landmarks leak."""
        return int(np.count_nonzero(self.support.leaks.any(axis=1)))


def audit(model: Model, landmarks: Sequence[Landmark], *, name: str = "model") -> Audit:
    """Which joints can move these landmarks, through which channel, and how far.

    Args:
        model: any.
        landmarks: see ``landmark_sets``.
        name: what to call the model in text.
    """
    rest_mm, median_mm = sensitivity_tables(model, landmarks)
    return Audit(
        name=name,
        model=model,
        landmarks=landmarks,
        support=landmark_support(model, landmarks),
        skinned=skinned_to(model, landmarks),
        rest_mm=rest_mm,
        median_mm=median_mm,
    )

"""What the checks of ``verify`` look at: the file under test, and what they share about it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..audit.landmark_sets import Landmark, all_landmarks, family_landmarks
from ..contents import Limits
from ..errors import SmplprepError, shown
from ..model import Model
from ..poses import pose_set
from .load import autograd_jacobians
from .promise import Promise

GENERIC_ANGLE = 0.4  # radians


class CheckError(Exception):
    """A check failed; the message is its figure."""


@dataclass
class Subject:
    """The file under test and what the checks share.

    Attributes:
        path, against, device, limits: as the user gave them.
        model: the cleaned model, from "file" on.
        promise: what the report says, from "report" on.
        original: from "original" on.
        points: of the skin, that the report tells of; from "report" on.
        body: the stock smplx module, from "smplx" on.
    """

    path: Path
    against: Path | None
    device: str
    limits: Limits
    model: Model = field(init=False)
    promise: Promise = field(init=False)
    original: Model = field(init=False)
    points: list[Landmark] = field(init=False, default_factory=list)
    body: Any = field(init=False)

    @cached_property
    def named(self) -> list[Landmark]:
        """The points that are not among stock smplx's joints: those that a user named."""
        known = family_landmarks(self.model)
        named = [point for point in self.points if point not in known]
        for point in named:
            absent = [v for v in point.blend if not 0 <= v < self.model.n_vertices]
            if absent:
                raise CheckError(f"{shown(point.name)} is at {absent[0]}, which is no vertex")
        return named

    @property
    def landmarks(self) -> list[Landmark]:
        """Stock smplx's joints, then ``named``."""
        return [*all_landmarks(self.model), *self.named]

    @cached_property
    def moved(self) -> NDArray[np.bool_]:
        """(L, J) joints whose rotation moves each of ``landmarks``, by stock smplx's autograd."""
        return (self.jacobians != 0).any(axis=(2, 3))

    @cached_property
    def jacobians(self) -> NDArray[np.float64]:
        """(L, J, 3, 3) from ``autograd_jacobians``, in a pose like no other.

        Not one of the pose set: a knee that bends about one axis hides some features' slopes.
        """
        random = np.random.RandomState(0)
        pose = GENERIC_ANGLE * random.standard_normal((self.model.n_joints, 3))
        betas = random.standard_normal(self.body.num_betas)
        return autograd_jacobians(self.body, pose, betas, [point.blend for point in self.named])

    def poses(self, n_poses: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The first poses (N, J, 3) of the pose set, with as many betas as stock smplx takes."""
        names = self.model.family.joint_names(self.model.n_joints, "smplx")
        poses, betas = pose_set(names, self.body.num_betas)
        return poses[:n_poses], betas[:n_poses]

    @property
    def not_root(self) -> NDArray[np.bool_]:
        """(J,) every joint but the root, which moves all landmarks and is no part of supports."""
        return np.arange(self.model.n_joints) > 0


@contextlib.contextmanager
def stock_verdict(message: str) -> Iterator[None]:
    """Whatever stock smplx raises over the file is the check's failure."""
    try:
        yield
    except SmplprepError:
        raise
    except Exception as error:
        raise CheckError(f"{message}: {type(error).__name__}: {shown(error, 160)}") from error

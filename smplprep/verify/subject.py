"""What the checks of ``verify`` look at: the file under test, and what they share about it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..audit.landmark_sets import all_landmarks, family_landmarks
from ..errors import SmplprepError, shown
from ..geometry.poses import pose_set
from ..records.contents import Limits
from ..records.landmark import Landmark
from ..records.model import Model
from ..records.options import Options
from ..stock.load import autograd_jacobians
from ..transforms.cast_floats import cast_floats
from ..transforms.policies.protected import kept_entries
from ..transforms.symmetrize import symmetrize
from .claims import Promise

GENERIC_ANGLE = 0.4  # radians


class CheckError(Exception):
    """A check failed; the message is its figure."""


@dataclass
class Subject:
    """The file under test and what the checks share.

    Attributes:
        path, against, device, limits: as the user gave them.
        promise: what the report says, from "report" on.
        family: as which the files are read: what the report says; from "report" on.
        points: of the skin, that the report tells of; from "report" on.
        model: the cleaned model, from "file" on.
        original: from "original" on.
        body: the stock smplx module, from "smplx" on.
    """

    path: Path
    against: Path | None
    device: str
    limits: Limits
    promise: Promise = field(init=False)
    family: str | None = field(init=False, default=None)
    points: list[Landmark] = field(init=False, default_factory=list)
    model: Model = field(init=False)
    original: Model = field(init=False)
    body: Any = field(init=False)

    @property
    def options(self) -> Options:
        """The report's options."""
        try:
            return Options(**self.promise.options)
        except TypeError as error:
            raise CheckError(f"the report's options are none: {shown(error)}") from error

    @property
    def kept(self) -> NDArray[np.bool_] | None:
        """(V, J) the weights that the report's options keep; None without such, or any report."""
        return kept_entries(self.model, self.options) if hasattr(self, "promise") else None

    @cached_property
    def cast(self) -> Model:
        """The original in the digits in which the steps counted."""
        return cast_floats(self.original, dtype=self.options.dtype)[0]

    @cached_property
    def start(self) -> Model:
        """The original as it was pruned: cast, and made symmetric, if the options say so."""
        return symmetrize(self.cast)[0] if self.options.symmetrize else self.cast

    @cached_property
    def stock(self) -> Model:
        """The cleaned model as stock smplx takes it: of the family that its content says."""
        return replace(self.model, source=replace(self.model.source, family=None))

    def with_named(self, model: Model) -> Model:
        """The model with the points that the report tells of and its family does not know."""
        known = family_landmarks(model)
        named = [point for point in self.points if point not in known]
        for point in named:
            absent = [v for v in point.blend if not 0 <= v < model.n_vertices]
            if absent:
                raise CheckError(f"{shown(point.name)} is at {absent[0]}, which is no vertex")
        return replace(model, source=replace(model.source, landmarks=tuple(named)))

    @cached_property
    def named(self) -> list[Landmark]:
        """The points that are not among stock smplx's joints: those that a user named."""
        return list(self.with_named(self.stock).source.landmarks)

    @property
    def landmarks(self) -> list[Landmark]:
        """Stock smplx's joints, then ``named``."""
        return [*all_landmarks(self.stock), *self.named]

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
        found = autograd_jacobians(self.body, pose, betas, [point.blend for point in self.named])
        # The vertices that stock smplx appends are landmarks on the mesh that they are known for.
        n_known = len(self.landmarks) - len(self.named)
        return np.concatenate([found[:n_known], found[len(found) - len(self.named) :]])

    def poses(self, n_poses: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The first poses (N, J, 3) of the pose set, with as many betas as stock smplx takes."""
        names = self.stock.family.joint_names(self.stock.n_joints, "smplx")
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

"""What the checks of ``verify`` look at: the file under test, and what they share about it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..audit.landmark_sets import all_landmarks, family_landmarks
from ..errors import shown
from ..records.contents import Limits
from ..records.families import FamilyName
from ..records.landmark import Landmark
from ..records.model import Model
from ..records.options import Options
from ..records.units import Unit
from ..stock.load import autograd_jacobians
from ..transforms.cast_floats import cast_floats
from ..transforms.fill_unweighted import fill_unweighted
from ..transforms.limit_shapedirs import limit_shapedirs
from ..transforms.symmetrize import symmetrize

GENERIC_ANGLE = 0.4  # radians


class CheckError(Exception):
    """A check failed; the message is its figure."""


class NotApplicableError(Exception):
    """A check does not apply to this model; the message says why."""


@dataclass
class Subject:
    """The file under test and what the checks share.

    Attributes:
        path, against, device, limits: as the user gave them.
        report: the parsed report of the clean, from "report" on.
        model: the cleaned model, from "file" on.
        original: from "original" on.
        body: the stock smplx module, from "smplx" on.
    """

    path: Path
    against: Path | None
    device: str
    limits: Limits
    report: dict[str, Any] = field(default_factory=dict)
    model: Model = field(init=False)
    original: Model = field(init=False)
    body: Any = field(init=False)

    @property
    def family(self) -> FamilyName | None:
        """As which the files are read: what the report says."""
        return self.report.get("family")

    @property
    def units(self) -> Unit:
        """Of lengths in the files, as the report says."""
        return self.report.get("units", "m")

    @property
    def options(self) -> Options:
        """Those of the clean; the defaults without a report."""
        return Options(**self.report.get("options", {}))

    @property
    def changed(self) -> set[str]:
        """The fields in which a step changed values, other than by casting them."""
        steps = [c for c in self.report["changes"] if c["transform"] != "cast_floats"]
        named = {key for step in steps if step["rows_touched"] for key in step["field"].split(", ")}
        found = named & {"weights", "J_regressor", "posedirs", "shapedirs"}
        return found | ({"J"} if "J_regressor" in found else set())

    @cached_property
    def limited(self) -> Model:
        """The original, cast and with fewer shape directions as the options say."""
        cast = cast_floats(self.original, dtype=self.options.dtype)[0]
        n_betas = self.options.n_betas
        return cast if n_betas is None else limit_shapedirs(cast, n_betas=n_betas)[0]

    @cached_property
    def pruned_from(self) -> Model:
        """The original as ``prune_weights`` got it: limited, filled, symmetric, as options say."""
        filled = self.options.fill_unweighted
        model = fill_unweighted(self.limited)[0] if filled else self.limited
        return symmetrize(model)[0] if self.options.symmetrize else model

    @cached_property
    def stock(self) -> Model:
        """The cleaned model as stock smplx takes it: of the family that its content says."""
        return replace(self.model, family_name=None)

    @cached_property
    def named(self) -> list[Landmark]:
        """The points of the report that are not among stock smplx's joints: the user's own."""
        points = [point_of(row) for row in self.report.get("landmarks", [])]
        for point in points:
            for vertex in point.blend:
                if vertex >= self.model.n_vertices:
                    raise CheckError(f"{shown(point.name)} is at {vertex}, which is not a vertex")
        known = family_landmarks(self.stock)
        return [point for point in points if point not in known]

    @property
    def landmarks(self) -> list[Landmark]:
        """Stock smplx's joints, then ``named``."""
        return [*all_landmarks(self.stock), *self.named]

    @property
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

    @property
    def not_root(self) -> NDArray[np.bool_]:
        """(J,) every joint but the root, which moves all landmarks and is not part of supports."""
        return np.arange(self.model.n_joints) > 0


def point_of(row: dict[str, Any]) -> Landmark:
    """The landmark of one row of a report."""
    if row["vertex"] is not None:
        return Landmark(row["landmark"], vertex=row["vertex"])
    corners, shares = tuple(row["corners"]), tuple(row["shares"])
    return Landmark(row["landmark"], face=row["face"], corners=corners, shares=shares)

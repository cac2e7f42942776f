"""A point on the body: a vertex, a point on a face, or a regressed joint."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from ..errors import LABEL_WIDTH, shown

MAX_SHARE_ERROR = 1e-6
LONGEST_NAME = 200


def check_shares(shares: Iterable[float]) -> None:
    """Raise ValueError unless barycentric shares are finite, not negative, and sum to 1."""
    listed = [*shares]
    for share in listed:
        if not math.isfinite(share) or share < 0:
            raise ValueError(f"must be finite and not negative, not {share:g}")
    if abs(sum(listed) - 1) > MAX_SHARE_ERROR:
        raise ValueError(f"must sum to 1, not to {sum(listed):.9g}")


@dataclass(frozen=True)
class Landmark:
    """A point on the body; exactly one of ``vertex``, ``face`` and ``joint`` is set.

    Data has its ``name``, whatever its length, text and charts its ``label``.

    Attributes:
        corners, shares: of a point on a face: its vertices, and how much each counts.
    """

    name: str
    vertex: int | None = None
    joint: int | None = None
    face: int | None = None
    corners: tuple[int, ...] = ()
    shares: tuple[float, ...] = ()

    @property
    def label(self) -> str:
        """The name, cut so that it fits a table."""
        return shown(self.name, LABEL_WIDTH)

    @property
    def source(self) -> str:
        """Which of the three it is: "vertex", "face" or "joint"."""
        if self.face is not None:
            return "face"
        return "joint" if self.vertex is None else "vertex"

    @property
    def index(self) -> int | None:
        """The number of the vertex, face or joint."""
        return {"face": self.face, "joint": self.joint, "vertex": self.vertex}[self.source]

    @property
    def blend(self) -> dict[int, float]:
        """The vertices that make it, and the share of each; none for a regressed joint."""
        if self.vertex is not None:
            return {self.vertex: 1.0}
        return {v: share for v, share in zip(self.corners, self.shares, strict=True) if share}

"""Partial results of an evaluation: integers only, so that any order of merging gives the same.

A distance counts in whole micrometers. Its bin is the upper part of its float32: one bin for each
micrometer up to 0.512 mm, and 256 for each doubling from there, so that a quantile is right within
0.2 %. Sums are sums of integers.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAX_UM = 2**24 - 1  # 16.8 m; every whole number up to here is exact in float32
SHIFT = 15  # leaves 8 of the 23 bits of a float32's fraction
FIRST = int(np.float32(1).view(np.int32) >> SHIFT) - 1  # 0 is bin 0, 1 micrometer bin 1
N_BINS = int(np.float32(MAX_UM).view(np.int32) >> SHIFT) - FIRST + 1
N_WORST = 10


@dataclass(frozen=True, order=True)
class Peak:
    """The farthest vertex of one stretch of frames; sorts the farthest first, then by name."""

    minus_um: int
    file: str
    frame: int
    vertex: int


@dataclass
class Tally:
    """What is known of some frames; R regions.

    Attributes:
        counts: (R, N_BINS) how many distances fell into each bin.
        sums: (R,) micrometers.
        highest: (R,) micrometers.
        frames: how many.
        worst: the N_WORST worst peaks, the farthest first.
    """

    counts: NDArray[np.int64]
    sums: NDArray[np.int64]
    highest: NDArray[np.int64]
    frames: int = 0
    worst: tuple[Peak, ...] = ()

    @classmethod
    def empty(cls, n_regions: int) -> Tally:
        """Of no frames."""
        zeros = np.zeros(n_regions, np.int64)
        return cls(np.zeros((n_regions, N_BINS), np.int64), zeros, zeros.copy())

    def add(self, other: Tally) -> None:
        """Take in another tally of the same regions."""
        self.counts += other.counts
        self.sums += other.sums
        np.maximum(self.highest, other.highest, out=self.highest)
        self.frames += other.frames
        self.worst = tuple(sorted({*self.worst, *other.worst})[:N_WORST])

    def to_json(self) -> dict[str, Any]:
        """Plain data; only bins that hold something."""
        return {
            "frames": self.frames,
            "sums": self.sums.tolist(),
            "highest": self.highest.tolist(),
            "counts": [[[int(i), int(row[i])] for i in np.flatnonzero(row)] for row in self.counts],
            "worst": [[p.minus_um, p.file, p.frame, p.vertex] for p in self.worst],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Tally:
        """The tally that ``to_json`` wrote; an error of Python's for anything else."""
        tally = cls.empty(len(data["sums"]))
        for row, pairs in zip(tally.counts, data["counts"], strict=True):
            for i, count in pairs:
                row[whole(i)] = whole(count)
        tally.sums[:] = [*map(whole, data["sums"])]
        tally.highest[:] = [*map(whole, data["highest"])]
        tally.frames = whole(data["frames"])
        for minus_um, file, frame, vertex in data["worst"]:
            tally.worst += (Peak(-whole(-minus_um), str(file), whole(frame), whole(vertex)),)
        return tally

    def check(self, frames: int, sizes: Sequence[int], *, files: Collection[str]) -> None:
        """Raise ValueError unless this can be the tally of so many frames of these files.

        Args:
            sizes: (R,) vertices of each region.
        """
        totals, highest = self.counts.sum(axis=1), self.highest
        if self.frames != frames or len(totals) != len(sizes):
            raise ValueError("another number of frames or regions")
        wanted = [frames * size for size in sizes]
        if (self.counts > max(wanted, default=0)).any() or totals.tolist() != wanted:
            raise ValueError("not a distance for each vertex and frame")
        edges = bin_edges()
        top = [int(row.nonzero()[0].max(initial=0)) for row in self.counts]
        if (highest < edges[top]).any() or (highest >= np.maximum(edges[1:][top], 1)).any():
            raise ValueError("another largest distance than its bin says")
        if (self.sums < self.counts @ edges[:-1]).any() or (self.sums > highest * totals).any():
            raise ValueError("another sum than the bins say")
        if list(self.worst) != sorted({*self.worst})[:N_WORST]:
            raise ValueError("peaks that are not in order")
        far = max(highest.tolist(), default=0)
        for peak in self.worst:
            fits = peak.file in files and peak.frame < frames and peak.vertex < sum(sizes)
            if not fits or -peak.minus_um > far:
                raise ValueError("a peak that is none")


def whole(number: Any) -> int:
    """The number; ValueError unless it is a whole one from 0 to 2**62."""
    if type(number) is not int or not 0 <= number < 2**62:
        raise ValueError("no whole number from 0 on")
    return number


def bins_of(um: NDArray[np.float32]) -> NDArray[np.int32]:
    """The bin of each distance in whole micrometers, stored as float32; 0 <= um <= MAX_UM."""
    return np.maximum((um.view(np.int32) >> SHIFT) - FIRST, 0)


def bin_edges() -> NDArray[np.int64]:
    """(N_BINS + 1,) the least whole micrometer of each bin, and the first beyond the last one.

    Bins that no whole number falls into have the edge of the next.
    """
    bits = (np.arange(1, N_BINS + 1, dtype=np.int32) + FIRST) << SHIFT
    return np.concatenate([[0], np.ceil(bits.view(np.float32)).astype(np.int64)])


def quantile_um(counts: NDArray[np.int64], percent: int) -> float:
    """The quantile of nearest rank, as the middle of its bin in micrometers; 0 of nothing."""
    total = int(counts.sum())
    if not total:
        return 0.0
    rank = -(-percent * total // 100)
    index = int(np.searchsorted(np.cumsum(counts), rank))
    low, high = bin_edges()[index : index + 2].tolist()
    return (low + high - 1) / 2

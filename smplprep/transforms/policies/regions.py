"""The regions of the mesh in which each joint has weights, and what is known of each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ...errors import ModelInvalidError
from ...geometry.mesh import Mesh, connected, runs

# Of neighbors that a joint moves both: four times as many as a mesh of a million vertices has with
# four influences each. Each takes some 60 bytes.
MAX_PAIRS = 50_000_000


@dataclass(frozen=True, eq=False)
class Regions:
    """The connected regions of all joints' supports: where a joint has weights above zero.

    An entry is a vertex with a weight of a joint. Entries come joint by joint, and so do the R
    regions.

    Attributes:
        entry: (J, V) number of each entry; -1 where the weight is zero.
        joint_of, vertex_of, region_of, weight: (N,) of each entry.
        joint: (R,) whose region it is.
        size, mass, peak: (R,) its vertices, and the sum and the largest of its weights there.
        main: (R,) whether the sum of its squared weights is its joint's largest: a finger's tip
            outweighs a wide patch of small ones. Ties go to the lowest vertex.
        leads: (R,) whether at some vertex of it no other joint has a larger weight.
        roughness: (R,) from 0 to 1: over the links that touch it, the sum of the differences of
            the joint's weights at the two ends, as a share of the sum of the weights. A lone vertex
            has 1, a field that fades out over many has little.
    """

    entry: NDArray[np.int32]
    joint_of: NDArray[np.intp]
    vertex_of: NDArray[np.intp]
    region_of: NDArray[np.intp]
    weight: NDArray[np.float64]
    joint: NDArray[np.intp]
    size: NDArray[np.intp]
    mass: NDArray[np.float64]
    peak: NDArray[np.float64]
    main: NDArray[np.bool_]
    leads: NDArray[np.bool_]
    roughness: NDArray[np.float64]

    @cached_property
    def main_of(self) -> NDArray[np.intp]:
        """(R,) the main region of each one's joint."""
        return np.flatnonzero(self.main)[np.unique(self.joint, return_inverse=True)[1]]

    def radii(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """(R,) root mean square distance of each region's weight from its center, meters."""
        at = points[self.vertex_of]
        total = np.stack([self.sums(self.weight * axis) for axis in at.T], axis=1)
        off = at - (total / self.mass[:, None])[self.region_of]
        return np.sqrt(self.sums(self.weight * np.square(off).sum(axis=1)) / self.mass)

    def sums(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """(R,) sums of what the entries have."""
        return np.bincount(self.region_of, values, minlength=len(self.joint))  # type: ignore[return-value]

    def mask(self, chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """(V, J); the entries of the chosen regions."""
        found = np.zeros(self.entry.shape[::-1], dtype=bool)
        of_chosen = chosen[self.region_of]
        found[self.vertex_of[of_chosen], self.joint_of[of_chosen]] = True
        return found


def regions_of(weights: NDArray[np.float64], mesh: Mesh) -> Regions:
    """The regions of (V, J) weights."""
    # Joints by vertices, so that a region's lowest entry is its lowest vertex.
    support = weights.T > 0
    joint_of, vertex_of = np.nonzero(support)
    value = weights[vertex_of, joint_of]
    entry = np.full(support.shape, -1, dtype=np.int32)
    entry[support] = np.arange(len(value))
    linked = pairs_of(entry, mesh.links)
    region_of = connected(linked, len(value))
    n_regions = int(region_of.max()) + 1
    joint = np.empty(n_regions, dtype=np.intp)
    joint[region_of] = joint_of
    mass: NDArray[np.float64] = np.bincount(region_of, value, minlength=n_regions)  # type: ignore[assignment]
    peak = np.zeros(n_regions)
    np.maximum.at(peak, region_of, value)
    leads = np.zeros(n_regions, dtype=bool)
    leads[region_of[value >= weights.max(axis=1)[vertex_of]]] = True
    # Regions are numbered by their lowest entry: of equal ones the first is the lowest.
    squares = np.bincount(region_of, np.square(value), minlength=n_regions)
    first = np.lexsort((np.arange(n_regions), -squares, joint))
    main = np.zeros(n_regions, dtype=bool)
    main[first[np.unique(joint[first], return_index=True)[1]]] = True
    # |a - b| is a + b less twice the smaller; at a link with one end in the region that is 0.
    degree = np.bincount(mesh.links.ravel(), minlength=len(weights))
    around = np.bincount(region_of, value * degree[vertex_of], minlength=n_regions)
    shared = value[linked].min(axis=1) if len(linked) else np.zeros(0)
    common = np.bincount(region_of[linked[:, 0]], shared, minlength=n_regions)
    roughness = 1 - 2 * common / np.where(around > 0, around, 1)
    size = np.bincount(region_of, minlength=n_regions)
    return Regions(
        entry=entry,
        joint_of=joint_of,
        vertex_of=vertex_of,
        region_of=region_of,
        weight=value,
        joint=joint,
        size=size,
        mass=mass,
        peak=peak,
        main=main,
        leads=leads,
        roughness=roughness,
    )


def pairs_of(entry: NDArray[np.int32], links: NDArray[np.intp]) -> NDArray[np.int32]:
    """(P, 2) entries (J, V) of one joint at the two ends of a link (L, 2).

    Raises:
        ModelInvalidError: there may be more than MAX_PAIRS.
    """
    links = links[np.argsort(links[:, 0], kind="stable")]
    begins = np.searchsorted(links[:, 0], np.arange(entry.shape[1] + 1))
    joint, vertex = np.nonzero(entry >= 0)
    count = begins[vertex + 1] - begins[vertex]
    if count.sum() > MAX_PAIRS:
        message = f"the weights have {count.sum()} pairs of neighbors; the limit is {MAX_PAIRS}"
        hint = "--policy threshold has no such limit."
        raise ModelInvalidError(message, key="weights", hint=hint)
    there = links[runs(begins[vertex], count), 1]
    pairs = np.stack(
        [np.repeat(entry[joint, vertex], count), entry[np.repeat(joint, count), there]]
    )
    return pairs.T[pairs[1] >= 0]

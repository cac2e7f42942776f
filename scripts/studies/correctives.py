"""Which part of a joint's corrective to keep: every variant against known genuine correctives.

    python -m scripts.studies.correctives [--seed 0] [--poses 64]

Prints the table of docs/correctives.md. The rejected variants live here and nowhere else.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from scripts.standins.make_standin import make_standin
from scripts.studies.corrective_regimes import REGIMES, Body, body_of, floor
from smplprep import prune_weights
from smplprep.audit.support import support_of
from smplprep.geometry.kinematic_tree import ancestors_or_self, in_line_within, parents_of
from smplprep.geometry.poses import pose_set
from smplprep.geometry.skinning import posing
from smplprep.records.model import Model, Source
from smplprep.transforms.localize_posedirs import (
    block_energy,
    entry_counts,
    local_correctives,
)

SIGNIFICANT = 4.0  # an island stands out from the floor by so much: times the joint's median
TAPER_RINGS = 3  # of vertices along a cut

Factors = np.ndarray  # (V, J-1), what each corrective is multiplied by
Variant = Callable[[Model, Body], Factors]


def adjacency(body: Body) -> sparse.csr_matrix:
    """(V, V), 1 between neighbors."""
    ones, n = np.ones(len(body.edges), np.float32), len(body.verts)
    one_way = sparse.csr_matrix((ones, body.edges.T), shape=(n, n))
    return one_way + one_way.T


def cut(hops: int) -> Variant:
    return lambda model, body: local_correctives(model, hops).astype(float)


def taper(hops: int) -> Variant:
    """A cut that fades over the last rings inside it; outside it is as exactly zero as a cut.

    Where nothing was cut nothing fades, so that tapering twice is tapering once.
    """

    def factors(model: Model, body: Body) -> Factors:
        keep, near = local_correctives(model, hops), adjacency(body)
        reached = (~keep & (entry_counts(model.correctives) != 0)).astype(np.float32)
        rings = np.zeros(keep.shape)  # between a vertex and the cut, as far as they matter
        for _ in range(TAPER_RINGS):
            rings += reached == 0
            reached = ((reached + near @ reached) > 0).astype(np.float32)
        rings += reached == 0
        ramp = rings / (TAPER_RINGS + 1)
        return keep * ramp**2 * (3 - 2 * ramp)

    return factors


def stands_out(model: Model) -> np.ndarray:
    """(V, J-1), whether a corrective is well above what lies everywhere."""
    size = np.sqrt(block_energy(model.correctives))
    return size > SIGNIFICANT * np.median(size, axis=0)


def islands(within: int | None = None) -> Variant:
    """The mesh-connected regions where a field stands out and which touch the joint's own skin."""

    def factors(model: Model, body: Body) -> Factors:
        high = stands_out(model)
        own = (model.weights != 0)[:, 1:]
        keep = np.zeros(high.shape, dtype=bool)
        near = adjacency(body)
        for joint in range(high.shape[1]):
            inside = np.flatnonzero(high[:, joint])
            _, island = connected_components(near[inside][:, inside], directed=False)
            around = np.unique(island[own[inside, joint]])
            keep[inside, joint] = np.isin(island, around)
        return (keep & local_correctives(model, within) if within else keep).astype(float)

    return factors


def promise(hops: int) -> Variant:
    """A cut by hops that also keeps to the promise at every vertex: chain and children."""

    def factors(model: Model, body: Body) -> Factors:
        parents = parents_of(model.kintree_table)
        heaviest = model.weights.argmax(axis=1)
        chain = ancestors_or_self(parents)[heaviest] | (parents == heaviest[:, None])
        return (local_correctives(model, hops) & chain[:, 1:]).astype(float)

    return factors


def none_beside(hops: int) -> Variant:
    """A cut in which a descendant's corrective also needs all joints of the vertex in its line."""

    def factors(model: Model, body: Body) -> Factors:
        parents = parents_of(model.kintree_table)
        above, hangs = ancestors_or_self(parents), (model.weights != 0).astype(np.float32)
        from_below = hangs @ (above & in_line_within(parents, hops)) > 0
        beside = hangs @ ~(above | above.T) > 0
        return (local_correctives(model, hops) & (from_below | ~beside)[:, 1:]).astype(float)

    return factors


VARIANTS: dict[str, Variant] = {
    "keep": lambda model, body: np.ones((model.n_vertices, model.n_joints - 1)),
    "zero": lambda model, body: np.zeros((model.n_vertices, model.n_joints - 1)),
    "hops 1": cut(1),
    "hops 2": cut(2),
    "hops 3": cut(3),
    "hops 2, taper": taper(2),
    "islands": islands(),
    "islands, hops 2": islands(2),
    "hops 2, lines": none_beside(2),
    "hops 2, promise": promise(2),
}


@dataclass(frozen=True)
class Row:
    """One variant in one regime: shares of energy, distances to the true model, counts."""

    regime: str
    variant: str
    genuine_kept: float
    spurious_removed: float
    rms_mm: float
    max_mm: float
    seam_mm: float
    leaking_landmarks: int
    leaking_vertices: int


@dataclass(frozen=True)
class Study:
    """Every variant in every regime, and the median seconds that each takes to choose."""

    rows: list[Row]
    seconds: dict[str, float]


class Bench:
    """The stand-in after ``prune_weights``, posed: what every regime and variant share.

    The truth has the pruned weights as well: only the correctives differ.
    """

    def __init__(self, *, seed: int, n_poses: int) -> None:
        arrays, truth = make_standin(seed)
        self.body = body_of(arrays, truth)
        keys = Source().keys
        self.model, _ = prune_weights(Model(**{key: arrays[key] for key in keys}))
        names = self.model.family.joint_names(self.model.n_joints, "smplx")
        self.posing = posing(self.model, *pose_set(names, 1, n_poses=n_poses))
        # How each vertex's own frame turns in each pose, (V, 3, 3, N).
        turns = self.posing.transforms[..., :3].transpose(1, 2, 3, 0)
        self.turns = np.tensordot(self.model.weights, turns, axes=1).astype(np.float32)
        self.promised = support_of(self.model, np.arange(self.model.n_vertices)).expected[:, 1:]

    def moved_mm(self, posedirs: np.ndarray) -> np.ndarray:
        """(V, 3, N) mm by which correctives (V, 3, P) move the skinned vertices."""
        features = self.posing.features.astype(np.float32)
        offsets = (posedirs.reshape(-1, len(features)) @ features).reshape(len(posedirs), 3, -1)
        return 1000 * np.einsum("vabn,vbn->van", self.turns, offsets)

    def measured(self, factors: Factors, genuine: np.ndarray, given: np.ndarray) -> dict:
        """The figures of distance and of leaks, for fields (V, 3, P) that are nowhere zero."""
        after = as_blocks(given) * factors[:, None, :, None].astype(given.dtype)
        after = after.reshape(given.shape)
        error = self.moved_mm(after - genuine)
        distance = np.sqrt(np.square(error).sum(axis=1))
        a, b = self.body.edges.T
        jump = np.sqrt(np.square(error[a] - error[b]).sum(axis=1))
        cleaned = self.model.with_arrays(posedirs=after)
        leaks = support_of(cleaned, list(cleaned.family.landmarks.values())).leaks
        return {
            "rms_mm": float(np.sqrt(np.square(distance).mean())),
            "max_mm": float(distance.max()),
            "seam_mm": float(jump.max()),
            "leaking_landmarks": int(leaks.any(axis=1).sum()),
            "leaking_vertices": int(((factors != 0) & ~self.promised).any(axis=1).sum()),
        }


def study(*, seed: int = 0, n_poses: int = 64) -> Study:
    """Run it; same seed, same figures (but for the seconds)."""
    bench = Bench(seed=seed, n_poses=n_poses)
    everywhere = floor(bench.body, np.random.default_rng([seed, 1]))
    rows: list[Row] = []
    seconds: dict[str, list[float]] = {name: [] for name in VARIANTS}
    for regime, make in REGIMES.items():
        # The same draws in each: regimes differ in where bulges are, not in how high.
        genuine, *strays = make(bench.body, np.random.default_rng(seed))
        spurious = sum(strays, everywhere)
        given = bench.model.with_arrays(posedirs=genuine + spurious)
        energies = [block_energy(as_blocks(field)) for field in (genuine, spurious)]
        for name, variant in VARIANTS.items():
            start = time.perf_counter()
            factors = variant(given, bench.body)
            seconds[name].append(time.perf_counter() - start)
            kept, left = (
                float((energy * np.square(factors)).sum() / energy.sum()) for energy in energies
            )
            figures = bench.measured(factors, genuine, given.posedirs)
            rows.append(Row(regime, name, kept, 1 - left, **figures))
    return Study(rows, {name: float(np.median(times)) for name, times in seconds.items()})


def as_blocks(field: np.ndarray) -> np.ndarray:
    """(V, 3, J-1, 9) of a field (V, 3, P)."""
    return field.reshape(len(field), 3, -1, 9)


HEADINGS = (
    ("", "genuine", "spurious", "RMS", "max", "seam", "leaking", "leaking"),
    ("", "kept", "removed", "mm", "mm", "mm", "landmarks", "vertices"),
)
WIDTHS = (18, 9, 10, 8, 8, 8, 11, 10)


def line(*cells: str) -> str:
    """The first cell at the left, the others at the right of their columns."""
    first, *others = (
        cell.rjust(width) if index else cell.ljust(width)
        for index, (cell, width) in enumerate(zip(cells, WIDTHS, strict=False))
    )
    return "".join([first, *others]).rstrip()


def table(rows: list[Row]) -> list[str]:
    """A block for each regime, and one of how far each variant falls behind the best."""
    lines = [line(*cells) for cells in HEADINGS]
    for regime in REGIMES:
        lines += ["", regime]
        for row in rows:
            if row.regime == regime:
                lines.append(
                    line(
                        f"  {row.variant}",
                        f"{row.genuine_kept:.4f}",
                        f"{row.spurious_removed:.4f}",
                        f"{row.rms_mm:.3f}",
                        f"{row.max_mm:.1f}",
                        f"{row.seam_mm:.1f}",
                        str(row.leaking_landmarks),
                        str(row.leaking_vertices),
                    )
                )
    lines += ["", "RMS over that of the regime's best without a leak: mean (geometric), worst"]
    for variant, ratios in behind(rows).items():
        mean = float(np.exp(np.log(ratios).mean()))
        lines.append(line(f"  {variant}", f"{mean:.2f}", f"{max(ratios):.2f}"))
    return lines


def behind(rows: list[Row]) -> dict[str, list[float]]:
    """Variant -> in each regime its RMS over the best one's; without variants that leak."""
    leaky = {row.variant for row in rows if row.leaking_landmarks}
    sound = [row for row in rows if row.variant not in leaky]
    best = {r: min(row.rms_mm for row in sound if row.regime == r) for r in REGIMES}
    ratios: dict[str, list[float]] = {}
    for row in sound:
        ratios.setdefault(row.variant, []).append(row.rms_mm / best[row.regime])
    return ratios


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--poses", type=int, default=64)
    args = parser.parse_args()
    done = study(seed=args.seed, n_poses=args.poses)
    print("\n".join(table(done.rows)))
    times = (f"{name} {1000 * median:.0f}" for name, median in done.seconds.items())
    print("\nmilliseconds to choose: " + ", ".join(times))


if __name__ == "__main__":
    main()

"""Measure every policy against ground truth: what of the spurious goes, and what of the genuine.

    python -m scripts.studies.policies [--write docs/policies.md] [--seed 0]

The truth is the CC0 rig's own weights (``assets/cc0_weights.npz``), small ones and all, less its
slips of the brush (``slips``): 28 weights 8 cm or more over the mesh from the rest of their joint,
such as 4 % of a lower leg on the toes. Each regime adds spurious weights of another kind;
``REGIMES`` says which. --write puts the tables, in short, between the page's markers. Timings go to
the terminal only.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from scripts.standins.make_standin import ASSETS, make_standin
from scripts.standins.standin_fields import contaminate_weights, tree_tables
from smplprep.audit.support import support_of
from smplprep.geometry.displacement import apart_mm, summary
from smplprep.geometry.mesh import Mesh, mesh_of
from smplprep.geometry.poses import MAX_SHAPES, pose_set
from smplprep.geometry.skinning import blocks, posing, skin_block, unposed_block
from smplprep.jobs.sweep import restricted
from smplprep.records.model import Model
from smplprep.transforms.localize_posedirs import localize_posedirs
from smplprep.transforms.policies.regions import regions_of
from smplprep.transforms.prune_weights import prune_weights

THRESHOLDS = (1e-3, 5e-3, 1e-2, 2e-2, 5e-2)
POLICIES = {
    **{f"threshold {tolerance:g}": {"tolerance": tolerance} for tolerance in THRESHOLDS},
    "islands": {"policy": "islands"},
}
FAR = 4  # edges of the tree between a spurious joint and every genuine one of its vertex
FAR_METRES = 0.05  # over the mesh, from the nearest genuine weight of the joint
EXACT = 1e-12  # below it an RMS is rounding

Contaminated = tuple[np.ndarray, np.ndarray]  # weights (V, J), and which are spurious


@dataclass(frozen=True)
class Case:
    """One model with spurious weights: what was put on it, and what was true."""

    model: Model
    truth: np.ndarray
    spurious: np.ndarray


@dataclass(frozen=True)
class Row:
    """What one policy did to one case."""

    regime: str
    policy: str
    recall: float
    precision: float
    rms: float
    leaks: int
    mean_mm: float
    max_mm: float

    def cells(self) -> list[str]:
        rms = "0" if self.rms < EXACT else f"{self.rms:.5f}"
        shares = [f"{self.recall:.3f}", f"{self.precision:.3f}"]
        moved = [f"{self.mean_mm:.3f}", f"{self.max_mm:.2f}"]
        return [self.regime, self.policy, *shares, rms, str(self.leaks), *moved]


@cache
def body() -> Model:
    """The stand-in."""
    return Model(
        **{
            key: value
            for key, value in make_standin(0)[0].items()
            if key in Model.__dataclass_fields__
        }
    )


@cache
def tables() -> tuple[np.ndarray, np.ndarray, list[str], Mesh]:
    """The tree's parents, its distances (J, J), the joints' names, and the mesh."""
    with np.load(ASSETS / "cc0_body.npz") as archive:
        parents, names = archive["parents"], archive["joint_names"].tolist()
    mesh = mesh_of(body().v_template, body().f, body().weights)
    return parents, tree_tables(parents)[0], names, mesh


def rig_weights() -> np.ndarray:
    """(V, J) the rig's weights as they are."""
    with np.load(ASSETS / "cc0_weights.npz") as archive:
        return archive["weights"].astype(np.float64)


def slips(weights: np.ndarray) -> np.ndarray:
    """(V, J); weights FAR_METRES or more over the mesh from the region of their joint.

    That far away the fourth regime puts spurious ones, so a truth cannot have them.
    """
    regions = regions_of(weights, tables()[3])
    off = regions.mask(~regions.main)
    return off & (metres_from((weights > 0) & ~off) >= FAR_METRES)


@cache
def rig_truth() -> np.ndarray:
    """(V, J) the rig's weights without its slips."""
    weights = rig_weights()
    weights[slips(weights)] = 0
    return weights / weights.sum(axis=1, keepdims=True)


def smoothed(weights: np.ndarray, floor: float = 1e-4) -> np.ndarray:
    """The weights, averaged twice with their neighbors': a small tail around every joint."""
    links = tables()[3].links
    for _ in range(2):
        total, count = weights.copy(), np.ones(len(weights))
        for here, there in (links.T, links.T[::-1]):
            np.add.at(total, here, weights[there])
            np.add.at(count, here, 1)
        weights = total / count[:, None]
    weights = np.where(weights < floor, 0, weights)
    return weights / weights.sum(axis=1, keepdims=True)


def metres_from(support: np.ndarray) -> np.ndarray:
    """(V, J) way over the mesh from each vertex to the nearest in the joint's support (V, J)."""
    mesh = tables()[3]
    return np.stack([mesh.ways(np.flatnonzero(column), np.inf) for column in support.T], axis=1)


def far_in_tree(truth: np.ndarray) -> np.ndarray:
    """(V, J) joints at least FAR edges from every genuine joint of the vertex."""
    return ((truth > 0).astype(float) @ (tables()[1] < FAR)) == 0


def near_in_tree_far_on_mesh(truth: np.ndarray) -> np.ndarray:
    """(V, J) joints less than FAR edges from the vertex's heaviest, but far from their region."""
    near = tables()[1][truth.argmax(axis=1)] < FAR
    return near & (metres_from(truth > 0) >= FAR_METRES)


def scattered(
    truth: np.ndarray, candidate: np.ndarray, rng: np.random.Generator, low: float, high: float
) -> Contaminated:
    """Two spurious weights, even on a log scale, on each of 4000 vertices drawn at random."""
    lot = np.where(candidate, rng.random(truth.shape), -1)
    chosen = rng.permutation(np.flatnonzero(candidate.any(axis=1)))[:4000]
    spurious = np.zeros(truth.shape, dtype=bool)
    spurious[chosen[:, None], np.argsort(-lot[chosen], axis=1)[:, :2]] = True
    spurious &= candidate
    return mixed(truth, spurious, np.exp(rng.uniform(np.log(low), np.log(high), truth.shape)))


def in_patches(
    truth: np.ndarray, rng: np.random.Generator, low: float, high: float
) -> Contaminated:
    """Every row filled up to four, neighbors alike, as the stand-in is made."""
    findings = json.loads((ASSETS / "findings.json").read_text())
    parents, _, names, _ = tables()
    sizes = (low, high)
    verts = body().v_template
    return contaminate_weights(truth, verts, parents, names, findings, rng, sizes)


def fading_out(truth: np.ndarray) -> Contaminated:
    """Around each joint's region a hem of 5 cm of small weights, which fade with the distance."""
    away = metres_from(truth > 0)
    spurious = (away > 0) & (away < 0.05)
    return mixed(truth, spurious, 5e-3 * np.exp(-away / 0.02))


def mixed(truth: np.ndarray, spurious: np.ndarray, sizes: np.ndarray) -> Contaminated:
    added = np.where(spurious, sizes, 0)
    return truth * (1 - added.sum(axis=1, keepdims=True)) + added, spurious


# Regime -> (its truth, what is put on it).
REGIMES: dict[str, tuple[Callable[[], np.ndarray], Callable[..., Contaminated]]] = {
    "as in the findings": (rig_truth, lambda t, rng: in_patches(t, rng, 3e-5, 9e-3)),
    "far, of any size": (rig_truth, lambda t, rng: scattered(t, far_in_tree(t), rng, 1e-4, 5e-2)),
    "above the tolerance": (rig_truth, lambda t, rng: in_patches(t, rng, 1e-2, 1e-1)),
    "near in the tree, far on the mesh": (
        rig_truth,
        lambda t, rng: scattered(t, near_in_tree_far_on_mesh(t), rng, 1e-4, 5e-2),
    ),
    "genuine small ones around every joint": (
        lambda: smoothed(rig_truth()),
        lambda t, rng: scattered(t, far_in_tree(t), rng, 1e-4, 5e-2),
    ),
}
# Where size is all that tells a spurious weight.
LIMIT = {"fading out of the region": (rig_truth, lambda t, rng: fading_out(t))}


def case_of(regime: str, seed: int) -> Case:
    """The contaminated model of a regime."""
    make_truth, contaminate = (REGIMES | LIMIT)[regime]
    truth = make_truth()
    weights, spurious = contaminate(truth, np.random.default_rng(seed))
    return Case(body().with_arrays(weights=weights), truth, spurious & (weights > 0))


def rows_of(regime: str, seed: int = 0) -> Iterator[Row]:
    """Every policy on one regime."""
    case = case_of(regime, seed)
    cleaned = {
        name: prune_weights(case.model, **chosen)[0].weights for name, chosen in POLICIES.items()
    }
    moved = moved_mm(case.truth, list(cleaned.values()))
    for (name, weights), (mean_mm, max_mm) in zip(cleaned.items(), moved, strict=True):
        gone = (case.model.weights > 0) & (weights == 0)
        hits = np.count_nonzero(gone & case.spurious)
        yield Row(
            regime=regime,
            policy=name,
            recall=hits / np.count_nonzero(case.spurious),
            precision=hits / max(np.count_nonzero(gone), 1),
            rms=float(np.sqrt(np.square(weights - case.truth).sum(axis=1).mean())),
            leaks=leaking_landmarks(weights),
            mean_mm=mean_mm,
            max_mm=max_mm,
        )


def moved_mm(truth: np.ndarray, candidates: list[np.ndarray]) -> list[tuple[float, float]]:
    """Mean and maximum distance of each candidate's vertices from the true model's, over poses."""
    names = body().family.joint_names(body().n_joints, "smplx")
    ready = posing(body(), *pose_set(names, MAX_SHAPES))
    apart = np.empty((len(candidates), body().n_vertices, ready.betas.shape[1]), np.float32)
    for block in blocks(body().n_vertices):
        unposed = unposed_block(body(), block, ready)
        right = skin_block(truth[block], unposed, ready)
        for index, weights in enumerate(candidates):
            posed = skin_block(weights[block], unposed, ready)
            apart[index, block] = apart_mm(right, posed, axis=1)
    return [(moved.mean_mm, moved.max_mm) for moved in map(summary, apart)]


def leaking_landmarks(weights: np.ndarray) -> int:
    """How many of the 21 landmarks leak once the correctives are localized, too."""
    vertices = list(body().family.landmarks.values())
    part = restricted(replace(body(), weights=weights), vertices)
    support = support_of(localize_posedirs(part)[0], list(range(len(vertices))))
    return int(support.leaks.any(axis=1).sum())


def table(rows: list[Row]) -> str:
    """As Markdown."""
    titles = ["regime", "policy", "recall", "precision", "RMS", "leaks", "mean mm", "max mm"]
    return markdown(titles, [row.cells() for row in rows], n_left=2)


def markdown(titles: list[str], lines: list[list[str]], *, n_left: int) -> str:
    """A table of text; the first cell is empty where it is the one above it."""
    found = [titles, ["---"] * n_left + ["---:"] * (len(titles) - n_left)]
    for line, above in zip(lines, [[""], *lines], strict=False):
        found.append(["", *line[1:]] if line[0] == above[0] else line)
    return "\n".join("| " + " | ".join(line) + " |" for line in found)


def in_short(rows: list[Row]) -> list[Row]:
    """Of each regime's thresholds the default and the one with the least RMS; the others whole."""
    found = []
    for regime in dict.fromkeys(row.regime for row in rows):
        here = [row for row in rows if row.regime == regime]
        best = min((row for row in here if "threshold" in row.policy), key=lambda row: row.rms)
        default = next(row for row in here if row.policy == "threshold 0.01")
        found += [row for row in here if row in (default, best) or "threshold" not in row.policy]
    return found


def timings(runs: int = 9) -> dict[str, float]:
    """Median seconds of ``prune_weights`` on the full-size stand-in, by policy, run in turn."""
    seconds: dict[str, list[float]] = {"threshold": [], "islands": []}
    for _ in range(runs):
        for policy, found in seconds.items():
            start = time.perf_counter()
            prune_weights(body(), policy=policy)
            found.append(time.perf_counter() - start)
    return {policy: statistics.median(found) for policy, found in seconds.items()}


def written_into(page: str, name: str, text: str) -> str:
    """The page with the text between its markers of this name."""
    begin, end = f"<!-- {name} -->\n", f"\n<!-- end of {name} -->"
    before, rest = page.split(begin)
    return before + begin + text + end + rest.split(end)[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", type=Path, help="a page with the markers of the two tables")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    found = {
        name: [row for regime in regimes for row in rows_of(regime, args.seed)]
        for name, regimes in (("study", REGIMES), ("limit", LIMIT))
    }
    print(table([row for rows in found.values() for row in rows]), end="\n\n")
    for policy, seconds in timings().items():
        print(f"prune_weights, {policy}: {1000 * seconds:.0f} ms")
    if args.write:
        page = args.write.read_text()
        for name, rows in found.items():
            page = written_into(page, name, table(in_short(rows)))
        args.write.write_text(page)


if __name__ == "__main__":
    main()

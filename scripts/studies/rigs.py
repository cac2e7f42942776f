"""Measure every policy on rigs that other people made, as they are and with faults planted on them.

    python -m scripts.studies.rigs [--write docs/policies.md]

``RIGS`` are the rigs of assets/rigs and the stand-in body with the weights of MakeHuman's Mixamo
rig. Three tables: what each policy does to the raw rigs; every region of weights that ``islands``
takes from them; and how much of planted faults each policy finds, where the truth is the rig's own
weights less those regions.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from scripts.standins.make_standin import ASSETS
from scripts.studies import policies as study
from smplprep.geometry.mesh import Mesh, mesh_of
from smplprep.geometry.pieces import followed
from smplprep.geometry.poses import pose_set_of
from smplprep.geometry.skinning import posing, skin_block, unposed_block
from smplprep.records.model import Model
from smplprep.transforms.policies.guard import jumps
from smplprep.transforms.policies.islands import bone_lengths
from smplprep.transforms.policies.regions import regions_of
from smplprep.transforms.prune_weights import prune_weights

RIGS = ("dog", "hand", "makehuman", "rocketbox", "standin")
POLICIES = {"threshold": {}, "islands": {"policy": "islands"}}
PLACES = ("near", "far", "adjoining")
LOW, HIGH = 1e-4, 1e-1  # sizes of planted faults, even on a log scale
TOLERANCE = 1e-2
SHARE = 2  # of so many vertices one gets faults, of two joints
SLIP_MM = 5  # what islands moves by more than this beyond threshold is listed with a picture


@cache
def rig(name: str) -> Model:
    """A rig as its maker painted it, in float64."""
    if name == "standin":
        return study.body().with_arrays(weights=study.rig_weights())
    with np.load(ASSETS / f"rigs/{name}.npz", allow_pickle=False) as archive:
        arrays = {key: archive[key] for key in archive.files}
    n_vertices, n_joints = arrays["weights"].shape
    arrays["posedirs"] = np.broadcast_to(np.float32(0), (n_vertices, 3, 9 * (n_joints - 1)))
    weights = arrays["weights"].astype(np.float64)
    arrays["weights"] = weights / weights.sum(axis=1, keepdims=True)
    return Model(**{k: v for k, v in arrays.items() if k in Model.__dataclass_fields__})


@cache
def joint_names(name: str) -> list[str]:
    if name == "standin":
        return rig(name).family.joint_names(rig(name).n_joints)
    with np.load(ASSETS / f"rigs/{name}.npz", allow_pickle=False) as archive:
        return archive["joint_names"].tolist()


@cache
def mesh(name: str) -> Mesh:
    return mesh_of(rig(name).v_template, rig(name).f, rig(name).weights)


@cache
def cleaned(name: str, policy: str) -> np.ndarray:
    """(V, J) the raw rig's weights after the policy."""
    return prune_weights(rig(name), **POLICIES[policy])[0].weights


@dataclass(frozen=True)
class Raw:
    """What one policy does to one raw rig."""

    rig: str
    policy: str
    removed: int
    largest: float  # weight
    max_mm: float
    vertex: int  # that moves so far
    went: tuple[tuple[str, float], ...]  # of it: joint and weight
    jump: float  # the largest rise over a link

    def cells(self) -> list[str]:
        cells = [self.rig, self.policy, str(self.removed)]
        if not self.removed:
            return [*cells, *[""] * 5]
        weights = ", ".join(f"{joint} {weight:.4f}" for joint, weight in self.went)
        figures = [f"{self.largest:.3f}", f"{self.jump:.3f}", f"{self.max_mm:.1f}"]
        return [*cells, *figures, str(self.vertex), weights]


@cache
def raw(name: str, policy: str) -> Raw:
    before, after, names = rig(name).weights, cleaned(name, policy), joint_names(name)
    gone = np.where(after == 0, before, 0)
    moved = moved_mm(name, before, after)
    vertex = int(moved.argmax())
    order = np.argsort(-gone[vertex])[: np.count_nonzero(gone[vertex])]
    return Raw(
        rig=name,
        policy=policy,
        removed=np.count_nonzero(gone),
        largest=float(gone.max()),
        max_mm=float(moved.max()),
        vertex=vertex,
        went=tuple((names[joint], float(gone[vertex, joint])) for joint in order),
        jump=float(jumps(before, after, mesh(name).links)[1].max()),
    )


@dataclass(frozen=True)
class Slip:
    """One region that islands takes from a raw rig; ``mm`` is how far it moves its vertices."""

    rig: str
    joint: str
    on: str  # the joint that leads there
    vertices: int
    vertex: int  # that moves most
    weight: float
    mm: float

    def cells(self) -> list[str]:
        size, mm = f"{self.weight:.4f}", f"{self.mm:.1f}"
        return [self.rig, self.joint, self.on, str(self.vertices), str(self.vertex), size, mm]


@cache
def slips(name: str) -> tuple[Slip, ...]:
    """Largest weight first."""
    before, after, names = rig(name).weights, cleaned(name, "islands"), joint_names(name)
    gone = (before > 0) & (after == 0)
    moved = moved_mm(name, before, after)
    regions = regions_of(np.where(gone, before, 0), mesh(name))
    found = []
    for region in range(len(regions.joint)):
        inside = regions.vertex_of[regions.region_of == region]
        leader = np.bincount(before[inside].argmax(axis=1)).argmax()
        found.append(
            Slip(
                rig=name,
                joint=names[regions.joint[region]],
                on=names[leader],
                vertices=len(inside),
                vertex=int(inside[moved[inside].argmax()]),
                weight=float(regions.peak[region]),
                mm=float(moved[inside].max()),
            )
        )
    return tuple(sorted(found, key=lambda slip: (-slip.weight, slip.joint, slip.vertex)))


def moved_mm(name: str, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """(V,) how far each vertex moves at most, over the pose set."""
    model = rig(name)
    ready = posing(model, *pose_set_of(model))
    moved = np.zeros(model.n_vertices)
    for block in np.array_split(np.flatnonzero((before != after).any(axis=1)), 60):
        if len(block):
            unposed = unposed_block(model, block, ready)
            apart = [skin_block(rows[block], unposed, ready) for rows in (before, after)]
            away = np.sqrt(np.square(apart[1] - apart[0]).sum(axis=1))
            moved[block] = 1000 * away.max(axis=1)
    return moved


@cache
def truth(name: str) -> np.ndarray:
    """(V, J) the rig's weights without its slips."""
    return cleaned(name, "islands")


@cache
def places(name: str) -> dict[str, np.ndarray]:
    """Place -> (V, J) where a fault of a joint lies there.

    adjoining: a link, or the gap to the piece that this one follows, leads to a genuine weight of
    the joint. near: no farther over the mesh than the size of its genuine region or its longest
    bone. far: farther, or on another piece.
    """
    genuine, surface = truth(name), mesh(name)
    links = np.concatenate([surface.links, followed(surface)])
    adjoining = genuine > 0
    for here, there in (links.T, links.T[::-1]):
        np.logical_or.at(adjoining, here, genuine[there] > 0)
    adjoining &= genuine == 0
    bones = bone_lengths(rig(name))
    near, far = np.zeros_like(adjoining), np.zeros_like(adjoining)
    for joint in np.flatnonzero(genuine.any(axis=0)):
        inside = np.flatnonzero(genuine[:, joint])
        limit = max(spread(surface.points[inside], genuine[inside, joint]), bones[joint])
        free = (genuine[:, joint] == 0) & ~adjoining[:, joint]
        reached = np.isfinite(surface.ways(inside, limit))
        near[:, joint], far[:, joint] = free & reached, free & ~reached
    return {"near": near, "far": far, "adjoining": adjoining}


def spread(points: np.ndarray, weights: np.ndarray) -> float:
    """Root mean square distance of points (n, 3) from their center, by weights (n,)."""
    center = np.average(points, axis=0, weights=weights)
    return float(np.sqrt(np.average(np.square(points - center).sum(axis=1), weights=weights)))


def planted(name: str, place: str, seed: int = 0) -> study.Contaminated:
    """Weights (V, J) with faults at one place, and which are faults."""
    rng = np.random.default_rng(seed)
    candidate = places(name)[place]
    chosen = rng.permutation(np.flatnonzero(candidate.any(axis=1)))
    chosen = chosen[: len(candidate) // SHARE]
    lot = np.where(candidate[chosen], rng.random((len(chosen), candidate.shape[1])), -1)
    spurious = np.zeros(candidate.shape, dtype=bool)
    spurious[chosen[:, None], np.argsort(-lot, axis=1)[:, :2]] = True
    spurious &= candidate
    sizes = np.exp(rng.uniform(np.log(LOW), np.log(HIGH), candidate.shape))
    return study.mixed(truth(name), spurious, sizes)


@dataclass(frozen=True)
class Row:
    """How one policy does on the faults at one place."""

    rig: str
    place: str
    policy: str
    recall: float
    recall_above: float  # of faults above the tolerance
    precision: float
    mean_mm: float  # from the true model, over vertices that differ
    max_mm: float
    jump: float  # the largest rise over a link

    def cells(self) -> list[str]:
        shares = [f"{value:.3f}" for value in (self.recall, self.recall_above, self.precision)]
        rest = [f"{self.mean_mm:.2f}", f"{self.max_mm:.1f}", f"{self.jump:.3f}"]
        return [self.rig, self.place, self.policy, *shares, *rest]


@cache
def rows(name: str) -> tuple[Row, ...]:
    """Every place, every policy."""
    return tuple(row for place in PLACES for row in rows_at(name, place))


def rows_at(name: str, place: str) -> Iterator[Row]:
    weights, spurious = planted(name, place)
    large = spurious & (weights > TOLERANCE)
    for policy, chosen in POLICIES.items():
        after = prune_weights(rig(name).with_arrays(weights=weights), **chosen)[0].weights
        gone = (weights > 0) & (after == 0)
        moved = moved_mm(name, truth(name), after)
        yield Row(
            rig=name,
            place=place,
            policy=policy,
            recall=(gone & spurious).sum() / spurious.sum(),
            recall_above=(gone & large).sum() / large.sum(),
            precision=(gone & spurious).sum() / max(gone.sum(), 1),
            mean_mm=float(moved.mean()),
            max_mm=float(moved.max()),
            jump=float(jumps(weights, after, mesh(name).links)[1].max()),
        )


def raw_table() -> str:
    titles = ["rig", "policy", "removed", "largest", "jump", "max mm", "at vertex", "went there"]
    cells = [raw(name, policy).cells() for name in RIGS for policy in POLICIES]
    return study.markdown(titles, cells, n_left=2)


def slip_table() -> str:
    titles = ["rig", "weights of", "where this one leads", "vertices", "at vertex", "largest", "mm"]
    cells = [slip.cells() for name in RIGS for slip in slips(name)]
    return study.markdown(titles, cells, n_left=3)


def planted_table() -> str:
    titles = ["rig", "faults", "policy", "recall", "above 0.01", "precision"]
    titles += ["mean mm", "max mm", "jump"]
    return study.markdown(titles, [row.cells() for name in RIGS for row in rows(name)], n_left=3)


TABLES = {"raw": raw_table, "slips": slip_table, "planted": planted_table}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", type=Path, help="a page with the markers of the three tables")
    args = parser.parse_args()
    for name, table in TABLES.items():
        text = table()
        print(text, end="\n\n")
        if args.write:
            args.write.write_text(study.written_into(args.write.read_text(), name, text))


if __name__ == "__main__":
    main()

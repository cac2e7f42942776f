"""Do points of the face see jaw and eyes that they do not hang on, and what does mending it cost?

    python -m scripts.studies.face_correctives [--seed 0]

A point is the middle of a face of the mesh that hangs on the jaw or an eye, as the 51 landmarks of
FLAME and SMPL-X lie inside faces; what it should see is the chain of its own heaviest joint and
that joint's children. Prints the second table of docs/correctives.md.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping

import numpy as np

from scripts.standins.make_family_standins import make_flame, make_smplx
from scripts.standins.make_standin import make_standin
from scripts.studies.corrective_regimes import Body, body_of, compact, long_tailed, reaching
from smplprep import prune_weights
from smplprep.geometry.kinematic_tree import (
    ancestors_or_self,
    in_line_within,
    leaf_siblings,
    parents_of,
)
from smplprep.records.model import Model, Source
from smplprep.transforms.localize_posedirs import local_correctives

HOPS = 2
# Meters: half a mouth, an eyeball and its lids.
SIZES = {"jaw": 0.032, "leftEye": 0.025, "rightEye": 0.025}
ENVELOPES = {"local bulges": compact, "long tails": long_tailed, "reach across": reaching}


def in_line_alone(model: Model, hops: int) -> np.ndarray:
    """(V, J-1) the rule without its sentence about jaw and eyes."""
    near = in_line_within(parents_of(model.kintree_table), hops)
    return ((model.weights != 0) @ near.astype(np.float32))[:, 1:] > 0


RULES = {"in line": in_line_alone, "in line, none beside": local_correctives}


def study(*, seed: int = 0) -> list[dict[str, object]]:
    """One row for each family and rule."""
    body, _ = make_standin(seed)
    rng = np.random.default_rng(seed)
    families = {"smplx": make_smplx(body, 20, rng), "flame": make_flame(body, rng)[0]}
    return [
        {"family": family, "rule": name} | figures(*given, rule(given[0], HOPS))
        for family, arrays in families.items()
        for given in [prepared(arrays)]
        for name, rule in RULES.items()
    ]


def prepared(arrays: Mapping[str, np.ndarray]) -> tuple[Model, Body]:
    """The model after ``prune_weights``, and its body with sizes of a real jaw and real eyes."""
    model, _ = prune_weights(Model(**{key: arrays[key] for key in Source().keys}))
    truth = {"weights": model.weights, "joints": model.J_regressor @ model.v_template}
    body = body_of(dict(arrays), truth)
    names = model.family.joint_names(model.n_joints)
    for name, size in SIZES.items():
        body.sizes[names.index(name)] = size
    return model, body


def figures(model: Model, body: Body, keep: np.ndarray) -> dict[str, object]:
    """Points that leak, and the energy of genuine bulges of jaw and eyes that stays."""
    parents = parents_of(model.kintree_table)
    above = ancestors_or_self(parents)
    leaves = leaf_siblings(parents)
    corners = model.weights[model.f.astype(np.int64)]  # (F, 3, J)
    on_face = corners[..., leaves].any(axis=(1, 2))
    corners = corners[on_face]
    heaviest = corners.sum(axis=1).argmax(axis=1)
    unexpected = ~(above[heaviest] | (parents == heaviest[:, None]))
    unexpected[:, parents < 0] = False
    by_weights = ((corners != 0).any(axis=1).astype(int) @ above.astype(int) > 0) & unexpected
    kept = keep[model.f.astype(np.int64)[on_face]].any(axis=1)
    by_correctives = (kept & unexpected[:, 1:]).any(axis=1)
    found: dict[str, object] = {
        "points": int(on_face.sum()),
        "leak_by_weights": int(by_weights.any(axis=1).sum()),
        "leak_by_correctives_alone": int((by_correctives & ~by_weights.any(axis=1)).sum()),
    }
    columns = np.array(leaves) - 1
    for name, envelope in ENVELOPES.items():
        energy = np.square(envelope(body)[:, columns]) * np.square(body.sizes[leaves])
        found[name] = float((energy * keep[:, columns]).sum() / energy.sum())
    return found


def table(rows: list[dict[str, object]]) -> list[str]:
    """Points, leaks, and genuine energy kept."""
    lines = [
        f"{'':<22}{'':>8}{'leak by':>10}{'leak by':>13}  genuine energy of jaw and eyes kept",
        f"{'':<22}{'points':>8}{'weights':>10}{'correctives':>13}"
        + "".join(f"{name:>{len(name) + 2}}" for name in ENVELOPES),
    ]
    family = None
    for row in rows:
        if row["family"] != family:
            family = row["family"]
            lines += ["", str(family)]
        shares = "".join(f"{row[name]:>{len(name) + 2}.4f}" for name in ENVELOPES)
        lines.append(
            f"  {row['rule']:<20}{row['points']:>8}{row['leak_by_weights']:>10}"
            f"{row['leak_by_correctives_alone']:>13}{shares}"
        )
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    print("\n".join(table(study(seed=parser.parse_args().seed))))


if __name__ == "__main__":
    main()

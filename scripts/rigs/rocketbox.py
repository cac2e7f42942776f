"""Make ``assets/rigs/rocketbox.npz`` from an avatar of Microsoft's Rocketbox library (MIT).

    python -m scripts.rigs.rocketbox FILE.fbx [-o OUT]

The committed rig is ``Male_Adult_17.fbx``, as UCL's ``ubiq-rocketbox`` ships it. Body, eyes, teeth,
hair and clothes are one mesh of several pieces.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from scripts.rigs.fbx import read_fbx
from scripts.rigs.rig_file import ASSETS, Rig, write_rig

CENTIMETER = 0.01


def read_avatar(path: Path) -> Rig:
    """The one skinned mesh of the file, and every bone that moves it."""
    scene = read_fbx(path.read_bytes())
    objects = scene.get("Objects")
    above: dict[int, list[int]] = {}
    for link in scene.get("Connections").nodes:
        above.setdefault(link.values[1], []).append(link.values[2])
    models = {node.values[0]: node for node in objects.all("Model")}
    clusters = [node for node in objects.all("Deformer") if node.values[2] == "Cluster"]
    bones = {
        model: cluster
        for cluster in clusters
        for model, listed in above.items()
        if model in models and cluster.values[0] in listed
    }
    places = list(bones)
    points = objects.get("Geometry").get("Vertices").values[0].reshape(-1, 3)
    weights = np.zeros((len(points), len(bones)))
    for column, cluster in zip(weights.T, bones.values(), strict=True):
        if cluster.all("Indexes"):
            column[cluster.get("Indexes").values[0]] = cluster.get("Weights").values[0]
    bound = [cluster.get("TransformLink").values[0].reshape(4, 4) for cluster in bones.values()]
    to_world = clusters[0].get("TransformLink").values[0].reshape(4, 4)
    to_mesh = clusters[0].get("Transform").values[0].reshape(4, 4)
    placed = np.c_[points, np.ones(len(points))] @ to_mesh @ to_world
    return Rig(
        points=placed[:, :3] * CENTIMETER,
        faces=triangles(objects.get("Geometry").get("PolygonVertexIndex").values[0]),
        weights=weights / weights.sum(axis=1, keepdims=True),
        joints=np.array([matrix[3, :3] for matrix in bound]) * CENTIMETER,
        parents=np.array([parent_of(bone, places, above) for bone in places]),
        names=[models[bone].values[1].split("\0")[0].removeprefix("Bip01 ") for bone in places],
    )


def parent_of(bone: int, bones: list[int], above: dict[int, list[int]]) -> int:
    """The nearest bone above; -1 where there is none."""
    for parent in above.get(bone, []):
        if parent in bones:
            return bones.index(parent)
    for parent in above.get(bone, []):
        found = parent_of(parent, bones, above)
        if found >= 0:
            return found
    return -1


def triangles(corners: np.ndarray) -> np.ndarray:
    """(F, 3) fans of the polygons; the last corner of each is stored as -1 - index."""
    found, begin = [], 0
    for end in np.flatnonzero(corners < 0).tolist():
        polygon = [*corners[begin:end].tolist(), -1 - int(corners[end])]
        found += [[polygon[0], *polygon[k : k + 2]] for k in range(1, len(polygon) - 1)]
        begin = end + 1
    return np.array(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=ASSETS / "rocketbox.npz")
    args = parser.parse_args()
    write_rig(read_avatar(args.file), args.output)


if __name__ == "__main__":
    main()

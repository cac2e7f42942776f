"""Make ``assets/rigs/hand.npz`` from npm's ``@webxr-input-profiles/assets`` (MIT): its glTF hand.

python -m scripts.rigs.hand FOLDER [-o OUT] [--side left]

FOLDER is the unpacked package. The tree is the one of WebXR's hands, by the joints' names.
"""

from __future__ import annotations

import argparse
import json
import struct
from pathlib import Path

import numpy as np

from scripts.rigs.rig_file import ASSETS, Rig, write_rig

KINDS = {5121: "<u1", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}
PHALANGES = ("metacarpal", "phalanx-proximal", "phalanx-intermediate", "phalanx-distal", "tip")


def read_hand(path: Path) -> Rig:
    """The one skinned mesh of a .glb file. Vertices stay split along the texture's seams."""
    data = path.read_bytes()
    (length,) = struct.unpack_from("<I", data, 12)
    scene = json.loads(data[20 : 20 + length])
    binary = data[28 + length :]

    def array(index: int) -> np.ndarray:
        accessor = scene["accessors"][index]
        view = scene["bufferViews"][accessor["bufferView"]]
        start = view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
        width = WIDTHS[accessor["type"]]
        kind = KINDS[accessor["componentType"]]
        return np.frombuffer(binary, kind, accessor["count"] * width, start).reshape(-1, width)

    skin = scene["skins"][0]
    names = [scene["nodes"][node]["name"] for node in skin["joints"]]
    bound = array(skin["inverseBindMatrices"]).reshape(-1, 4, 4).transpose(0, 2, 1)
    part = scene["meshes"][0]["primitives"][0]
    influences = array(part["attributes"]["JOINTS_0"]).astype(np.intp)
    weights = np.zeros((len(influences), len(names)))
    rows = np.arange(len(influences))[:, None]
    np.add.at(weights, (rows, influences), array(part["attributes"]["WEIGHTS_0"]))
    return Rig(
        points=array(part["attributes"]["POSITION"]),
        faces=array(part["indices"]).reshape(-1, 3),
        weights=weights / weights.sum(axis=1, keepdims=True),
        joints=np.linalg.inv(bound)[:, :3, 3],
        parents=np.array([parent_of(name, names) for name in names]),
        names=names,
    )


def parent_of(name: str, names: list[str]) -> int:
    """The joint before it on the finger; a metacarpal's is the wrist, which is the root."""
    if name == "wrist":
        return -1
    finger = name.split("-")[0]
    chain = [joint for phalanx in PHALANGES for joint in names if joint.endswith(phalanx)]
    chain = [joint for joint in chain if joint.startswith(finger)]
    place = chain.index(name)
    return names.index(chain[place - 1] if place else "wrist")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=ASSETS / "hand.npz")
    parser.add_argument("--side", choices=("left", "right"), default="left")
    args = parser.parse_args()
    path = args.folder / f"dist/profiles/generic-hand/{args.side}.glb"
    write_rig(read_hand(path), args.output)


if __name__ == "__main__":
    main()

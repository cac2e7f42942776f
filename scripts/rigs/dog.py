"""Make ``assets/rigs/dog.npz`` from PyPI's ``dm_control`` (Apache-2.0): the skin of its second dog.

python -m scripts.rigs.dog FOLDER [-o OUT]

FOLDER is the unpacked wheel. The skin is MuJoCo's binary format .skn, the tree is the MJCF file's.
"""

from __future__ import annotations

import argparse
import struct
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np

from scripts.rigs.rig_file import ASSETS, Rig, write_rig

SKIN = "dm_control/locomotion/walkers/assets/dog_v2/dog_skin.skn"
TREE = "dm_control/locomotion/walkers/assets/dog_v2/dog.xml"


def read_skin(skin: Path, tree: Path) -> Rig:
    """The rig of a .skn file, with the tree of the bodies of a MJCF file.

    Bones are bodies by name. Their places are those that the skin was bound in.
    """
    data = skin.read_bytes()
    n_points, n_texture, n_faces, n_bones = struct.unpack_from("<4i", data)
    place = 16
    points = np.frombuffer(data, "<f4", 3 * n_points, place).reshape(-1, 3)
    place += 12 * n_points + 8 * n_texture
    faces = np.frombuffer(data, "<i4", 3 * n_faces, place).reshape(-1, 3)
    place += 12 * n_faces
    names, joints = [], np.empty((n_bones, 3))
    weights = np.zeros((n_points, n_bones))
    for bone in range(n_bones):
        names.append(data[place : place + 40].split(b"\0")[0].decode())
        joints[bone] = struct.unpack_from("<3f", data, place + 40)
        (count,) = struct.unpack_from("<i", data, place + 68)
        place += 72
        used = np.frombuffer(data, "<i4", count, place)
        weights[used, bone] = np.frombuffer(data, "<f4", count, place + 4 * count)
        place += 8 * count
    weights /= weights.sum(axis=1, keepdims=True)
    above = parents_by_name(tree)
    parents = []
    for name in names:
        parent = above.get(name)
        while parent is not None and parent not in names:
            parent = above.get(parent)
        parents.append(-1 if parent is None else names.index(parent))
    return Rig(points, faces, weights, joints, np.array(parents), names)


def parents_by_name(tree: Path) -> dict[str, str | None]:
    """Body -> the body it is in."""
    found: dict[str, str | None] = {}

    def walk(element: ElementTree.Element, above: str | None) -> None:
        for child in element:
            here = above
            if child.tag == "body" and "name" in child.attrib:
                here = child.attrib["name"]
                found[here] = above
            walk(child, here)

    walk(ElementTree.parse(tree).getroot(), None)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=ASSETS / "dog.npz")
    args = parser.parse_args()
    write_rig(read_skin(args.folder / SKIN, args.folder / TREE), args.output)


if __name__ == "__main__":
    main()

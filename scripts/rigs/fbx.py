"""Read Autodesk's binary FBX as a tree of nodes: what a skinned mesh needs of it.

Source: the format as Blender's developers describe it: a node is an end offset, the number and
length of its properties, a name, the properties, and its children up to an empty node.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np

SCALARS = {"Y": "<h", "C": "<?", "I": "<i", "F": "<f", "D": "<d", "L": "<q"}
ARRAYS = {"f": "<f4", "d": "<f8", "l": "<i8", "i": "<i4", "b": "<i1"}
HEADER = 27


@dataclass
class Node:
    """name, properties in order, and child nodes."""

    name: str
    values: list[Any] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)

    def all(self, name: str) -> list[Node]:
        return [node for node in self.nodes if node.name == name]

    def get(self, name: str) -> Node:
        return self.all(name)[0]


def read_fbx(data: bytes) -> Node:
    """The file's nodes under one without a name. Versions below 7500, whose offsets are 32-bit."""
    place, found = HEADER, []
    while (made := _node(data, place))[0] is not None:
        found.append(made[0])
        place = made[1]
    return Node("", [], found)


def _node(data: bytes, place: int) -> tuple[Node | None, int]:
    end, n_values, n_bytes, n_name = struct.unpack_from("<3IB", data, place)
    place += 13
    if not end:
        return None, place
    node = Node(data[place : place + n_name].decode())
    place += n_name
    after = place + n_bytes
    for _ in range(n_values):
        value, place = _value(data, place)
        node.values.append(value)
    place = after
    while place < end:
        child, place = _node(data, place)
        if child is not None:
            node.nodes.append(child)
    return node, end


def _value(data: bytes, place: int) -> tuple[Any, int]:
    kind = chr(data[place])
    place += 1
    if kind in SCALARS:
        return struct.unpack_from(SCALARS[kind], data, place)[0], place + struct.calcsize(
            SCALARS[kind]
        )
    if kind in "SR":
        (length,) = struct.unpack_from("<I", data, place)
        raw = data[place + 4 : place + 4 + length]
        return raw.decode("utf-8", "replace") if kind == "S" else raw, place + 4 + length
    count, packed, length = struct.unpack_from("<3I", data, place)
    raw = data[place + 12 : place + 12 + length]
    array = np.frombuffer(zlib.decompress(raw) if packed else raw, ARRAYS[kind], count)
    return array, place + 12 + length

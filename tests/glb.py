"""A .glb taken apart with struct and json alone, and where npm's packages are."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np

NPM = Path(__file__).resolve().parents[1] / "build" / "npm" / "node_modules"
TYPES = {5121: "<u1", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
WIDTHS = {"SCALAR": 1, "VEC3": 3, "VEC4": 4, "MAT4": 16}


def read_glb(path: Path) -> tuple[dict[str, Any], list[np.ndarray]]:
    """The JSON of the file, and the array of each accessor."""
    data = path.read_bytes()
    magic, version, n_bytes, n_json, kind = struct.unpack_from("<4sIII4s", data)
    assert (magic, version, n_bytes, kind) == (b"glTF", 2, len(data), b"JSON")
    document = json.loads(data[20 : 20 + n_json])
    n_binary, kind = struct.unpack_from("<I4s", data, 20 + n_json)
    assert (kind, 28 + n_json + n_binary) == (b"BIN\0", len(data))
    binary = data[28 + n_json :]
    arrays = []
    for accessor in document["accessors"]:
        view = document["bufferViews"][accessor["bufferView"]]
        width, dtype = WIDTHS[accessor["type"]], np.dtype(TYPES[accessor["componentType"]])
        count = accessor["count"] * width
        assert view["byteLength"] == count * dtype.itemsize
        flat = np.frombuffer(binary, dtype, count, view.get("byteOffset", 0))
        arrays.append(flat.reshape(-1, width) if width > 1 else flat)
    return document, arrays


def skinning_weights(
    document: dict[str, Any], arrays: list[np.ndarray], n_joints: int
) -> np.ndarray:
    """(V, J) put together from every set of influences."""
    attributes = document["meshes"][0]["primitives"][0]["attributes"]
    dense = np.zeros((len(arrays[attributes["POSITION"]]), n_joints))
    for index in range(sum(name.startswith("JOINTS_") for name in attributes)):
        joints, weights = (arrays[attributes[f"{name}_{index}"]] for name in ("JOINTS", "WEIGHTS"))
        np.add.at(dense, (np.arange(len(dense))[:, None], joints), weights)
    return dense

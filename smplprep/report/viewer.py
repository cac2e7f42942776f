"""The report's ``viewer`` section: both bodies and what colors them, packed for the HTML page.

Arrays are little-endian integers or float32 in base64, which plotly.js's typed arrays, numpy and
ten lines of JavaScript read alike. Not compressed: zlib's bytes differ between its versions.
"""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..geometry.displacement import Displacement, apart_mm
from ..geometry.poses import pose_set_of
from ..geometry.skinning import posed_vertices
from ..records.model import Model

# Beyond these the page would outgrow 8 MB and a browser's patience; the charts still show all.
MAX_VERTICES = 30_000
MAX_WEIGHTS = 300_000
BODY_STEP = 5e-5  # meters; finer than a pixel however far one zooms
DISTANCE_STEP = 1e-3  # millimeters

Packed = dict[str, Any]


def viewer_section(before: Model, after: Model, moved: Displacement) -> dict[str, Any] | None:
    """Both bodies at rest and in the worst pose, their weights and displacements.

    Args:
        before, after: with the same vertices and joints.
        moved: between the two.

    Returns:
        Plain data as the report's schema says; None for a model too large for a web page.
    """
    weights = max(np.count_nonzero(before.weights), np.count_nonzero(after.weights))
    if before.n_vertices > MAX_VERTICES or weights > MAX_WEIGHTS:
        return None
    worst = [in_pose(model, moved.max_pose) for model in (before, after)]
    same_rest = np.array_equal(before.v_template, after.v_template)
    apart = apart_mm(worst[0][None], worst[1][None], mm=before.mm)[0]
    return {
        "joints": before.joint_names(),
        "faces": packed(before.f.astype(np.uint16)),
        "rest": {
            "before": on_grid(before.v_template, BODY_STEP),
            "after": None if same_rest else on_grid(after.v_template, BODY_STEP),
        },
        "worst": {
            "before": on_grid(worst[0], BODY_STEP),
            "after": on_grid(worst[1], BODY_STEP),
        },
        "worst_pose_mm": on_grid(apart, DISTANCE_STEP),
        "largest_mm": on_grid(moved.vertex_max_mm, DISTANCE_STEP),
        "weights": {"before": sparse_rows(before.weights), "after": sparse_rows(after.weights)},
    }


def in_pose(model: Model, index: int) -> NDArray[np.float64]:
    """(V, 3) in one pose of the pose set, but upright: the root is not turned."""
    poses, betas = (values[index : index + 1].copy() for values in pose_set_of(model))
    poses[:, 0] = 0.0
    return posed_vertices(model, poses, betas)[0]


def packed(array: NDArray) -> Packed:
    """An array as dtype, shape and base64."""
    plain = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    return {
        "dtype": plain.dtype.str[1:],
        "shape": list(plain.shape),
        "data": base64.b64encode(plain.tobytes()).decode("ascii"),
    }


def on_grid(values: NDArray, step: float) -> Packed:
    """Values as 16-bit multiples of a step, which is made as coarse as their range asks for."""
    reach = float(np.abs(values).max(initial=0.0))
    while reach > 32767 * step:
        step *= 2
    return packed(np.rint(values / step).astype(np.int16)) | {"step": step}


def sparse_rows(weights: NDArray) -> dict[str, Packed]:
    """The non-zero weights row by row: how many, on which joints, how large."""
    rows, joints = np.nonzero(weights)
    return {
        "counts": packed(np.bincount(rows, minlength=len(weights)).astype(np.uint16)),
        "joints": packed(joints.astype(np.uint16)),
        "values": packed(weights[rows, joints].astype(np.float32)),
    }


def unpacked(block: Packed) -> NDArray:
    """The array of a block; float64 where the block has a step."""
    flat = np.frombuffer(base64.b64decode(block["data"]), dtype="<" + block["dtype"])
    array = flat.reshape(block["shape"])
    return array * block["step"] if "step" in block else array


def dense_rows(section: dict[str, Packed], n_joints: int) -> NDArray[np.float32]:
    """(V, J) weights from ``sparse_rows``' section."""
    counts = unpacked(section["counts"])
    weights = np.zeros((len(counts), n_joints), dtype=np.float32)
    rows = np.repeat(np.arange(len(counts)), counts)
    weights[rows, unpacked(section["joints"])] = unpacked(section["values"])
    return weights

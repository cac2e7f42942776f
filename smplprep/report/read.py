"""Reading a report: nothing in it is used before all of it was checked, by schema and by size."""

from __future__ import annotations

import base64
import math
import os
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from ..errors import ModelReadError, shown
from ..io.json_file import read_json
from ..records.landmark import check_shares
from .schema import REPORT_VERSION, SchemaError, check_schema, report_schema
from .viewer import MAX_VERTICES, unpacked

WANTED = "Name a NAME.report.json, which clean and diff write beside their outputs."
ITEM_BYTES = {"i2": 2, "u2": 2, "f4": 4}


def read_report(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The data of a report file, as ``report.schema.json`` says and consistent in itself.

    Raises:
        ModelReadError: it is not a report of this version; the message names the place in it.
    """
    data = read_json(path, hint=WANTED)
    if not isinstance(data, dict) or "report_version" not in data:
        raise ModelReadError("this is not a smplprep report", path=path, hint=WANTED)
    if data["report_version"] != REPORT_VERSION:
        message = f"the report has version {shown(data['report_version'])}, not {REPORT_VERSION}"
        hint = "Clean the model again with this version of smplprep."
        raise ModelReadError(message, path=path, hint=hint)
    try:
        check_report(data)
    except (SchemaError, RecursionError) as error:
        raise ModelReadError(f"this is not a valid report: {error}", path=path) from error
    return data


def check_report(data: Mapping[str, Any]) -> None:
    """Raise SchemaError for the first thing in a report that cannot be."""
    check_schema(data, report_schema())
    for fault in misfits(data):
        raise SchemaError(fault)


def misfits(data: Mapping[str, Any]) -> Iterator[str]:
    """Where two places of a report, each right by itself, do not fit together."""
    gradients, landmarks = data["gradients"], data["landmarks"]
    n_joints, joints = len(gradients["joints"]), {*gradients["joints"]}
    for when in ("before", "after"):
        rows = gradients[when]
        if [*map(len, rows)] != [n_joints] * len(landmarks):
            yield f"gradients.{when} is not a row of {n_joints} for each of the landmarks"
    histogram = data["weights_histogram"]
    edges = histogram["log10_edges"]
    if len(edges) < 2 or any(low >= high for low, high in pairwise(edges)):
        yield "weights_histogram.log10_edges does not rise"
    for when in ("before", "after"):
        if len(histogram[when]) != len(edges) - 1:
            yield f"weights_histogram.{when} does not have one count for each bin"
        if not data["influences"][when]:
            yield f"influences.{when} is empty"
    for index, row in enumerate(data["rescued_rows"]):
        if row["joint"] >= n_joints:
            yield f"rescued_rows[{index}].joint is not a joint index below {n_joints}"
    for index, row in enumerate(landmarks):
        if row["vertex"] is None and not {"face", "corners", "shares"} <= row.keys():
            yield f"landmarks[{index}] has neither a vertex nor a face"
        try:
            check_shares(row.get("shares", (1.0,)))
        except ValueError as error:
            yield f"landmarks[{index}].shares {error}"
        for when in ("before", "after"):
            if strange := {name for names in row[when].values() for name in names} - joints:
                yield f"landmarks[{index}].{when} names {shown(min(strange))}, which is not a joint"
    if data["viewer"]:
        yield from viewer_misfits(data["viewer"], landmarks)


def viewer_misfits(viewer: Mapping[str, Any], landmarks: list[dict[str, Any]]) -> Iterator[str]:
    """Where the arrays that the page draws do not fit together."""
    shape = viewer["rest"]["before"]["shape"]
    if len(shape) != 2 or shape[1] != 3 or not 0 < shape[0] <= MAX_VERTICES:
        yield "viewer.rest.before is not an array of vertices"
        return
    n_vertices, n_joints = shape[0], len(viewer["joints"])
    for name, block, wanted in weight_blocks(viewer, n_vertices):
        yield from block_faults(f"viewer.{name}", block, wanted)
    if unpacked(viewer["faces"]).max(initial=0) >= n_vertices:
        yield f"viewer.faces names a vertex beyond {n_vertices}"
    for when, rows in viewer["weights"].items():
        counts, joints = unpacked(rows["counts"]), unpacked(rows["joints"])
        if counts.sum() != len(joints) or rows["values"]["shape"] != rows["joints"]["shape"]:
            yield f"viewer.weights.{when} does not have as many weights as it counts"
        if not np.isfinite(unpacked(rows["values"])).all():
            yield f"viewer.weights.{when}.values holds what is not a number"
        if joints.max(initial=0) >= n_joints:
            yield f"viewer.weights.{when} names a joint beyond {n_joints}"
    for index, row in enumerate(landmarks):
        if row["vertex"] is not None and row["vertex"] >= n_vertices:
            yield f"landmarks[{index}].vertex is beyond {n_vertices}"


def weight_blocks(
    viewer: Mapping[str, Any], n_vertices: int
) -> Iterator[tuple[str, Mapping[str, Any], tuple[str, int | None, int | None]]]:
    """Each packed array with its dtype and shape; of None the size is free."""
    yield "faces", viewer["faces"], ("u2", None, 3)
    for pose in ("rest", "worst"):
        for when, block in viewer[pose].items():
            if block is not None:
                yield f"{pose}.{when}", block, ("i2", n_vertices, 3)
    for name in ("worst_pose_mm", "largest_mm"):
        yield name, viewer[name], ("i2", n_vertices, None)
    for when, rows in viewer["weights"].items():
        yield f"weights.{when}.counts", rows["counts"], ("u2", n_vertices, None)
        yield f"weights.{when}.joints", rows["joints"], ("u2", None, None)
        yield f"weights.{when}.values", rows["values"], ("f4", None, None)


def block_faults(
    place: str, block: Mapping[str, Any], wanted: tuple[str, int | None, int | None]
) -> Iterator[str]:
    """What is wrong with one packed array."""
    dtype, n_rows, n_columns = wanted
    shape = block["shape"]
    fits = len(shape) == (1 if n_columns is None else 2)
    fits = fits and shape[0] == (shape[0] if n_rows is None else n_rows)
    fits = fits and shape[1:] == ([] if n_columns is None else [n_columns])
    if not fits or block["dtype"] != dtype:
        yield f"{place} is {block['dtype']} of shape {shape}, which is not what is drawn"
        return
    try:
        n_bytes = len(base64.b64decode(block["data"], validate=True))
    except ValueError:
        yield f"{place}.data is not base64"
        return
    if n_bytes != ITEM_BYTES[dtype] * math.prod(shape):
        yield f"{place}.data has {n_bytes} bytes, which is not what its shape {shape} takes"

"""What a file holds, what is unusual about it, and whether stock smplx can load it."""

from __future__ import annotations

import dataclasses
import os
from typing import Any

import numpy as np

from ..audit.landmark_sets import skin_landmarks
from ..audit.support import landmark_support
from ..errors import ModelInvalidError, shown
from ..geometry.kinematic_tree import parents_of
from ..geometry.remarks import place_remarks, regressor_remarks, storage_remarks, tree_remarks
from ..geometry.validation import check_model
from ..io.plain_arrays import type_and_shape
from ..io.read_model import model_of, read_contents
from ..records.contents import DEFAULT_LIMITS, Contents, Limits, ObjectArray, Sparse
from ..records.families import FamilyName
from ..records.file_keys import NEEDED, REQUIRED_KEYS
from ..records.model import Model
from ..records.units import Unit
from .loading import loading_obstacles, renaming, wanted_name


def inspect_file(
    path: str | os.PathLike[str],
    *,
    family: FamilyName | None = None,
    units: Unit = "m",
    limits: Limits = DEFAULT_LIMITS,
) -> dict[str, Any]:
    """Look at a file without judging it: an invalid model is described, not refused.

    Returns:
        Plain data: ``container``, ``bytes``, ``sha256``, ``family``, ``keys``, ``weights``,
        ``remarks`` (sentences), ``landmarks`` (``known`` and ``leaking``; None for none) and
        ``smplx`` (``loads``, ``reasons`` with ``why`` and ``do``, and ``create``: see
        ``wanted_name``).

    Raises:
        ModelReadError: the file cannot be read at all.
    """
    contents = read_contents(path, limits=limits)
    found: dict[str, Any] = {
        "container": contents.container,
        "bytes": contents.n_bytes,
        "sha256": contents.sha256,
        "family": None,
        "keys": [describe(key, contents) for key in contents.entries],
        "weights": None,
        "landmarks": None,
        "remarks": [
            *contents.remarks,
            *storage_remarks(contents.notes),
        ],
    }
    try:
        model = model_of(contents, path=None, family=family, limits=limits)
        model = dataclasses.replace(model, units=units)
        check_model(model, normalize_rows=True)
    except ModelInvalidError as error:
        do = error.hint or "correct the arrays in numpy, or download the file again"
        reasons = [{"why": str(error), "do": do}]
        found["smplx"] = {"loads": False, "reasons": reasons, "create": None}
        return found
    found["remarks"] += model.source.remarks[len(contents.remarks) :]
    found["family"] = model.family.name
    found["weights"] = weight_figures(model)
    try:
        check_model(model)
    except ModelInvalidError as error:
        found["remarks"].append(str(error))
    found["remarks"] += model_remarks(model)
    found["landmarks"] = leak_counts(model)
    reasons = obstacles(contents, model)
    wanted = None if reasons else wanted_name(model.family.name, os.fspath(path))
    found["smplx"] = {"loads": not reasons, "reasons": reasons, "create": wanted}
    return found


def describe(key: str, contents: Contents) -> dict[str, Any]:
    """One key: dtype, shape, and the share of entries that are zero."""
    value = contents.entries[key]
    described: dict[str, Any] = {"key": shown(key), **type_and_shape(value), "zeros": None}
    if isinstance(value, Sparse):
        size = max(value.shape[0] * value.shape[1], 1)
        described["zeros"] = 1.0 - np.count_nonzero(value.data) / size
    elif isinstance(value, np.ndarray) and value.dtype.kind in "fiu" and value.size:
        described["zeros"] = 1.0 - np.count_nonzero(value) / value.size
    if key in contents.notes:
        described["stored_as"] = contents.notes[key]
    return described


def weight_figures(model: Model) -> dict[str, Any]:
    """Row sums and influences of the skinning weights."""
    sums = model.weights.sum(axis=1, dtype=np.float64)
    influences = np.bincount(np.count_nonzero(model.weights, axis=1))
    return {
        "sum_min": float(sums.min()),
        "sum_max": float(sums.max()),
        "influences": {str(n): int(c) for n, c in enumerate(influences) if c},
        "below_1e-2": int(np.count_nonzero((model.weights != 0) & (model.weights < 1e-2))),
        "smallest": float(model.weights[model.weights != 0].min()),
    }


def leak_counts(model: Model) -> dict[str, int] | None:
    """How many points of the skin are known, and how many of them leak."""
    try:
        landmarks = skin_landmarks(model)
    except ModelInvalidError:
        return None
    leaks = landmark_support(model, landmarks).leaks.any(axis=1)
    return {"known": len(landmarks), "leaking": int(leaks.sum())} if landmarks else None


def model_remarks(model: Model) -> list[str]:
    """Sentences on what is unusual but not wrong."""
    remarks = []
    if model.J is not None:
        off = model.J_regressor.astype(np.float64) @ model.v_template - model.J
        off_mm = model.mm * np.abs(off).max()
        if off_mm > 0.1:
            remarks.append(f"J differs from J_regressor @ v_template by up to {off_mm:.3g} mm")
    remarks += tree_remarks(model) + regressor_remarks(model, tolerance=1e-4)
    negative = int(np.count_nonzero(model.J_regressor < 0))
    if negative:
        remarks.append(f"J_regressor has {negative} negative entries")
    if (model.weights < 0).any():
        remarks.append(f"weights has {np.count_nonzero(model.weights < 0)} negative entries")
    unused = np.setdiff1d(np.arange(model.n_vertices), model.f)
    if unused.size:
        remarks.append(f"{unused.size} vertices are in no face, the first is {unused[0]}")
    return remarks + place_remarks(model)


def obstacles(contents: Contents, model: Model) -> list[dict[str, str]]:
    """Why stock smplx cannot load the file, each with what to do; empty where it can."""
    found = loading_obstacles(model.family.name, contents.container, contents.entries)
    for remark in model.source.remarks:
        found.append({"why": remark, "do": "smplprep clean writes a plain file"})
    needed = NEEDED.get(model.family.name, ())
    chumpy = [key for key, note in contents.notes.items() if note.startswith("chumpy")]
    if chumpy:
        why = f"{', '.join(map(shown, chumpy))} need the package chumpy, which no longer imports"
        found.append({"why": why, "do": "smplprep clean writes plain arrays"})
    swapped = [key for key in needed if contents.notes.get(key) == "big-endian"]
    if swapped:
        why = f"{', '.join(swapped)} are big-endian, which torch does not take"
        found.append({"why": why, "do": "smplprep clean and convert write little-endian"})
    used = {*REQUIRED_KEYS, *needed}
    boxed = [key for key in contents.entries if isinstance(contents.entries[key], ObjectArray)]
    boxed = [key for key in boxed if key in used]
    if contents.container == "npz" and boxed:
        why = f"{', '.join(map(shown, boxed))} are pickled objects in a .npz"
        found.append({"why": why, "do": "smplprep clean writes plain arrays"})
    parents = parents_of(model.kintree_table)
    if parents[0] != -1 or (parents >= np.arange(len(parents))).any():
        why = "kintree_table names a child before its parent"
        found.append({"why": why, "do": "reorder the joints"})
    if model.family.name == "other":
        why = f"it has no class for {model.n_vertices} vertices and {model.n_joints} joints"
        found.append({"why": why, "do": "use the arrays with smplx.lbs.lbs"})
    return found


def inspection_text(found: dict[str, Any]) -> str:
    """The same for a terminal of 80 columns."""
    lines = [
        f"{found['container']}, {found['bytes']:,} bytes, family {found['family'] or 'unknown'}",
        f"sha256 {found['sha256']}",
        "",
        f"{'key':<24}{'dtype':<12}{'shape':<20}{'zeros':>8}",
    ]
    for entry in found["keys"]:
        shape = "" if entry["shape"] is None else str(tuple(entry["shape"]))
        zeros = "" if entry["zeros"] is None else f"{entry['zeros']:.1%}"
        lines.append(f"{entry['key']:<24}{entry['dtype']:<12}{shape:<20}{zeros:>8}".rstrip())
    if found["weights"]:
        figures = found["weights"]
        lines += [
            "",
            f"weights: rows sum to {figures['sum_min']:.9g} ... {figures['sum_max']:.9g};"
            f" {figures['below_1e-2']:,} entries below 1e-2,"
            f" the smallest {figures['smallest']:.3g}",
            "influences per vertex: "
            + ", ".join(f"{n}: {count:,}" for n, count in figures["influences"].items()),
        ]
    if found["landmarks"]:
        known, leaking = found["landmarks"]["known"], found["landmarks"]["leaking"]
        mend = "; smplprep clean removes the leaks" if leaking else ""
        lines.append(f"landmarks: {leaking} of {known} leak{mend}")
    lines += ["", *(f"note: {sentence}" for sentence in found["remarks"])]
    if found["family"] is None:
        (fault,) = found["smplx"]["reasons"]
        return "\n".join([*lines, fault["why"], f"  {fault['do']}"])
    lines.append("stock smplx: " + ("loads it" if found["smplx"]["loads"] else "cannot load it"))
    if wanted := found["smplx"]["create"]:
        lines[-1] += f", but smplx.create only under a name that begins with {wanted}"
        lines.append(f"  do:  {renaming(found['family'])}")
    for reason in found["smplx"]["reasons"]:
        lines += [f"  why: {reason['why']}", f"  do:  {reason['do']}"]
    return "\n".join(lines)

"""Is this a body model? Every value is checked where it enters; the error names field and index."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelInvalidError, SmplprepError, inside, shown
from ..records.families import FAMILIES
from ..records.file_keys import FILLED_KEYS, FLOAT_KEYS, REQUIRED_KEYS
from ..records.model import Model
from ..records.units import MILLIMETERS
from .kinematic_tree import parents_of
from .mending import shuffled_ids, wrong
from .other_kinds import TAKE_THE_MODEL, kind_of, renamed
from .shapes import check_array, check_shape, check_shapes

MAX_NEGATIVE_WEIGHT = 1e-6  # larger ones are no rounding noise
MAX_SUM_ERROR = 1e-2
MAX_SIZE = 1e9  # of any number; its square is still far from the end of float64


def check_keys(keys: list[str]) -> None:
    """Raise ModelInvalidError unless every key is there that nothing can stand for."""
    if (other := kind_of(keys)) is not None:
        what, hint = other
        raise ModelInvalidError(f"this is {what}, not a body model", hint=hint)
    missing = [key for key in REQUIRED_KEYS if key not in keys and key not in FILLED_KEYS]
    if not missing:
        return
    found = shown(", ".join(keys) or "none", 160)
    raise ModelInvalidError(
        f"this is not an SMPL-family model: it lacks {', '.join(missing)} (keys: {found})",
        hint=renamed(missing, keys) or TAKE_THE_MODEL,
    )


def check_model(
    model: Model, *, normalize_rows: bool = False, fill_unweighted: bool = False
) -> None:
    """Raise ModelInvalidError unless the arrays make one body model.

    Args:
        model: as read.
        normalize_rows: accept skinning rows whatever their (positive) sum; cleaning rescales them.
        fill_unweighted: accept vertices without any weight, if there are others.
    """
    with inside(path=model.source.path):
        check_shapes(model)
        check_family(model)
        check_source(model)
        check_hands(model)
        for key in FLOAT_KEYS:
            array = getattr(model, key)
            if isinstance(array, np.ndarray) and array.dtype.kind == "f":
                check_finite(array, key)
        check_faces(model)
        check_ids(model.kintree_table)
        parents_of(model.kintree_table)
        unweighted = check_unweighted(model.weights, accept=fill_unweighted)
        check_weights(model.weights, ~unweighted, normalize_rows=normalize_rows)


def check_hands(model: Model) -> None:
    """The hands of SMPL-H and SMPL-X: fifteen joints' rotations each, and any number of directions.

    Stock smplx loads others as well, and fails when it poses them.
    """
    if model.family.name not in ("smplh", "smplx"):
        return
    for side in "lr":
        for key, shape in ((f"hands_mean{side}", (45,)), (f"hands_components{side}", (None, 45))):
            check_array(model, key)
            check_shape(model, key, shape, why="but a hand's pose requires")


def check_source(model: Model) -> None:
    """What the user said of the file: as many names as joints, and a known unit."""
    names = model.named_joints
    if names and len(names) != model.n_joints:
        raise SmplprepError(f"{len(names)} joint names, but the model has {model.n_joints} joints")
    if model.units not in MILLIMETERS:
        known = ", ".join(MILLIMETERS)
        raise SmplprepError(f"the unit {shown(model.units)!r} is not one of {known}")


def check_family(model: Model) -> None:
    """A family that the user named must have the joints that the file has."""
    name = model.family_name
    if name is not None and name not in FAMILIES:
        raise SmplprepError(f"the family {shown(name)!r} is not one of {', '.join(FAMILIES)}")
    if name is None or not FAMILIES[name].joints:
        return
    n_expected = len(FAMILIES[name].joints)
    if model.n_joints != n_expected:
        raise ModelInvalidError(
            f"{name} has {n_expected} joints, but this file has {model.n_joints}",
            key="weights",
        )


def at(index: Any) -> str:
    """An index as it is written in Python: [3, 1, 7]."""
    return "[" + ", ".join(str(int(i)) for i in index) + "]"


def check_finite(array: NDArray, key: str) -> None:
    """No NaN, no infinity, nothing absurd. The sum of squares is a cheap first look at all."""
    flat = array.reshape(-1)
    with np.errstate(over="ignore", invalid="ignore"):
        square = np.dot(flat, flat)
        if np.isfinite(square) and square <= MAX_SIZE**2:
            return
        # float16 has infinity where 1e9 would be.
        bad = np.argwhere(~(np.isfinite(array) & (np.abs(array) <= MAX_SIZE)))
    if len(bad):
        value = array[tuple(bad[0])]
        what = "too large for a body" if np.isfinite(value) else "not a finite number"
        raise ModelInvalidError(f"{key}{at(bad[0])}: {value} is {what}", key=key)


def check_faces(model: Model) -> None:
    """Faces name vertices by whole numbers in range."""
    faces = model.f
    if faces.size and faces.min() == 1 and faces.max() == model.n_vertices:
        what = f"counts vertices from 1 to {model.n_vertices}, as OBJ files do, not from 0"
        raise wrong("f", what, 'd["f"] - 1')
    outside = ~((faces >= 0) & (faces < model.n_vertices))
    if faces.dtype.kind == "f":
        outside |= np.where(np.isfinite(faces), faces, 0.5) % 1 != 0
    if outside.any():
        index = np.argwhere(outside)[0]
        raise ModelInvalidError(
            f"f{at(index)}: {faces[tuple(index)]} is not a vertex index below {model.n_vertices}",
            key="f",
        )


def check_ids(kintree_table: NDArray) -> None:
    """Refuse joints that are numbered in another order than that of the columns."""
    ids, n_joints = kintree_table[1], kintree_table.shape[1]
    if (ids != np.arange(n_joints)).any() and np.array_equal(np.sort(ids), np.arange(n_joints)):
        raise shuffled_ids()


def check_unweighted(weights: NDArray, *, accept: bool) -> NDArray[np.bool_]:
    """(V,) the vertices without any weight; an error unless they are accepted."""
    unweighted = np.asarray(~weights.any(axis=1))
    listed = np.flatnonzero(unweighted)
    if len(listed) == len(weights):
        raise ModelInvalidError("no vertex has any weight", key="weights")
    if len(listed) and not accept:
        some = ", ".join(map(str, listed[:10].tolist()))
        more = f" and {len(listed) - 10} more" if len(listed) > 10 else ""
        verb = "vertices have" if len(listed) > 1 else "vertex has"
        raise ModelInvalidError(
            f"{len(listed)} {verb} no weight at all: {some}{more}",
            key="weights",
            hint="clean --fill-unweighted gives each the weights of the nearest weighted vertex.",
        )
    return unweighted


def check_weights(weights: NDArray, rows: NDArray[np.bool_], *, normalize_rows: bool) -> None:
    """Skinning weights: no real negative, and in these rows a sum of 1 within a hundredth.

    ``prune_weights`` rescales what is off by more than rounding: one eps for each entry.
    """
    lowest = weights.min()
    if lowest < -MAX_NEGATIVE_WEIGHT:
        index = np.argwhere(weights == lowest)[0]
        raise ModelInvalidError(f"weights{at(index)}: {lowest} is negative", key="weights")
    sums = np.where(rows, weights.sum(axis=1, dtype=np.float64), 1)
    worst = int(np.abs(sums - 1.0).argmax())
    positive = sums > 0
    if not positive.all():
        vertex = int(np.flatnonzero(~positive)[0])
        raise ModelInvalidError(
            f"weights[{vertex}]: the row sums to {sums[vertex]:.6g}", key="weights"
        )
    if abs(sums[worst] - 1.0) > MAX_SUM_ERROR and not normalize_rows:
        n_off = int((np.abs(sums - 1.0) > MAX_SUM_ERROR).sum())
        others = f", and {n_off - 1} more are off" if n_off > 1 else ""
        raise ModelInvalidError(
            f"weights[{worst}]: the row sums to {sums[worst]:.6g}, not 1{others}",
            key="weights",
            hint="--normalize-rows accepts such rows and rescales them.",
        )

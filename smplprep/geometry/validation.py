"""Is this a body model? Every value is checked where it enters; the error names field and index."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelInvalidError, SmplprepError, inside, shown
from ..records.families import FAMILIES
from ..records.file_keys import FLOAT_KEYS, REQUIRED_KEYS
from ..records.model import Model
from .kinematic_tree import parents_of

MAX_NEGATIVE_WEIGHT = 1e-6  # larger ones are no rounding noise
MAX_SUM_ERROR = 1e-2
MAX_SIZE = 1e9  # of any number; its square is still far from the end of float64
# Tables of all joints by all joints, of what each direction does and of where each vertex goes in
# every pose are made of every model.
MAX_VERTICES, MAX_JOINTS, MAX_DIRECTIONS = 1_000_000, 1024, 10_000


def check_keys(keys: list[str]) -> None:
    """Raise ModelInvalidError unless every key that stock smplx needs of any model is there."""
    missing = [key for key in REQUIRED_KEYS if key not in keys]
    if missing:
        found = shown(", ".join(keys) or "none", 160)
        raise ModelInvalidError(
            f"no {missing[0]} in it, so this is no SMPL-family model (keys: {found})"
        )


def check_model(model: Model, *, normalize_rows: bool = False) -> None:
    """Raise ModelInvalidError unless the arrays make one body model.

    Args:
        model: as read.
        normalize_rows: accept skinning rows whatever their (positive) sum; cleaning rescales them.
    """
    with inside(path=model.source.path):
        check_shapes(model)
        check_family(model)
        check_hands(model)
        for key in FLOAT_KEYS:
            array = getattr(model, key)
            if isinstance(array, np.ndarray) and array.dtype.kind == "f":
                check_finite(array, key)
        check_faces(model)
        parents_of(model.kintree_table)
        check_rows(model.J_regressor, "J_regressor", "joint")
        check_rows(model.weights, "weights", "vertex")
        check_weights(model, normalize_rows=normalize_rows)


def check_shapes(model: Model) -> None:
    """V comes from ``v_template``, J from ``weights``; everything else must follow."""
    for key in (*REQUIRED_KEYS, "J"):
        array = getattr(model, key)
        if array is None:
            continue
        check_array(model, key)
        kinds = "fiu" if key in ("f", "kintree_table") else "f"
        if array.dtype.kind not in kinds:
            raise ModelInvalidError(
                f"{key} has dtype {array.dtype}, not one of numbers that fit it", key=key
            )
    if model.v_template.ndim != 2 or model.weights.ndim != 2:
        key = "v_template" if model.v_template.ndim != 2 else "weights"
        raise ModelInvalidError(f"{key} is not a table of rows", key=key)
    n_vertices, n_joints = model.v_template.shape[0], model.weights.shape[1]
    if n_joints == n_vertices != model.weights.shape[0]:
        raise ModelInvalidError(
            f"weights has shape {model.weights.shape}, joints first; vertices come first, "
            f"({n_vertices}, joints)",
            key="weights",
        )
    check_features(model, n_joints)
    if n_vertices == 0 or n_joints == 0:
        raise ModelInvalidError(f"{n_vertices} vertices and {n_joints} joints")
    n_directions = model.shapedirs.shape[-1] if model.shapedirs.ndim else 0
    for count, limit, what in (
        (n_vertices, MAX_VERTICES, "vertices"),
        (n_joints, MAX_JOINTS, "joints"),
        (n_directions, MAX_DIRECTIONS, "shape directions"),
    ):
        if count > limit:
            raise ModelInvalidError(f"{count} {what}; the limit is {limit}")
    expected: dict[str, tuple[int | None, ...]] = {
        "v_template": (n_vertices, 3),
        "f": (None, 3),
        "weights": (n_vertices, n_joints),
        "J_regressor": (n_joints, n_vertices),
        "kintree_table": (2, n_joints),
        "shapedirs": (n_vertices, 3, None),
        "posedirs": (n_vertices, 3, 9 * (n_joints - 1)),
        "J": (n_joints, 3),
    }
    for key, shape in expected.items():
        check_shape(model, key, shape, why="but v_template and weights ask for")


def check_hands(model: Model) -> None:
    """The hands of SMPL-H and SMPL-X: fifteen joints' rotations each, and any number of directions.

    Stock smplx loads others as well, and fails when it poses them.
    """
    if model.family.name not in ("smplh", "smplx"):
        return
    for side in "lr":
        for key, shape in ((f"hands_mean{side}", (45,)), (f"hands_components{side}", (None, 45))):
            check_array(model, key)
            check_shape(model, key, shape, why="where a hand's pose takes")


def check_array(model: Model, key: str) -> None:
    """Raise ModelInvalidError where a field that is there is no array."""
    value = getattr(model, key)
    if value is not None and not isinstance(value, np.ndarray):
        raise ModelInvalidError(f"{key} is a {type(value).__name__}, not an array", key=key)


def check_shape(model: Model, key: str, shape: tuple[int | None, ...], *, why: str) -> None:
    """Raise ModelInvalidError unless the array, if there is one, has this shape; None is any."""
    array = getattr(model, key)
    if array is not None and not fits(array.shape, shape):
        sizes = ["any" if n is None else str(n) for n in shape]
        wanted = f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''})"
        raise ModelInvalidError(f"{key} has shape {array.shape}, {why} {wanted}", key=key)


def check_features(model: Model, n_joints: int) -> None:
    """Refuse STAR and SUPR: the same keys, but posed by quaternions, so that posedirs is another.

    Source: star/pytorch/star.py and supr/pytorch/supr.py in their authors' repositories. STAR has
    four features for each joint but the root and one for the body's mass, SUPR four for each joint.
    """
    n_features = model.posedirs.shape[-1] if model.posedirs.ndim == 3 else 0
    name = {4 * n_joints - 3: "STAR", 4 * n_joints: "SUPR"}.get(n_features)
    if name is not None:
        raise ModelInvalidError(
            f"this is a {name} model: posedirs has {n_features} features, made of quaternions, "
            f"where SMPL's has {9 * (n_joints - 1)}, made of rotation matrices; stock smplx has "
            f"no class for it, and smplprep does not clean it",
            key="posedirs",
        )


def check_family(model: Model) -> None:
    """A family that the user named must have the joints that the file has."""
    name = model.source.family
    if name is not None and name not in FAMILIES:
        raise SmplprepError(f"the family {shown(name)!r} is none of {', '.join(FAMILIES)}")
    if name is None or not FAMILIES[name].joints:
        return
    n_expected = len(FAMILIES[name].joints)
    if model.n_joints != n_expected:
        raise ModelInvalidError(
            f"{name} has {n_expected} joints, but this file has {model.n_joints}",
            key="weights",
        )


def fits(shape: tuple[int, ...], wanted: tuple[int | None, ...]) -> bool:
    """Whether the shape is the wanted one, None standing for any length."""
    return len(shape) == len(wanted) and all(
        w is None or n == w for n, w in zip(shape, wanted, strict=True)
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
        what = "too large for a body" if np.isfinite(value) else "no number"
        raise ModelInvalidError(f"{key}{at(bad[0])}: {value} is {what}", key=key)


def check_faces(model: Model) -> None:
    """Faces name vertices by whole numbers in range."""
    faces = model.f
    wrong = ~((faces >= 0) & (faces < model.n_vertices))
    if faces.dtype.kind == "f":
        wrong |= np.where(np.isfinite(faces), faces, 0.5) % 1 != 0
    if wrong.any():
        index = np.argwhere(wrong)[0]
        raise ModelInvalidError(
            f"f{at(index)}: {faces[tuple(index)]} is no vertex of {model.n_vertices}",
            key="f",
        )


def check_rows(table: NDArray, key: str, row_name: str) -> None:
    """No row of nothing but zeros."""
    empty = np.flatnonzero(~table.any(axis=1))
    if empty.size:
        raise ModelInvalidError(
            f"{key}[{empty[0]}]: the row of {row_name} {empty[0]} is all zero", key=key
        )


def check_weights(model: Model, *, normalize_rows: bool) -> None:
    """Skinning weights: no real negative, rows that sum to 1 within a hundredth."""
    weights = model.weights
    lowest = weights.min()
    if lowest < -MAX_NEGATIVE_WEIGHT:
        index = np.argwhere(weights == lowest)[0]
        raise ModelInvalidError(f"weights{at(index)}: {lowest} is negative", key="weights")
    sums = weights.sum(axis=1, dtype=np.float64)
    worst = int(np.abs(sums - 1.0).argmax())
    positive = sums > 0
    if not positive.all():
        vertex = int(np.flatnonzero(~positive)[0])
        raise ModelInvalidError(
            f"weights[{vertex}]: the row sums to {sums[vertex]:.6g}", key="weights"
        )
    if abs(sums[worst] - 1.0) > MAX_SUM_ERROR and not normalize_rows:
        raise ModelInvalidError(
            f"weights[{worst}]: the row sums to {sums[worst]:.6g}, not 1",
            key="weights",
            hint="--normalize-rows accepts such rows and rescales them.",
        )

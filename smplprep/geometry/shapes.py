"""The shapes and types of a model's arrays: V from ``v_template``, J from ``kintree_table``."""

from __future__ import annotations

import numpy as np

from ..errors import ModelInvalidError
from ..records.contents import ObjectArray
from ..records.file_keys import FLOAT_KEYS, REQUIRED_KEYS
from ..records.model import Model
from .mending import Shape, fits, no_floats, shape_text, wrong, wrong_shape

# What a command takes grows with vertices x joints and with faces, far beyond a file's own size.
MAX_VERTICES, MAX_JOINTS, MAX_DIRECTIONS, MAX_FACES = 1_000_000, 1024, 10_000, 4_000_000
MAX_WEIGHTS = 20_000_000  # vertices x joints; half of faces x joints, too


def check_shapes(model: Model) -> None:
    """Raise ModelInvalidError unless all arrays are of one size, and of numbers."""
    for key in (*REQUIRED_KEYS, "J"):
        check_numbers(model, key)
    check_shape(model, "v_template", (None, 3), why="but must have")
    check_shape(model, "kintree_table", (2, None), why="but must have")
    n_vertices, n_joints = len(model.v_template), model.kintree_table.shape[1]
    check_features(model, n_joints)
    check_sizes(model, n_vertices, n_joints)
    expected: dict[str, Shape] = {
        "f": (None, 3),
        "weights": (n_vertices, n_joints),
        "J_regressor": (n_joints, n_vertices),
        "shapedirs": (n_vertices, 3, None),
        "posedirs": (n_vertices, 3, 9 * (n_joints - 1)),
        "J": (n_joints, 3),
    }
    for key, shape in expected.items():
        check_shape(model, key, shape, why="but v_template and kintree_table require")


def check_numbers(model: Model, key: str) -> None:
    """A field that is there is an array of numbers of its kind."""
    check_array(model, key)
    array = getattr(model, key)
    if array is None or array.dtype.kind == "f":
        return
    if array.dtype.kind in "iub" and key in FLOAT_KEYS:
        raise no_floats(key, array)
    if array.dtype.kind not in "iu":
        raise ModelInvalidError(f"{key} has dtype {array.dtype}, not numbers", key=key)


def check_array(model: Model, key: str) -> None:
    """Raise ModelInvalidError where a field that is there is not an array."""
    value = getattr(model, key)
    if value is None or isinstance(value, np.ndarray):
        return
    if isinstance(value, list | tuple):
        lists = "{k: np.array(v) for k, v in d.items() if isinstance(v, (list, tuple))}"
        message = f"{key} is a {type(value).__name__}, not an array"
        raise ModelInvalidError(message, key=key, hint=f"Fix it in numpy: d.update({lists})")
    if isinstance(value, ObjectArray):
        numbers = f'np.array(d["{key}"].tolist())'
        raise wrong(key, "is an array of objects, not of numbers", numbers)
    raise ModelInvalidError(f"{key} is a {type(value).__name__}, not an array", key=key)


def check_shape(model: Model, key: str, shape: Shape, *, why: str) -> None:
    """Raise ModelInvalidError unless the array, if there is one, has this shape."""
    array = getattr(model, key)
    if array is None or fits(array.shape, shape):
        return
    if (known := wrong_shape(key, array.shape, shape)) is not None:
        raise known
    message = f"{key} has shape {array.shape}, {why} {shape_text(shape)}"
    raise ModelInvalidError(message, key=key)


def check_sizes(model: Model, n_vertices: int, n_joints: int) -> None:
    """Refuse what is empty, and what is larger than any body."""
    if n_vertices == 0 or n_joints == 0:
        raise ModelInvalidError(f"the model has {n_vertices} vertices and {n_joints} joints")
    n_directions = model.shapedirs.shape[-1] if model.shapedirs.ndim == 3 else 0
    n_faces = model.f.size // 3
    for count, limit, what in (
        (n_vertices, MAX_VERTICES, "vertices"),
        (n_joints, MAX_JOINTS, "joints"),
        (n_directions, MAX_DIRECTIONS, "shape directions"),
        (n_faces, MAX_FACES, "faces"),
        (n_vertices * n_joints, MAX_WEIGHTS, "vertices x joints"),
        (n_faces * n_joints, 2 * MAX_WEIGHTS, "faces x joints"),
    ):
        if count > limit:
            raise ModelInvalidError(f"{count} {what}; the limit is {limit}")


def check_features(model: Model, n_joints: int) -> None:
    """Refuse STAR and SUPR: the same keys, but posed by quaternions, so that posedirs is another.

    Source: star/pytorch/star.py and supr/pytorch/supr.py in their authors' repositories. STAR has
    four features for each joint but the root and one for the body's mass, SUPR four for each joint.
    """
    n_features = model.posedirs.shape[-1] if model.posedirs.ndim == 3 else 0
    name = {4 * n_joints - 3: "STAR", 4 * n_joints: "SUPR"}.get(n_features)
    if name is not None and n_features != 9 * (n_joints - 1):
        raise ModelInvalidError(
            f"this is a {name} model: posedirs has {n_features} features, made of quaternions, "
            f"where SMPL's has {9 * (n_joints - 1)}, made of rotation matrices; stock smplx has "
            f"no class for it, and smplprep does not clean it",
            key="posedirs",
            hint="Take a model of SMPL, SMPL-H, SMPL-X, MANO or FLAME.",
        )

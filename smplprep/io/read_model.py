"""Read a model file of any container, and judge it."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import inside
from ..geometry.validation import check_keys, check_model
from ..records.contents import DEFAULT_LIMITS, Contents, Limits, ObjectArray, Sparse, read_only
from ..records.families import FamilyName, family_of
from ..records.file_keys import FILLED_KEYS, OPTIONAL_KEYS, REQUIRED_KEYS
from ..records.model import Model, Source
from ..records.units import Unit
from .npz.npy import check_shape
from .packed_file import PackedFile, read_packed
from .sparse import densify


def read_model(
    path: str | os.PathLike[str],
    *,
    normalize_rows: bool = False,
    fill_unweighted: bool = False,
    family: FamilyName | None = None,
    joint_names: Sequence[str] = (),
    units: Unit = "m",
    limits: Limits = DEFAULT_LIMITS,
) -> Model:
    """Read an SMPL-family model (.npz, .pkl or .h5, recognized by content) without running it.

    Args:
        path: the file.
        normalize_rows: accept skinning rows whose sum is off by more than 1e-2.
        fill_unweighted: accept vertices without any weight; the transform of that name fills them.
        family: one of ``families.FAMILIES``; None goes by the file's content.
        joint_names: of all joints in their order; without them the family's, or the file's own.
        units: of lengths in the file, "m", "cm" or "mm"; figures in mm go by it.
        limits: how much the file may ask for.

    Returns:
        The model, its arrays read-only and in the file's dtypes.

    Raises:
        ModelReadError: damaged, hostile, or no model file; nothing in it was run.
        ModelInvalidError: well-formed, but no body model; the message names key and index.
    """
    packed = read_packed(path, limits=limits)
    return decoded_model(
        packed,
        normalize_rows=normalize_rows,
        fill_unweighted=fill_unweighted,
        family=family,
        joint_names=joint_names,
        units=units,
    )


def decoded_model(
    packed: PackedFile,
    *,
    normalize_rows: bool = False,
    fill_unweighted: bool = False,
    family: FamilyName | None = None,
    joint_names: Sequence[str] = (),
    units: Unit = "m",
) -> Model:
    """The model in a file that was read already; see ``read_model``."""
    contents = decoded(packed)
    model = model_of(contents, path=packed.path, family=family, limits=packed.limits)
    model = dataclasses.replace(model, named_joints=tuple(joint_names), units=units)
    check_model(model, normalize_rows=normalize_rows, fill_unweighted=fill_unweighted)
    return model


def read_contents(path: str | os.PathLike[str], *, limits: Limits = DEFAULT_LIMITS) -> Contents:
    """The entries of a file, decoded but not judged."""
    return decoded(read_packed(path, limits=limits))


def decoded(packed: PackedFile) -> Contents:
    """The entries of a file that was read already."""
    if packed.container == "npz":
        from .npz.read import read_npz as read
    elif packed.container == "npy":
        from .npz.read import read_npy as read
    elif packed.container == "h5":
        from .h5.read import read_h5 as read
    elif packed.container == "torch":
        from .pickle.read import read_torch_model as read
    elif packed.container == "json":
        from .json_model import read_json as read
    else:
        from .pickle.read import read_pickle_model as read
    with inside(path=packed.path):
        return read(packed)


def model_of(
    contents: Contents,
    *,
    path: str | None,
    family: FamilyName | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Model:
    """The contents as a Model, not yet judged: sparse matrices of the schema made dense."""
    with inside(path=path):
        check_keys(list(contents.entries))
    fields: dict[str, Any] = {}
    extras: dict[str, Any] = {}
    sparse: dict[str, str] = {}
    for key, value in contents.entries.items():
        value = unwrapped(value)
        if key not in REQUIRED_KEYS and key not in OPTIONAL_KEYS:
            extras[key] = value
            continue
        if isinstance(value, Sparse):
            sparse[key] = value.layout
            with inside(path=path, key=key):
                value = densify(value, limits=limits)
        fields[key] = value
    remarks = list(contents.remarks)
    for key in (key for key in FILLED_KEYS if key not in fields):
        with inside(path=path, key=key):
            fields[key] = zeros_for(key, fields, family=family, limits=limits)
        remarks.append(
            f"{key} is not in the file; zeros of shape {fields[key].shape} take its place, so that "
            f"stock smplx loads the output"
        )
    source = Source(
        path=path,
        container=contents.container,
        sha256=contents.sha256,
        n_bytes=contents.n_bytes,
        keys=tuple(contents.entries),
        sparse=sparse if contents.container != "npz" else {},
        notes=contents.notes,
        remarks=tuple(remarks),
        # What had to be converted is no longer what the archive holds.
        members={
            key: member for key, member in contents.members.items() if key not in contents.notes
        },
        deflated=frozenset(key for key, member in contents.members.items() if member.method),
    )
    return Model(**fields, extras=extras, source=source, family_name=family)


def zeros_for(
    key: str, fields: Mapping[str, Any], *, family: FamilyName | None, limits: Limits
) -> NDArray:
    """Blend shapes that move nothing, as many as stock smplx asks for.

    Source: smplx 0.1.28, ``body_models.py``: 10 shapes, with 10 expressions behind them in SMPL-X
    and FLAME.
    """
    none = np.zeros((0, 0))  # what is not a table is refused later, whatever zeros stand beside it
    found = (fields["v_template"], fields["kintree_table"])
    template, tree = (a if isinstance(a, np.ndarray) and a.ndim == 2 else none for a in found)
    n_vertices, n_joints = template.shape[0], tree.shape[1]
    dtype = template.dtype if template.dtype.kind == "f" else np.dtype(np.float64)
    name = family or family_of(n_vertices, n_joints).name
    n_shapes = 20 if name in ("smplx", "flame") else 10
    size = n_shapes if key == "shapedirs" else 9 * max(n_joints - 1, 0)
    check_shape((n_vertices, 3, size), dtype.itemsize, limits=limits)
    return read_only(np.zeros((n_vertices, 3, size), dtype))


def unwrapped(value: object) -> object:
    """The only item of a 0-d object array, which ``np.savez(**pickled_model)`` leaves behind."""
    if isinstance(value, ObjectArray) and value.shape == ():
        return value.items[0]
    return value

"""Two models side by side: of the same vertices, joints and tree, over the shapes both have."""

from __future__ import annotations

import dataclasses

import numpy as np

from ..errors import SmplprepError
from ..records.model import Model
from .kinematic_tree import parents_of


def check_same_topology(a: Model, b: Model) -> None:
    """Raise unless the two have the same vertices, joints and tree."""
    for what, ours, theirs in (
        ("vertices", a.n_vertices, b.n_vertices),
        ("joints", a.n_joints, b.n_joints),
    ):
        if ours != theirs:
            raise SmplprepError(
                f"it does not match {a.source.path}: it has {theirs} {what}, not {ours}",
                path=b.source.path,
            )
    if not np.array_equal(parents_of(a.kintree_table), parents_of(b.kintree_table)):
        raise SmplprepError(
            f"it does not match {a.source.path}: the kinematic trees differ",
            path=b.source.path,
            key="kintree_table",
        )


def with_shapes(model: Model, n_shapes: int) -> Model:
    """The model with its first shape directions only; itself where it has no more."""
    if model.shapedirs.shape[2] == n_shapes:
        return model
    return dataclasses.replace(model, shapedirs=model.shapedirs[:, :, :n_shapes])


def over_common_shapes(a: Model, b: Model) -> tuple[Model, Model]:
    """Both with the shape directions that both have."""
    n_shapes = min(a.shapedirs.shape[2], b.shapedirs.shape[2])
    return with_shapes(a, n_shapes), with_shapes(b, n_shapes)

"""What the user keeps from any policy: the weights of some joints, and of some vertices."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...errors import SmplprepError, shown
from ...records.model import Model
from ...records.options import Options


def protected_entries(model: Model, options: Options) -> NDArray[np.bool_] | None:
    """(V, J) weights that are not to be touched; None where the options name none.

    Raises:
        SmplprepError: a name that is not a joint's, or an index that is not a vertex.
    """
    if not options.keep_joints and not options.keep_vertices:
        return None
    protected = np.zeros((model.n_vertices, model.n_joints), dtype=bool)
    protected[:, joints_named(options.keep_joints, model)] = True
    for vertex in options.keep_vertices:
        if not 0 <= vertex < model.n_vertices:
            raise SmplprepError(
                f"{vertex} is not a vertex index below {model.n_vertices}",
                path=getattr(options.keep_vertices, "path", None),
            )
        protected[vertex] = True
    return protected


def joints_named(names: tuple[str, ...], model: Model) -> list[int]:
    """The joints with these names: the family's in either vocabulary, the file's or the user's."""
    known = [model.family.joint_names(model.n_joints, words) for words in ("smplx", "mixamo")]
    index = {name: j for names in (*known, model.joint_names()) for j, name in enumerate(names)}
    for name in names:
        if name not in index:
            raise SmplprepError(
                f"{shown(name)!r} is not a joint of this model",
                path=model.source.path,
                hint=f"Its joints are {', '.join(model.joint_names())}.",
            )
    return [index[name] for name in names]

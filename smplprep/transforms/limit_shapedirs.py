"""Keep the first shape directions: a smaller file, for fits of ten betas to a model of 300."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..geometry.displacement import Distances, apart_mm
from ..geometry.poses import shape_set
from ..geometry.skinning import blocks
from ..records.change import Change
from ..records.model import Model
from ..records.options import checked


def limit_shapedirs(model: Model, *, n_betas: int | None = None) -> tuple[Model, Change]:
    """Keep the first ``n_betas`` shape directions.

    SMPL-X and FLAME have expressions after the shapes, and loaders find them by their place. So
    these stay, and shape directions before them become zero. All other directions are removed.

    Args:
        model: ``shapedirs`` (V, 3, B), meters per standard deviation.
        n_betas: at least 1; None, or as many as there are, changes nothing.

    Returns:
        The new model and its Change. Its ``lost_*_mm`` say how far vertices of the unposed body
        move because of it, over shapes drawn from N(0, 1).

    Raises:
        SmplprepError: ``n_betas`` is less than 1.
    """
    n_betas, src = checked("n_betas", n_betas), model.shapedirs
    n_kept = src.shape[2] if n_betas is None else n_betas
    first, last = expressions_of(model)
    n_after = min(src.shape[2], max(n_kept, last))
    dst = src[:, :, :n_after].copy()
    dst[:, :, n_kept:first] = 0
    gone = np.ones(src.shape[2], dtype=bool)
    gone[:n_kept] = gone[first:last] = False
    lost = lost_mm(src, np.flatnonzero(gone))
    n_zero = max(first - n_kept, 0)
    touched = src.shape[2] > n_after or src[:, :, n_kept:first].any()
    change = Change(
        transform="limit_shapedirs",
        field="shapedirs",
        options={"n_betas": n_betas},
        entries_before=int(np.count_nonzero(src)),
        entries_after=int(np.count_nonzero(dst)),
        rows_touched=len(src) if touched else 0,
        figures={
            "directions_before": src.shape[2],
            "directions_after": n_after,
            "directions_zeroed": n_zero,
            **lost,
        },
    )
    return (model.with_arrays(shapedirs=dst) if touched else model), change


def expressions_of(model: Model) -> tuple[int, int]:
    """The first direction that loaders take for an expression, and the first after these.

    Source: smplx 0.1.28, ``SMPLX.__init__`` and ``FLAME.__init__``: of 400 directions or more, 100
    from 300 on; else, ten from ten on.
    """
    n_directions = model.shapedirs.shape[2]
    if model.family.name not in ("smplx", "flame") or n_directions <= 10:
        return (0, 0)
    return (300, 400) if n_directions >= 400 else (10, 20)


def lost_mm(shapedirs: NDArray, gone: NDArray[np.intp]) -> dict[str, float]:
    """How far vertices lie from where they were without these directions, over random shapes."""
    betas = shape_set(shapedirs.shape[2])[:, gone]
    distances = Distances(len(shapedirs), len(betas))
    for block in blocks(len(shapedirs)):
        moved = shapedirs[block][:, :, gone].astype(np.float64) @ betas.T
        distances.add(apart_mm(moved, np.zeros(1), axis=1).astype(np.float32))
    over_all = distances.summary()
    return {
        "lost_mean_mm": over_all.mean_mm,
        "lost_p99_mm": over_all.p99_mm,
        "lost_max_mm": over_all.max_mm,
    }

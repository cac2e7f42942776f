"""Zero the shape blend shapes: the body keeps its template shape whatever the betas are."""

from __future__ import annotations

import numpy as np

from ..records.change import Change
from ..records.model import Model


def zero_shapedirs(model: Model) -> tuple[Model, Change]:
    """Replace ``shapedirs`` by zeros of the same shape and dtype.

    The key stays, since stock smplx fails without it.

    Args:
        model: ``shapedirs`` (V, 3, B), meters per standard deviation.

    Returns:
        The new model and its Change.

    Source: the investigation's second switch, ``v_shaped = v_template``.
    """
    nonzero = model.shapedirs.any(axis=(1, 2))
    change = Change(
        transform="zero_shapedirs",
        field="shapedirs",
        options={},
        entries_before=int(np.count_nonzero(model.shapedirs)),
        entries_after=0,
        rows_touched=int(np.count_nonzero(nonzero)),
    )
    if change.nothing_to_do:
        return model, change
    return model.with_arrays(shapedirs=np.zeros_like(model.shapedirs)), change

"""Small weights are spurious: the investigation's rule."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...records.model import Model


def threshold(model: Model, *, tolerance: float) -> NDArray[np.bool_]:
    """(V, J) every weight below ``tolerance``; one equal to it stays.

    Args:
        model: ``weights`` (V, J).
        tolerance: dimensionless; compared in the stored dtype, as torch does.
    """
    weights = model.weights
    # float32(0.01) equals a tolerance of 0.01.
    return (weights != 0) & (weights < weights.dtype.type(tolerance))

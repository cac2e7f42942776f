"""Small weights are spurious: the investigation's rule."""

from __future__ import annotations

from ...records.model import Model
from .found import Found


def threshold(model: Model, *, tolerance: float) -> Found:
    """Remove every weight below ``tolerance``; one equal to it stays.

    Args:
        model: ``weights`` (V, J).
        tolerance: dimensionless; compared in the stored dtype, as torch does.
    """
    weights = model.weights
    # float32(0.01) equals a tolerance of 0.01.
    small = (weights != 0) & (weights < weights.dtype.type(tolerance))
    return Found({"threshold": small}, [])

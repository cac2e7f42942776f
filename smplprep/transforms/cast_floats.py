"""Cast the model's arrays to a smaller float type: half the file, about 1e-7 m of precision."""

from __future__ import annotations

import numpy as np

from ..records.change import Change
from ..records.file_keys import FLOAT_KEYS
from ..records.model import Model
from ..records.options import FloatType, checked


def cast_floats(model: Model, *, dtype: FloatType = "float32") -> tuple[Model, Change]:
    """Store every float array of the schema in ``dtype``; other keys stay as they are.

    Stock smplx computes in float32 unless asked otherwise, so the wider file gains it nothing.

    Args:
        model: any.
        dtype: "float32", or "same" for nothing to do.

    Returns:
        The new model and its Change; its entries are those of all arrays that were cast.

    Raises:
        SmplprepError: another dtype.
    """
    checked("dtype", dtype)
    arrays = {}
    if dtype != "same":
        for key in FLOAT_KEYS:
            array = getattr(model, key)
            if isinstance(array, np.ndarray) and array.dtype.kind == "f" and array.dtype != dtype:
                arrays[key] = array.astype(dtype)
                arrays[key] += 0.0  # what is too small for the type is 0, not -0
    entries = sum(array.size for array in arrays.values())
    change = Change(
        transform="cast_floats",
        field=", ".join(arrays),
        options={"dtype": dtype},
        entries_before=entries,
        entries_after=entries,
        rows_touched=sum(len(array) for array in arrays.values()),
    )
    return (model.with_arrays(**arrays) if arrays else model), change

"""A model of ten vertices and four joints, and whether a file holds it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import small_files

from smplprep import read_model
from smplprep.records.model import Model

FIELDS = ("v_template", "f", "weights", "J_regressor", "kintree_table", "shapedirs", "posedirs")


def model_dict() -> dict[str, Any]:
    """As a pickle holds it. Each entry of posedirs and shapedirs has a value of its own."""
    arrays: dict[str, Any] = small_files.arrays()
    arrays["posedirs"] = np.linspace(-1, 1, 810, dtype=np.float32).reshape(10, 3, 27)
    arrays["shapedirs"] = np.linspace(-2, 2, 60).reshape(10, 3, 2)
    return arrays | {"bs_type": "lrotmin"}


def assert_read(path: Path, *, rtol: float = 0) -> Model:
    """The file holds the model of ``model_dict``."""
    model, wanted = read_model(path), model_dict()
    for key in FIELDS:
        found = getattr(model, key)
        assert found.shape == wanted[key].shape, key
        np.testing.assert_allclose(found.astype(float), wanted[key].astype(float), rtol=rtol)
    return model

"""cast_floats: the schema's floats change type, nothing else does."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from smplprep import SmplprepError
from smplprep.transforms.cast_floats import cast_floats


def test_casts_the_schema_and_leaves_extras(small_model):
    model = dataclasses.replace(small_model(), extras={"weights_prior": np.ones(3)})
    cast, change = cast_floats(model)
    assert cast.posedirs.dtype == cast.J.dtype == np.float32
    assert np.array_equal(cast.weights, model.weights.astype(np.float32))
    assert cast.f is model.f
    assert cast.extras["weights_prior"].dtype == np.float64
    assert "posedirs" in change.field


def test_same_and_twice_do_nothing(small_model):
    model = small_model()
    assert cast_floats(model, dtype="same")[0] is model
    once, _ = cast_floats(model)
    assert cast_floats(once)[0] is once


def test_another_dtype_is_refused(small_model):
    with pytest.raises(SmplprepError, match="must be one of same, float32"):
        cast_floats(small_model(), dtype="int8")

"""The preset: which steps run, and that they leave alone what they are told to."""

from __future__ import annotations

import numpy as np

from smplprep import Options
from smplprep.pipeline import clean, steps
from smplprep.schema import FLOAT_KEYS


def test_weights_only_changes_only_weights(standin):
    cleaned, report = clean(standin, Options(posedirs="keep", regressor="keep"))
    assert cleaned.posedirs is standin.posedirs
    assert cleaned.J_regressor is standin.J_regressor
    assert report.data["summary"]["after"]["leaking_landmarks"] == 21  # the correctives still leak


def test_steps_run_in_the_documented_order(small_model):
    model, options = small_model(), Options(shapedirs="zero", dtype="float32")
    names = [step.func.__name__ for step in steps(model, options)]
    assert names == [
        "prune_weights",
        "sparsify_regressor",
        "localise_posedirs",
        "zero_shapedirs",
        "cast_floats",
    ]


def test_rows_sum_to_1_after_widening_too(standin):
    """Before the other steps, or their sums would be those of float16s."""
    floats = (key for key in FLOAT_KEYS if key != "posedirs")
    half = standin.with_arrays(
        posedirs=np.zeros(standin.posedirs.shape, np.float16),
        **{key: getattr(standin, key).astype(np.float16) for key in floats},
    )
    widened, _ = clean(half, Options(dtype="float32"))
    sums = widened.weights.sum(axis=1, dtype=np.float64)
    assert np.abs(sums - 1).max() <= 4 * np.finfo(np.float32).eps
    assert clean(widened, Options(dtype="float32"))[0] is widened

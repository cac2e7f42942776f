"""The preset: which steps run, and that they leave alone what they are asked to."""

from __future__ import annotations

import dataclasses
from inspect import signature

import numpy as np
import pytest

from smplprep import Options, SmplprepError
from smplprep.jobs.pipeline import TRANSFORMS, clean, steps
from smplprep.records.file_keys import FLOAT_KEYS, STAMP_KEY
from smplprep.records.options import DEFINITIONS, STEPS


@pytest.fixture(scope="module")
def cleaned(standin):
    return clean(standin)[0]


def test_weights_only_changes_only_weights(standin):
    cleaned, report = clean(standin, Options(posedirs="keep", regressor="keep"))
    assert cleaned.posedirs is standin.posedirs
    assert cleaned.J_regressor is standin.J_regressor
    assert report.data["summary"]["after"]["leaking_landmarks"] == 21  # the correctives still leak


def test_every_option_is_a_keyword_of_its_step_with_the_same_default():
    for name, definition in DEFINITIONS.items():
        assert definition.step in STEPS
        if definition.keyword and name != "dtype":  # cast_floats alone casts, clean does not
            parameter = signature(TRANSFORMS[definition.step]).parameters[definition.keyword]
            assert parameter.default == getattr(Options, name), name
    assert [*TRANSFORMS] == [*STEPS]
    assert {definition.step for definition in DEFINITIONS.values()} == {*STEPS}


def test_a_tolerance_that_is_still_to_be_chosen_reaches_no_step():
    with pytest.raises(SmplprepError, match="tolerance must be a number here"):
        steps(Options(tolerance="auto"))


def test_steps_run_in_the_documented_order():
    options = Options(shapedirs="zero", n_betas=1, dtype="float32", symmetrize=True)
    names = [step.func.__name__ for step in steps(options)]
    assert names == [
        "cast_floats",
        "limit_shapedirs",
        "symmetrize",
        "prune_weights",
        "sparsify_regressor",
        "localize_posedirs",
        "zero_shapedirs",
    ]


def test_rows_sum_to_1_after_widening_too(standin):
    """It comes before the other steps, or their sums would be those of float16s."""
    floats = (key for key in FLOAT_KEYS if key != "posedirs")
    half = standin.with_arrays(
        posedirs=np.zeros(standin.posedirs.shape, np.float16),
        **{key: getattr(standin, key).astype(np.float16) for key in floats},
    )
    widened, _ = clean(half, Options(dtype="float32"))
    sums = widened.weights.sum(axis=1, dtype=np.float64)
    assert np.abs(sums - 1).max() <= 4 * np.finfo(np.float32).eps
    assert clean(widened, Options(dtype="float32"))[0] is widened


def test_what_float32_cannot_hold_is_gone_before_the_steps(small_model):
    """A weight that would vanish at the end leaves no corrective behind; a second clean agrees."""
    weights, regressor = small_model().weights.copy(), small_model().J_regressor.copy()
    weights[0, 3], regressor[0, 5] = 1e-60, -1e-60
    model = small_model(weights=weights, J_regressor=regressor)
    options = Options(tolerance=0.0, dtype="float32", hops=0)
    once, _ = clean(model, options)
    assert not once.correctives[0, :, 2].any()
    assert not np.signbit(once.J_regressor).any()
    assert clean(once, options)[0] is once


def test_a_kept_row_that_does_not_sum_to_1_is_not_called_rescaled(small_model):
    weights = small_model().weights.copy()
    weights[4] *= 1.005
    weights[5] *= 1.005
    cleaned, report = clean(small_model(weights=weights), Options(keep_vertices=(4,)))
    assert np.array_equal(cleaned.weights[4], weights[4])
    assert [row["vertex"] for row in report.data["changes"][0]["normalized_rows"]] == [5]
    kept = "weights that do not sum to 1 were kept as they are at 1 of the vertices, such as 4"
    assert kept in report.data["remarks"]


@pytest.mark.parametrize(
    "stamp",
    [
        '{"spent": {"budget_mm": 1000000.0, "regressor_budget_mm": 1000000.0}}',
        '{"input_sha256": null, "options": {"tolerance": 0.0}, "version": "9.0.0"}',
    ],
)
def test_a_raw_model_is_cleaned_as_if_it_had_no_stamp(standin, cleaned, stamp):
    claimed = dataclasses.replace(standin, extras={**standin.extras, STAMP_KEY: stamp})
    found, report = clean(claimed)
    for key in ("weights", "J_regressor", "posedirs", "J"):
        assert np.array_equal(getattr(found, key), getattr(cleaned, key)), key
    assert found.extras[STAMP_KEY] == cleaned.extras[STAMP_KEY]
    assert any("held no stamp of this or an earlier version" in r for r in report.data["remarks"])

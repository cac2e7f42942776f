"""The preset: which steps run, and that they leave alone what they are told to."""

from __future__ import annotations

from smplprep import Options
from smplprep.pipeline import clean, steps


def test_weights_only_changes_only_weights(standin):
    cleaned, report = clean(standin, Options(posedirs="keep", regressor="keep"))
    assert cleaned.posedirs is standin.posedirs
    assert cleaned.J_regressor is standin.J_regressor
    assert report.data["summary"]["after"]["leaking_landmarks"] == 21  # the correctives still leak


def test_steps_run_in_the_documented_order():
    options = Options(shapedirs="zero", dtype="float32")
    names = [step.func.__name__ for step in steps(options)]
    assert names == [
        "prune_weights",
        "sparsify_regressor",
        "localise_posedirs",
        "zero_shapedirs",
        "cast_floats",
    ]

"""Sentences on what a clean did not do, each where it is so and only there."""

from __future__ import annotations

import numpy as np
import pytest

from smplprep import Options, clean
from smplprep.report.notes import leaks_left, notes


def said(model, **options):
    _, report = clean(model, Options(**options))
    return leaks_left(report.data), notes(report.data)


def test_a_default_clean_needs_no_note(standin):
    assert said(standin) == (None, [])


def test_leaks_that_were_left_are_counted(standin):
    assert said(standin, posedirs="keep")[0] == "21 of 21 landmarks still leak"
    weights = standin.weights.copy()
    lone = np.zeros((1, 52))
    lone[0, [15, 7]] = 0.9, 0.1  # head and left foot
    weights[332] = lone
    one = standin.with_arrays(weights=weights)
    assert said(one)[0] == "1 of 21 landmarks still leaks"


@pytest.mark.parametrize(
    "options", [{"keep_joints": ("head",)}, {"budget_mm": 3.0, "regressor": "keep"}]
)
def test_influences_beyond_the_limit_are_told(standin, options):
    _, found = said(standin, max_influences=2, **options)
    assert found == ["some vertices keep 4 influences: kept weights, or the budget, ask it"]
    assert said(standin, max_influences=2)[1] == []


def test_shapes_in_which_joints_move_are_told(standin):
    """With more directions than ``exact`` holds: AMASS's and SMPL-X's files may have hundreds."""
    rng = np.random.default_rng(0)
    more = 0.001 * rng.standard_normal((standin.n_vertices, 3, 4))
    wide = standin.with_arrays(shapedirs=np.concatenate([standin.shapedirs, more], axis=2))
    (note,) = said(wide)[1]
    assert note.startswith("joints stay in place over the first 16 shape directions; with all of")
    assert said(wide, regressor="keep")[1] == said(wide, regressor_budget_mm=1.0)[1] == []

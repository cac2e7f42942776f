"""Sentences on what a clean did not do, each where it is so and only there."""

from __future__ import annotations

import numpy as np
import pytest

from smplprep import Options, clean
from smplprep.audit.landmark_sets import with_landmarks
from smplprep.report.notes import leaks_left, notes

pytestmark = pytest.mark.slow


def said(model, **options):
    _, report = clean(model, Options(**options))
    return leaks_left(report.data), notes(report.data)


def test_of_a_default_clean_only_its_farthest_move_is_noted(standin):
    """Weights of the other hand, up to 8e-3, went from a heel."""
    leaks, (note,) = said(standin)
    assert leaks is None
    assert note.startswith(
        "vertex 3244 moves by up to 51.681 mm, where weights of lring0 (0.0076), "
    )


def test_leaks_that_were_left_are_counted(standin):
    counted = said(standin, posedirs="keep")[0]
    assert counted.startswith("21 of 21 landmarks still leak; smplprep audit names the joints; ")
    weights = standin.weights.copy()
    lone = np.zeros((1, 52))
    lone[0, [15, 7]] = 0.9, 0.1  # head and left foot
    weights[332] = lone
    one = standin.with_arrays(weights=weights)
    assert said(one)[0].startswith(
        "1 of 21 landmarks still leaks; smplprep audit names the joints; "
    )


TOLERANCE = "a larger --tol (smplprep sweep says which)"


@pytest.mark.parametrize(
    ("options", "helps"),
    [
        ({"tolerance": 1e-4}, f"{TOLERANCE} helps"),
        ({"posedirs": "keep"}, "--posedirs local helps"),
        ({"posedirs": "keep", "tolerance": 1e-4}, f"{TOLERANCE} and --posedirs local help"),
        ({"posedirs": "zero", "tolerance": 1e-4}, f"{TOLERANCE} helps"),
        ({"keep_vertices": (332,)}, f"less in --keep-vertices or {TOLERANCE} helps"),
    ],
)
def test_leaks_that_were_left_are_told_with_what_removes_them(standin, options, helps):
    assert said(standin, **options)[0].endswith(f"; smplprep audit names the joints; {helps}")


def test_leaks_of_the_hops_are_told_as_such(standin, tmp_path):
    """A point on the upper arm hangs on its own chain alone; two joints on is the hand."""
    posed, _ = clean(standin)
    weights = posed.weights.copy()
    weights[1000] = 0
    weights[1000, 16] = 1  # the left arm
    points = tmp_path / "points.json"
    points.write_text('{"upper": 1000}')
    marked = with_landmarks(standin.with_arrays(weights=weights), str(points))
    assert said(marked)[0] == (
        "1 of 22 landmarks still leaks; smplprep audit names the joints; a smaller --hops helps"
    )
    assert said(marked, hops=1)[0] is None


def test_influences_beyond_the_limit_are_told(standin):
    _, found = said(standin, max_influences=2, keep_joints=("head",))
    assert found[0] == "some vertices have 4 influences because their weights are kept"
    assert all(line.startswith("vertex ") for line in said(standin, max_influences=2)[1])


def test_shapes_in_which_joints_move_are_told(standin):
    """With more directions than ``exact`` holds: AMASS's and SMPL-X's files may have hundreds."""
    rng = np.random.default_rng(0)
    more = 0.001 * rng.standard_normal((standin.n_vertices, 3, 4))
    wide = standin.with_arrays(shapedirs=np.concatenate([standin.shapedirs, more], axis=2))
    note = said(wide)[1][0]
    assert note.startswith("joints stay in place over the first 16 shape directions; with all of")
    assert all(line.startswith("vertex ") for line in said(wide, regressor="keep")[1])

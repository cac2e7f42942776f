"""The sweep: the figures of clean at each tolerance, and which tolerance it recommends."""

from __future__ import annotations

import json

import numpy as np
import pytest
from click.testing import CliRunner

from smplprep import Options, SmplprepError, read_model
from smplprep.cli.main import smplprep
from smplprep.jobs.clean_file import clean_file
from smplprep.jobs.pipeline import clean
from smplprep.jobs.sweep import (
    DEFAULT_TOLERANCES,
    recommended_tolerance,
    steep_beyond,
    sweep,
    sweep_text,
    tolerances_of,
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def found(standin):
    return sweep(standin, tolerances_of(DEFAULT_TOLERANCES))


@pytest.mark.parametrize("tolerance", [1e-3, 1e-2, 0.3])
def test_a_row_is_what_clean_reports(standin, tolerance):
    row = sweep(standin, [tolerance])["rows"][0]
    report = clean(standin, Options(tolerance=tolerance))[1].data
    assert row["leaking_landmarks"] == report["summary"]["after"]["leaking_landmarks"]
    assert row["weights_nonzeros"] == report["summary"]["after"]["weights_nonzeros"]
    assert row["rescued_rows"] == len(report["rescued_rows"])
    for key in ("mean_mm", "p99_mm", "max_mm"):
        assert row[key] == pytest.approx(report["displacement"][key], rel=1e-5)


def test_there_are_twenty_tolerances_unless_asked_otherwise(found):
    assert len(found["rows"]) == 20


def test_recommended_is_the_smallest_without_a_leak(standin, found):
    rows, recommended = found["rows"], found["recommended"]
    assert next(row["tolerance"] for row in rows if not row["leaking_landmarks"]) == recommended
    assert recommended == recommended_tolerance(standin, Options())
    assert f"--tol {recommended:g}" in sweep_text(found)
    # Below it something leaks, and a clean with it leaves none.
    below = max(row["tolerance"] for row in rows if row["tolerance"] < recommended)
    assert clean(standin, Options(tolerance=below))[1].data["summary"]["after"]["leaking_landmarks"]


def test_table_fits_80_columns(found):
    assert max(map(len, sweep_text(found).splitlines())) <= 80


def test_a_curve_with_a_corner_is_steep_beyond_it():
    tolerances = np.logspace(-5, -1, 9)
    heights = [1, 1, 1, 1, 1, 1, 10, 20, 30]
    rows = [{"tolerance": t, "p99_mm": h} for t, h in zip(tolerances, heights, strict=True)]
    assert steep_beyond(rows) == tolerances[5]
    assert steep_beyond([row | {"p99_mm": 1.0} for row in rows]) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1e-3:1e-1:3", [0.001, 0.01, 0.1]),
        ("0.02,0.01,0.01", [0.01, 0.02]),
        ("1e-5:1e-1:20", [1e-05, 1.62e-05]),
    ],
)
def test_tolerances_are_spaced_on_a_log_scale_and_can_be_typed(text, expected):
    assert tolerances_of(text)[: len(expected)] == expected


@pytest.mark.parametrize(
    "text", ["", "a", "1:2", "1e-3:1e-1:x", "0.5,1.5", "-1,0.1", "0:1:5", "1e-5:inf:4"]
)
def test_bad_tolerances_are_refused(text):
    with pytest.raises(SmplprepError):
        tolerances_of(text)


def test_auto_uses_the_recommendation_and_says_so(standin_dir, tmp_path, standin):
    source = standin_dir / "SMPLH_NEUTRAL.npz"
    chosen = recommended_tolerance(standin, Options())
    arguments = ["clean", str(source), "--tol", "auto", "-o", str(tmp_path / "auto.npz")]
    result = CliRunner().invoke(smplprep, arguments, catch_exceptions=False)
    assert f"--tol auto chose {chosen:g}" in result.output
    report = json.loads((tmp_path / "auto.report.json").read_text())
    assert report["options"]["tolerance"] == chosen
    typed = clean_file(source, tmp_path / "typed.npz", Options(tolerance=chosen), html=False)
    assert typed.target.read_bytes() == (tmp_path / "auto.npz").read_bytes()


def test_auto_judges_the_model_in_the_digits_that_it_will_have(standin):
    """In float32, a weight may no longer lie below the tolerance that removes it in float64."""
    nose, joints = standin.family.landmarks["nose"], [4, 15]
    for tolerance in tolerances_of(DEFAULT_TOLERANCES)[:-1]:
        weight = tolerance * (1 - 1e-9)
        if np.float32(weight) < np.float32(tolerance):
            continue
        weights = standin.weights.copy()
        weights[nose] = 0
        weights[nose, joints] = weight, 1 - weight
        options = Options(tolerance="auto", dtype="float32", regressor="keep")
        _, report = clean(standin.with_arrays(weights=weights), options)
        assert report.data["summary"]["after"]["leaking_landmarks"] == 0


def test_auto_is_refused_where_nothing_can_be_chosen(small_model, standin):
    with pytest.raises(SmplprepError, match="no landmarks are known"):
        clean(small_model(), Options(tolerance="auto"))
    with pytest.raises(SmplprepError, match="every tolerance of 1e-5:1e-1:20 leaves a leak"):
        clean(standin, Options(tolerance="auto", posedirs="keep"))


def test_another_policy_has_no_tolerance_to_choose(standin):
    for job in (
        lambda options: clean(standin, options),
        lambda options: sweep(standin, [1e-2], options),
    ):
        with pytest.raises(SmplprepError, match="the policy 'islands' does not depend on") as error:
            job(Options(tolerance="auto", policy="islands"))
        assert "--policy threshold" in error.value.hint


def test_what_is_kept_is_kept_in_the_sweep_too(standin):
    options = Options(keep_joints=("neck",), keep_vertices=(332,), max_influences=2)
    row = sweep(standin, [1e-2], options)["rows"][0]
    report = clean(standin, options)[1].data
    assert row["leaking_landmarks"] == report["summary"]["after"]["leaking_landmarks"] > 0
    assert row["weights_nonzeros"] == report["summary"]["after"]["weights_nonzeros"]


@pytest.mark.parametrize("options", [Options(removed_to="parent"), Options(symmetrize=True)])
def test_what_was_chosen_counts_in_the_sweep_too(standin, options):
    row = sweep(standin, [1e-2], options)["rows"][0]
    report = clean(standin, options)[1].data
    assert row["weights_nonzeros"] == report["summary"]["after"]["weights_nonzeros"]
    plain = sweep(standin, [1e-2])["rows"][0]
    assert row["mean_mm"] != plain["mean_mm"]
    steps = {change["transform"]: change["displacement"] for change in report["changes"]}
    if not options.symmetrize:  # of which the sweep does not count the averaging itself
        assert row["mean_mm"] == pytest.approx(report["displacement"]["mean_mm"], rel=1e-5)
        assert row["mean_mm"] != pytest.approx(steps["localize_posedirs"]["mean_mm"], rel=1e-2)


def test_command_prints_json_and_draws(standin_dir, tmp_path):
    pytest.importorskip("matplotlib")
    picture = tmp_path / "sweep.png"
    source = str(standin_dir / "SMPLH_NEUTRAL_NOHANDS.npz")
    arguments = ["sweep", source, "--tols", "1e-3,1e-2,5e-2", "--json", "--plot", str(picture)]
    result = CliRunner().invoke(smplprep, arguments, catch_exceptions=False)
    assert [row["tolerance"] for row in json.loads(result.stdout)["rows"]] == [0.001, 0.01, 0.05]
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_points_on_the_face_count_as_in_the_report(family_dir):
    smplx = read_model(family_dir / "smplx" / "SMPLX_NEUTRAL.npz")
    (row,) = sweep(smplx, [1e-5])["rows"]
    after = clean(smplx, Options(tolerance=1e-5))[1].data["summary"]["after"]
    assert after["landmarks"] == 72
    assert row["leaking_landmarks"] == after["leaking_landmarks"] > 21
    chosen = clean(smplx, Options(tolerance="auto"))[1].data
    assert chosen["summary"]["after"]["leaking_landmarks"] == 0

"""The report: valid against its schema, true to independent recomputation, the same bytes twice."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import scipy.sparse as sp

from smplprep import ModelReadError, ModelWriteError, Options, Report
from smplprep.audit.landmark_sets import skin_landmarks
from smplprep.audit.support import landmark_support
from smplprep.geometry.poses import pose_set
from smplprep.geometry.skinning import posed_vertices
from smplprep.jobs.clean_file import clean_file
from smplprep.jobs.pipeline import clean
from smplprep.report.summary import change_lines
from smplprep.report.viewer import unpacked


@pytest.fixture(scope="module")
def cleaned(standin):
    return clean(standin)


def test_is_valid_against_the_schema_that_ships(cleaned):
    schema = Report.schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(cleaned[1].to_json()), schema)


def test_it_is_saved_and_read_again(cleaned, tmp_path):
    report = cleaned[1]
    path = tmp_path / "body.report.json"
    report.save(path)
    assert path.read_bytes() == report.to_json().encode()
    assert Report.read(path) == Report(json.loads(path.read_text()))
    assert Report.read(path).to_json() == report.to_json()
    with pytest.raises(ModelWriteError, match="exists already"):
        report.save(path)
    report.save(path, force=True)
    with pytest.raises(ModelReadError, match="not a smplprep report"):
        Report.read(Path(__file__).parents[1] / "same_output.json")


def test_its_leaks_are_those_that_the_support_has(standin):
    cleaned, report = clean(standin, Options(tolerance=0.0))
    landmarks = skin_landmarks(cleaned)
    leaks = landmark_support(cleaned, landmarks).leaks
    names = cleaned.family.joint_names(cleaned.n_joints)
    assert report.leaks == {
        landmark.name: [names[joint] for joint in np.flatnonzero(row)]
        for landmark, row in zip(landmarks, leaks, strict=True)
        if row.any()
    }
    assert len(report.leaks) == report.data["summary"]["after"]["leaking_landmarks"] > 0
    assert clean(standin)[1].leaks == {}


@pytest.mark.parametrize("path", ["landmarks", "summary", "displacement", "options", "remarks"])
def test_the_schema_refuses_a_report_without(cleaned, path):
    data = {key: value for key, value in cleaned[1].data.items() if key != path}
    with pytest.raises(jsonschema.ValidationError, match=path):
        jsonschema.validate(json.loads(json.dumps(data)), Report.schema())


def test_the_landmark_table_holds_the_published_rows(cleaned, findings):
    rows = {row["landmark"]: row for row in cleaned[1].data["landmarks"]}
    for name, expected in findings["landmark_weight_support_before"].items():
        assert rows[name]["before"]["joints"] == expected
    for name, expected in findings["landmark_weight_support_after"].items():
        assert rows[name]["after"]["joints"] == expected
        assert rows[name]["after"]["leaks"] == []
    # Before, the dense floor of the correctives ties every landmark to every joint.
    assert all(len(row["before"]["posedirs"]) == 51 for row in rows.values())


def test_regressor_counts_are_the_published_ones(cleaned, findings):
    counts = [row["vertices_before"] for row in cleaned[1].data["regressor"]]
    assert counts == findings["j_regressor_nonzeros_per_joint"]


def test_displacement_is_what_a_plain_computation_finds(standin, cleaned):
    after, report = cleaned
    poses, betas = pose_set(standin.family.joint_names(52, "smplx"), 16)
    apart = np.linalg.norm(
        posed_vertices(standin, poses, betas) - posed_vertices(after, poses, betas), axis=2
    )
    found = report.data["displacement"]
    assert found["mean_mm"] == pytest.approx(1000 * apart.mean(), rel=1e-4)
    assert found["p99_mm"] == pytest.approx(1000 * np.percentile(apart, 99), rel=1e-4)
    assert found["max_mm"] == pytest.approx(1000 * apart.max(), rel=1e-4)
    assert apart[found["max_pose"], found["max_vertex"]] == apart.max()


def test_figures_of_the_summary(standin, cleaned):
    after, report = cleaned
    found = report.data["summary"]["after"]
    assert found["weights_nonzeros"] == np.count_nonzero(after.weights)
    assert found["posedirs_nonzeros"] == np.count_nonzero(after.posedirs)
    assert found["regressor_nonzeros"] == np.count_nonzero(after.J_regressor)
    assert found["leaking_landmarks"] == 0
    assert report.data["summary"]["before"]["leaking_landmarks"] == 21


def test_same_input_same_bytes_and_no_path_in_it(standin, cleaned):
    assert clean(standin)[1].to_json() == cleaned[1].to_json()
    assert str(standin.source.path) not in cleaned[1].to_json()


def test_what_is_unusual_in_the_input_is_remarked(small_model):
    weights = np.full((10, 4), 0.25)
    weights[0] *= 0.995
    _, report = clean(small_model(weights=weights), Options())
    assert any("vertex 0 with 0.995" in sentence for sentence in report.data["remarks"])
    assert any("its family is not known" in sentence for sentence in report.data["remarks"])


@pytest.mark.parametrize("ending", ["npz", "pkl"])
def test_the_keys_of_the_output_are_told_as_others_read_them(standin_dir, tmp_path, ending):
    """chumpy, sparse matrices and dictionaries in the official file, plain arrays in a .npz."""
    target = tmp_path / f"out.{ending}"
    done = clean_file(standin_dir / "SMPLH_NEUTRAL.pkl", target, html=False)
    jsonschema.validate(json.loads(done.report_target.read_text()), Report.schema())
    said = {row["key"]: row for row in done.report.data["output"]["keys"]}
    read = (
        np.load(target) if ending == "npz" else pickle.loads(target.read_bytes(), encoding="latin1")
    )
    assert list(said) == list(read)
    for key, row in said.items():
        value = read[key]
        is_array = isinstance(value, np.ndarray) or sp.issparse(value)
        assert row["dtype"] == (str(value.dtype) if is_array else type(value).__name__)
        assert row["shape"] == (list(value.shape) if is_array else None)
        assert row.get("stored_as") == ("csc matrix" if sp.issparse(value) else None)
    before = {row["key"]: row for row in done.report.data["input"]["keys"]}
    assert before["weights"]["stored_as"] == "chumpy.ch.Ch"
    assert before["J_regressor"]["stored_as"] == "scipy.sparse.csc.csc_matrix"


def test_both_bodies_stand_upright_in_the_worst_pose(standin, cleaned):
    """The root is not turned; everything else is as in the pose set."""
    after, report = cleaned
    worst = report.data["displacement"]["max_pose"]
    poses, betas = pose_set(standin.family.joint_names(52, "smplx"), 16)
    pose = poses[worst : worst + 1].copy()
    assert np.abs(pose[0, 0]).max() > 0.1
    pose[0, 0] = 0.0
    shown = report.data["viewer"]["worst"]
    for model, when in ((standin, "before"), (after, "after")):
        expected = posed_vertices(model, pose, betas[worst : worst + 1])[0]
        assert np.abs(unpacked(shown[when]) - expected).max() <= shown[when]["step"]


def test_vertices_that_did_not_move_are_not_among_those_that_moved_most(small_model):
    weights = np.tile([0.75, 0.25, 0.0, 0.0], (10, 1))
    weights[[2, 7]] = [0.995, 0.005, 0.0, 0.0]
    data = clean(small_model(weights=weights), Options(posedirs="keep", regressor="keep"))[1].data
    assert {row["vertex"] for row in data["moved_most"]} == {2, 7}


def test_verbose_lines_say_how_vertices_were_paired(standin):
    data = clean(standin, Options(symmetrize=True, posedirs="zero"))[1].data
    paired_by = next(change for change in data["changes"] if "paired_by" in change)["paired_by"]
    assert ["paired", "by", paired_by] in [line.split() for line in change_lines(data)]

"""The report: valid against its schema, true to independent recomputation, the same bytes twice."""

from __future__ import annotations

import json

import jsonschema
import numpy as np
import pytest

from smplprep import Options, Report
from smplprep.pipeline import clean
from smplprep.poses import pose_set
from smplprep.skinning import posed_vertices


@pytest.fixture(scope="module")
def cleaned(standin):
    return clean(standin)


def test_is_valid_against_the_schema_that_ships(cleaned):
    schema = Report.schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(cleaned[1].to_json()), schema)


@pytest.mark.parametrize("path", ["landmarks", "summary", "displacement", "options", "odd"])
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


def test_oddities_are_told(small_model):
    weights = np.full((10, 4), 0.25)
    weights[0] *= 0.995
    _, report = clean(small_model(weights=weights), Options())
    assert any("vertex 0 with 0.995" in sentence for sentence in report.data["odd"])
    assert any("no known family" in sentence for sentence in report.data["odd"])

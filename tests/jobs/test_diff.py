"""Two files compared: the clean's own figures again, for files cleaned by any tool."""

from __future__ import annotations

import dataclasses
import json

import jsonschema
import numpy as np
import pytest
from click.testing import CliRunner

from smplprep import Report, SmplprepError
from smplprep.cli.main import smplprep
from smplprep.jobs.clean_file import clean_file
from smplprep.jobs.diff import diff
from smplprep.jobs.pipeline import clean


def test_finds_what_clean_reports(standin):
    cleaned, report = clean(standin)
    found, expected = diff(standin, cleaned).data, report.data
    jsonschema.validate(json.loads(diff(standin, cleaned).to_json()), Report.schema())
    assert found["options"] is None
    for key in ("landmarks", "regressor", "displacement", "gradients", "moved_most", "influences"):
        assert found[key] == expected[key], key
    sizes = {"file_bytes": None}
    for when in ("before", "after"):
        assert found["summary"][when] | sizes == expected["summary"][when] | sizes
    mass = expected["changes"][0]["mass_dropped_per_joint"]
    assert found["changes"][0]["mass_dropped_per_joint"] == pytest.approx(mass)
    assert found["changes"][2]["energy_kept"] == expected["changes"][2]["energy_kept"]


def test_a_model_beside_itself_differs_in_nothing(small_model):
    found = diff(small_model(), small_model()).data
    assert all(change["rows_touched"] == 0 for change in found["changes"])
    assert found["displacement"]["max_mm"] == 0
    assert found["moved_most"] == []


def test_a_corrective_whose_square_is_zero_is_counted(small_model):
    a = small_model(posedirs=np.full((10, 3, 27), 1e-163))
    found = diff(a, small_model(posedirs=np.zeros((10, 3, 27)))).data["summary"]
    assert (found["before"]["correctives"], found["after"]["correctives"]) == (30, 0)


def test_a_moved_template_is_a_displacement_of_its_own(small_model):
    a = small_model()
    b = small_model(v_template=a.v_template + np.array([0.001, 0, 0]))
    found = diff(a, b).data
    assert found["changes"][-1]["field"] == "v_template"
    assert found["displacement"]["mean_mm"] == pytest.approx(1.0)
    assert found["viewer"]["rest"]["after"] is not None


def test_what_cannot_be_compared_is_said(small_model):
    a = small_model()
    fewer = small_model(shapedirs=a.shapedirs[:, :, :1], weights=a.weights.astype(np.float32))
    remarks = diff(a, fewer).data["remarks"]
    assert "A has 2 shape directions, B 1: compared over the first 1" in remarks
    assert "weights is float64 in A, float32 in B" in remarks
    other = small_model(f=np.array([[0, 1, 2]]))
    assert "the faces differ; those of A are drawn" in diff(a, other).data["remarks"]


def test_other_families_are_refused(small_model, standin):
    with pytest.raises(SmplprepError, match="it does not match"):
        diff(standin, small_model())
    a = small_model()
    tree = a.kintree_table.copy()
    tree[0, 3] = 0
    with pytest.raises(SmplprepError, match="the kinematic trees differ"):
        diff(a, dataclasses.replace(a, kintree_table=tree))


def test_command_writes_page_and_json(standin_dir, tmp_path):
    pytest.importorskip("plotly")
    source = standin_dir / "SMPLH_NEUTRAL_NOHANDS.npz"
    target = clean_file(source, tmp_path / "clean.npz", html=False).target
    page = tmp_path / "compared.html"
    arguments = ["diff", str(source), str(target), "-o", str(page)]
    result = CliRunner().invoke(smplprep, arguments, catch_exceptions=False)
    assert "21 of 21 landmarks leak in A; none leaks in B." in result.output
    assert "SMPLH_NEUTRAL_NOHANDS_vs_clean" in page.read_text()
    assert json.loads(page.with_suffix(".json").read_text())["options"] is None

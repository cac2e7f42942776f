"""Landmarks that the user names, beside those of the family."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from click.testing import CliRunner
from command_line import run

from smplprep import Options, Report, SmplprepError, clean, read_model, write_model
from smplprep.audit.landmark_sets import landmark_set, skin_landmarks, with_landmarks
from smplprep.cli.main import smplprep as command
from smplprep.io.read_model import read_contents


@pytest.fixture
def leaky(small_model, tmp_path: Path) -> Path:
    """A model of no known family whose vertex 0 hangs on the root and a bit on the last joint."""
    weights = small_model().weights.copy()
    weights[0] = [1 - 2.0**-9, 0, 0, 2.0**-9]
    path = tmp_path / "own.npz"
    write_model(small_model(weights=weights), path)
    return path


@pytest.fixture
def tip(tmp_path: Path) -> Path:
    path = tmp_path / "tip.json"
    path.write_text(json.dumps({"tip": 0}))
    return path


def test_a_model_of_no_family_has_those_that_are_named(leaky: Path, tip: Path) -> None:
    bare, report = clean(read_model(leaky))
    assert report.data["landmarks"] == []
    assert any("--landmarks names some" in remark for remark in report.data["remarks"])
    named, report = clean(with_landmarks(read_model(leaky), str(tip)))
    jsonschema.validate(json.loads(report.to_json()), Report.schema())
    (row,) = report.data["landmarks"]
    assert (row["landmark"], row["vertex"]) == ("tip", 0)
    assert "j3" in row["before"]["leaks"]
    assert row["after"]["joints"] == ["j0"]
    assert not any("without landmarks" in remark for remark in report.data["remarks"])
    assert np.array_equal(named.weights, bare.weights)


def test_the_smallest_tolerance_without_a_leak_is_that_of_theirs(leaky: Path, tip: Path) -> None:
    model = with_landmarks(read_model(leaky), str(tip))
    _, report = clean(model, Options(tolerance="auto", hops=1))
    assert 2.0**-9 < report.data["options"]["tolerance"] < 2.0**-7


def test_they_come_after_those_of_the_family(standin, tmp_path: Path) -> None:
    more = tmp_path / "more.json"
    more.write_text('{"palm": 2100, "nose": 332}')
    names = [point.name for point in skin_landmarks(with_landmarks(standin, str(more)))]
    assert names == [*standin.family.landmarks, "palm"]
    assert skin_landmarks(with_landmarks(standin, "openpose25")) == skin_landmarks(standin)
    more.write_text('{"nose": 333}')
    with pytest.raises(SmplprepError, match=r"more\.json: nose is already the name of vertex 332"):
        with_landmarks(standin, str(more))


def test_flame_has_its_own_file(family_dir: Path, tmp_path: Path) -> None:
    model = family_dir / "flame" / "FLAME_NEUTRAL.pkl"
    embedding = family_dir / "flame" / "flame_static_embedding.pkl"
    done = run("clean", model, "--landmarks", embedding, "--dry-run", "--json")
    rows = json.loads(done.stdout)["landmarks"]
    jsonschema.validate(json.loads(done.stdout), Report.schema())
    assert len(rows) == 51
    assert all(row["vertex"] is None and len(row["corners"]) == 3 for row in rows)
    swept = CliRunner().invoke(
        command, ["sweep", str(model), "--landmarks", str(embedding), "--tols", "1e-2"]
    )
    assert "Recommended: --tol 0.01" in swept.output


def test_their_file_with_changed_line_ends_is_read_with_a_note(
    family_dir: Path, tmp_path: Path
) -> None:
    model = family_dir / "flame" / "FLAME_NEUTRAL.pkl"
    good = family_dir / "flame" / "flame_static_embedding.pkl"
    entries = read_contents(good).entries
    text = pickle.dumps(dict(entries), 0)
    changed = tmp_path / "flame_static_embedding.PKL"
    changed.write_bytes(text.replace(b"\n", b"\r\n"))
    np.savez(tmp_path / "embedding.npz", **entries)
    read = read_model(model)
    points = landmark_set(read, str(good))
    assert landmark_set(read, str(changed)) == points
    assert landmark_set(read, str(tmp_path / "embedding.npz")) == points
    done = run("audit", model, "--landmarks", changed, "--json")
    assert "line ends had been changed in it" in done.stderr
    done = run("clean", model, "--landmarks", changed, "--dry-run", "--json")
    odd = json.loads(done.stdout)["remarks"]
    assert sum("flame_static_embedding.PKL: line ends had been changed" in s for s in odd) == 1


def test_their_file_is_never_written_to(leaky: Path, tip: Path) -> None:
    target = tip.with_suffix(".npz")
    report = tip.rename(target.with_suffix(".report.json"))
    done = run("clean", leaky, "--landmarks", report, "-o", target, "--force", "--no-html")
    assert done.returncode == 4
    assert done.stderr == f"smplprep: {report}: the output is the input\n"
    assert json.loads(report.read_text()) == {"tip": 0}


def test_long_names_stay_apart_and_are_cut_only_in_text(leaky: Path, tmp_path: Path) -> None:
    long = "the outermost vertex of the tail, "
    own = tmp_path / "long.json"
    own.write_text(json.dumps({long + "left": 0, long + "right": 1}))
    _, report = clean(with_landmarks(read_model(leaky), str(own)))
    assert [row["landmark"] for row in report.data["landmarks"]] == [long + "left", long + "right"]
    said = CliRunner().invoke(command, ["audit", str(leaky), "--landmarks", str(own)]).output
    assert f"0: {long[:21]}... -->" in said
    assert long not in said


def test_a_point_of_two_names_is_one_landmark(leaky: Path, tmp_path: Path) -> None:
    own = tmp_path / "twice.json"
    own.write_text('{"tip": 0, "end": 0, "base": 1}')
    named = with_landmarks(read_model(leaky), str(own))
    assert [point.name for point in skin_landmarks(named)] == ["tip", "base"]


@pytest.mark.parametrize("name", ["\x1b[2J", "a\nb", "\ud800"])
def test_a_name_that_cannot_be_printed_is_refused(leaky: Path, tmp_path: Path, name: str) -> None:
    own = tmp_path / "odd.json"
    own.write_text(json.dumps({name: 0}))
    with pytest.raises(SmplprepError, match="has characters that cannot be printed"):
        with_landmarks(read_model(leaky), str(own))

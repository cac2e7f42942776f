"""``smplprep report`` as a user sees it."""

from __future__ import annotations

import json

from command_line import run


def test_a_model_is_no_report(small_file):
    said = run("report", small_file)
    assert said.returncode == 3
    assert "not readable JSON" in said.stderr
    assert said.stderr.splitlines()[1] == (
        "  Name a NAME.report.json, which clean and diff write beside their outputs."
    )


def test_a_damaged_report_is_named(small_file, tmp_path):
    run("clean", small_file, "-o", tmp_path / "o.npz", "--no-html")
    path = tmp_path / "o.report.json"
    data = json.loads(path.read_text())
    del data["summary"]["before"]
    path.write_text(json.dumps(data))
    said = run("report", path)
    assert said.returncode == 3
    assert said.stderr == f"smplprep: {path}: this is not a valid report: it lacks summary.before\n"
    assert not (tmp_path / "o.report.html").exists()

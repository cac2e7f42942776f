"""What of the removed weights the report names, and what of it is said on stderr."""

from __future__ import annotations

import numpy as np
import pytest
from own_rigs import read_rig, rig_of, sheet

from smplprep import Options, clean
from smplprep.report.notes import far_moves, notes, warnings


def report_of(model, **options):
    return clean(model, Options(regressor="keep", posedirs="keep", **options))[1].data


def test_nothing_removed_is_nothing_to_say():
    data = report_of(read_rig("rocketbox"))
    assert data["removed"] == {
        "largest": None,
        "jump_raised_max": 0,
        "jump_vertices": [],
        "at_max_displacement": [],
        "spared": [],
    }
    assert warnings(data) == []


def test_the_worst_vertex_is_named_with_what_went_there():
    data = report_of(read_rig("rocketbox"), policy="islands")
    removed, moved = data["removed"], data["displacement"]
    assert 13 < moved["max_mm"] < 14
    assert removed["at_max_displacement"] == [{"joint": "RMasseter", "weight": 0.1}]
    assert removed["largest"]["weight"] == 0.1
    assert removed["jump_raised_max"] == pytest.approx(0.05, abs=1e-3)
    (said,) = far_moves(data)
    assert said in notes(data)
    for part in (f"vertex {moved['max_vertex']}", "13.2", "RMasseter (0.1)"):
        assert part in said
    assert said.endswith("use --policy threshold, or --keep-joints RMasseter")
    assert warnings(data) == []


def test_under_10_mm_nothing_is_said():
    data = report_of(read_rig("hand"))
    assert 1 < data["displacement"]["max_mm"] < 10
    assert far_moves(data) == []


@pytest.mark.parametrize("name", ["hand", "rocketbox"])
def test_a_tolerance_too_large_for_a_rig_is_said(name):
    data = report_of(read_rig(name), tolerance=0.2)
    (said,) = far_moves(data)
    moved, taken = data["displacement"], data["removed"]["at_max_displacement"]
    assert said.startswith(f"vertex {moved['max_vertex']} moves by up to ")
    assert moved["max_mm"] > 10
    assert taken
    assert all(f"{row['joint']} (" in said for row in taken)
    assert "use a smaller --tol (smplprep sweep)" in said
    assert said.endswith(f"--keep-joints {','.join(row['joint'] for row in taken)}")


def test_a_large_weight_and_a_large_jump_are_said():
    """A tolerance far too high takes a blend's smaller half."""
    points, faces = sheet(21, 5, 0.2, 0.05)
    share = np.clip((points[:, 0] - 0.05) / 0.1, 0, 1)
    joints = [[0, 0, 0], [0.1, 0, 0]]
    model = rig_of(points, faces, np.stack([1 - share, share], axis=1), joints, [-1, 0])
    data = report_of(model, tolerance=0.45)
    said = " ".join(warnings(data))
    assert "the largest weight removed is 0.4" in said
    a, b = data["removed"]["jump_vertices"]
    assert f"vertices {a} and {b}" in said
    assert data["removed"]["jump_raised_max"] > 0.5

"""The claims of docs/correctives.md hold on few poses; its tables are what the scripts print."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.studies import correctives as study_correctives
from scripts.studies import face_correctives as study_face_correctives
from scripts.studies.corrective_regimes import REGIMES

pytestmark = pytest.mark.slow

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "correctives.md").read_text()


@pytest.fixture(scope="module")
def rows():
    return study_correctives.study(n_poses=4).rows


@pytest.fixture(scope="module")
def face_rows():
    return study_face_correctives.study()


def test_hops_2_falls_behind_least_in_its_worst_regime(rows):
    worst = {name: max(ratios) for name, ratios in study_correctives.behind(rows).items()}
    assert min(worst, key=worst.get) == "hops 2"


def test_no_cut_leaks_and_islands_alone_do(rows):
    leaky = {row.variant for row in rows if row.leaking_landmarks}
    assert leaky == {"keep", "islands"}


def test_a_taper_costs_more_than_its_cut_wherever_nothing_strays(rows):
    by_name = {(row.regime, row.variant): row for row in rows}
    for regime in list(REGIMES)[:5]:
        cut, taper = by_name[regime, "hops 2"], by_name[regime, "hops 2, taper"]
        assert taper.rms_mm > 1.1 * cut.rms_mm, regime
    assert by_name["long tails", "hops 2, taper"].seam_mm < by_name["long tails", "hops 2"].seam_mm


def test_what_does_not_depend_on_poses_is_in_the_table(rows):
    for regime in REGIMES:
        block = TEXT[TEXT.index(f"    {regime}\n") :]
        for row in rows:
            if row.regime == regime:
                (line,) = [
                    line
                    for line in block[: block.index("\n\n")].splitlines()
                    if line.startswith(f"      {row.variant}  ")
                ]
                cells = line[len(f"      {row.variant}  ") :].split()
                assert cells[:2] == [f"{row.genuine_kept:.4f}", f"{row.spurious_removed:.4f}"]
                assert cells[5:] == [str(row.leaking_landmarks), str(row.leaking_vertices)]


def test_points_of_the_face_no_longer_leak_through_correctives(face_rows):
    for row in face_rows:
        leaks = row["leak_by_correctives_alone"]
        assert leaks == 0 if row["rule"] == "in line, none beside" else leaks > 500
        assert row["local bulges"] > 0.999


def test_the_table_of_faces_is_the_one_shown(face_rows):
    for line in study_face_correctives.table(face_rows):
        assert f"    {line}".rstrip() in TEXT

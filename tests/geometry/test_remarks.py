"""Notes on the size of a body and on joints without vertices, and units of length."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from smplprep import Options, clean
from smplprep.geometry.remarks import place_remarks, storage_remarks


def in_units(model, units: str, factor: float):
    scaled = {
        key: getattr(model, key) * factor for key in ("v_template", "shapedirs", "posedirs", "J")
    }
    return dataclasses.replace(model.with_arrays(**scaled), units=units)


@pytest.mark.parametrize(("factor", "noted"), [(1, False), (2, False), (100, True), (0.01, True)])
def test_a_body_too_large_or_too_small_for_meters_is_noted(small_model, factor, noted):
    model = in_units(small_model(), "m", factor)
    notes = place_remarks(model)
    assert bool(notes) is noted
    if noted:
        assert "--units cm or mm" in notes[0]
        assert notes[0] in clean(model)[1].data["remarks"]


@pytest.mark.parametrize(("units", "factor"), [("cm", 100), ("mm", 1000)])
def test_every_figure_follows_the_units(small_model, units, factor):
    weights = small_model().weights.copy()
    weights[0] = [0.99, 0, 0.005, 0.005]
    model = small_model(weights=weights)
    other = in_units(model, units, factor)
    assert place_remarks(other) == []
    options = Options(regressor="threshold", regressor_tolerance=0.3)
    reports = [clean(each, options)[1].data for each in (model, other)]
    assert [report["units"] for report in reports] == ["m", units]
    assert reports[0]["displacement"]["max_mm"] > 0
    assert reports[1]["displacement"] == pytest.approx(reports[0]["displacement"], rel=1e-5)
    for part in ("regressor", "moved_most"):
        figures = [numbers(report[part]) for report in reports]
        assert figures[0]
        assert figures[1] == pytest.approx(figures[0], rel=1e-5, abs=1e-9)


def numbers(data) -> list[float]:
    if isinstance(data, dict):
        return [number for value in data.values() for number in numbers(value)]
    if isinstance(data, list):
        return [number for value in data for number in numbers(value)]
    return [data] if isinstance(data, int | float) else []


def test_a_joint_of_no_vertex_is_at_the_origin_and_noted(small_model):
    regressor = small_model().J_regressor.copy()
    regressor[0] = 0
    model = small_model(J_regressor=regressor, J=regressor @ small_model().v_template)
    (note,) = place_remarks(model)
    assert note.startswith("no vertex places j0")
    cleaned, report = clean(model)
    assert note in report.data["remarks"]
    assert not cleaned.J_regressor[0].any()
    assert np.array_equal(cleaned.J[0], [0, 0, 0])


def test_keys_stored_in_one_way_are_one_note():
    notes = {"weights": "chumpy.ch.Ch", "f": "object array", "posedirs": "chumpy.ch.Ch"}
    assert storage_remarks(notes) == [
        "stored as chumpy.ch.Ch in the file: weights, posedirs",
        "stored as object array in the file: f",
    ]

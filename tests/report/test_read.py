"""A report is checked whole before anything reads it: by its schema, and by what fits together."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest
from small_files import arrays, as_npz

from smplprep import ModelReadError, Report
from smplprep.jobs.clean_file import clean_file
from smplprep.report.read import check_report, read_report
from smplprep.report.schema import KNOWN, SchemaError, check_schema

pytestmark = pytest.mark.slow

ODD_VALUES = [
    None,
    True,
    -1,
    0,
    1.5,
    2**60,
    1e-9,
    "",
    "x" * 2000,
    [],
    {},
    [1],
    {"length": 3},
    [[]],
]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The report of a small model with landmarks, its viewer included, as parsed."""
    folder = tmp_path_factory.mktemp("report")
    (folder / "points.json").write_text('{"tip": 3, "heel": 8}')
    (folder / "raw.npz").write_bytes(as_npz(arrays()))
    points = str(folder / "points.json")
    done = clean_file(folder / "raw.npz", folder / "out.npz", landmarks=points, html=False)
    return json.loads(done.report_target.read_text())


def places(data: Any, path: tuple = ()) -> list[tuple]:
    """The path of every value in a report."""
    if not isinstance(data, dict | list):
        return []
    found = []
    for key, value in data.items() if isinstance(data, dict) else enumerate(data):
        found += [(*path, key), *places(value, (*path, key))]
    return found


def changed(
    data: dict[str, Any], path: tuple, change: Callable[[Any, Any], None]
) -> dict[str, Any]:
    found = copy.deepcopy(data)
    inner = found
    for key in path[:-1]:
        inner = inner[key]
    change(inner, path[-1])
    return found


def test_the_reports_of_smplprep_are_valid(good):
    check_report(good)


def test_says_of_every_damage_what_jsonschema_says(good):
    """Each place in turn is removed, or takes a value of another type or size."""
    reference = jsonschema.Draft202012Validator(Report.schema())
    dice = random.Random(16)
    refused = 0
    for path in places(good):
        if len(path) > 3 and isinstance(path[-1], int) and path[-1] > 1:
            continue  # of a list, the first entries stand for all
        value = copy.deepcopy(dice.choice(ODD_VALUES))
        for change in (
            lambda inner, key: inner.pop(key),
            lambda inner, key, value=value: inner.__setitem__(key, value),
            lambda inner, key: isinstance(inner, dict) and inner.update(more=1),
        ):
            damaged = changed(good, path, change)
            expected = reference.is_valid(damaged)
            try:
                check_schema(damaged, Report.schema())
                found = True
            except SchemaError as error:
                found = "beyond 9007199254740992" in str(error) and expected
            assert found == expected, (path, value)
            refused += not expected
    assert refused > 500


def test_knows_every_keyword_of_the_schema():
    def keywords(schema: dict[str, Any]) -> set[str]:
        inner = [*schema.get("properties", {}).values(), *schema.get("$defs", {}).values()]
        inner += schema.get("oneOf", [])
        for key in ("items", "additionalProperties"):
            inner += [schema[key]] if isinstance(schema.get(key), dict) else []
        return {*schema, *(word for each in inner for word in keywords(each))}

    assert keywords(Report.schema()) <= KNOWN


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        (("landmarks", 0, "before", "leaks"), {}, "landmarks[0].before.leaks must be array, not o"),
        (("landmarks", 0, "vertex"), None, "landmarks[0] has neither a vertex nor a face"),
        (
            ("landmarks", 0, "after", "leaks"),
            ["x"],
            "landmarks[0].after names x, which is not a joint",
        ),
        (
            ("landmarks", 0, "shares"),
            [0.5, 0.5, 0.5],
            "landmarks[0].shares must sum to 1, not to 1.5",
        ),
        (
            ("landmarks", 0, "shares"),
            [-1, 1, 1],
            "landmarks[0].shares must be finite and not negative",
        ),
        (("landmarks", 0, "vertex"), 10, "landmarks[0].vertex is beyond 10"),
        (("viewer", "faces", "shape"), ["<img>", 3], "viewer.faces.shape[0] must be integer"),
        (("viewer", "faces", "shape"), [4, 3], "viewer.faces.data has 18 bytes"),
        (("viewer", "faces", "data"), "AAAA*", "viewer.faces.data is not base64"),
        (("viewer", "faces", "dtype"), "i2", "viewer.faces is i2 of shape [3, 3]"),
        (("viewer", "joints"), {"length": 4}, "viewer.joints must be array, not object"),
        (("viewer", "joints"), ["a"], "viewer.weights.before names a joint beyond 1"),
        (("viewer", "rest", "before", "shape"), [10], "viewer.rest.before is not an array"),
        (("viewer", "worst", "after", "shape"), [5, 6], "viewer.worst.after is i2 of shape [5, 6]"),
        (("gradients", "before"), [[0.0]], "gradients.before is not a row of 4 for each"),
        (("gradients", "joints"), ["x"], "gradients.before is not a row of 1 for each"),
        (
            ("rescued_rows",),
            [{"vertex": 1, "joint": 4}],
            "rescued_rows[0].joint is not a joint index below 4",
        ),
        (("weights_histogram", "log10_edges"), [0, 0], "weights_histogram.log10_edges does not"),
        (("weights_histogram", "after"), [], "weights_histogram.after does not have one count"),
        (("influences", "after"), [], "influences.after is empty"),
        (("displacement", "mean_mm"), float("nan"), "displacement.mean_mm must be"),
        (("displacement", "mean_mm"), float("inf"), "displacement.mean_mm must be a finite number"),
        (("displacement", "max_pose"), 10**400, "displacement.max_pose is beyond"),
        (("changes", 0, "more"), [1e999], "changes[0].more[0] must be a finite number"),
        (("report_version",), "1", "the report has version 1, not 1"),
        (("report_version",), True, "report_version must be 1, not True"),
    ],
)
def test_what_cannot_be_is_named_by_its_place(good, tmp_path, path, value, sentence):
    data = changed(good, path, lambda inner, key: inner.__setitem__(key, value))
    (tmp_path / "x.report.json").write_text(json.dumps(data))
    with pytest.raises(ModelReadError) as caught:
        read_report(tmp_path / "x.report.json")
    assert sentence in caught.value.message
    assert caught.value.path == str(tmp_path / "x.report.json")


@pytest.mark.parametrize("text", ["", "[]", "[" * 10**5, "5", '{"a": 1}', "\xff", "1" * 5000])
def test_what_is_no_report_at_all(tmp_path, text):
    (tmp_path / "x.report.json").write_text(text, "latin-1")
    with pytest.raises(ModelReadError) as caught:
        read_report(tmp_path / "x.report.json")
    assert "clean and diff write" in str(caught.value.hint)

"""The stamp tells where a file came from; nothing that it says changes a clean."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

import smplprep
from smplprep import Options, clean, read_model, write_model
from smplprep.jobs.clean_file import clean_file
from smplprep.records.stamp import is_stamp, stamped

KEY = "smplprep"
OURS = {"version": smplprep.__version__, "options": {"hops": 2}, "input_sha256": "0" * 64}
SPENT = json.dumps({"spent": {"budget_mm": 1e6, "regressor_budget_mm": 1e6}})
REPLACED = "the input's key smplprep held no stamp of this or an earlier version; it was replaced"


def text(**changes) -> str:
    return json.dumps(OURS | changes, sort_keys=True)


def with_stamp(model, value):
    return dataclasses.replace(model, extras={**model.extras, KEY: value})


@pytest.mark.parametrize("value", [text(), text(version="0.0.9"), text(input_sha256=None)])
def test_stamps_of_this_version_and_earlier_ones(value):
    assert is_stamp(value)
    assert is_stamp(np.array(value))


OTHERS = [
    None,
    "",
    7,
    b"{}",
    "[]",
    "{}",
    SPENT,
    "[" * 100_000,
    "9" * 5000,
    text(spent={"budget_mm": 1}),
    text(version="0.2.0"),
    text(version="1.0.0"),
    text(version="0.0.9rc1"),
    text(version=f"0.{'9' * 5000}.0"),
    text(version=0.1),
    text(options=[]),
    text(input_sha256="\u001b[2J"),
    text(input_sha256=["0" * 64]),
    text() + " ",
    np.array([text()]),
]


@pytest.mark.parametrize("value", OTHERS, ids=[repr(value)[:40] for value in OTHERS])
def test_what_is_no_stamp_of_ours(value):
    assert not is_stamp(value)


def test_what_stamped_writes_is_a_stamp(small_model):
    model = stamped(small_model(), small_model(), Options(keep_joints=("h\u00fcfte",)))
    assert is_stamp(model.extras[KEY])


@pytest.mark.parametrize("name", ["model.npz", "model.pkl", "model.h5"])
def test_a_stamp_that_is_not_ours_is_replaced_where_nothing_else_is_to_do(
    small_model, tmp_path, name
):
    (tmp_path / "once").mkdir()
    write_model(with_stamp(clean(small_model())[0], SPENT), tmp_path / name)
    once = clean_file(tmp_path / name, tmp_path / "once" / name, html=False)
    assert not any(change["rows_touched"] for change in once.report.data["changes"])
    assert REPLACED in once.report.data["remarks"]
    stamp = json.loads(str(read_model(once.target).extras[KEY]))
    assert stamp["input_sha256"] == once.report.data["input"]["sha256"]
    twice = clean_file(once.target, tmp_path / f"twice_{name}", html=False)
    assert twice.target.read_bytes() == once.target.read_bytes()
    assert REPLACED not in twice.report.data["remarks"]

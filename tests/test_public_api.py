"""The public names, literally, and that each of them is there."""

from __future__ import annotations

import dataclasses
import errno
import pickle
import sys
from pathlib import Path

import pytest
from small_files import arrays, as_npz

import smplprep
from smplprep.errors import install


def test_public_names():
    assert smplprep.__all__ == [
        "Change",
        "Check",
        "CleanedFile",
        "Landmark",
        "Limits",
        "ManifestError",
        "Model",
        "ModelInvalidError",
        "ModelNotFoundError",
        "ModelReadError",
        "ModelWriteError",
        "Options",
        "Report",
        "SmplprepError",
        "Storage",
        "VerificationError",
        "assert_clean",
        "cast_floats",
        "check_file",
        "clean",
        "clean_file",
        "fill_unweighted",
        "limit_shapedirs",
        "localize_posedirs",
        "prune_weights",
        "read_model",
        "sparsify_regressor",
        "symmetrize",
        "verify",
        "write_model",
        "zero_shapedirs",
    ]


def test_every_name_loads_and_says_what_it_is():
    for name in smplprep.__all__:
        assert getattr(smplprep, name).__doc__, name
    assert set(smplprep._HOMES) == set(smplprep.__all__)


def test_all_transforms_are_public_and_no_room_hides_a_name():
    package = Path(smplprep.__file__).parent
    transforms = {path.stem for path in (package / "transforms").glob("*.py")} - {"__init__"}
    assert transforms <= set(smplprep.__all__)
    assert not {path.stem for path in package.iterdir()} & set(smplprep.__all__)
    assert set(smplprep.__all__) <= set(dir(smplprep))


def test_errors_are_value_errors_with_one_line():
    error = smplprep.ModelReadError("is cut short", path="m.npz", key="weights", offset=7)
    assert isinstance(error, ValueError)
    assert str(error) == "m.npz: is cut short (key weights, byte 7)"
    hostile = smplprep.ModelReadError("names it", path="a\x1b[2J\nb.npz", key="k" * 500)
    assert "\x1b" not in str(hostile)
    assert "\n" not in str(hostile)
    assert len(str(hostile)) < 200


def test_errors_are_also_what_python_users_catch(tmp_path):
    missing = tmp_path / "none.npz"
    with pytest.raises(FileNotFoundError) as caught:
        smplprep.read_model(missing)
    error = pickle.loads(pickle.dumps(caught.value))  # as a build's processes send them
    assert isinstance(error, smplprep.ModelReadError)
    assert (error.path, error.errno, error.exit_status) == (str(missing), errno.ENOENT, 3)
    (tmp_path / "small.npz").write_bytes(as_npz(arrays()))
    model = smplprep.read_model(tmp_path / "small.npz")
    with pytest.raises(OSError) as caught:
        smplprep.write_model(model, tmp_path / "no folder" / "m.npz")
    assert isinstance(caught.value, smplprep.ModelWriteError)
    assert (caught.value.errno, caught.value.exit_status) == (errno.ENOENT, 4)


def test_records_say_in_a_line_what_they_are(standin):
    model, report = smplprep.clean(standin)
    assert repr(model).startswith(
        "<Model of smplh: 6890 vertices, 52 joints, 16 shape directions, read from '"
    )
    assert repr(report) == ("<Report of smplh: 21 of 21 landmarks leaked; none does now.>")
    _, change = smplprep.prune_weights(standin)
    assert repr(change) == (
        "<Change by prune_weights: 27560 entries of weights before, 12086 after, 6676 rows touched>"
    )
    hostile = dataclasses.replace(
        model, source=dataclasses.replace(model.source, path="a\x1b" * 99)
    )
    assert len(repr(hostile)) < 200
    assert "\x1b" not in repr(hostile)


def test_the_hint_for_an_extra_is_for_this_python(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/my venv/bin/python")
    assert install("verify") == "'/my venv/bin/python' -m pip install 'smplprep[verify]'"

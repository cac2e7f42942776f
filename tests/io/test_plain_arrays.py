"""What is not an array becomes one, or JSON text, where a container holds nothing else."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

import h5py
import numpy as np
import pytest

from smplprep import ModelWriteError, read_model, write_model
from smplprep.io.plain_arrays import losses, npz_entries, plain_array, plain_entries
from smplprep.records.contents import ObjectArray, Sparse
from smplprep.records.storage import Storage


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (ObjectArray((2,), [1, 2]), np.array([1, 2])),
        (ObjectArray((2, 1), ["a", "bc"]), np.array([["a"], ["bc"]])),
        (ObjectArray((2,), [np.ones(3), np.zeros(3)]), np.array([[1.0, 1, 1], [0, 0, 0]])),
        ([0.5, 1.0], np.array([0.5, 1.0])),
        (ObjectArray((2,), [1, "a"]), None),
        (ObjectArray((2,), [np.ones(3), np.ones(2)]), None),
        (ObjectArray((1,), [2**70]), None),
        ({"jaw": 22}, None),
        (None, None),
    ],
)
def test_objects_become_arrays_where_they_can(value: object, expected: np.ndarray | None) -> None:
    found = plain_array(value)
    if expected is None:
        assert (found.dtype.kind, found.shape) == ("U", ())
        (loss,) = losses({"k": value}, "npz")
        assert "k is written as JSON text" in loss
    else:
        assert found.dtype == expected.dtype
        assert np.array_equal(found, expected)
        matrix = Sparse("csc", *[expected] * 3, (1, 1))
        assert losses({"k": value, "s": matrix}, "npz", keep_objects=True) == []


def test_a_text_too_wide_for_one_is_written_in_pieces(small_model, tmp_path: Path) -> None:
    """No .npy header may name a text of more than 9,999 characters; 3000 numbers take more."""
    extras = {"parts": {"head": list(range(3000))}, "word": "ab" * 6000, "octets": b"xy" * 6000}
    model = dataclasses.replace(small_model(), extras=extras)
    for name in ("m.npz", "m.h5"):
        write_model(model, tmp_path / name)
        found = read_model(tmp_path / name).extras
        assert json.loads("".join(found["parts"].tolist())) == extras["parts"]
        assert "".join(found["word"].tolist()) == extras["word"]
        assert b"".join(found["octets"].tolist()) == extras["octets"]


@pytest.mark.parametrize("container", ["npz", "h5"])
def test_a_note_says_how_to_read_what_became_text(
    container: str, small_model, tmp_path: Path
) -> None:
    """The code in each note gives the value back."""
    extras = {
        "joint2num": {"jaw": 22, "teile": ["\u00e4", None]},
        'a "key"': [1, "a"],
        "parts": {"head": list(range(3000))},
        "word": "ab" * 6000,
        "octets": b"xy" * 6000,
    }
    path = tmp_path / f"m.{container}"
    write_model(dataclasses.replace(small_model(), extras=extras), path)
    notes = losses(extras, container)
    assert len(notes) == len(extras)
    for note, (key, value) in zip(notes, extras.items(), strict=True):
        assert note.startswith(f"{key} is written ")
        code = note.partition(": ")[2].partition(" joins them")[0].partition(" reads it")[0]
        opened = re.search(r"where d = ([^;]*)", note).group(1)
        names = {"json": json, "np": np, "h5py": h5py, "FILE": path}
        assert eval(code, names | {"d": eval(opened, names)}) == value
    assert losses(extras, "pkl") == []


def test_objects_are_kept_on_request(small_model, tmp_path: Path) -> None:
    extras = {
        "joint2num": {"jaw": 22, "hands": [1.5, "l", [None, True]], "at": (np.arange(3), b"x")},
        "ragged": ObjectArray((2,), [[1], [2, 3]]),
        "even": [1, 2],
        "bs_type": "lrotmin",
    }
    model = dataclasses.replace(small_model(), extras=extras)
    storage = Storage(keep_objects=True)
    write_model(model, tmp_path / "m.npz", storage=storage)
    with np.load(tmp_path / "m.npz", allow_pickle=True) as found:
        joint2num = found["joint2num"].item()
        assert joint2num["jaw"] == 22
        assert joint2num["hands"] == [1.5, "l", [None, True]]
        assert joint2num["at"][0].tolist() == [0, 1, 2]
        assert found["ragged"].tolist() == [[1], [2, 3]]
        assert found["even"].dtype == np.int64
        assert found["bs_type"].item() == "lrotmin"
    with np.load(tmp_path / "m.npz") as found, pytest.raises(ValueError, match="allow_pickle"):
        found["joint2num"]
    notes = losses(extras, "npz", keep_objects=True)
    assert [note.partition(" ")[0] for note in notes] == ["joint2num", "ragged"]
    assert all("allow_pickle=True" in note for note in notes)
    assert list(npz_entries(extras, keep_objects=True)) == list(extras)
    write_model(read_model(tmp_path / "m.npz"), tmp_path / "again.npz", storage=storage)
    assert (tmp_path / "again.npz").read_bytes() == (tmp_path / "m.npz").read_bytes()


def test_json_text_of_names_and_values_that_json_has_not() -> None:
    value = {b"a": 1, 2: {3, 1}, None: (b"x", np.arange(2)), "n": np.array([b"y"])}
    found = json.loads(str(plain_array(value)))
    assert found == {"a": 1, "2": [1, 3], "null": ["x", [0, 1]], "n": ["y"]}
    with pytest.raises(ModelWriteError, match=r"two names in it are the same .*\(key k\)"):
        plain_entries({"k": {1: 2, "1": 3}})

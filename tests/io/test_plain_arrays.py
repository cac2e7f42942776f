"""What is no array becomes one, or JSON text, where a container holds nothing else."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from smplprep import ModelWriteError, read_model, write_model
from smplprep.io.plain_arrays import plain_array, plain_entries, texts_among
from smplprep.records.contents import ObjectArray, Sparse


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
        assert texts_among({"k": value}) == ["k is written as JSON text: it is no array"]
    else:
        assert found.dtype == expected.dtype
        assert np.array_equal(found, expected)
        assert texts_among({"k": value, "s": Sparse("csc", *[expected] * 3, (1, 1))}) == []


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
    assert texts_among(extras) == [
        "parts is written as JSON text: it is no array",
        "word is written in pieces: no text may be so wide",
        "octets is written in pieces: no text may be so wide",
    ]


def test_json_text_of_names_and_values_that_json_has_not() -> None:
    value = {b"a": 1, 2: {3, 1}, None: (b"x", np.arange(2)), "n": np.array([b"y"])}
    found = json.loads(str(plain_array(value)))
    assert found == {"a": 1, "2": [1, 3], "null": ["x", [0, 1]], "n": ["y"]}
    with pytest.raises(ModelWriteError, match=r"two names in it are the same .*\(key k\)"):
        plain_entries({"k": {1: 2, "1": 3}})

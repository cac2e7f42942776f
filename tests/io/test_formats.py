"""Models in files that are not plain .npz, .pkl or .h5: read with a note, or named and refused."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from model_files import assert_read, model_dict

from smplprep import ModelReadError, read_model
from smplprep.io import json_model
from smplprep.io.read_model import read_contents


def refused(path: Path, message: str, *, key: str | None = None) -> ModelReadError:
    with pytest.raises(ModelReadError, match=message) as caught:
        read_contents(path)
    error = caught.value
    assert (error.path, error.key) == (str(path), key)
    for word in ("opcode", "stack", "memo", "REDUCE", "machine"):
        assert word not in str(error)
    return error


# A model below the top of the file


def as_npz(value: Any, path: Path) -> None:
    np.savez(path, value)


def as_named_npz(value: Any, path: Path) -> None:
    np.savez(path, model=np.array(value, object), made="by hand")


def as_npy(value: Any, path: Path) -> None:
    np.save(path, value)


def as_npy_of_a_dict(value: Any, path: Path) -> None:
    np.save(path, {"model": value, "date": 2020})


def as_npy_of_objects(value: Any, path: Path) -> None:
    array = np.empty(2, object)
    array[:] = [None, value]
    np.save(path, array)


def as_pickle(value: Any, path: Path) -> None:
    path.write_bytes(pickle.dumps({"meta": {"v_template": 1}, "model": value}))


@pytest.mark.parametrize(
    ("write", "ending", "place"),
    [
        (as_npz, "npz", "['arr_0']"),
        (as_named_npz, "npz", "['model']"),
        (as_npy, "npy", ""),
        (as_npy_of_a_dict, "npy", "['model']"),
        (as_npy_of_objects, "npy", "[1]"),
        (as_pickle, "pkl", "['model']"),
    ],
)
def test_a_model_one_level_down(write: Any, ending: str, place: str, tmp_path: Path) -> None:
    path = tmp_path / f"m.{ending}"
    write(model_dict() | {"J_regressor": sp.csc_matrix(model_dict()["J_regressor"])}, path)
    source = assert_read(path).source
    assert source.container == ("pkl" if ending == "pkl" else "npz")
    assert place in source.remarks[-1]
    assert len(source.remarks) == 1 + (ending == "npy" and place != "")
    assert source.notes == {"J_regressor": "scipy.sparse._csc.csc_matrix"}
    alone = place in ("", "['arr_0']")
    assert ("the rest of the file is left out" in source.remarks[-1]) != alone


@pytest.mark.parametrize("place", ["['a']['b']", "['x'][1]", "[0]['y']", "[2]"])
def test_a_model_two_levels_down(place: str, tmp_path: Path) -> None:
    model = model_dict()
    value: Any = {
        "['a']['b']": {"a": {"b": model, "c": [1]}, "d": None},
        "['x'][1]": {"x": [0, model]},
        "[0]['y']": [{"y": model}, "z"],
        "[2]": ("m", 1, model),
    }[place]
    (tmp_path / "m.pkl").write_bytes(pickle.dumps(value))
    (remark,) = assert_read(tmp_path / "m.pkl").source.remarks
    assert f"the model was found in {place}" in remark


@pytest.mark.parametrize(
    "value",
    [{1: {"pose": [0], "betas": [0]}}, [{"smpl": {"body_pose": [0]}}]],
    ids=["dict", "list"],
)
def test_results_of_people_are_named(value: object, tmp_path: Path) -> None:
    """As VIBE and others save them: a dict for each person, by number."""
    (tmp_path / "m.pkl").write_bytes(pickle.dumps(value))
    error = refused(tmp_path / "m.pkl", "this is the result of a fit")
    assert "Take the model file" in (error.hint or "")


def test_three_levels_are_too_many_and_two_models_too(tmp_path: Path) -> None:
    model, path = model_dict(), tmp_path / "m.pkl"
    path.write_bytes(pickle.dumps({"a": {"b": {"c": model}}}))
    with pytest.raises(ValueError, match="not an SMPL-family model"):
        read_model(path)
    path.write_bytes(pickle.dumps({"male": model, "rest": {"female": model}}))
    error = refused(path, r"holds 2 models: \['male'\], \['rest'\]\['female'\]")
    assert "Save each of them" in (error.hint or "")


def test_keys_of_bytes(tmp_path: Path) -> None:
    entries = {key.encode(): value for key, value in model_dict().items()}
    (tmp_path / "m.pkl").write_bytes(pickle.dumps(entries))
    error = refused(tmp_path / "m.pkl", "its keys are bytes, such as b'v_template'")
    assert error.hint is not None
    mended = eval(error.hint.partition(": ")[2], {"d": entries})  # the line that mends it
    (tmp_path / "m.pkl").write_bytes(pickle.dumps(mended))
    assert_read(tmp_path / "m.pkl")


@pytest.mark.parametrize("cls", [np.matrix, np.memmap])
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_matrices_and_maps(cls: Any, protocol: int, tmp_path: Path) -> None:
    entries = model_dict()
    entries["J_regressor"] = entries["J_regressor"].view(cls)
    (tmp_path / "m.pkl").write_bytes(pickle.dumps(entries, protocol))
    notes = assert_read(tmp_path / "m.pkl").source.notes
    assert notes == {"J_regressor": f"numpy.{cls.__name__}"}


# JSON


def plain(model: dict[str, Any]) -> dict[str, Any]:
    return {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in model.items()}


@pytest.mark.parametrize("indent", [None, 1])
def test_json(indent: int | None, tmp_path: Path) -> None:
    entries = plain(model_dict()) | {"names": ["a", "b"], "more": {"x": [1, 2.5], "y": None}}
    text = json.dumps(entries, indent=indent)
    (tmp_path / "m.json").write_text("\ufeff" + text, encoding="utf-8")
    model = assert_read(tmp_path / "m.json")
    assert model.source.remarks == ("the file is JSON",)
    assert (model.weights.dtype, model.f.dtype) == (np.float64, np.int64)
    assert model.extras["names"] == ["a", "b"]
    assert model.extras["more"]["x"].tolist() == [1, 2.5]


def test_json_with_integers_for_floats_and_the_model_below(tmp_path: Path) -> None:
    text = json.dumps({"data": plain(model_dict())}).replace(".0,", ",").replace(".0]", "]")
    assert '"weights": [[1, 0, 0, 0]' in text
    (tmp_path / "m.json").write_text(text)
    model = assert_read(tmp_path / "m.json")
    assert model.weights.dtype == np.float64
    assert "['data']" in model.source.remarks[1]


@pytest.mark.parametrize(
    ("old", "new", "message", "key"),
    [
        ("[[1.0,", "[[NaN,", "the JSON contains NaN, which is not a number", None),
        ("[[1.0,", "[[-Infinity,", "the JSON contains -Infinity", None),
        ("[[1.0,", "[[1e999,", "a number in the JSON is too large", "weights"),
        ("[[1.0,", f"[[{'9' * 400},", "a number in the JSON is too large|not an array", "weights"),
        ("[[1.0,", f"[[{'9' * 5000},", "not readable as JSON: Exceeds the limit", None),
        ('"f"', '"weights"', "appears twice", "weights"),
        ("]}", "]", "not readable as JSON: .*, line 1", None),
        ("[[1.0,", "[[1.0", "not readable as JSON: .*, line 1", None),
        ("[[1.0,", "[" * 100_000, "not readable as JSON", None),
        ('"f"', '"\udcff"', "the JSON is not UTF-8", None),
    ],
)
def test_json_that_is_refused(
    old: str, new: str, message: str, key: str | None, tmp_path: Path
) -> None:
    entries = plain(model_dict())
    entries.pop("bs_type")
    text = json.dumps(entries)
    assert old in text
    body = text.replace(old, new).encode("utf-8", "surrogateescape")
    (tmp_path / "m.json").write_bytes(body)
    if "not an array" in message:  # too many digits for a float: no array comes of it
        with pytest.raises(ValueError, match=message) as caught:
            read_model(tmp_path / "m.json")
        assert caught.value.key == key  # type: ignore[attr-defined]
        return
    refused(tmp_path / "m.json", message, key=key)


@pytest.mark.parametrize("character", [",", "[", "{", '"'])
def test_json_is_counted_before_it_is_read(
    character: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = json.dumps(plain(model_dict()))
    (tmp_path / "m.json").write_text(text)
    code = character.encode()
    monkeypatch.setitem(json_model.MOST, code, text.count(character))
    assert_read(tmp_path / "m.json")
    monkeypatch.setitem(json_model.MOST, code, text.count(character) - 1)
    monkeypatch.setattr(json_model.json, "loads", None)
    error = refused(tmp_path / "m.json", "JSON with more than")
    assert "np.savez" in (error.hint or "")


def test_large_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "m.json").write_text(json.dumps(plain(model_dict()) | {"name": "é"}))
    monkeypatch.setattr(json_model, "MAX_BYTES", 100)
    refused(tmp_path / "m.json", "bytes are too much for JSON")
    (tmp_path / "m.json").write_text('{"name": "é"}')
    monkeypatch.setattr(json_model, "MAX_OTHER_TEXT", 10)
    refused(tmp_path / "m.json", "bytes are too much for JSON")


# Files that were damaged or written by others


def landmark_pickle() -> bytes:
    faces, shares = np.arange(51) * 7 + 3, np.full((51, 3), 1 / 3)
    return pickle.dumps({"lmk_face_idx": faces, "lmk_b_coords": shares}, 0)


@pytest.mark.parametrize("body", [pickle.dumps(model_dict(), 0), landmark_pickle()])
def test_a_pickle_of_text_whose_line_ends_were_changed(body: bytes, tmp_path: Path) -> None:
    (tmp_path / "good.pkl").write_bytes(body)
    (tmp_path / "m.pkl").write_bytes(body.replace(b"\n", b"\r\n"))
    found, good = read_contents(tmp_path / "m.pkl"), read_contents(tmp_path / "good.pkl")
    assert found.remarks == (
        "line ends had been changed in it (LF to CRLF), and were changed back",
    )
    assert good.remarks == ()
    assert list(found.entries) == list(good.entries)
    for key, value in good.entries.items():
        np.testing.assert_array_equal(found.entries[key], value)


@pytest.mark.parametrize("protocol", range(1, pickle.HIGHEST_PROTOCOL + 1))
def test_another_pickle_whose_line_ends_were_changed(protocol: int, tmp_path: Path) -> None:
    entries = model_dict() | {"bytes": bytes(range(256)) * 9}
    body = pickle.dumps(entries, protocol).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    (tmp_path / "m.pkl").write_bytes(body)
    error = refused(tmp_path / "m.pkl", r"line ends in it were changed \(LF to CRLF\)")
    assert error.hint == "Download it again, as a binary file."


def test_carriage_returns_in_text_are_kept(tmp_path: Path) -> None:
    entries = model_dict() | {"note": "a\r\nb\rc"}
    (tmp_path / "m.pkl").write_bytes(pickle.dumps(entries, 0))
    assert read_model(tmp_path / "m.pkl").extras["note"] == "a\r\nb\rc"


@pytest.mark.parametrize("compress", [0, 3, ("gzip", 3), ("bz2", 3), ("xz", 3)])
def test_joblib(compress: Any, tmp_path: Path) -> None:
    joblib = pytest.importorskip("joblib")
    joblib.dump(model_dict(), tmp_path / "m.pkl", compress=compress)
    error = refused(tmp_path / "m.pkl", "joblib|compressed with (gzip|bzip2|xz)")
    if compress in (0, 3):
        assert "joblib.load" in (error.hint or "")


@pytest.mark.parametrize(
    "name",
    [
        "joblib.numpy_pickle.NumpyArrayWrapper",
        "sklearn.externals.joblib.numpy_pickle.NDArrayWrapper",
    ],
)
def test_joblib_of_every_age(name: str, tmp_path: Path) -> None:
    module, _, cls = name.rpartition(".")
    (tmp_path / "m.pkl").write_bytes(b"\x80\x02c" + f"{module}\n{cls}\n)\x81.".encode("latin-1"))
    refused(tmp_path / "m.pkl", "joblib wrote this file, in a format of its own; nothing was run")


@pytest.mark.parametrize(
    ("value", "message", "hint"),
    [
        (Path("x"), "an object of the class pathlib", "a dict of the model's arrays"),
        (json.JSONDecoder, "an object of the class json.decoder.JSONDecoder", "a dict of"),
    ],
)
def test_objects_of_programs(value: Any, message: str, hint: str, tmp_path: Path) -> None:
    (tmp_path / "m.pkl").write_bytes(pickle.dumps(model_dict() | {"it": value}))
    assert hint in (refused(tmp_path / "m.pkl", message).hint or "")


def test_the_download(tmp_path: Path) -> None:
    """The archive as it comes, with folders, comments and whatever else a zip may hold."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.mkdir("mano_v1_2")
        archive.writestr("mano_v1_2/LICENSE.txt", "x")
        archive.writestr("__MACOSX/mano_v1_2/models/._MANO_RIGHT.pkl", "x")
        archive.writestr("mano_v1_2/models/MANO_RIGHT.pkl", "x")
        archive.writestr("mano_v1_2/models/MANO_LEFT.PKL", "x")
        archive.comment = b"a comment"
    (tmp_path / "mano.zip").write_bytes(out.getvalue())
    wanted = "mano_v1_2/models/MANO_RIGHT.pkl, mano_v1_2/models/MANO_LEFT.PKL"
    error = refused(tmp_path / "mano.zip", f"zip archive that holds {wanted}$")
    assert error.hint == "Unpack it, then name the model file in it."


def test_integers_beyond_64_bits_are_values_but_no_keys(tmp_path: Path) -> None:
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        entries = model_dict() | {"id": 2**64, "ids": [-(10**600), 7]}
        (tmp_path / "m.pkl").write_bytes(pickle.dumps(entries, protocol))
        extras = read_model(tmp_path / "m.pkl").extras
        assert (extras["id"], extras["ids"]) == (2**64, [-(10**600), 7])
    (tmp_path / "m.pkl").write_bytes(pickle.dumps({"ids": {2**64: 1}}))
    refused(tmp_path / "m.pkl", "a key that is an integer of more than 64 bits", key="ids")

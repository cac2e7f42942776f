"""Keys that zeros stand for, and what is odd in a file but read with a note."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from command_line import run
from model_files import model_dict

from smplprep import ModelInvalidError, clean, read_model
from smplprep.jobs.clean_file import clean_file
from smplprep.jobs.inspect import inspect_file


def saved(path: Path, **changes: np.ndarray | None) -> Path:
    entries = model_dict() | changes
    np.savez(path, **{key: value for key, value in entries.items() if value is not None})
    return path


@pytest.mark.parametrize("missing", [("posedirs",), ("shapedirs",), ("shapedirs", "posedirs")])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_missing_blend_shapes_are_zeros(
    missing: tuple[str, ...], dtype: type, tmp_path: Path
) -> None:
    template = model_dict()["v_template"].astype(dtype)
    path = saved(tmp_path / "m.npz", v_template=template, **dict.fromkeys(missing))
    model = read_model(path)
    for key, shape in (("shapedirs", (10, 3, 10)), ("posedirs", (10, 3, 27))):
        if key in missing:
            array = getattr(model, key)
            assert (array.shape, array.dtype, array.any()) == (shape, dtype, False)
            assert any(f"{key} is not in the file; zeros" in note for note in model.source.remarks)
    done = clean_file(path, tmp_path / "out.npz", html=False)
    remarks = done.report.data["remarks"]
    assert sum("is not in the file; zeros" in sentence for sentence in remarks) == len(missing)
    assert not any("were added" in sentence for sentence in remarks)
    with np.load(tmp_path / "out.npz") as output:
        for key in missing:
            assert not output[key].any()
    again, _ = clean(read_model(tmp_path / "out.npz"))
    assert again.source.remarks == ()
    found = inspect_file(path)
    assert found["smplx"]["loads"] is False
    assert [row["why"] for row in found["smplx"]["reasons"]][: len(missing)] == list(
        model.source.remarks
    )


def test_expressions_stand_behind_the_shapes_of_smplx_and_flame(tmp_path: Path) -> None:
    path = saved(tmp_path / "m.npz", shapedirs=None)
    assert read_model(path).shapedirs.shape == (10, 3, 10)
    many = {
        "v_template": np.zeros((5023, 3)),
        "weights": np.eye(5)[np.arange(5023) % 5],
        "J_regressor": np.full((5, 5023), 1 / 5023),
        "kintree_table": np.array([[-1, 0, 1, 1, 1], range(5)]),
        "posedirs": None,
    }
    flame = read_model(saved(tmp_path / "flame.npz", shapedirs=None, **many))
    assert (flame.family.name, flame.shapedirs.shape) == ("flame", (5023, 3, 20))
    assert flame.posedirs.shape == (5023, 3, 36)


def test_zeros_are_no_more_than_one_array_may_be(tmp_path: Path) -> None:
    many = {
        "v_template": np.zeros((400_000, 3), np.float16),
        "kintree_table": np.zeros((2, 1000), np.int16),
    }
    path = tmp_path / "m.npz"
    np.savez_compressed(
        path, **{**{k: np.zeros(1) for k in ("f", "weights", "J_regressor")}, **many}
    )
    with pytest.raises(ValueError, match="over the limit of 1073741824 bytes") as caught:
        read_model(path)
    assert caught.value.key == "posedirs"  # type: ignore[attr-defined]


def test_every_missing_key_is_named_at_once(tmp_path: Path) -> None:
    path = saved(tmp_path / "m.npz", weights=None, f=None, posedirs=None)
    with pytest.raises(ModelInvalidError, match="it lacks f, weights"):
        read_model(path)


def test_what_is_odd_in_the_tree_and_the_regressor(tmp_path: Path) -> None:
    regressor = model_dict()["J_regressor"].copy()
    regressor[2] *= 2
    tree = np.array([[0, 0, 1, 2], [0, 1, 1, 3]])
    path = saved(tmp_path / "m.npz", J_regressor=regressor, kintree_table=tree)
    _, report = clean(read_model(path))
    wanted = [
        "kintree_table says that joint 0 is its own parent",
        "row 1 of kintree_table does not number the joints 0, 1, 2, ...; stock smplx",
        "J_regressor[2] sums to 2, not 1; stock smplx puts a joint that many times as far",
    ]
    for sentence in wanted:
        assert any(sentence in remark for remark in report.data["remarks"])
        assert any(sentence in remark for remark in inspect_file(path)["remarks"])
    cleaned, _ = clean(read_model(path))
    np.testing.assert_allclose(cleaned.J_regressor.sum(axis=1), [1, 1, 2, 1])


def test_the_command_says_it_too(tmp_path: Path) -> None:
    path = saved(tmp_path / "m.npz", posedirs=None)
    done = run("clean", path)
    assert done.returncode == 0, done.stderr
    said = " ".join(done.stdout.split())
    assert "posedirs is not in the file; zeros of shape (10, 3, 27) take its place" in said
    report = json.loads((tmp_path / "m_clean.report.json").read_text())
    assert "posedirs" not in [row["key"] for row in report["input"]["keys"]]
    assert "posedirs" in [row["key"] for row in report["output"]["keys"]]

"""convert, merge-hands, --hands and --layout: other containers and other keys, the same arrays."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from smplprep import ModelInvalidError, ModelWriteError, SmplprepError, read_model, write_model
from smplprep.contents import Sparse
from smplprep.hands import side_of, with_flat_hands, with_hands
from smplprep.inspection import inspect_file
from smplprep.io.pickle.names import ObjectArray
from smplprep.io.plain_arrays import plain_array, texts_among
from smplprep.layout import gender_in, layout_path


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "smplprep", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def plain(path: Path) -> dict[str, np.ndarray]:
    """The entries of a model file, as a .npz would hold them."""
    entries = read_model(path, normalise_rows=True).entries()
    return {key: plain_array(value, key=key) for key, value in entries.items()}


def same(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> bool:
    return list(a) == list(b) and all(
        a[key].dtype == b[key].dtype and a[key].tobytes() == b[key].tobytes() for key in a
    )


@pytest.mark.parametrize("way", ["pkl npz", "h5 npz", "pkl h5", "npz h5 pkl", "h5 pkl h5 npz pkl"])
def test_round_trips_are_exact(way: str, family_dir: Path, tmp_path: Path) -> None:
    source = path = family_dir / "mano" / "MANO_LEFT.pkl"
    for step, ending in enumerate(way.split()):
        path, before = tmp_path / f"{step}.{ending}", path
        write_model(read_model(before), path)
        assert same(plain(path), plain(source))
    assert read_model(path).source.container == way.split()[-1]


def test_chumpy_and_python_2_go_and_matrices_stay_sparse(family_dir: Path, tmp_path: Path) -> None:
    source = family_dir / "mano" / "MANO_RIGHT.pkl"
    assert b"chumpy" in source.read_bytes()
    for name in ("m.pkl", "m.h5"):
        done = run("convert", source, "-o", tmp_path / name)
        assert (done.returncode, done.stdout) == (0, f"model: {tmp_path / name}\n")
        assert b"chumpy" not in (tmp_path / name).read_bytes()
        assert read_model(tmp_path / name).source.sparse == {"J_regressor": "csc"}
    assert run("convert", source, "-o", tmp_path / "m.npz").returncode == 0
    assert "smplprep" not in np.load(tmp_path / "m.npz")
    before = read_model(source)
    assert np.array_equal(np.load(tmp_path / "m.npz")["weights"], before.weights)


def test_converting_needs_one_place_and_force(family_dir: Path, tmp_path: Path) -> None:
    source = family_dir / "mano" / "MANO_RIGHT.pkl"
    assert run("convert", source).returncode == 2
    target = tmp_path / "m.npz"
    target.write_text("mine")
    assert run("convert", source, "-o", target).returncode == 4
    assert target.read_text() == "mine"
    assert run("convert", source, "-o", target, "--force").returncode == 0
    assert run("convert", source, "-o", tmp_path / "m.txt").returncode == 4


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
    found = plain_array(value, key="k")
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
    found = json.loads(str(plain_array(value, key="k")))
    assert found == {"a": 1, "2": [1, 3], "null": ["x", [0, 1]], "n": ["y"]}
    with pytest.raises(ModelWriteError, match=r"two names in it are the same .*\(key k\)"):
        plain_array({1: 2, "1": 3}, key="k")


@pytest.fixture(scope="module")
def mano(family_dir: Path) -> tuple[Path, Path]:
    return family_dir / "mano" / "MANO_LEFT.pkl", family_dir / "mano" / "MANO_RIGHT.pkl"


def test_merge_hands(standin_dir: Path, mano: tuple[Path, Path], tmp_path: Path) -> None:
    pytest.importorskip("smplx")
    from smplprep.stock.load import stock_from_file

    bare, target = standin_dir / "SMPLH_NEUTRAL_NOHANDS.npz", tmp_path / "SMPLH_NEUTRAL.npz"
    done = run("merge-hands", bare, *mano, "-o", target)
    assert (done.returncode, done.stderr) == (0, "")
    # The stand-in's hands are those of its MANO.
    whole = np.load(standin_dir / "SMPLH_NEUTRAL.npz")
    with np.load(target) as merged:
        assert set(merged) == set(whole)
        assert all(merged[key].tobytes() == whole[key].tobytes() for key in merged)
    assert inspect_file(target)["smplx"]["loads"]
    assert stock_from_file(target, "npz").right_hand_mean.shape == (45,)


def test_hands_of_the_wrong_side_or_shape(
    standin_dir: Path, mano: tuple[Path, Path], tmp_path: Path
) -> None:
    bare, target = standin_dir / "SMPLH_NEUTRAL_NOHANDS.npz", tmp_path / "out.npz"
    left, right = mano
    assert (side_of(read_model(left)), side_of(read_model(right))) == ("left", "right")
    done = run("merge-hands", bare, right, left, "-o", target)
    assert done.returncode == 3
    assert f"{right}: this is the right hand, where the left one belongs" in done.stderr
    done = run("clean", bare, "--hands", left, left, "-o", target)
    assert f"{left}: this is the left hand, where the right one belongs" in done.stderr
    done = run("merge-hands", bare, bare, right, "-o", target)
    assert "6890 vertices and 52 joints are no MANO" in done.stderr
    hands = [read_model(path) for path in mano]
    hands[0].extras["hands_mean"] = np.zeros(44)
    with pytest.raises(ModelInvalidError, match="hands_mean is no array of floats of"):
        with_hands(read_model(bare), *hands)
    del hands[0].extras["hands_mean"]
    with pytest.raises(ModelInvalidError, match="hands_mean is no array of floats of"):
        with_hands(read_model(bare), *hands)
    assert list(tmp_path.iterdir()) == []


def test_hands_that_nobody_asked_for(standin, mano: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(ModelInvalidError, match="it has hands already"):
        with_flat_hands(standin)
    with pytest.raises(ModelInvalidError, match="mano has no hands to pose"):
        with_flat_hands(read_model(mano[0]))
    for path in mano:
        body = with_flat_hands(standin_without_hands(standin))
        with pytest.raises(ModelWriteError, match="the output is the input"):
            write_model(body, path, force=True, inputs=mano)


def standin_without_hands(standin):
    import dataclasses

    return dataclasses.replace(
        standin,
        hands_meanl=None,
        hands_meanr=None,
        hands_componentsl=None,
        hands_componentsr=None,
    )


def test_clean_with_flat_hands_into_the_layout(standin_dir: Path, tmp_path: Path) -> None:
    """``smplx.create`` finds and loads what AMASS's file alone could not give it."""
    smplx = pytest.importorskip("smplx")
    bare = standin_dir / "SMPLH_NEUTRAL_NOHANDS.npz"
    assert run("clean", bare, "--layout", "smplx", tmp_path, "--dry-run").returncode == 0
    assert list(tmp_path.iterdir()) == []
    done = run("clean", bare, "--hands", "flat", "--layout", "smplx", tmp_path, "--no-html")
    assert done.returncode == 0, done.stderr
    body = smplx.create(str(tmp_path), "smplh", gender="neutral", ext="npz", use_pca=True)
    assert not body.left_hand_mean.any()
    assert body.left_hand_components.tolist() == np.eye(45)[:6].tolist()


@pytest.mark.parametrize("name", ["smpl", "smplx", "mano", "flame"])
def test_layout_is_where_smplx_looks(name: str, family_dir: Path, tmp_path: Path) -> None:
    for source in sorted((family_dir / name).glob(f"{name.upper()}_*")):
        path = layout_path(tmp_path, read_model(source))
        assert path.relative_to(tmp_path) == source.relative_to(family_dir)


def test_layout_of_other_containers_and_models(small_model, family_dir: Path, tmp_path: Path):
    write_model(read_model(family_dir / "mano" / "MANO_LEFT.pkl"), tmp_path / "m.h5")
    assert layout_path(tmp_path, read_model(tmp_path / "m.h5")).name == "MANO_LEFT.npz"
    with pytest.raises(SmplprepError, match="no class for this model"):
        layout_path(tmp_path, small_model())
    (tmp_path / "mano").touch()
    done = run("convert", tmp_path / "m.h5", "--layout", "smplx", tmp_path)
    assert done.returncode == 4
    assert done.stderr == f"smplprep: {tmp_path / 'mano'}: cannot be made: File exists\n"


@pytest.mark.parametrize(
    ("path", "gender"),
    [
        ("SMPLH_MALE.pkl", "male"),
        ("basicModel_f_lbs_10_207_0_v1.0.0.pkl", "female"),
        ("basicmodel_neutral_lbs_10_207_0_v1.1.0.pkl", "neutral"),
        ("smplh/female/model.npz", "female"),
        ("generic_model.pkl", "neutral"),
        ("male/SMPLX_FEMALE.npz", "female"),
        ("x/model.npz", None),
        ("x/male_female.npz", None),
        (None, None),
    ],
)
def test_gender_by_name(path: str | None, gender: str | None) -> None:
    if gender:
        assert gender_in(path) == gender
        return
    with pytest.raises(SmplprepError, match="says which gender") as caught:
        gender_in(path)
    assert "--gender" in caught.value.hint


def test_what_stock_smplx_needs_is_said(family_dir: Path, tmp_path: Path) -> None:
    assert inspect_file(family_dir / "smplx" / "SMPLX_NEUTRAL.npz")["smplx"]["loads"]
    for name in ("SMPL.npz", "SMPL.h5"):
        write_model(read_model(family_dir / "smpl" / "SMPL_NEUTRAL.pkl"), tmp_path / name)
        found = inspect_file(tmp_path / name)["smplx"]
        assert not found["loads"]
        assert "smplprep convert" in found["reasons"][0]["do"]
    done = run("inspect", family_dir / "mano" / "MANO_LEFT.pkl", "--family", "smplx")
    assert "smplx has 55 joints, but this file has 16" in done.stdout

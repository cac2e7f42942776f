"""Hands from MANO files or flat ones: ``merge-hands`` and ``clean --hands``."""

from __future__ import annotations

import dataclasses
import pickle
from pathlib import Path

import numpy as np
import pytest
from command_line import run

from smplprep import ModelInvalidError, ModelWriteError, read_model, write_model
from smplprep.jobs.inspect import inspect_file
from smplprep.jobs.merge_hands import side_of, with_flat_hands, with_hands

pytestmark = pytest.mark.slow


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


def test_merged_hands_as_a_pickle_for_python_2(
    standin_dir: Path, mano: tuple[Path, Path], tmp_path: Path
) -> None:
    bare, target = standin_dir / "SMPLH_NEUTRAL_NOHANDS.npz", tmp_path / "SMPLH_NEUTRAL.pkl"
    done = run("merge-hands", bare, *mano, "-o", target, "--pickle", "python2")
    assert (done.returncode, done.stderr) == (0, "")
    with target.open("rb") as file:
        assert pickle.load(file, encoding="latin1")["hands_meanl"].shape == (45,)
        file.seek(0)
        assert file.read(2) == b"\x80\2"


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
    assert "this is not a MANO: it has 6890 vertices and 52 joints" in done.stderr
    hands = [read_model(path) for path in mano]
    hands[0].extras["hands_mean"] = np.zeros(44)
    with pytest.raises(ModelInvalidError, match="hands_mean must be an array of floats of"):
        with_hands(read_model(bare), *hands)
    del hands[0].extras["hands_mean"]
    with pytest.raises(ModelInvalidError, match="hands_mean must be an array of floats of"):
        with_hands(read_model(bare), *hands)
    assert list(tmp_path.iterdir()) == []


def test_hands_that_nobody_asked_for(standin, mano: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(ModelInvalidError, match="it already has hands") as caught:
        with_flat_hands(standin)
    assert caught.value.hint == "There is nothing to merge; smplprep clean keeps its hands."
    with pytest.raises(ModelInvalidError, match="mano has no hands to pose"):
        with_flat_hands(read_model(mano[0]))
    for path in mano:
        body = with_flat_hands(standin_without_hands(standin))
        with pytest.raises(ModelWriteError, match="the output is the input"):
            write_model(body, path, force=True, inputs=mano)


def standin_without_hands(standin):

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
    done = run("clean", bare, "--flat-hands", "--layout", "smplx", tmp_path, "--no-html")
    assert done.returncode == 0, done.stderr
    body = smplx.create(str(tmp_path), "smplh", gender="neutral", ext="npz", use_pca=True)
    assert not body.left_hand_mean.any()
    assert body.left_hand_components.tolist() == np.eye(45)[:6].tolist()

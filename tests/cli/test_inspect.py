"""``smplprep inspect`` as a user sees it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from command_line import run

from smplprep import clean, read_model, write_model
from smplprep.jobs.inspect import inspect_file
from smplprep.jobs.loading import wanted_name


def test_inspect_tells_what_is_odd_and_what_to_do(standin_dir):
    good = run("inspect", standin_dir / "SMPLH_NEUTRAL.npz")
    assert "stock smplx: loads it" in good.stdout
    assert "influences per vertex: 4: 6,890" in good.stdout
    hands = run("inspect", standin_dir / "SMPLH_NEUTRAL_NOHANDS.npz").stdout
    assert "lacks hands_meanl, hands_meanr, hands_componentsl, hands_componentsr" in hands
    official = json.loads(run("inspect", standin_dir / "SMPLH_NEUTRAL.pkl", "--json").stdout)
    assert official["family"] == "smplh"
    assert not official["smplx"]["loads"]
    assert "chumpy" in official["smplx"]["reasons"][0]["why"]
    assert all(len(line) <= 80 for line in good.stdout.splitlines())


def test_inspect_and_check_say_what_leaks(standin_dir):
    raw = standin_dir / "SMPLH_NEUTRAL.npz"
    assert (
        "landmarks: 21 of 21 leak; smplprep clean removes the leaks" in run("inspect", raw).stdout
    )
    allowed = run("check", raw, "--max-leaks", "21")
    assert allowed.returncode == 0
    assert allowed.stdout.endswith(": within the limits\n")


def test_what_stock_smplx_needs_is_said(family_dir: Path, tmp_path: Path) -> None:
    assert inspect_file(family_dir / "smplx" / "SMPLX_NEUTRAL.npz")["smplx"]["loads"]
    for name in ("SMPL.npz", "SMPL.h5"):
        write_model(read_model(family_dir / "smpl" / "SMPL_NEUTRAL.pkl"), tmp_path / name)
        found = inspect_file(tmp_path / name)["smplx"]
        assert not found["loads"]
        assert "smplprep convert" in found["reasons"][0]["do"]
    done = run("inspect", family_dir / "mano" / "MANO_LEFT.pkl", "--family", "smplx")
    assert "smplx has 55 joints, but this file has 16" in done.stdout


def test_a_big_endian_file_is_cleaned_to_one_that_torch_takes(standin_dir: Path, tmp_path: Path):
    smplx = pytest.importorskip("smplx")
    with np.load(standin_dir / "SMPLH_NEUTRAL.npz") as plain:
        swapped = {key: plain[key].astype(plain[key].dtype.newbyteorder(">")) for key in plain}
    raw, target = tmp_path / "raw.npz", tmp_path / "cleaned.npz"
    np.savez(raw, **swapped)
    with pytest.raises(ValueError, match="byte order"):
        smplx.SMPLH(str(raw), ext="npz")
    (reason,) = inspect_file(raw)["smplx"]["reasons"]
    assert "hands_componentsr are big-endian, which torch does not take" in reason["why"]
    model, _ = clean(read_model(raw))
    write_model(model, target)
    assert smplx.SMPLH(str(target), ext="npz").left_hand_mean.shape == (45,)
    assert inspect_file(target)["smplx"]["loads"]


@pytest.mark.parametrize(
    ("family", "name", "wanted"),
    [
        ("smplh", "SMPLH_NEUTRAL_clean.npz", None),
        ("smplh", "a/smplh_x.npz", None),
        ("smplh", "SMPLH_x/model.npz", "SMPLH_"),
        ("smplh", "SMPLH.npz", "SMPLH_"),
        ("smplh", "SMPLX_NEUTRAL.npz", "SMPLH_"),
        ("mano", "MANO_LEFT.pkl", None),
        ("mano", "left_mano.pkl", "MANO_"),
        ("flame", "FLAME_NEUTRAL.pkl", None),
        ("flame", "generic_model.pkl", "FLAME_"),
        ("other", "dog.npz", None),
    ],
)
def test_smplx_create_goes_by_the_name(family, name, wanted):
    assert wanted_name(family, name) == wanted


def test_what_is_no_model_is_named_once_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "walk.npz"
    np.savez(path, poses=np.zeros((2, 156)), betas=np.zeros(16))
    done = run("inspect", path)
    assert done.returncode == 0
    assert done.stdout.splitlines()[-2] == "this is a motion (poses), not a body model"
    assert done.stdout.count("a motion") == 1
    assert "evaluate takes motions" in done.stdout


def test_audit_inspect_and_clean_count_the_same_landmarks(small_file):
    counts = {}
    for line in (["audit"], ["inspect"], ["clean", "--dry-run"]):
        said = run(*line, small_file).stdout.splitlines()
        (counts[line[0]],) = [text for text in said if " of 21" in text]
    assert counts == {
        "audit": "20 of 21 landmarks leak (those that clean counts)",
        "inspect": "landmarks: 20 of 21 leak; smplprep clean removes the leaks",
        "clean": "leaking landmarks                               20 of 21           0 of 21",
    }

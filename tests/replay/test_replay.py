"""The investigation's scene through stock smplx: what turns, and what stays exactly still."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from click.testing import CliRunner

from smplprep import read_model
from smplprep.cli.main import smplprep as command
from smplprep.errors import SmplprepError
from smplprep.transforms.localize_posedirs import localize_posedirs
from smplprep.transforms.prune_weights import prune_weights

pytestmark = pytest.mark.slow

torch = pytest.importorskip("torch", reason="torch (extra 'verify') is not installed")
pytest.importorskip("smplx", reason="smplx (extra 'verify') is not installed")

from smplprep.replay.replay import (  # noqa: E402  (only where torch is)
    Fit,
    fit,
    limb_turns,
    make_scene,
    replay_text,
    visible_landmarks,
)

LIMBS = ["left leg", "right leg", "left arm, leftHand only", "right arm"]


@pytest.fixture(scope="module")
def cleaned(standin):
    return localize_posedirs(prune_weights(standin)[0])[0]


@pytest.fixture(scope="module")
def scene(standin):
    return make_scene(standin)


@pytest.fixture(scope="module")
def adam(standin, cleaned, scene) -> dict[str, Fit]:
    return {"raw": fit(standin, scene), "cleaned": fit(cleaned, scene)}


def test_adam_turns_unseen_limbs_of_the_raw_model_only(scene, adam):
    raw, cleaned = (limb_turns(scene, adam[name]) for name in ("raw", "cleaned"))
    assert list(raw) == list(cleaned) == LIMBS
    assert min(raw["left leg"], raw["right leg"], raw["right arm"]) > 5.0
    assert set(cleaned.values()) == {0.0}


def test_both_fit_equally_well(adam):
    raw, cleaned = adam["raw"].losses, adam["cleaned"].losses
    assert len(raw) == len(cleaned) == 101
    assert cleaned[-1] == pytest.approx(raw[-1], rel=0.2)
    assert raw[-1] < raw[0] / 20


def test_what_is_seen_does_turn(adam):
    left_arm, head = 16, 15
    assert adam["cleaned"].turned_deg[left_arm] > 5.0
    assert adam["cleaned"].turned_deg[head] > 1.0


def test_pruned_weights_alone_do_not_help(standin, scene):
    """The control: with posedirs untouched, Adam turns the legs as before."""
    turns = limb_turns(scene, fit(prune_weights(standin)[0], scene, steps=30))
    assert min(turns["left leg"], turns["right leg"], turns["right arm"]) > 5.0


def test_lbfgs_leaves_the_unseen_exactly_still_too(standin, cleaned, scene):
    raw = fit(standin, scene, optimizer="lbfgs", steps=15)
    after = fit(cleaned, scene, optimizer="lbfgs", steps=15)
    assert set(limb_turns(scene, after).values()) == {0.0}
    assert min(limb_turns(scene, raw).values()) > 0.0
    assert after.losses[-1] < after.losses[0] / 20


def test_two_runs_are_the_same(cleaned, scene):
    first, second = (fit(cleaned, scene, steps=3) for _ in range(2))
    assert np.array_equal(first.losses, second.losses)


def test_text_lists_limbs_and_losses(scene, adam):
    lines = replay_text(scene, adam, "adam").splitlines()
    assert lines[0] == "seen: Nose, LEye, LEar, LShoulder, LElbow, LWrist"
    assert " ".join(lines[2].split()) == "unseen limb turned by, degrees raw cleaned"
    assert next(line for line in lines if line.startswith("right arm")).endswith("  0.0")
    assert lines[-1].startswith("100 ")
    assert max(map(len, lines)) <= 80


def test_visible_sets_of_any_vocabulary(standin):
    chosen = visible_landmarks(standin, ["lwrist", "left_wrist", "leftHand", "Nose", "lthumb"])
    assert [(x.vertex, x.joint) for x in chosen] == [
        (None, 20), (None, 20), (None, 20), (332, None), (2746, None),
    ]  # fmt: skip
    with pytest.raises(SmplprepError, match="no landmark is called 'chin'"):
        make_scene(standin, ["chin"])
    feet = make_scene(standin, ["LAnkle", "RAnkle"])
    assert not feet.unseen[[1, 2, 4, 5]].any()
    assert feet.unseen[[7, 8, 16, 17]].all()


@pytest.mark.parametrize("name", ["smpl/SMPL_NEUTRAL.pkl", "smplx/SMPLX_NEUTRAL.npz"])
def test_other_bodies_are_replayed(family_dir, name):
    raw = read_model(family_dir / name)
    scene = make_scene(raw)
    cleaned = localize_posedirs(prune_weights(raw)[0])[0]
    raw_fit, after = (fit(model, scene, steps=2) for model in (raw, cleaned))
    assert min(limb_turns(scene, raw_fit).values()) > 0.0
    assert set(limb_turns(scene, after).values()) == {0.0}
    assert after.losses[-1] < after.losses[0]


def test_what_has_no_body_is_not_replayed(small_model):
    with pytest.raises(SmplprepError, match=r"takes a body \(SMPL, SMPLH, SMPLX\)"):
        make_scene(small_model())


def test_an_unknown_optimizer_is_refused(cleaned, scene):
    with pytest.raises(SmplprepError, match="must be one of adam, lbfgs, got 'sgd'"):
        fit(cleaned, scene, optimizer="sgd", steps=1)


def test_the_command_draws_a_picture(standin_dir, tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib (extra 'verify') is not installed")
    picture = tmp_path / "replay.png"
    raw = str(standin_dir / "SMPLH_NEUTRAL.npz")
    done = CliRunner().invoke(command, ["replay", raw, raw, "--steps", "2", "--plot", str(picture)])
    assert done.exit_code == 0, done.output
    assert done.output.endswith(f"picture: {picture}\n")
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_picture_that_cannot_be_written_is_refused_before_the_work(standin_dir, tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib (extra 'verify') is not installed")
    raw, old = str(standin_dir / "SMPLH_NEUTRAL.npz"), tmp_path / "old.png"
    old.write_text("mine")
    done = CliRunner().invoke(command, ["replay", raw, "--plot", str(old)])
    assert "the output exists already" in str(done.exception)
    assert done.output == ""
    for name in ("replay.npz", "replay"):
        done = CliRunner().invoke(command, ["replay", raw, "--plot", str(tmp_path / name)])
        assert done.exit_code == 2
        assert "a picture ends in one of .png, .svg, .pdf" in done.output
    assert [path.name for path in tmp_path.iterdir()] == ["old.png"]
    assert old.read_text() == "mine"
    arguments = ["replay", raw, raw, "--steps", "1", "--plot", str(old), "--force"]
    assert CliRunner().invoke(command, arguments).exit_code == 0
    assert old.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("package", ["torch", "smplx", "matplotlib"])
def test_a_missing_package_is_an_error_that_says_how_to_install_it(
    standin_dir, monkeypatch, package
):
    for module in (package, f"{package}.figure"):
        monkeypatch.setitem(sys.modules, module, None)
    raw = str(standin_dir / "SMPLH_NEUTRAL.npz")
    done = CliRunner().invoke(command, ["replay", raw, "--plot", "x.png"])
    assert isinstance(done.exception, SmplprepError)
    extra = "report" if package == "matplotlib" else "verify"
    assert done.exception.hint.endswith(f"pip install 'smplprep[{extra}]'")

"""``replay --device cuda``: unseen limbs of the cleaned artifact stay exactly still there, too."""

from __future__ import annotations

from pathlib import Path

import pytest

pytestmark = pytest.mark.gpu


def read(artifact: Path):
    """An artifact as a Model; skips where it did not travel."""
    from smplprep import read_model

    if not artifact.exists():
        pytest.skip(f"{artifact.name} was not carried to this machine")
    return read_model(artifact)


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_unseen_limbs_of_the_cleaned_model_stay_still_on_cuda(optimizer, artifacts):
    from smplprep.replay.replay import fit, limb_turns, make_scene

    cleaned = read(artifacts / "SMPLH_CLEAN.npz")
    scene = make_scene(cleaned, device="cuda")
    done = fit(cleaned, scene, optimizer=optimizer, device="cuda")
    assert set(limb_turns(scene, done).values()) == {0.0}
    assert done.losses[-1] < done.losses[0] / 20


def test_legs_of_the_raw_model_turn_on_cuda(artifacts):
    from smplprep.replay.replay import fit, limb_turns, make_scene

    raw = read(artifacts / "SMPLH_RAW.npz")
    scene = make_scene(raw, device="cuda")
    turns = limb_turns(scene, fit(raw, scene, device="cuda"))
    assert min(turns["left leg"], turns["right leg"], turns["right arm"]) > 5.0

"""``replay`` on a device: unseen limbs of the cleaned model stay exactly still there, too."""

from __future__ import annotations

from pathlib import Path

import pytest

pytestmark = pytest.mark.gpu


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_unseen_limbs_of_the_cleaned_model_stay_still(
    optimizer: str, artifacts: Path, device: str
) -> None:
    from smplprep import read_model
    from smplprep.replay.replay import fit, limb_turns, make_scene

    cleaned = read_model(artifacts / "SMPLH_CLEAN.npz")
    scene = make_scene(cleaned, device=device)
    done = fit(cleaned, scene, optimizer=optimizer, device=device)
    assert set(limb_turns(scene, done).values()) == {0.0}
    assert done.losses[-1] < done.losses[0] / 20


def test_legs_of_the_raw_model_turn(artifacts: Path, device: str) -> None:
    from smplprep import read_model
    from smplprep.replay.replay import fit, limb_turns, make_scene

    raw = read_model(artifacts / "SMPLH_RAW.npz")
    scene = make_scene(raw, device=device)
    turns = limb_turns(scene, fit(raw, scene, device=device))
    assert min(turns["left leg"], turns["right leg"], turns["right arm"]) > 5.0

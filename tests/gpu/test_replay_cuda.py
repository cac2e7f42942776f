"""``replay --device cuda``: unseen limbs of the cleaned artifact stay exactly still there, too.

``scripts/make_gpu_artifacts.py`` makes them, in ``build/gpu`` or in SMPLPREP_GPU_ARTIFACTS.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="torch (extra 'verify') is not installed")
pytest.importorskip("smplx", reason="smplx (extra 'verify') is not installed")

BUILD = Path(__file__).resolve().parents[2] / "build" / "gpu"
FOLDER = Path(os.environ.get("SMPLPREP_GPU_ARTIFACTS", BUILD))

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device"),
]


def read(name: str):
    """An artifact as a Model."""
    from smplprep import read_model

    if not (FOLDER / name).exists():
        pytest.skip(f"{name} was not made beforehand")
    return read_model(FOLDER / name)


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_unseen_limbs_of_the_cleaned_model_stay_still_on_cuda(optimizer):
    from smplprep.stock.replay import fit, limb_turns, make_scene

    cleaned = read("SMPLH_CLEAN.npz")
    scene = make_scene(cleaned, device="cuda")
    done = fit(cleaned, scene, optimizer=optimizer, device="cuda")
    assert set(limb_turns(scene, done).values()) == {0.0}
    assert done.losses[-1] < done.losses[0] / 20


def test_legs_of_the_raw_model_turn_on_cuda():
    from smplprep.stock.replay import fit, limb_turns, make_scene

    raw = read("SMPLH_RAW.npz")
    scene = make_scene(raw, device="cuda")
    turns = limb_turns(scene, fit(raw, scene, device="cuda"))
    assert min(turns["left leg"], turns["right leg"], turns["right arm"]) > 5.0

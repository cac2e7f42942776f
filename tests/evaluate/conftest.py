"""Two small models of one family as files, and motions for them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from smplprep import write_model

N_FILES, N_JOINTS = 6, 4


def write_motion(path: Path, n_frames: int, *, seed: int = 0, **changes: object) -> Path:
    """An AMASS file for a model of four joints, with the keys that AMASS has."""
    random = np.random.RandomState(seed)
    arrays = {
        "poses": 0.4 * random.standard_normal((n_frames, 3 * N_JOINTS)),
        "betas": random.standard_normal(16),
        "trans": random.standard_normal((n_frames, 3)),
        "gender": np.array("neutral", dtype=object),
        "mocap_framerate": np.array(120.0),
    }
    arrays |= changes
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **{key: value for key, value in arrays.items() if value is not None})
    return path


@pytest.fixture
def pair(small_model):
    """An original, and one with other weights, correctives and joints."""
    original = small_model()
    weights = np.roll(original.weights, 1, axis=0)
    regressor = original.J_regressor[:, ::-1].copy()
    return original, original.with_arrays(
        weights=weights, posedirs=0.5 * original.posedirs, J_regressor=regressor
    )


@pytest.fixture
def workplace(pair, tmp_path: Path) -> Path:
    """A folder with a.npz and b.npz, and six motions below motions/."""
    for name, model in zip("ab", pair, strict=True):
        write_model(model, tmp_path / f"{name}.npz")
    for number in range(N_FILES):
        path = tmp_path / "motions" / f"s{number % 2}" / f"m{number}.npz"
        write_motion(path, 100 * number + 30, seed=number)
    return tmp_path

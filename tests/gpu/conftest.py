"""The files of the GPU tests, which scripts/standins/make_gpu_artifacts.py makes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="session")
def artifacts() -> Path:
    """The folder with SMPLH_RAW.npz, SMPLH_CLEAN.npz and SMPLH_CLEAN.pkl; skips without CUDA."""
    torch = pytest.importorskip("torch", reason="torch (extra 'verify') is not installed")
    if not torch.cuda.is_available():
        pytest.skip("torch sees no CUDA device")
    folder = Path(os.environ.get("SMPLPREP_GPU_ARTIFACTS", ROOT / "build" / "gpu"))
    if not (folder / "SMPLH_CLEAN.npz").exists():
        pytest.fail(f"no artifacts in {folder}: run scripts/standins/make_gpu_artifacts.py first")
    return folder

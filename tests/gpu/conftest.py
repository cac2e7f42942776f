"""The files and the device of the GPU tests; ``scripts/run_tests.py --gpu`` sets both.

SMPLPREP_GPU_ARTIFACTS is the folder that ``scripts/gpu/artifacts.py`` filled, SMPLPREP_GPU_DEVICE
the device: "cpu" is a rehearsal, with a small batch.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

FOLDER = os.environ.get("SMPLPREP_GPU_ARTIFACTS")
DEVICE = os.environ.get("SMPLPREP_GPU_DEVICE", "cuda")


@pytest.fixture(scope="session")
def device() -> str:
    torch = pytest.importorskip("torch", reason="torch (extra 'verify') is not installed")
    if DEVICE == "cuda" and not torch.cuda.is_available():
        pytest.skip("torch sees no CUDA device")
    return DEVICE


@pytest.fixture(scope="session")
def batch() -> int:
    return 4096 if DEVICE == "cuda" else 16


@pytest.fixture(scope="session")
def artifacts(device: str) -> Path:
    """The folder with the raw stand-in and the cleaned ones."""
    if FOLDER is None:
        pytest.skip("SMPLPREP_GPU_ARTIFACTS names no folder; scripts/run_tests.py --gpu makes one")
    return Path(FOLDER)

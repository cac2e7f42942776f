"""``verify --device cuda`` on cleaned artifacts made beforehand.

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


@pytest.mark.parametrize("name", ["SMPLH_CLEAN.npz", "SMPLH_CLEAN.pkl"])
def test_every_check_passes_on_cuda(name):
    from smplprep.stock.verify import FAILED, PASSED, verify

    if not (FOLDER / name).exists():
        pytest.skip(f"{name} was not made beforehand")
    proof = {check.name: check for check in verify(FOLDER / name, device="cuda")}
    assert not [check for check in proof.values() if check.status == FAILED]
    for check in ("smplx", "forward", "support", "leaks", "landmarks"):
        assert proof[check].status == PASSED
    assert "float32 on cuda" in proof["smplx"].figure

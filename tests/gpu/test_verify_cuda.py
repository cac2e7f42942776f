"""``verify --device cuda`` on cleaned artifacts made beforehand."""

from __future__ import annotations

from pathlib import Path

import pytest

pytestmark = pytest.mark.gpu


@pytest.mark.parametrize("name", ["SMPLH_CLEAN.npz", "SMPLH_CLEAN.pkl"])
def test_every_check_passes_on_cuda(name, artifacts: Path):
    from smplprep.verify.verify import FAILED, PASSED, verify

    if not (artifacts / name).exists():
        pytest.skip(f"{name} was not carried to this machine")
    proof = {check.name: check for check in verify(artifacts / name, device="cuda")}
    assert not [check for check in proof.values() if check.status == FAILED]
    for check in ("smplx", "forward", "support", "leaks", "landmarks"):
        assert proof[check].status == PASSED
    assert "float32 on cuda" in proof["smplx"].figure

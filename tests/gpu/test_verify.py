"""``verify`` on a device, of every cleaned file."""

from __future__ import annotations

from pathlib import Path

import pytest

pytestmark = pytest.mark.gpu


@pytest.mark.parametrize(
    "name",
    ["SMPLH_CLEAN.npz", "SMPLH_PKL_CLEAN.pkl", "SMPLX_CLEAN.npz", "MANO_RIGHT_CLEAN.pkl"],
)
def test_every_check_passes(name: str, artifacts: Path, device: str) -> None:
    if name.endswith(".pkl"):
        pytest.importorskip("scipy", reason="stock smplx needs scipy for a sparse regressor")
    from smplprep.verification.verify import FAILED, PASSED, verify

    proof = {check.name: check for check in verify(artifacts / name, device=device)}
    assert not [check for check in proof.values() if check.status == FAILED]
    for check in ("smplx", "forward", "support", "leaks"):
        assert proof[check].status == PASSED
    assert f"float32 on {device}" in proof["smplx"].figure

"""``verify`` of models that no class of stock smplx is made for: animals, rigs of one's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from command_line import run

from smplprep import Model, read_model, write_model
from smplprep.jobs.clean_file import clean_file
from smplprep.verification.verify import FAILED, NOT_RUN, PASSED, Check, verify

pytest.importorskip("torch", reason="torch (extra 'verify') is not installed")
pytest.importorskip("smplx", reason="smplx (extra 'verify') is not installed")

HAND = Path(__file__).parents[2] / "assets" / "rigs" / "hand.npz"
NEED_A_CLASS = {"smplx", "forward", "support", "leaks"}


def proof_of(model: Model, folder: Path, *, against: bool = True) -> dict[str, Check]:
    source = folder / "source.npz"
    write_model(model, source)
    target = clean_file(source, folder / "out.npz", html=False).target
    return {check.name: check for check in verify(target, against=source if against else None)}


@pytest.fixture(params=["a rig", "zero correctives", "correctives"])
def model(request: pytest.FixtureRequest, small_model) -> Model:
    if request.param == "a rig":
        return read_model(HAND)
    found = small_model()
    zeros = np.zeros_like(found.posedirs)
    return found.with_arrays(posedirs=zeros) if request.param == "zero correctives" else found


def test_checks_that_need_a_class_are_skipped_and_the_rest_decides(model, tmp_path):
    proof = proof_of(model, tmp_path)
    assert {name for name, check in proof.items() if check.status == NOT_RUN} == NEED_A_CLASS
    assert {name for name, check in proof.items() if check.status == PASSED} == (
        proof.keys() - NEED_A_CLASS
    )
    reason = f"no class for {model.n_vertices:,} vertices and {model.n_joints} joints"
    assert reason in proof["smplx"].figure


def test_the_command_says_so_and_its_status_is_0(small_model, tmp_path):
    proof_of(small_model(), tmp_path)
    done = run("verify", tmp_path / "out.npz", "--against", tmp_path / "source.npz")
    assert done.returncode == 0
    assert "stock smplx has no class for 10 vertices and 4 joints" in done.stdout
    assert "0 failed, 4 not run" in done.stdout


def test_the_rest_still_fails(small_model, tmp_path):
    proof_of(small_model(), tmp_path)
    other = small_model(v_template=small_model().v_template + 1)
    write_model(other, tmp_path / "other.npz")
    proof = {
        check.name: check for check in verify(tmp_path / "out.npz", against=tmp_path / "other.npz")
    }
    assert proof["original"].status == FAILED


def test_a_child_before_its_parent_is_posed_by_no_stock_smplx(small_model, tmp_path):
    table = np.array([[2, 2**32 - 1, 1, 2], [0, 1, 2, 3]], np.uint32)
    proof = proof_of(small_model(kintree_table=table), tmp_path)
    assert proof["displacement"].status == NOT_RUN
    assert "a child precedes its parent" in proof["displacement"].figure
    assert not [check for check in proof.values() if check.status == FAILED]

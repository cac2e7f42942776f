"""The gate: from a file, and on a stock smplx module in memory."""

from __future__ import annotations

import dataclasses
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from click.testing import CliRunner

from smplprep.audit.landmark_sets import skin_landmarks
from smplprep.cli.main import smplprep as command
from smplprep.errors import ModelInvalidError, SmplprepError, VerificationError
from smplprep.io.write_model import write_model
from smplprep.jobs.check import assert_clean, check_file, model_faults, model_of_module
from smplprep.transforms.localize_posedirs import localize_posedirs
from smplprep.transforms.prune_weights import prune_weights


@pytest.fixture(scope="module")
def cleaned(standin):
    return localize_posedirs(prune_weights(standin)[0])[0]


@pytest.fixture(scope="module")
def cleaned_file(cleaned, tmp_path_factory):
    path = tmp_path_factory.mktemp("check") / "clean.npz"
    write_model(cleaned, path)
    return path


class Buffer:
    """A torch tensor, as far as ``assert_clean`` may use one."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array

    def detach(self) -> Buffer:
        return self

    def cpu(self) -> Buffer:
        return self

    def numpy(self) -> np.ndarray:
        return self.array


def module_of(model) -> SimpleNamespace:
    """What stock smplx makes of a model, without torch."""
    parents = model.kintree_table[0].astype(np.int64)
    parents[0] = -1
    flat = model.posedirs.reshape(-1, model.posedirs.shape[2]).T
    buffers = {
        "v_template": model.v_template,
        "faces_tensor": model.f,
        "lbs_weights": model.weights,
        "J_regressor": model.J_regressor,
        "posedirs": flat,
        "shapedirs": model.shapedirs,
        "parents": parents,
    }
    chosen = Buffer(np.array(list(model.family.landmarks.values())))
    return SimpleNamespace(
        vertex_joint_selector=SimpleNamespace(extra_joints_idxs=chosen),
        **{name: Buffer(array) for name, array in buffers.items()},
    )


def test_a_cleaned_file_has_no_fault(cleaned_file):
    assert check_file(cleaned_file, max_influences=4) == []


def test_the_raw_file_leaks_at_every_landmark(standin):
    faults = model_faults(standin, skin_landmarks(standin))
    assert faults[0] == "21 of 21 landmarks leak; 0 are allowed"
    joints = "46 joints: leftUpLeg, rightUpLeg, leftLeg, ..."
    assert faults[1] == f"  nose (vertex 332) leaks to {joints}"
    assert len(faults) == 22 and max(map(len, faults)) <= 80
    assert model_faults(standin, skin_landmarks(standin), max_leaks=21) == []


def test_one_weight_put_back_is_named(cleaned):
    weights = cleaned.weights.copy()
    weights[332, 7] = 1e-7
    faults = model_faults(cleaned.with_arrays(weights=weights), skin_landmarks(cleaned))
    assert faults == [
        "1 of 21 landmarks leaks; 0 are allowed",
        "  nose (vertex 332) leaks to leftUpLeg, leftLeg, leftFoot",
    ]


def test_one_corrective_put_back_is_named(cleaned):
    posedirs = cleaned.posedirs.copy()
    posedirs[332, 2, 9 * (5 - 1) + 8] = 1e-30
    faults = model_faults(cleaned.with_arrays(posedirs=posedirs), skin_landmarks(cleaned))
    assert faults[1:] == ["  nose (vertex 332) leaks to rightLeg"]


def test_influences_are_counted(cleaned):
    faults = model_faults(cleaned, skin_landmarks(cleaned), max_influences=2)
    influences = np.count_nonzero(cleaned.weights, axis=1)
    assert faults == [
        f"{np.count_nonzero(influences > 2)} vertices have more than 2 influences, the most is "
        f"{influences.max()} at vertex {influences.argmax()}"
    ]


def test_displacement_is_limited(cleaned_file, standin_dir):
    original = standin_dir / "SMPLH_NEUTRAL.npz"
    assert check_file(cleaned_file, against=original, max_mm=1000.0) == []
    (fault,) = check_file(cleaned_file, against=original, max_mm=1.0)
    assert "mm from the original; 1 mm is the limit" in fault


def test_displacement_is_the_largest_over_the_shapes_that_both_have(cleaned, tmp_path):
    """One vertex of 6890 moves by 4 mm, the mean by less than a thousandth."""
    template = cleaned.v_template.copy()
    template[100] += [0.004, 0, 0]
    moved = dataclasses.replace(
        cleaned.with_arrays(v_template=template), shapedirs=cleaned.shapedirs[:, :, :10]
    )
    for name, model in (("a.npz", cleaned), ("b.npz", moved)):
        write_model(model, tmp_path / name)
    assert check_file(tmp_path / "b.npz", against=tmp_path / "a.npz", max_mm=4.5) == []
    (fault,) = check_file(tmp_path / "b.npz", against=tmp_path / "a.npz", max_mm=3.5)
    assert fault == "vertex 100 moved 4.000 mm from the original; 3.5 mm is the limit"


def test_another_tree_is_no_original(cleaned, tmp_path):
    table = cleaned.kintree_table.copy()
    table[0, 5] = 4
    for name, model in (("a.npz", cleaned), ("b.npz", cleaned.with_arrays(kintree_table=table))):
        write_model(model, tmp_path / name)
    with pytest.raises(SmplprepError, match=r"a\.npz: it does not match .*: the kinem"):
        check_file(tmp_path / "b.npz", against=tmp_path / "a.npz", max_mm=4.5)


def test_half_a_limit_is_refused(cleaned_file):
    with pytest.raises(SmplprepError, match="max_mm and against need each other"):
        check_file(cleaned_file, max_mm=1.0)


def test_a_model_without_landmarks_never_passes(small_model, tmp_path):
    path = tmp_path / "own.npz"
    write_model(small_model(), path)
    with pytest.raises(SmplprepError, match="no landmarks are known"):
        check_file(path)
    own = tmp_path / "own.json"
    own.write_text('{"tip": 0}')
    assert check_file(path, landmarks=str(own))[0] == "1 of 1 landmarks leaks; 0 are allowed"
    with pytest.raises(SmplprepError, match="no landmarks are known"):
        check_file(path, landmarks="all")  # joints alone


def test_a_module_in_memory(standin, cleaned):
    assert assert_clean(module_of(cleaned), max_influences=4) is None
    with pytest.raises(VerificationError, match="21 of 21 landmarks leak") as caught:
        assert_clean(module_of(standin))
    assert "nose (vertex 332) leaks to" in str(caught.value)
    found = model_of_module(module_of(standin))
    assert np.shares_memory(found.posedirs, standin.posedirs)
    assert np.array_equal(found.correctives[332], standin.correctives[332])


def test_a_module_needs_no_torch(cleaned, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setitem(sys.modules, "smplx", None)
    assert_clean(module_of(cleaned))


def test_a_file_or_a_model_of_ours_is_no_module(standin, cleaned_file):
    sentence = "assert_clean takes a module from smplx.create; for a file use smplprep.check_file"
    for other in (standin, cleaned_file, str(cleaned_file)):
        with pytest.raises(ModelInvalidError) as caught:
            assert_clean(other)
        assert str(caught.value) == sentence


def test_something_else_is_no_module():
    with pytest.raises(ModelInvalidError, match="this is not a stock smplx module"):
        assert_clean(SimpleNamespace())


def test_a_real_stock_module(standin, cleaned):
    pytest.importorskip("torch", reason="torch (extra 'verify') is not installed")
    pytest.importorskip("smplx", reason="smplx (extra 'verify') is not installed")
    from smplprep.stock.load import stock_from_model

    assert_clean(stock_from_model(cleaned))
    with pytest.raises(VerificationError, match="21 of 21 landmarks leak"):
        assert_clean(stock_from_model(standin))


def test_the_command_exits_1_with_the_landmarks_named(cleaned_file, standin_dir):
    good = CliRunner().invoke(command, ["check", str(cleaned_file), "--max-influences", "4"])
    assert (good.exit_code, good.output) == (0, f"{cleaned_file}: clean\n")
    raw = str(standin_dir / "SMPLH_NEUTRAL.npz")
    bad = CliRunner().invoke(command, ["check", raw, "--max-leaks", "3"])
    assert bad.exit_code == 1
    assert bad.output.startswith(
        "21 of 21 landmarks leak; 3 are allowed\n  nose (vertex 332) leaks to "
    )
    half = CliRunner().invoke(command, ["check", raw, "--max-mm", "5"])
    assert half.exit_code == 2

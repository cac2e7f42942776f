"""``verify`` on what ``clean`` wrote, and on copies damaged in one place each.

Every damaged copy comes with a report that names its SHA-256, as a careful forger would write it,
so that the check that should catch the damage has to do it by itself.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from smplprep import read_model
from smplprep.audit.support import support_of
from smplprep.cli.main import smplprep as command
from smplprep.errors import SmplprepError, install
from smplprep.jobs.clean_file import clean_file
from smplprep.records.families import SMPLH
from smplprep.verification.verify import (
    CHECKS,
    FAILED,
    NOT_RUN,
    PASSED,
    Check,
    verification_text,
    verify,
)

pytestmark = pytest.mark.slow

torch = pytest.importorskip("torch", reason="torch (extra 'verify') is not installed")
pytest.importorskip("smplx", reason="smplx (extra 'verify') is not installed")

Arrays = dict[str, np.ndarray]
NOSE, LEFT_LEG, RIGHT_LEG = 332, 4, 5
NEED_ORIGINAL = {"original", "untouched", "joints", "displacement"}


@pytest.fixture(scope="module")
def original(standin_dir: Path) -> Path:
    return standin_dir / "SMPLH_NEUTRAL.npz"


@pytest.fixture(scope="module")
def cleaned(original: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Under a name that says nothing."""
    target = clean_file(original, tmp_path_factory.mktemp("verify") / "body.npz").target
    assert target is not None
    return target


@pytest.fixture(scope="module")
def cleaned_arrays(cleaned: Path) -> Arrays:
    with np.load(cleaned) as file:
        return dict(file)


def status_of(proof: list[Check]) -> dict[str, str]:
    return {check.name: check.status for check in proof}


def failures(proof: list[Check]) -> dict[str, str]:
    return {check.name: check.figure for check in proof if check.status == FAILED}


# --- what clean wrote is proven ---


def test_a_cleaned_npz_passes_every_check(cleaned, original):
    proof = verify(cleaned, against=original)
    assert failures(proof) == {}
    assert list(status_of(proof)) == list(CHECKS)
    assert set(status_of(proof).values()) == {PASSED}


def test_a_cleaned_pkl_passes_every_check(standin_dir, tmp_path):
    source = standin_dir / "SMPLH_NEUTRAL.pkl"
    proof = verify(clean_file(source, tmp_path / "other.pkl").target, against=source)
    assert set(status_of(proof).values()) == {PASSED}, failures(proof)


def test_without_the_original_its_checks_are_not_run(cleaned):
    proof = verify(cleaned)
    not_run = {check.name for check in proof if check.status == NOT_RUN}
    assert not_run == NEED_ORIGINAL
    assert verification_text(proof).endswith("verified: 10 passed, 0 failed, 4 not run")


@pytest.mark.parametrize("width", [80, 200])
def test_the_text_fits_the_terminal_and_loses_no_word(width):
    proof = [Check("leaks", FAILED, ", ".join(f"landmark{i}" for i in range(30)))]
    first, *more, verdict = verification_text(proof, width=width).splitlines()
    assert first.startswith("FAIL    leaks         landmark0, landmark1,")
    assert more and all(line.startswith(" " * 22) and len(line) <= width for line in more)
    words = " ".join([first, *more]).split()
    assert words == ["FAIL", "leaks", *proof[0].figure.split()]
    assert verdict == "not verified: 0 passed, 1 failed, 0 not run"


def test_other_options_are_verified_too(original, tmp_path):
    from smplprep.records.options import Options

    options = Options(dtype="float32", shapedirs="zero", regressor="threshold", hops=1)
    done = clean_file(original, tmp_path / "half.npz", options)
    proof = verify(done.target, against=original)
    assert set(status_of(proof).values()) == {PASSED}, failures(proof)
    said = next(check.figure for check in proof if check.name == "joints")
    shift = max(row["max_shift_mm"] for row in done.report.data["regressor"])
    assert (
        f"moved by {shift:.2g} mm, at most {shift:.2g} mm by the report" in said
    )  # what moved most


def test_cleaning_twice_is_verified_against_the_first_clean(cleaned, tmp_path):
    target = clean_file(cleaned, tmp_path / "twice.npz").target
    proof = verify(target, against=cleaned)
    assert set(status_of(proof).values()) == {PASSED}, failures(proof)


@pytest.mark.parametrize(
    ("name", "how"),
    [("b.pkl", {}), ("b.npz", {"compress": True}), ("b.h5", {})],
    ids=["to .pkl", "compressed", "to .h5"],
)
def test_a_clean_file_in_another_form_keeps_its_stamp(cleaned, tmp_path, name, how):
    """Nothing was done, so the stamp still tells of the clean that did something."""
    done = clean_file(cleaned, tmp_path / name, html=False, **how)
    proof = verify(done.target, against=cleaned)
    failed = failures(proof)
    failed.pop("smplx" if name.endswith(".h5") else "", None)  # stock smplx reads no .h5
    assert failed == {}
    assert "an earlier stamp" in {check.name: check.figure for check in proof}["options"]


def test_hands_that_clean_added_are_not_held_against_it(standin_dir, tmp_path):
    bare = standin_dir / "SMPLH_NEUTRAL_NOHANDS.npz"
    done = clean_file(bare, tmp_path / "body.npz", flat_hands=True, html=False)
    assert done.report.data["remarks"] == [
        "hands_meanl, hands_meanr, hands_componentsl, hands_componentsr were added: "
        "the input lacks them"
    ]
    assert not {row["key"] for row in done.report.data["input"]["keys"]} & {"hands_meanl"}
    assert set(status_of(verify(done.target, against=bare)).values()) == {PASSED}


def test_the_raw_file_fails_where_it_leaks(original):
    found = failures(verify(original))
    assert set(found) == {"report", "leaks"}
    assert found["leaks"].startswith("21 landmarks leak, by up to ")
    assert found["leaks"].endswith("rring, rpinky")


# --- damaged copies ---


def weight_put_back(arrays: Arrays) -> None:
    arrays["weights"][NOSE, LEFT_LEG] = 1e-7


def corrective_put_back(arrays: Arrays) -> None:
    arrays["posedirs"][NOSE, 1, 9 * (RIGHT_LEG - 1)] = 1e-9


def corrective_altered(arrays: Arrays) -> None:
    vertex, axis, feature = np.argwhere(arrays["posedirs"])[0]
    arrays["posedirs"][vertex, axis, feature] *= 1.0001


def row_sums_to_099(arrays: Arrays) -> None:
    # A row of its own, so that no landmark's support changes.
    arrays["weights"][1000] *= 0.99


def joint_moved(arrays: Arrays) -> None:
    row = arrays["J_regressor"][18]
    first, second = np.flatnonzero(row)[:2]
    row[first], row[second] = row[first] + 1e-5, row[second] - 1e-5


def joints_swapped(arrays: Arrays) -> None:
    arrays["kintree_table"][0, [18, 19]] = arrays["kintree_table"][0, [19, 18]]


def regressor_rows_swapped(arrays: Arrays) -> None:
    arrays["J_regressor"][[16, 18]] = arrays["J_regressor"][[18, 16]]


def template_changed(arrays: Arrays) -> None:
    arrays["v_template"][1234, 2] += 1e-6


def not_a_number(arrays: Arrays) -> None:
    arrays["shapedirs"][5, 1, 2] = np.nan


def array_truncated(arrays: Arrays) -> None:
    arrays["posedirs"] = arrays["posedirs"][:, :, :-9]


def extra_truncated(arrays: Arrays) -> None:
    arrays["hands_coeffsl"] = arrays["hands_coeffsl"][:-3]


def wrong_dtype(arrays: Arrays) -> None:
    arrays["weights"] = arrays["weights"].astype(np.float32).astype(np.float16)


def key_missing(arrays: Arrays) -> None:
    del arrays["hands_componentsl"]


def stamp_missing(arrays: Arrays) -> None:
    del arrays["smplprep"]


def stamp_of_other_options(arrays: Arrays) -> None:
    stamp = json.loads(str(arrays["smplprep"]))
    stamp["options"]["tolerance"] = 0.5
    arrays["smplprep"] = np.array(json.dumps(stamp))


# Damage -> the checks that must fail, and a part of the first one's figure.
DAMAGES: list[tuple[Callable[[Arrays], None], set[str], str]] = [
    (weight_put_back, {"rows", "leaks"}, "nose"),
    (corrective_put_back, {"leaks"}, "nose"),
    (corrective_altered, {"untouched"}, "posedirs"),
    (row_sums_to_099, {"rows"}, "vertex 1000"),
    (joint_moved, {"joints"}, "leftForeArm moved by"),
    (joints_swapped, {"original"}, "the kinematic trees differ"),
    (regressor_rows_swapped, {"joints", "displacement"}, "Arm moved by"),
    (template_changed, {"untouched"}, "v_template"),
    (not_a_number, {"file"}, "shapedirs[5, 1, 2]: nan is not a finite number"),
    (array_truncated, {"file"}, "posedirs has shape (6890, 3, 450)"),
    (extra_truncated, {"arrays"}, "hands_coeffsl is float64 ("),
    (wrong_dtype, {"arrays"}, "weights is float16"),
    (key_missing, {"arrays", "smplx"}, "hands_componentsl"),
    (stamp_missing, {"options", "arrays"}, "no readable key 'smplprep'"),
    (stamp_of_other_options, {"options", "arrays"}, "name different options"),
]


def forge(path: Path, report: dict) -> None:
    """Write a report that names the file's SHA-256."""
    report["output"]["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    path.with_suffix(".report.json").write_text(json.dumps(report))


@pytest.mark.parametrize(
    ("damage", "expected", "figure"), DAMAGES, ids=[damage.__name__ for damage, _, _ in DAMAGES]
)
def test_a_damaged_copy_fails_the_check_that_names_it(
    damage, expected, figure, cleaned, cleaned_arrays, original, tmp_path
):
    arrays = {key: array.copy() for key, array in cleaned_arrays.items()}
    damage(arrays)
    path = tmp_path / "damaged.npz"
    np.savez(path, **arrays)
    forge(path, json.loads(cleaned.with_suffix(".report.json").read_text()))
    found = failures(verify(path, against=original if expected & NEED_ORIGINAL else None))
    path.unlink()  # 92 MB each
    assert set(found) == expected, found
    assert any(figure in said for said in found.values()), found


@pytest.fixture(scope="module")
def named(original, cleaned, tmp_path_factory) -> Path:
    """Cleaned with two vertices of the user's own, that a clean leaves without a leak."""
    folder = tmp_path_factory.mktemp("named")
    leaks = support_of(read_model(cleaned), range(6890)).leaks.any(axis=1)
    leaks[list(SMPLH.landmarks.values())] = True
    palm, knuckle = np.flatnonzero(~leaks)[:2].tolist()
    own = folder / "own.json"
    own.write_text(json.dumps({"palm": palm, "knuckle": knuckle, "tip of the nose": NOSE}))
    target = clean_file(original, folder / "body.npz", landmarks=str(own), html=False).target
    assert target is not None
    return target


def test_landmarks_that_the_user_named_are_proven_too(named, original):
    proof = verify(named, against=original)
    assert set(status_of(proof).values()) == {PASSED}, failures(proof)
    said = {check.name: check.figure for check in proof}
    assert said["support"] == "autograd agrees with the audit on 75 joints x 51 rotations"


def test_a_leak_at_a_landmark_that_the_user_named_fails(named, tmp_path):
    with np.load(named) as file:
        arrays = dict(file)
    report = json.loads(named.with_suffix(".report.json").read_text())
    palm = report["landmarks"][-2]["vertex"]
    arrays["posedirs"][palm, 0, 9 * (RIGHT_LEG - 1)] = arrays["posedirs"][palm, 0, -1] = 1e-7
    copy = tmp_path / "copy.npz"
    np.savez(copy, **arrays)
    forge(copy, report)
    found = failures(verify(copy))
    assert set(found) == {"leaks"}
    assert found["leaks"].startswith("1 landmarks leak") and found["leaks"].endswith(": palm")
    report["landmarks"][-1]["vertex"] = 6890
    copy.with_suffix(".report.json").write_text(json.dumps(report))
    assert "landmarks[22].vertex is beyond 6890" in failures(verify(copy))["report"]


@pytest.mark.parametrize(
    "place",
    [
        {},
        {"face": 0, "corners": [1, 2, 3], "shares": [0.5, 0.5]},
        {"face": 0, "corners": ["x", 2, 3], "shares": [0.2, 0.3, 0.5]},
    ],
)
def test_a_report_with_a_landmark_that_is_nowhere_is_none(cleaned, tmp_path, place):
    copy = linked(cleaned, tmp_path)
    report = json.loads(cleaned.with_suffix(".report.json").read_text())
    report["landmarks"][0] |= {"vertex": None, **place}
    copy.with_suffix(".report.json").write_text(json.dumps(report))
    proof = status_of(verify(copy))
    assert proof["report"] == FAILED
    assert proof["leaks"] == PASSED


def linked(cleaned: Path, folder: Path) -> Path:
    """The cleaned file under another name, without its report."""
    copy = folder / "copy.npz"
    shutil.copyfile(cleaned, copy)
    return copy


def test_a_report_of_another_file_fails(cleaned, original, tmp_path):
    copy = linked(cleaned, tmp_path)
    report = json.loads(cleaned.with_suffix(".report.json").read_text())
    report["output"]["sha256"] = "0" * 64
    report["input"]["sha256"] = "1" * 64
    copy.with_suffix(".report.json").write_text(json.dumps(report))
    found = failures(verify(copy, against=original))
    assert set(found) == {"sha256", "options", "original"}
    assert found["sha256"].endswith("the report 0000000000000000...")


@pytest.mark.parametrize("text", [None, "", "[]", "{}", '{"changes": 1}', "[" * 100_000])
def test_a_missing_or_broken_report_fails(cleaned, tmp_path, text):
    copy = linked(cleaned, tmp_path)
    if text is not None:
        copy.with_suffix(".report.json").write_text(text)
    checks = verify(copy)
    proof = status_of(checks)
    assert proof["report"] == FAILED
    assert ("verify checks a cleaned file" in checks[0].figure) == (text is None)
    assert proof["sha256"] == proof["arrays"] == NOT_RUN
    assert proof["leaks"] == PASSED


def test_a_missing_file_is_bad_input_and_no_failed_proof(cleaned, tmp_path):
    for arguments in ([str(tmp_path / "no.npz")], [str(cleaned), "--against", "no.npz"]):
        done = CliRunner().invoke(command, ["verify", *arguments])
        assert "no.npz: there is no such file" in str(done.exception)
        assert (done.exception.exit_status, done.output) == (3, "")


def test_a_truncated_file_fails(cleaned, tmp_path):
    copy = linked(cleaned, tmp_path)
    with copy.open("r+b") as file:
        file.truncate(copy.stat().st_size // 2)
    proof = status_of(verify(copy))
    assert proof["file"] == FAILED
    assert PASSED not in {proof[name] for name in CHECKS if name != "report"}


def test_another_original_fails(cleaned):
    proof = verify(cleaned, against=cleaned)
    assert set(failures(proof)) == {"original"}


# --- the command, and what it needs ---


def test_the_command_prints_a_line_a_check_and_its_status(cleaned, original):
    good = CliRunner().invoke(command, ["verify", str(cleaned)])
    assert good.exit_code == 0
    *begins, verdict = (line[:8].strip() for line in good.output.splitlines())
    assert {*begins} == {"pass", "not run", ""}
    assert len([*filter(None, begins)]) == len(CHECKS)
    assert verdict == "verified"
    assert max(map(len, good.output.splitlines())) <= 100
    assert "pass    rows          the largest error is" in good.output
    # With standalone_mode, click turns its Exit into the process's status.
    bad = CliRunner().invoke(command, ["verify", str(original)])
    assert bad.exit_code == 1
    assert "FAIL    leaks         21 landmarks leak" in bad.output
    as_json = CliRunner().invoke(command, ["verify", "--json", str(cleaned)])
    assert [check["name"] for check in json.loads(as_json.output)] == list(CHECKS)


@pytest.mark.parametrize("package", ["torch", "smplx"])
def test_a_missing_package_is_an_error_that_says_how_to_install_it(cleaned, monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(SmplprepError, match=f"{package} cannot be imported") as caught:
        verify(cleaned)
    assert install("verify") in caught.value.hint
    assert caught.value.exit_status != 0


def test_a_missing_device_is_an_error(cleaned):
    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    with pytest.raises(SmplprepError, match="sees no CUDA device"):
        verify(cleaned, device="cuda")

"""``verify`` against the original: what it must catch in files and reports, and what it must not.

A forger corrects the report's SHA-256 and sizes; what else he edits is each test's matter.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from smplprep import Model, Options, read_model, write_model
from smplprep.jobs.clean_file import clean_file
from smplprep.records.contents import Sparse
from smplprep.verification.verify import FAILED, NOT_RUN, verify

pytestmark = pytest.mark.slow

pytest.importorskip("torch", reason="torch (extra 'verify') is not installed")
pytest.importorskip("smplx", reason="smplx (extra 'verify') is not installed")

STOCK = {"smplx", "forward", "support", "leaks"}
Report = dict[str, Any]


@pytest.fixture(scope="module")
def mano(family_dir: Path) -> Path:
    return family_dir / "mano" / "MANO_LEFT.pkl"


@pytest.fixture(scope="module")
def cleaned(mano: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With rows that are rescued, and a landmark that the user named."""
    folder = tmp_path_factory.mktemp("against")
    own = folder / "own.json"
    own.write_text('{"palm": 100}')
    return cleaned_to(folder / "hand.pkl", mano, Options(tolerance=0.45), landmarks=str(own))


def cleaned_to(target: Path, source: Path, options: Options | None = None, **how: Any) -> Path:
    clean_file(source, target, options, html=False, **how)
    return target


def report_of(path: Path) -> Report:
    return json.loads(path.with_suffix(".report.json").read_text())


def with_report(path: Path, report: Report) -> Path:
    """The file with this report, made to name it."""
    report["output"]["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    path.with_suffix(".report.json").write_text(json.dumps(report))
    return path


def altered(path: Path, target: Path, **fields: Any) -> Path:
    """A copy in which these keys are others; its report is the file's own."""
    model = read_model(path)
    extras = {key: fields.pop(key, value) for key, value in model.extras.items()}
    write_model(dataclasses.replace(model.with_arrays(**fields), extras=extras), target)
    return with_report(target, report_of(path))


def failures(path: Path, against: Path | None = None) -> dict[str, str]:
    proof = verify(path, against=against)
    return {check.name: check.figure for check in proof if check.status == FAILED}


# --- what is right passes ---


@pytest.mark.parametrize("name", ["hand.npz", "hand.pkl"])
@pytest.mark.parametrize(
    "options",
    [
        Options(),
        Options(dtype="float32", tolerance=0.3, removed_to="parent"),
        Options(regressor="threshold", regressor_tolerance=0.05, shapedirs="zero"),
        Options(n_betas=4, dtype="float32"),
    ],
    ids=["default", "float32", "threshold", "four shapes"],
)
def test_whatever_was_cleaned_and_however(mano, tmp_path, name, options):
    proof = verify(cleaned_to(tmp_path / name, mano, options), against=mano)
    assert not [check for check in proof if check.status in (FAILED, NOT_RUN)]


def test_shapes_that_are_not_the_first_of_the_original(mano, tmp_path):
    target = cleaned_to(tmp_path / "hand.npz", mano, Options(n_betas=4))
    other = read_model(target).shapedirs[:, :, ::-1]
    assert (
        "shapedirs"
        in failures(altered(target, tmp_path / "x.npz", shapedirs=other), mano)["untouched"]
    )


def test_a_symmetric_clean(family_dir, tmp_path):
    body = family_dir / "smpl" / "SMPL_NEUTRAL.pkl"
    target = cleaned_to(tmp_path / "body.pkl", body, Options(symmetrize=True, dtype="float32"))
    assert failures(target, body) == {}


@pytest.mark.parametrize("family", ["other", "mano"])
def test_a_family_that_the_user_named(mano, tmp_path, family):
    """The report's figures are those of that family; stock smplx is asked as ever."""
    target = cleaned_to(tmp_path / "hand.pkl", mano, family=family)
    said = {check.name: check for check in verify(target, against=mano)}
    assert not [check for check in said.values() if check.status in (FAILED, NOT_RUN)]
    assert said["support"].figure == "autograd agrees with the audit on 21 joints x 15 rotations"


def test_a_mesh_of_no_family_with_the_joints_of_one(standin, tmp_path):
    """Stock smplx appends the vertices of its own landmarks, which mean nothing here."""
    along = {"J_regressor": 1} | dict.fromkeys(
        ("v_template", "weights", "shapedirs", "posedirs"), 0
    )
    more = {
        key: np.take(getattr(standin, key), [*range(6890), 0], axis) for key, axis in along.items()
    }
    more["J_regressor"][:, -1] = 0.0
    source = tmp_path / "more.npz"
    write_model(dataclasses.replace(standin.with_arrays(**more), extras={}), source)
    said = {
        check.name: check
        for check in verify(cleaned_to(tmp_path / "own.npz", source), against=source)
    }
    assert not [check for check in said.values() if check.status in (FAILED, NOT_RUN)]
    assert said["support"].figure == "autograd agrees with the audit on 52 joints x 51 rotations"


def test_a_family_in_the_report_hides_no_leak(mano, tmp_path):
    target = cleaned_to(tmp_path / "hand.pkl", mano, family="other")
    weights = read_model(target).weights.copy()
    weights[744, 1] = 1e-7  # the thumb's tip, on the index finger
    leaky = altered(target, tmp_path / "leaky.pkl", weights=weights)
    assert "thumb" in failures(leaky)["leaks"]
    assert (
        "the family 'giant' is not one of smpl"
        in failures(with_report(leaky, report_of(target) | {"family": "giant"}))["report"]
    )


@pytest.mark.parametrize("name", ["own.pkl", "own.npz", "own.h5"])
def test_other_keys_of_every_kind_in_every_container(small_model, tmp_path, name):
    extras = {
        "note": "a text",
        "nothing": None,
        "numbers": [1, 2, 3],
        "ragged": [[1], [2, 3]],
        "table": {"a": 1.5, "b": "c"},
        "holes": np.array([1.0, np.nan]),
        "matrix": Sparse("csr", np.ones(2), np.array([0, 1]), np.array([0, 1, 2]), (2, 2)),
    }
    source = tmp_path / "source.pkl"
    write_model(dataclasses.replace(small_model(), extras=extras), source)
    target = cleaned_to(tmp_path / name, source, Options(dtype="float32"))
    assert set(failures(target, source)) <= STOCK


@pytest.mark.parametrize("name", ["own.pkl", "own.npz", "own.h5"])
def test_big_endian_keys(small_model, tmp_path, name):
    source = tmp_path / "source.npz"
    np.savez(source, **small_model().entries(), big=np.arange(3, dtype=">i4"), note=np.array("a"))
    assert set(failures(cleaned_to(tmp_path / name, source), source)) <= STOCK


def test_stale_joints_are_corrected_or_as_they_were(small_model, tmp_path):
    dense = np.random.RandomState(0).random((4, 10))
    dense[3] = np.eye(10)[3]  # already sparse, so that its J is left
    source = tmp_path / "stale.npz"
    write_model(small_model(J_regressor=dense, J=dense @ small_model().v_template + 0.002), source)
    target = cleaned_to(
        tmp_path / "own.npz", source, Options(regressor="threshold", regressor_tolerance=0.1)
    )
    model = read_model(target)
    assert set(failures(target, source)) <= STOCK
    moved = model.J.copy()
    moved[1, 0] += 1e-6
    wrong = failures(altered(target, tmp_path / "moved.npz", J=moved), source)
    assert wrong["joints"] == "J[1] is not where J_regressor puts j1"


def test_rows_of_many_float32_influences(tmp_path):
    """Added entry by entry they sum to 1 within 4 eps, exactly added they do not."""
    n, random = 52, np.random.RandomState(52)
    weights = np.where(random.random((300, n)) < 0.9, 1.0, 0.5)
    weights = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    model = Model(
        v_template=random.standard_normal((300, 3)),
        f=np.array([[0, 1, 2]]),
        weights=weights,
        J_regressor=np.eye(n, 300),
        kintree_table=np.array([np.arange(-1, n - 1), np.arange(n)]),
        shapedirs=np.zeros((300, 3, 1)),
        posedirs=np.zeros((300, 3, 9 * (n - 1))),
    )
    source = tmp_path / "many.npz"
    write_model(model, source)
    target = cleaned_to(tmp_path / "own.npz", source)
    assert "rows" not in failures(target, source)
    short = read_model(target).weights.copy()
    short[7] *= np.float32(1 - 1e-5)
    assert "vertex 7" in failures(altered(target, tmp_path / "short.npz", weights=short))["rows"]


@pytest.mark.parametrize("kept", [{"keep_vertices": (10,)}, {"keep_joints": ("hand",)}])
def test_rows_that_were_kept_and_never_summed_to_1(mano, tmp_path, kept):
    weights = read_model(mano).weights.astype(float)
    weights[10] = np.eye(16)[0] + 0.005 * np.eye(16)[2]
    source = tmp_path / "source.pkl"
    write_model(read_model(mano).with_arrays(weights=weights), source)
    target = cleaned_to(tmp_path / "hand.pkl", source, Options(**kept))
    proof = {check.name: check for check in verify(target, against=source)}
    assert not [check for check in proof.values() if check.status == FAILED]
    assert "1 rows hold kept weights and are off by 0.005" in proof["rows"].figure
    weights = read_model(target).weights.copy()
    weights[10, 0] += 0.001
    found = failures(altered(target, tmp_path / "other.pkl", weights=weights), source)
    assert "weights that the options keep" in found["untouched"]


# --- files that are not the original's ---


@pytest.mark.parametrize("name", ["hand.pkl", "hand.npz"])
@pytest.mark.parametrize(
    ("key", "edit"),
    [("hands_mean", lambda a: a + 0.5), ("hands_components", lambda a: 2 * a), ("f", np.flipud)],
)
def test_a_key_that_no_step_works_on(mano, tmp_path, name, key, edit):
    target = cleaned_to(tmp_path / name, mano)
    value = edit(read_model(target).entries()[key])
    found = failures(altered(target, tmp_path / f"other_{name}", **{key: value}), mano)
    assert found["untouched"] == f"different from the original: {key}"


def test_a_report_that_says_that_a_step_worked_on_it(cleaned, mano, tmp_path):
    template = read_model(cleaned).v_template + 1e-7
    other = altered(cleaned, tmp_path / "other.pkl", v_template=template)
    report = report_of(other)
    report["changes"][0]["field"] = "weights, v_template"
    assert failures(with_report(other, report), mano)["untouched"].endswith(": v_template")


def test_a_key_that_the_original_lacks(cleaned, mano, tmp_path):
    model = read_model(cleaned)
    model = dataclasses.replace(model, extras={**model.extras, "more": np.zeros(3)})
    write_model(model, tmp_path / "other.pkl")
    report = report_of(cleaned)
    report["output"]["keys"].append({"key": "more", "dtype": "float64", "shape": [3]})
    found = failures(with_report(tmp_path / "other.pkl", report), mano)
    assert found == {"untouched": "keys that the original lacks: more"}


def test_a_key_that_the_cleaned_file_lacks(cleaned, mano, tmp_path):
    """Even one that a step works on."""
    model = dataclasses.replace(read_model(cleaned), J=None)
    write_model(model, tmp_path / "other.pkl")
    report = report_of(cleaned)
    report["output"]["keys"] = [row for row in report["output"]["keys"] if row["key"] != "J"]
    found = failures(with_report(tmp_path / "other.pkl", report), mano)
    assert found == {"untouched": "keys of the original that are missing: J"}


# --- reports that tell something else ---


def a_larger_displacement(report: Report) -> None:
    report["displacement"]["p99_mm"] *= 1.001


def another_vertex(report: Report) -> None:
    report["displacement"]["max_vertex"] += 1


def no_vertex(report: Report) -> None:
    report["displacement"]["max_vertex"] = 778


EDITS: list[tuple[Callable[[Report], None], set[str], str]] = [
    (a_larger_displacement, {"displacement"}, "mm by stock smplx"),
    (another_vertex, {"displacement"}, "moves most, in the report "),
    (no_vertex, {"displacement"}, "the report's max_vertex is 778, which is not a vertex"),
]


@pytest.mark.parametrize(
    ("edit", "expected", "figure"), EDITS, ids=[edit.__name__ for edit, _, _ in EDITS]
)
def test_an_edited_report_fails(cleaned, mano, edit, expected, figure):
    report = report_of(cleaned)
    text = json.dumps(report, indent=1, ensure_ascii=False) + "\n"
    edit(report)
    try:
        found = failures(with_report(cleaned, report), mano)
    finally:
        cleaned.with_suffix(".report.json").write_text(text)
    assert set(found) == expected, found
    assert any(figure in said for said in found.values()), found


def test_a_number_beyond_all_floats_is_no_crash(cleaned, tmp_path):
    report = report_of(cleaned)
    report["regressor"][0]["max_shift_mm"] = 10**400
    copy = tmp_path / "copy.pkl"
    copy.write_bytes(cleaned.read_bytes())
    assert "report" in failures(with_report(copy, report))

"""SMPL, SMPL-X, MANO and FLAME: recognized by content, cleaned, and loaded by the stock classes."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import re
import shutil
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from smplprep import (
    ModelInvalidError,
    Options,
    VerificationError,
    assert_clean,
    clean,
    read_model,
)
from smplprep.audit.landmark_sets import FACE_KEYS, landmark_set, skin_landmarks
from smplprep.audit.support import joint_support, landmark_support, support_of
from smplprep.geometry.poses import joint_limits, pose_set
from smplprep.jobs.clean_file import clean_file
from smplprep.records.families import FAMILIES, SMPLH, family_of
from smplprep.stock.load import stock_output
from smplprep.verification.verify import PASSED, verify

pytestmark = pytest.mark.slow

FILES = {
    "smpl": "smpl/SMPL_NEUTRAL.pkl",
    "smplx": "smplx/SMPLX_NEUTRAL.npz",
    "mano-left": "mano/MANO_LEFT.pkl",
    "mano-right": "mano/MANO_RIGHT.pkl",
    "flame": "flame/FLAME_NEUTRAL.pkl",
}
N_FACE = 51


@dataclass(frozen=True)
class Cleaned:
    """A stand-in before and after, and its report."""

    source: Path
    target: Path
    report: Any


@pytest.fixture(scope="module", params=FILES)
def cleaned(request: pytest.FixtureRequest, family_dir: Path, tmp_path_factory) -> Cleaned:
    source = family_dir / FILES[request.param]
    folder = tmp_path_factory.mktemp("cleaned") / source.parent.name
    shutil.copytree(source.parent, folder, ignore=lambda _, names: [source.name])
    done = clean_file(source, folder / source.name, html=False, force=True)
    return Cleaned(source, folder / source.name, done.report)


@pytest.fixture(scope="module", autouse=True)
def torch() -> Any:
    pytest.importorskip("smplx")
    return pytest.importorskip("torch")


def stock(cleaned: Cleaned) -> Any:
    """The family's own class on the cleaned file as it stands."""
    import smplx

    name = cleaned.report.data["family"]
    path = cleaned.target if name == "smpl" else cleaned.target.parent
    hands = {"use_pca": False, "flat_hand_mean": True} if name in ("smplx", "mano") else {}
    if name == "mano":
        hands["is_rhand"] = "RIGHT" in cleaned.target.name
    ext = cleaned.target.suffix[1:]
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        # torch's complaint that numpy's arrays are slow to take one by one, scipy's about names.
        warnings.simplefilter("ignore")
        return getattr(smplx, name.upper())(str(path), ext=ext, gender="neutral", **hands)


def supports(body: Any, pose: np.ndarray, torch: Any) -> np.ndarray:
    """(L, J): whether each landmark that stock smplx returns moves with the pose of a joint."""

    def joints(pose: Any) -> Any:
        return stock_output(body, pose, torch.zeros(len(pose), body.num_betas)).joints

    single = torch.tensor(pose[None], dtype=torch.float32)
    with torch.no_grad():
        n_landmarks = joints(single).shape[1]
    found = []
    for start in range(0, n_landmarks, 16):
        rows = torch.arange(start, min(start + 16, n_landmarks))
        copies = single.repeat(len(rows), 1, 1).requires_grad_()
        batch = torch.arange(len(rows))
        slope = 0
        for axis in range(3):
            total = joints(copies)[batch, rows, axis].sum()
            slope = slope + torch.autograd.grad(total, copies)[0].abs()
        found.append((slope.sum(dim=2) > 0).numpy())
    return np.concatenate(found)


def test_every_landmark_moves_with_its_own_chain_alone(cleaned: Cleaned, torch: Any) -> None:
    model = read_model(cleaned.target)
    family, n_joints = model.family, model.n_joints
    poses, _ = pose_set(family.joint_names(n_joints, "smplx"), 1, n_poses=1)
    found = supports(stock(cleaned), poses[0], torch)
    found[:, 0] = False  # the root moves everything
    vertices = list(family.landmarks.values())
    support = support_of(model, vertices)
    assert not support.leaks.any()
    assert not (found[:n_joints] & ~joint_support(model)).any()
    at_vertices = found[n_joints : n_joints + len(vertices)]
    assert np.array_equal(at_vertices, support.either)


def test_verify_proves_it(cleaned: Cleaned) -> None:
    checks = verify(cleaned.target, against=cleaned.source)
    assert {check.name: check.status for check in checks if check.status != PASSED} == {}


def test_the_raw_file_leaks(cleaned: Cleaned) -> None:
    before = cleaned.report.data["summary"]["before"]
    assert before["leaking_landmarks"] == before["landmarks"]
    assert cleaned.report.data["summary"]["after"]["leaking_landmarks"] == 0


def test_each_family_keeps_its_own_keys(cleaned: Cleaned) -> None:
    before, after = read_model(cleaned.source), read_model(cleaned.target)
    assert list(after.entries()) == [*before.entries(), "smplprep"]
    assert before.family is after.family is FAMILIES[cleaned.source.parent.name]
    touched = {"weights", "J_regressor", "posedirs", "J", "smplprep"}
    for key, value in before.entries().items():
        if isinstance(value, np.ndarray) and key not in touched:
            assert np.array_equal(after.entries()[key], value), key


def test_joints_stay_where_they_are_over_the_first_sixteen_shapes(cleaned: Cleaned) -> None:
    before, after = read_model(cleaned.source), read_model(cleaned.target)
    delta = after.J_regressor - before.J_regressor
    basis = np.concatenate([before.v_template[..., None], before.shapedirs[..., :16]], axis=2)
    shift = np.linalg.norm(np.tensordot(delta, basis, axes=([1], [0])), axis=1)
    assert (shift[:, 0] + 3 * shift[:, 1:].sum(axis=1)).max() <= 1e-9
    # What the rest, expressions included, can do is in the report.
    rest = np.linalg.norm(np.tensordot(delta, before.shapedirs, axes=([1], [0])), axis=1)
    reported = max(row["max_shift_mm"] for row in cleaned.report.data["regressor"])
    assert reported == pytest.approx(3000 * rest.sum(axis=1).max(), rel=1e-3, abs=1e-6)


def test_smplx_objects_are_read_without_pickle(family_dir: Path, tmp_path: Path) -> None:
    source = family_dir / FILES["smplx"]
    done = clean_file(source, tmp_path / "out.npz", html=False)
    with np.load(tmp_path / "out.npz") as arrays:
        assert all(arrays[key].dtype.kind in "biufSU" for key in arrays)
        assert '"jaw": 22' in str(arrays["joint2num"])
    assert any(
        "joint2num is written as JSON text" in remark for remark in done.report.data["remarks"]
    )


@pytest.mark.parametrize("name", [name for name in FAMILIES if name != "other"])
def test_families_go_by_their_counts(name: str) -> None:
    family = FAMILIES[name]
    assert family_of(family.n_vertices, len(family.joints)) is family
    assert family_of(family.n_vertices + 1, len(family.joints)).name == "other"
    for vocabulary in (0, 1):
        names = [pair[vocabulary] for pair in family.joints]
        assert len(set(names)) == len(names)
    assert all(0 <= vertex < family.n_vertices for vertex in family.landmarks.values())


def test_names_and_vertices_are_those_of_smplx() -> None:
    from smplx import joint_names, vertex_ids

    assert [pair[1] for pair in SMPLH.joints] == joint_names.SMPLH_JOINT_NAMES[:52]
    assert [pair[1] for pair in FAMILIES["smplx"].joints] == joint_names.JOINT_NAMES[:55]
    for name in ("smplh", "smplx", "mano"):
        assert FAMILIES[name].landmarks == vertex_ids.vertex_ids[name]


def test_the_hand_of_mano_bends_like_a_hand() -> None:
    assert np.array_equal(joint_limits("index1"), joint_limits("left_index1"))
    assert np.array_equal(joint_limits("wrist"), joint_limits("left_wrist"))


def test_a_named_family(family_dir: Path) -> None:
    path = family_dir / FILES["mano-left"]
    assert read_model(path, family="mano").family is FAMILIES["mano"]
    assert read_model(path, family="other").family is FAMILIES["other"]
    with pytest.raises(ModelInvalidError, match="smplx has 55 joints, but this file has 16"):
        read_model(path, family="smplx")


def test_a_named_family_on_another_mesh_has_no_landmarks(small_model) -> None:
    import dataclasses

    from smplprep.records.families import named_family

    assert named_family("flame", 10).joints == FAMILIES["flame"].joints
    assert named_family("smplh", 10).landmarks == {}
    assert dataclasses.replace(small_model(), family_name="other").family.name == "other"


@pytest.mark.parametrize(("name", "n_features"), [("STAR", 93), ("SUPR", 96)])
def test_star_and_supr_are_named(name: str, n_features: int, tmp_path: Path) -> None:
    arrays = {
        "v_template": np.zeros((30, 3)),
        "f": np.zeros((1, 3), np.int64),
        "weights": np.full((30, 24), 1 / 24),
        "J_regressor": np.full((24, 30), 1 / 30),
        "kintree_table": np.array([[-1, *range(23)], [*range(24)]]),
        "shapedirs": np.zeros((30, 3, 300)),
        "posedirs": np.zeros((30, 3, n_features)),
    }
    np.savez(tmp_path / "model.npz", **arrays)
    with pytest.raises(ModelInvalidError, match=f"this is a {name} model: .* quaternions"):
        read_model(tmp_path / "model.npz")


def test_points_on_the_face_are_audited_as_autograd_sees_them(cleaned: Cleaned, torch: Any) -> None:
    model = read_model(cleaned.target)
    points = [point for point in skin_landmarks(model) if point.source == "face"]
    if model.family.name == "flame":
        points = landmark_set(model, str(cleaned.target.with_name("flame_static_embedding.pkl")))
    assert len(points) == (N_FACE if model.family.name in ("smplx", "flame") else 0)
    poses, _ = pose_set(model.family.joint_names(model.n_joints, "smplx"), 1, n_poses=1)
    found = supports(stock(cleaned), poses[0], torch)
    found = found[len(found) - len(points) :]
    found[:, 0] = False
    support = landmark_support(model, points)
    assert np.array_equal(found, support.either)
    assert not support.leaks.any()


@pytest.mark.parametrize("name", ["smplx", "flame"])
def test_a_module_in_memory_is_asked_for_its_face_too(
    family_dir: Path, name: str, tmp_path: Path, torch: Any
) -> None:
    source = family_dir / FILES[name]
    shutil.copytree(source.parent, tmp_path / name)
    done = clean_file(source, tmp_path / name / source.name, html=False, force=True)
    body = stock(Cleaned(source, tmp_path / name / source.name, done.report))
    assert_clean(body)
    faces = body.faces_tensor[body.lmk_faces_idx.long()]
    others = set(body.vertex_joint_selector.extra_joints_idxs.tolist())
    corners = next(face for face in faces.tolist() if not others.intersection(face))
    jaw = [name for name, _ in FAMILIES[name].joints].index("jaw")
    left_eye = jaw + 1  # which moves nothing that is the jaw's alone
    with torch.no_grad():
        body.lbs_weights[corners] = torch.eye(len(body.parents))[jaw]
        body.posedirs[9 * (left_eye - 1), 3 * corners[1]] = 1e-7
    with pytest.raises(
        VerificationError, match=r"landmarks leaks?; 0 are allowed\n  face\d+ \(face"
    ):
        assert_clean(body)


def test_faces_may_be_floats(family_dir: Path, tmp_path: Path) -> None:
    model = read_model(family_dir / FILES["smplx"])
    floats = model.with_arrays(f=model.f.astype(np.float64))
    for options in (Options(), Options(policy="islands")):
        assert (
            clean(floats, options)[1].data["landmarks"]
            == clean(model, options)[1].data["landmarks"]
        )


BROKEN_FACES = {
    "lmk_faces_idx[3]: 99999 is not a face": lambda f, b: (np.where(f == f[3], 99999, f), b),
    "must be an array of face indices (key lmk_faces_idx)": lambda f, b: (f.astype(float), b),
    "has a row for each head rotation": lambda f, b: (np.stack([f, f]), b),
    "must be an array of shape (51, 3) (key lmk_bary_coords)": lambda f, b: (f, b[:, :2]),
    "must be an array of floats (key lmk_bary_coords)": lambda f, b: (f, b > 0),
    "lmk_bary_coords[0] must be finite and not negative, not nan": lambda f, b: (f, b * np.nan),
    "lmk_bary_coords[0] must sum to 1, not to 0": lambda f, b: (f, b * 0),
    "lmk_bary_coords[0] must sum to 1, not to 1e+300": lambda f, b: (f, b.astype(float) * 1e300),
    "lmk_bary_coords[0] must sum to 1, not to 0.99": lambda f, b: (f, b * (1 - 3e-6)),
    "lmk_bary_coords[0] must be finite and not negative, not -0.5": lambda f, b: (
        f,
        b * 0 + np.array([-0.5, 0.5, 1.0]),
    ),
    "lists no faces, so it names no landmarks (key lmk_faces_idx)": lambda f, b: (f[:0], b[:0]),
}


@pytest.mark.parametrize("sentence", BROKEN_FACES)
def test_broken_points_on_the_face_are_named(family_dir: Path, sentence: str) -> None:
    model = read_model(family_dir / FILES["smplx"])
    faces, shares = (model.extras[key] for key in FACE_KEYS)
    broken = dict(zip(FACE_KEYS, BROKEN_FACES[sentence](faces, shares), strict=True))
    model = dataclasses.replace(model, extras={**model.extras, **broken})
    with pytest.raises(ModelInvalidError, match=re.escape(sentence)):
        skin_landmarks(model)

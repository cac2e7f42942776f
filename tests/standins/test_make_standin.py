"""The stand-in SMPL-H files: every fault of the findings is there, in the official containers."""

from __future__ import annotations

import hashlib
import json
import pickle
import pickletools
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from scripts.standins import make_standin as standin
from scripts.standins.standin_fields import joint_index

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
FINDINGS = json.loads((ROOT / "assets" / "findings.json").read_text())

NPZ_KEYS = [
    *["J_regressor_prior", "f", "J_regressor", "kintree_table", "J", "weights_prior", "weights"],
    *["vert_sym_idxs", "posedirs", "bs_style", "v_template", "shapedirs", "bs_type"],
    *["hands_meanl", "hands_meanr", "hands_componentsl", "hands_componentsr"],
    *["hands_coeffsl", "hands_coeffsr"],
]


@pytest.fixture(scope="module")
def made() -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    return standin.make_standin(0)


@pytest.fixture(scope="module")
def model(made) -> dict[str, np.ndarray]:
    return made[0]


@pytest.fixture(scope="module")
def truth(made) -> dict[str, np.ndarray]:
    return made[1]


@pytest.fixture(scope="module")
def names() -> list[str]:
    with np.load(ROOT / "assets" / "cc0_body.npz") as body:
        return body["joint_names"].tolist()


def prune(weights: np.ndarray) -> np.ndarray:
    """The findings' fix."""
    kept = np.where(weights < 1e-2, 0, weights)
    return kept / kept.sum(axis=1, keepdims=True)


def ancestors_or_self(joints: list[int], parents: np.ndarray) -> set[int]:
    """The given joints and all above them, the root left out."""
    found = set()
    for joint in joints:
        while joint > 0:
            found.add(int(joint))
            joint = int(parents[joint])
    return found


def gradient_support(model: dict[str, np.ndarray], weights: np.ndarray, names: list[str]) -> dict:
    """Joints whose pose moves each OpenPose joint, blend shapes aside."""
    parents = model["kintree_table"][0].astype(np.int32)
    vertices = FINDINGS["extra_joints_idxs"]
    out = {}
    rows = zip(
        FINDINGS["openpose_joint_source"], FINDINGS["openpose25_to_smplh_joints"], strict=True
    )
    for name, index in rows:
        above = [parents[index]] if index < 52 else np.flatnonzero(weights[vertices[index - 52]])
        out[name] = {names[j] for j in ancestors_or_self(list(above), parents)}
    return out


def test_keys_shapes_and_types_are_the_official_ones(model):
    assert list(model) == NPZ_KEYS
    assert model["J_regressor"].shape == (52, 6890)
    assert model["posedirs"].shape == (6890, 3, 459)
    assert model["shapedirs"].shape == (6890, 3, 16)
    assert model["kintree_table"].dtype == np.uint32
    assert model["kintree_table"][0, 0] == 2**32 - 1
    assert (model["bs_style"].dtype.kind, str(model["bs_style"])) == ("U", "lbs")
    assert model["hands_componentsl"].shape == (45, 45)
    assert model["hands_coeffsr"].shape == (1554, 45)
    floats = {key for key, value in model.items() if value.dtype == np.float64}
    assert floats == set(NPZ_KEYS) - {"f", "kintree_table", "vert_sym_idxs", "bs_style", "bs_type"}


def test_every_row_has_four_weights_and_pruning_finds_the_truth(model, truth):
    weights, spurious = model["weights"], truth["weights_spurious"]
    assert (np.count_nonzero(weights, axis=1) == 4).all()
    np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=0, atol=4 * np.finfo(float).eps)
    assert weights[spurious].min() >= 3e-5
    assert weights[spurious].max() <= 9e-3
    np.testing.assert_array_equal(spurious, (weights > 0) & (truth["weights"] == 0))
    np.testing.assert_allclose(prune(weights), truth["weights"], atol=1e-12)


@pytest.mark.parametrize("when", ["before", "after"])
def test_landmark_rows_are_those_of_the_findings(model, names, when):
    weights = model["weights"] if when == "before" else prune(model["weights"])
    for landmark, joints in FINDINGS[f"landmark_weight_support_{when}"].items():
        row = weights[FINDINGS["landmark_vertex_ids"][landmark]]
        assert set(np.flatnonzero(row)) == {joint_index(j, names) for j in joints}, landmark


@pytest.mark.parametrize("when", ["before", "after"])
def test_gradient_support_is_that_of_the_findings(model, names, when):
    weights = model["weights"] if when == "before" else prune(model["weights"])
    expected = FINDINGS[f"structural_gradient_support_{when}"]
    found = gradient_support(model, weights, names)
    assert found == {name: set(joints) for name, joints in expected.items()}


def test_regressor_has_the_findings_counts_and_hits_the_joints(model, truth):
    rows = model["J_regressor"]
    counts = np.count_nonzero(rows, axis=1)
    assert counts.tolist() == FINDINGS["j_regressor_nonzeros_per_joint"]
    assert rows.min() >= 0
    np.testing.assert_allclose(rows.sum(axis=1), 1, rtol=0, atol=4 * np.finfo(float).eps)
    np.testing.assert_array_equal(model["J"], rows @ model["v_template"])
    shift = np.linalg.norm(model["J"] - truth["joints"], axis=1)
    assert shift.max() < 0.005
    assert np.sort(shift)[-2] < 1e-4  # only the toe joint with three vertices misses


def test_posedirs_are_dense_and_mostly_genuine(model, truth):
    posedirs = model["posedirs"]
    assert np.count_nonzero(posedirs) == posedirs.size
    energy = (posedirs**2).sum(axis=1).reshape(6890, 51, 9).sum(axis=2)
    genuine = truth["posedirs_genuine"]
    assert energy[genuine].sum() > 0.9 * energy.sum()
    assert genuine.any(axis=0).all()
    floor = np.sqrt(energy[~genuine].mean() / 27)
    assert 1e-5 < floor < 1e-4
    assert 2e-3 < np.linalg.norm(posedirs, axis=1).max() < 3e-2  # meters at 90 degrees


def test_hands_are_orthonormal_and_mirrored(model):
    components = model["hands_componentsl"]
    np.testing.assert_allclose(components @ components.T, np.eye(45), atol=1e-12)
    mirror = np.tile([1, -1, -1], 15)
    np.testing.assert_array_equal(model["hands_meanr"], model["hands_meanl"] * mirror)
    assert 0.5 < np.linalg.norm(model["hands_meanl"]) < 2.5


def test_same_seed_same_bytes(model, tmp_path):
    digests = set()
    for again in (model, standin.make_standin(0)[0]):
        for write, name in ((standin.write_npz, "m.npz"), (standin.write_pkl, "m.pkl")):
            write(tmp_path / name, again)
            digests.add((name, hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()))
    assert len(digests) == 2
    assert not np.array_equal(standin.make_standin(1)[0]["weights"], model["weights"])


def test_npz_reads_without_pickle(model, tmp_path):
    standin.write_npz(tmp_path / "m.npz", standin.without_hands(model))
    with np.load(tmp_path / "m.npz", allow_pickle=False) as archive:
        assert list(archive) == NPZ_KEYS[:13]
        for key in archive:
            np.testing.assert_array_equal(archive[key], model[key])
    assert 85e6 < (tmp_path / "m.npz").stat().st_size < 100e6


def test_pkl_is_a_python_2_pickle_with_chumpy(model, tmp_path):
    standin.write_pkl(tmp_path / "m.pkl", model)
    data = (tmp_path / "m.pkl").read_bytes()
    opcodes = [(op.name, argument) for op, argument, _ in pickletools.genops(data)]
    assert {argument for op, argument in opcodes if op == "GLOBAL"} == {
        "__builtin__ set",
        "chumpy.ch Ch",
        "chumpy.reordering Select",
        "numpy dtype",
        "numpy ndarray",
        "numpy.core.multiarray _reconstruct",
        "scipy.sparse.csc csc_matrix",
    }
    seen = {op for op, _ in opcodes}
    assert {"SHORT_BINSTRING", "BINSTRING", "NEWOBJ", "BUILD"} <= seen
    assert not seen & {"BINUNICODE", "SHORT_BINBYTES", "BINBYTES", "FRAME"}
    assert opcodes[0] == ("PROTO", 2)


class StandInUnpickler(pickle.Unpickler):
    """Reads the .pkl where chumpy is not installed: an object's state takes its place."""

    class State:
        pass

    def find_class(self, module: str, name: str) -> type:
        if module.split(".")[0] in ("chumpy", "scipy"):
            return self.State
        return super().find_class(module.replace("numpy.core", "numpy._core"), name)


def test_pkl_holds_the_numbers_of_the_npz(model, tmp_path):
    standin.write_pkl(tmp_path / "m.pkl", model)
    with (tmp_path / "m.pkl").open("rb") as file:
        loaded = StandInUnpickler(file, encoding="latin1").load()
    assert set(loaded) == {*NPZ_KEYS, "pose_training_info"}
    for key in ("v_template", "weights", "posedirs"):
        np.testing.assert_array_equal(loaded[key].x, model[key])
    select = loaded["shapedirs"]
    values = select.a.x.ravel()[select.idxs].reshape(select.preferred_shape)
    np.testing.assert_array_equal(values, model["shapedirs"])
    for key in ("J_regressor", "J_regressor_prior"):
        state = vars(loaded[key])
        parts = (state["data"], state["indices"], state["indptr"])
        dense = sparse.csc_matrix(parts, shape=state["_shape"]).toarray()
        np.testing.assert_array_equal(dense, model[key])
    assert (loaded["bs_type"], loaded["bs_style"]) == ("lrotmin", "lbs")
    np.testing.assert_array_equal(loaded["kintree_table"], model["kintree_table"])


# The file names scipy's class where scipy had it in 2016, and today's scipy warns of that.
@pytest.mark.filterwarnings("ignore:Please import `csc_matrix`:DeprecationWarning")
def test_stock_smplx_loads_npz_and_plain_pkl_alike(model, tmp_path):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    smplx = pytest.importorskip("smplx", reason="smplx is not installed")
    standin.write_npz(tmp_path / "m.npz", model)
    standin.write_pkl(tmp_path / "m.pkl", model, chumpy=False)
    posed = [
        smplx.SMPLH(str(tmp_path / f"m.{ext}"), ext=ext, dtype=torch.float64)(
            body_pose=torch.full((1, 63), 0.1, dtype=torch.float64)
        ).vertices
        for ext in ("npz", "pkl")
    ]
    assert torch.equal(*posed)

"""The promise, through stock smplx: the cleaned file loads unchanged, and unseen limbs stay still.

Every test runs on the stand-in as .npz and .pkl, and on a licensed file where one is named.
"""

from __future__ import annotations

import dataclasses
import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest

from smplprep import Options, read_model, write_model
from smplprep.audit.support import support_of
from smplprep.io.pickle.write import write_pickle
from smplprep.io.read_model import read_contents
from smplprep.jobs.clean_file import clean_file

pytestmark = pytest.mark.slow

torch = pytest.importorskip("torch", reason="torch (extra 'verify') is not installed")
smplx = pytest.importorskip("smplx", reason="smplx (extra 'verify') is not installed")


@pytest.fixture(scope="session")
def cleaned_file(model_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file after ``smplprep clean``, laid out as smplx.create looks for it."""
    folder = tmp_path_factory.mktemp("cleaned") / "smplh"
    folder.mkdir()
    model = read_model(model_file)
    if model.hands_meanl is None:  # as AMASS ships it; stock smplx cannot load that
        flat = {f"hands_mean{side}": np.zeros(45) for side in "lr"}
        flat |= {f"hands_components{side}": np.eye(45) for side in "lr"}
        model_file = folder.parent / f"with_hands{model_file.suffix}"
        write_model(dataclasses.replace(model, **flat), model_file)
    return clean_file(model_file, folder / f"SMPLH_NEUTRAL{model_file.suffix}").target


def load(path: Path, **options):
    """Stock smplx's SMPLH from a file, in float64, without PCA."""
    with warnings.catch_warnings():
        # scipy deprecates the module that official pickles name; smplx imports it all the same.
        warnings.simplefilter("ignore", DeprecationWarning)
        settings = {"ext": path.suffix[1:], "use_pca": False, "dtype": torch.float64} | options
        return smplx.SMPLH(str(path), **settings)


@pytest.fixture(scope="session")
def body(cleaned_file: Path):
    return load(cleaned_file)


@pytest.fixture(scope="module")
def infant(family_dir: Path) -> dict:
    """What SMIL's file holds: SMPL's keys, 20 shape directions, and regressors of its own."""
    smpl = dict(read_contents(family_dir / "smpl" / "SMPL_NEUTRAL.pkl").entries)
    shapedirs = np.random.default_rng(0).normal(0, 0.01, (6890, 3, 20))
    return smpl | {"shapedirs": shapedirs, "J_regressor_prior": smpl["J_regressor"]}


def cleaned_smpl(entries: dict, folder: Path):
    """Stock smplx's SMPL from a cleaned .pkl."""
    with (folder / "raw.pkl").open("wb") as file:
        write_pickle(entries, file)
    options = Options(regressor="keep")
    target = clean_file(folder / "raw.pkl", folder / "out.pkl", options, report=False, force=True)
    return smplx.SMPL(str(target.target), dtype=torch.float64)


@pytest.mark.parametrize("missing", [("posedirs",), ("shapedirs",), ("shapedirs", "posedirs")])
def test_zeros_for_blend_shapes_load_and_run(infant, missing, tmp_path):
    full = cleaned_smpl(infant, tmp_path)
    assert read_model(tmp_path / "out.pkl").family.name == "smpl"  # SMIL is cleaned as SMPL is
    assert "J_regressor_prior" in read_model(tmp_path / "out.pkl").extras
    filled = cleaned_smpl({k: v for k, v in infant.items() if k not in missing}, tmp_path)
    for key in missing:
        getattr(full, key).zero_()
    generator = torch.Generator().manual_seed(1)
    arguments = {
        "body_pose": 0.4 * torch.randn(1, 69, generator=generator, dtype=torch.float64),
        "betas": torch.randn(1, 10, generator=generator, dtype=torch.float64),
    }
    found, expected = (body(**arguments).vertices for body in (filled, full))
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)


def gradient_support(body, joint: int) -> np.ndarray:
    """(52,) whether the pose of each joint has a gradient at one of the 73 joints: autograd."""
    generator = torch.Generator().manual_seed(5)

    def some(*shape):
        return 0.4 * torch.randn(*shape, generator=generator, dtype=torch.float64)

    pose = some(1, 156).requires_grad_()
    out = body(
        global_orient=pose[:, :3],
        body_pose=pose[:, 3:66],
        left_hand_pose=pose[:, 66:111],
        right_hand_pose=pose[:, 111:],
        betas=some(1, body.num_betas),
    )
    (gradient,) = torch.autograd.grad(out.joints[0, joint] @ some(3), pose)
    return (gradient.reshape(52, 3) != 0).any(dim=1).numpy()


def openpose_supports(body, findings: dict, names: list[str]) -> dict[str, list[str]]:
    """OpenPose joint -> names of the joints whose pose has a gradient there, root left out."""
    joints = dict(
        zip(findings["openpose_joint_source"], findings["openpose25_to_smplh_joints"], strict=True)
    )
    return {
        name: [n for n, moved in zip(names, gradient_support(body, joint), strict=True) if moved][
            1:
        ]
        for name, joint in joints.items()
    }


def test_landmark_rows_equal_the_published_ones(cleaned_file, is_standin, findings):
    if not is_standin:
        pytest.skip("the published rows are those of the findings' own model")
    model = read_model(cleaned_file)
    names = model.family.joint_names(52)
    for name, expected in findings["landmark_weight_support_after"].items():
        row = model.weights[findings["landmark_vertex_ids"][name]]
        assert [names[joint] for joint in np.flatnonzero(row)] == expected


def test_gradients_equal_the_published_support_after(cleaned_file, body, is_standin, findings):
    names = read_model(cleaned_file).family.joint_names(52)
    found = openpose_supports(body, findings, names)
    published = findings["structural_gradient_support_after"]
    if is_standin:
        assert found == published
    for name, source in findings["openpose_joint_source"].items():
        if source != "vertex":  # the tree alone decides, in any SMPL-H file
            assert found[name] == published[name]


def test_no_landmark_has_a_gradient_outside_its_chain(cleaned_file, body):
    """For any SMPL-H file: autograd's support of the 21 landmarks holds no leak."""
    model = read_model(cleaned_file)
    landmarks = model.family.landmarks
    support = support_of(model, list(landmarks.values()))
    assert not support.leaks.any()
    for row in range(len(landmarks)):
        found = gradient_support(body, 52 + row)
        found[0] = False
        assert np.array_equal(found, support.weights[row] | support.posedirs[row])


def test_gradients_of_the_raw_file_equal_the_published_support_before(
    model_file, is_standin, standin_dir, tmp_path, findings
):
    """Pose blend shapes off, as in the investigation; a .pkl with chumpy needs plain arrays."""
    if not is_standin:
        pytest.skip("the table before cleaning is that of the findings' own model")
    raw = read_model(model_file).with_arrays(posedirs=np.zeros((6890, 3, 459)))
    write_model(raw, tmp_path / f"raw{model_file.suffix}")
    body = load(tmp_path / f"raw{model_file.suffix}")
    found = openpose_supports(body, findings, raw.family.joint_names(52))
    assert found == findings["structural_gradient_support_before"]


def test_raw_correctives_reach_every_joint(standin_dir):
    """The control: with its blend shapes on, the raw nose moves with all joints of the body."""
    body = load(standin_dir / "SMPLH_NEUTRAL.npz")
    assert gradient_support(body, 52).all()


def test_loads_through_create_and_through_the_class(cleaned_file):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        made = smplx.create(
            str(cleaned_file.parent.parent),
            model_type="smplh",
            gender="neutral",
            ext=cleaned_file.suffix[1:],
        )
    model = read_model(cleaned_file)
    for body in (made, load(cleaned_file, dtype=torch.float32)):
        assert np.array_equal(body.lbs_weights.numpy(), model.weights.astype(np.float32))
        assert np.array_equal(body.J_regressor.numpy(), model.J_regressor.astype(np.float32))
        flat = model.posedirs.reshape(-1, 459).T.astype(np.float32)
        assert np.array_equal(body.posedirs.numpy(), flat)
        assert np.isfinite(body().vertices.detach().numpy()).all()


def test_our_skinning_equals_stock_smplx(cleaned_file, body):
    """The displacement in the report rests on it."""
    from smplprep.geometry.poses import pose_set
    from smplprep.geometry.skinning import posed_vertices

    model = read_model(cleaned_file)
    poses, betas = pose_set(model.family.joint_names(52, "smplx"), body.num_betas, n_poses=3)
    flat = torch.tensor(poses.reshape(3, 156))
    hands = torch.tensor(np.concatenate([model.hands_meanl, model.hands_meanr]))
    fingers = flat[:, 66:] - hands  # stock smplx adds its mean hand pose
    out = body(
        global_orient=flat[:, :3],
        body_pose=flat[:, 3:66],
        left_hand_pose=fingers[:, :45],
        right_hand_pose=fingers[:, 45:],
        betas=torch.tensor(betas),
    )
    ours = posed_vertices(model, poses, betas)
    # Stock smplx adds 1e-8 to each rotation vector before it takes its length.
    assert np.abs(out.vertices.detach().numpy() - ours).max() < 1e-7


def test_a_loader_without_allow_pickle_reads_every_key(cleaned_file, model_file):
    if cleaned_file.suffix != ".npz":
        pytest.skip("only a .npz has a loader without pickle")
    with np.load(cleaned_file) as found, np.load(model_file) as source:
        assert set(found) >= {*source, "smplprep"}
        for key in found:
            assert found[key].dtype.kind in "biufSU"


def test_body_models_loads_it(cleaned_file, model_file):
    """PyPI body-models, NumPy: its posed vertices are ours."""
    from smplprep.geometry.poses import pose_set
    from smplprep.geometry.skinning import posed_vertices

    body_models = pytest.importorskip("body_models.smplh.numpy")
    model = read_model(cleaned_file)
    body = body_models.SMPLH(model_path=cleaned_file, flat_hand_mean=True)
    poses, betas = pose_set(model.family.joint_names(52, "smplx"), 16, n_poses=2)
    poses[:, 0] = 0
    found = body.forward_vertices(
        poses[:, 1:22].astype(np.float32),
        poses[:, 22:].astype(np.float32),
        shape=betas.astype(np.float32),
    )
    assert np.abs(found - posed_vertices(model, poses, betas)).max() < 1e-5


def test_smplfitter_loads_it(cleaned_file, tmp_path):
    """PyPI smplfitter, NumPy: its own names for the file and its placeholder for the kid shape."""
    smplfitter = pytest.importorskip("smplfitter.np")
    np.save(tmp_path / "kid_template.npy", np.zeros((6890, 3)))
    if cleaned_file.suffix == ".npz":
        (tmp_path / "neutral").mkdir()
        shutil.copy(cleaned_file, tmp_path / "neutral" / "model.npz")
        body = smplfitter.BodyModel("smplh16", "neutral", model_root=str(tmp_path))
    else:
        shutil.copy(cleaned_file, tmp_path / "SMPLH_male.pkl")
        body = smplfitter.BodyModel("smplh", "male", model_root=str(tmp_path))
    model = read_model(cleaned_file)
    assert np.array_equal(body.weights, model.weights.astype(np.float32))
    found = body(np.zeros((1, 156), np.float32), np.zeros((1, 16), np.float32))["vertices"]
    assert np.abs(found[0] - model.v_template).max() < 1e-5

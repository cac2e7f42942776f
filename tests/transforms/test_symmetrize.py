"""symmetrize: what is cleaned is its own mirror image, and poses like it in stock smplx."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest

from smplprep import (
    Options,
    SmplprepError,
    clean,
    prune_weights,
    read_model,
    sparsify_regressor,
)
from smplprep.audit.support import support_of
from smplprep.geometry.mirror import KEY, mirror_of, pairs_by_geometry
from smplprep.jobs.clean_file import clean_file
from smplprep.report.report import Report
from smplprep.transforms.symmetrize import symmetrize

pytestmark = pytest.mark.slow

FLIP = np.array([-1.0, 1.0, 1.0])
OPTIONS = Options(symmetrize=True)
FAMILY_FILES = ("smpl/SMPL_NEUTRAL.pkl", "smplx/SMPLX_NEUTRAL.npz", "flame/FLAME_NEUTRAL.pkl")


@pytest.fixture(scope="module")
def cleaned(standin):
    return clean(standin, OPTIONS)


def other_side(model) -> list[int]:
    """Each joint's image, by the findings' names: leftUpLeg, lthumb2."""
    names = model.family.joint_names(model.n_joints)

    def image(name: str) -> str:
        for here, there in (("left", "right"), ("right", "left"), ("l", "r"), ("r", "l")):
            if name.startswith(here) and there + name[len(here) :] in names:
                return there + name[len(here) :]
        return name

    return [names.index(image(name)) for name in names]


def with_table(model, table):
    return dataclasses.replace(model, extras={**model.extras, KEY: np.asarray(table)})


def without_table(model):
    extras = {key: value for key, value in model.extras.items() if key != KEY}
    return dataclasses.replace(model, extras=extras)


def test_each_number_is_the_mean_of_two_spelt_out(standin):
    symmetric, _ = symmetrize(standin)
    image, joint = standin.extras[KEY], other_side(standin)
    sign = [-1, 1, 1]
    random = np.random.RandomState(0)
    for v in random.choice(6890, 40, replace=False):
        for j in range(52):
            twin = standin.weights[image[v], joint[j]]
            assert symmetric.weights[v, j] == (standin.weights[v, j] + twin) / 2
            twin = standin.J_regressor[joint[j], image[v]]
            mean = (standin.J_regressor[j, v] + twin) / 2
            assert symmetric.J_regressor[j, v] == pytest.approx(mean, rel=0, abs=1e-12)
        for j in random.choice(51, 5) + 1:
            for axis, a, b in np.ndindex(3, 3, 3):
                here = standin.posedirs[v, axis, 9 * (j - 1) + 3 * a + b]
                there = standin.posedirs[image[v], axis, 9 * (joint[j] - 1) + 3 * a + b]
                mean = (here + sign[axis] * sign[a] * sign[b] * there) / 2
                assert symmetric.posedirs[v, axis, 9 * (j - 1) + 3 * a + b] == mean


def assert_its_own_image(model, image, joint, where=slice(None)):
    weights, mirrored = model.weights[where], model.weights[image][:, joint][where]
    assert np.array_equal(weights != 0, mirrored != 0)
    assert np.allclose(weights, mirrored, rtol=16 * np.finfo(weights.dtype).eps, atol=0)
    blocks = model.posedirs.reshape(-1, 3, model.n_joints - 1, 3, 3)
    mirrored = blocks[image][:, :, np.array(joint[1:]) - 1].copy()
    for axis in (1, 3, 4):  # of the offset, and of the rotation's rows and columns
        np.moveaxis(mirrored, axis, 0)[0] *= -1
    assert np.array_equal(blocks[where], mirrored[where])


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"dtype": "float32", "tolerance": 0.3},
        {"tolerance": "auto"},
        {"regressor": "threshold"},
        {"regressor": "keep", "posedirs": "keep", "tolerance": 0.0},
    ],
)
def test_the_cleaned_model_is_its_own_image(standin, options):
    model, report = clean(standin, Options(symmetrize=True, **options))
    image, joint = standin.extras[KEY], other_side(standin)
    assert_its_own_image(model, image, joint)
    assert joints_apart(model, joint) < (1e-7 if options.get("dtype") else 1e-9)
    again, _ = clean(model, Options(symmetrize=True, **options))
    assert again is model
    assert report.data["summary"]["after"]["leaking_landmarks"] == (
        21 if options.get("posedirs") == "keep" else 0
    )


def test_cleaning_the_file_twice_gives_the_same_bytes(standin_dir, tmp_path):
    source = standin_dir / "SMPLH_NEUTRAL.npz"
    once = clean_file(source, tmp_path / "once.npz", OPTIONS, html=False)
    twice = clean_file(once.target, tmp_path / "twice.npz", OPTIONS, html=False)
    assert once.target.read_bytes() == twice.target.read_bytes()


def test_supports_stay_within_what_is_expected(cleaned):
    model, _ = cleaned
    support = support_of(model, list(model.family.landmarks.values()))
    assert not support.leaks.any()


def test_joints_follow_and_the_shift_reported_is_the_shift_measured(standin, cleaned):
    model, report = cleaned
    assert np.allclose(model.J, model.J_regressor @ model.v_template, rtol=0, atol=1e-12)
    moved = 1000 * np.linalg.norm(model.J - standin.J_regressor @ standin.v_template, axis=1)
    said = np.array([row["max_shift_mm"] for row in report.data["regressor"]])
    assert (moved <= said * (1 + 1e-5) + 1e-9).all()
    assert moved.max() > 1  # the stand-in's rows do lean
    counts = np.count_nonzero(standin.J_regressor, axis=1).tolist()
    assert [row["vertices_before"] for row in report.data["regressor"]] == counts
    assert np.count_nonzero(model.J_regressor, axis=1).max() <= 52


def test_regressor_rows_of_the_two_sides_are_solved_apart(standin, cleaned):
    """Their joints mirror each other all the same."""
    used, joint = cleaned[0].J_regressor != 0, other_side(standin)
    apart = (used != used[joint][:, standin.extras[KEY]]).any(axis=1)
    assert 0 < np.count_nonzero(apart) <= 12
    assert joints_apart(cleaned[0], joint) < 1e-9


def test_where_the_sides_of_the_template_differ_a_second_clean_moves_joints_little(standin):
    """1 mm of noise on every vertex: the two solutions are of two programs now."""
    noise = 0.001 * np.random.default_rng(0).standard_normal(standin.v_template.shape)
    model = standin.with_arrays(v_template=standin.v_template + noise)
    once = sparsify_regressor(symmetrize(model)[0])[0]
    twice = sparsify_regressor(symmetrize(once)[0])[0]
    moved = (twice.J_regressor - once.J_regressor) @ model.v_template
    assert 0 < np.linalg.norm(moved, axis=1).max() <= 0.00015


def test_of_two_equal_weights_on_the_midline_the_lower_joint_stays(standin):
    symmetric, _ = symmetrize(standin)
    pruned, _ = prune_weights(symmetric, max_influences=2)
    image, joint = standin.extras[KEY], other_side(standin)
    there = pruned.weights != 0
    differs = (there != there[image][:, joint]).any(axis=1)
    assert 0 < np.count_nonzero(differs) <= 15
    assert (image[differs] == np.flatnonzero(differs)).all()
    for vertex in np.flatnonzero(differs):
        lost = [j for j in range(52) if there[vertex, joint[j]] and not there[vertex, j]]
        assert all(joint[j] < j for j in lost)
        assert lost


def joints_apart(model, joint) -> float:
    """How far joints lie from their images at most, meters, at |beta_i| <= 3."""
    shapes = np.concatenate([model.v_template[:, :, None], 3 * model.shapedirs[:, :, :16]], axis=2)
    places = np.tensordot(model.J_regressor.astype(float), shapes, axes=([1], [0]))
    return float(np.abs(places - places[joint] * FLIP[:, None]).sum(axis=2).max())


def test_the_report_holds_the_asymmetry_before_and_after(standin, cleaned):
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema checks the report")
    _, report = cleaned
    jsonschema.validate(report.data, Report.schema())
    (change,) = [c for c in report.data["changes"] if c["transform"] == "symmetrize"]
    image, joint = standin.extras[KEY], other_side(standin)
    apart = np.linalg.norm(standin.weights - standin.weights[image][:, joint], axis=1)
    assert change["asymmetry_weights_max_before"] == pytest.approx(apart.max(), rel=1e-5)
    rms = np.sqrt(np.mean(apart**2))
    assert change["asymmetry_weights_rms_before"] == pytest.approx(rms, rel=1e-5)
    joints = standin.J_regressor @ standin.v_template
    apart_mm = 1000 * np.linalg.norm(joints - joints[joint] * FLIP, axis=1)  # a symmetric template
    assert change["asymmetry_regressor_mm_max_before"] == pytest.approx(apart_mm.max(), rel=1e-5)
    assert change["asymmetry_correctives_mm_max_before"] > 1
    after = [
        value for key, value in change.items() if key.startswith("asymmetry") and "after" in key
    ]
    assert len(after) == 6
    assert max(after) < 1e-9
    assert change["paired_by"] == KEY
    assert change["vertices_without_mirror_image"] == 0
    before = report.data["summary"]["before"]
    assert before["posedirs_nonzeros"] == np.count_nonzero(standin.posedirs)
    assert before["regressor_nonzeros"] == np.count_nonzero(standin.J_regressor)


def test_a_mirrored_pose_gives_the_mirrored_body_in_stock_smplx(standin, cleaned):
    pytest.importorskip("smplx", reason="smplx (extra 'verify') is the oracle here")
    torch = pytest.importorskip("torch", reason="torch (extra 'verify') is the oracle here")
    from smplprep.stock.load import stock_from_model, stock_output

    image, joint = standin.extras[KEY], other_side(standin)
    pose = 0.5 * np.random.RandomState(1).standard_normal((52, 3))
    poses = np.stack([pose, pose[joint] * [1, -1, -1]])  # a rotation's axis is a pseudovector
    apart = []
    for model in (standin, cleaned[0]):
        body = stock_from_model(model).double()
        no_shape = torch.zeros(2, body.num_betas, dtype=torch.float64)
        with torch.no_grad():
            here, there = stock_output(body, torch.tensor(poses), no_shape).vertices.numpy()
        apart.append(np.abs(here - there[image] * FLIP).max())
    assert apart[0] > 1e-3
    assert apart[1] < 1e-6


@pytest.mark.parametrize("name", FAMILY_FILES)
def test_other_families_as_far_as_their_vertices_have_images(family_dir, name):
    model = read_model(family_dir / name, normalize_rows=True)
    found, report = clean(model, OPTIONS)
    mirror = mirror_of(model)
    joint = other_side(model)
    assert mirror.joints.tolist() == joint
    assert_its_own_image(found, mirror.vertices, joint, mirror.paired)
    again, _ = clean(found, OPTIONS)
    assert again is found
    assert report.data["summary"]["after"]["leaking_landmarks"] == 0
    (change,) = [c for c in report.data["changes"] if c["transform"] == "symmetrize"]
    n_alone = int((~mirror.paired).sum())
    assert change["vertices_without_mirror_image"] == n_alone
    assert (n_alone == 0) == (name == FAMILY_FILES[0])
    whole = [k for k, row in enumerate(found.J_regressor) if not row[~mirror.paired].any()]
    rows = [k for k in whole if joint[k] in whole]
    places = found.J_regressor @ found.v_template
    assert np.allclose(places[rows], places[joint][rows] * FLIP, rtol=0, atol=1e-9)


def shuffled(table):
    """Still its own inverse, and of the right length, but with wrong pairs."""
    order = np.random.RandomState(0).permutation(len(table))
    return order[table[np.argsort(order)]]


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (lambda t: t[:-1], r"has shape \(6889,\), not \(6890,\)"),
        (lambda t: np.roll(t, 1), r"vert_sym_idxs\[0\] is \d+, but vert_sym_idxs\[\d+\] is \d+"),
        (lambda t: np.where(t == 3, 6890, t), r"6890 is not a vertex index below 6890"),
        (lambda t: t.astype(float), "is not an array of integers"),
        (shuffled, r"is \d+\.\d mm from the mirror image of vertex \d+"),
        (lambda t: np.arange(len(t)), r"mm from the mirror image"),
    ],
)
def test_a_broken_table_is_not_believed(standin, broken, reason):
    model = with_table(standin, broken(standin.extras[KEY]))
    mirror = mirror_of(model)
    assert mirror.source == "geometry"
    assert np.array_equal(mirror.vertices, standin.extras[KEY])
    assert re.search(reason, str(mirror.unsound))


def test_without_a_table_the_report_says_how_vertices_were_paired(standin):
    _, report = clean(without_table(standin), OPTIONS)
    (note,) = [sentence for sentence in report.data["remarks"] if "mirror image" in sentence]
    assert note.startswith("the file has no vert_sym_idxs, so vertices were paired by where they")
    assert "0 have no mirror image" in note


def test_a_body_with_one_arm_lower_is_paired_by_its_neighbors(standin, truth):
    arm = [j for j, n in enumerate(standin.family.joint_names(52)) if n in LEFT_ARM or n[0] == "l"]
    arm = [
        j for j in arm if not standin.family.joint_names(52)[j].startswith(("leftLeg", "leftUp"))
    ]
    hangs = truth["weights"][:, arm].sum(axis=1)
    low = standin.v_template.copy()
    low[:, 1] -= 0.006 * hangs  # more than fingers' vertices are apart
    table = standin.extras[KEY]
    found = pairs_by_geometry(low, standin.f.astype(np.intp))
    paired = found >= 0
    assert paired.mean() > 0.99
    assert (found[paired] != table[paired]).mean() < 0.01
    assert np.array_equal(found[found[paired]], np.flatnonzero(paired))


LEFT_ARM = ("leftArm", "leftForeArm", "leftHand")


def test_nothing_to_do_returns_the_same_object(standin):
    once, _ = symmetrize(standin)
    again, change = symmetrize(once)
    assert again is once
    assert change.nothing_to_do


def test_models_without_two_sides_are_refused(family_dir, small_model):
    hand = read_model(family_dir / "mano/MANO_LEFT.pkl", normalize_rows=True)
    with pytest.raises(SmplprepError, match="mano has only one side"):
        symmetrize(hand)
    with pytest.raises(SmplprepError, match="its joints have no known names"):
        clean(small_model(), OPTIONS)


def test_a_lopsided_tree_is_refused(standin):
    tree = standin.kintree_table.copy()
    tree[0, 17] = 13  # the right shoulder hangs from the left collar
    with pytest.raises(SmplprepError, match="have parents that do not mirror each other"):
        symmetrize(standin.with_arrays(kintree_table=tree))


def test_joints_that_hang_on_a_vertex_without_an_image_stay_where_they_are(standin):
    """One finger leans on a vertex that is off, so that its row and its image's are kept apart."""
    names = standin.family.joint_names(52)
    lean, twin = names.index("rindex1"), names.index("lindex1")
    template = standin.v_template.copy()
    alone = int(np.flatnonzero(standin.J_regressor[lean])[0])
    template[alone] += 0.05
    regressor = standin.J_regressor.copy()
    used = np.flatnonzero(regressor[lean])
    regressor[lean, used] *= np.linspace(0.2, 1.8, used.size)
    regressor[lean] /= regressor[lean].sum()
    extras = {key: value for key, value in standin.extras.items() if key != KEY}
    model = dataclasses.replace(
        standin.with_arrays(v_template=template, J_regressor=regressor), extras=extras
    )
    mirror = mirror_of(model)
    assert not mirror.paired[alone]
    assert not mirror.has_image(model.J_regressor)[[lean, twin]].any()
    found = symmetrize(model)[0].J_regressor
    assert np.array_equal(found[[lean, twin]], regressor[[lean, twin]])
    assert not np.array_equal(found, regressor)


@pytest.mark.parametrize("seed", range(60))
def test_a_mesh_without_two_sides_has_no_pairs_or_some(seed):
    """In some of these no pair is left after a round; what is paired is paired mutually."""
    random = np.random.RandomState(seed)
    n_vertices = random.randint(4, 20)
    template = random.standard_normal((n_vertices, 3))
    found = pairs_by_geometry(template, random.randint(n_vertices, size=(n_vertices, 3)))
    paired = np.flatnonzero(found >= 0)
    assert np.array_equal(found[found[paired]], paired)

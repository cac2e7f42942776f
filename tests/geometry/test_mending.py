"""Arrays that look like something else are named, and the line in the message mends them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from smplprep import Model, ModelInvalidError
from smplprep.geometry.validation import check_keys, check_model


def fields(model):
    keys = ("v_template", "f", "weights", "J_regressor", "kintree_table", "shapedirs", "posedirs")
    return {key: getattr(model, key).copy() for key in (*keys, "J")}


def weights_of_255(d):
    d["weights"] = np.round(d["weights"] * 255).astype(np.uint8)


def weights_of_one_joint(d):
    d["weights"] = np.eye(4, dtype=np.int64)[np.arange(10) % 4]


def whole_template(d):
    d["v_template"] = np.round(d["v_template"] * 100).astype(np.int32)


def faces_from_1(d):
    d["f"] = np.array([[1, 2, 3], [4, 5, 6], [7, 8, 10]])


def quads(d):
    d["f"] = np.array([[0, 1, 2, 3], [4, 5, 6, 7]])


def turned(key, *axes):
    def change(d):
        d[key] = d[key].transpose(*axes)

    change.__name__ = f"{key} turned to {axes}"
    return change


def batch(key):
    def change(d):
        d[key] = d[key][None]

    change.__name__ = f"{key} in a batch"
    return change


def as_smplx_keeps_posedirs(d):
    d["posedirs"] = d["posedirs"].reshape(30, 27).T


def flat_shapedirs(d):
    d["shapedirs"] = d["shapedirs"].reshape(30, 2)


def flat_template(d):
    d["v_template"] = d["v_template"].reshape(-1)


def parents_alone(d):
    d["kintree_table"] = d["kintree_table"][0]


def list_of_faces(d):
    d["f"] = d["f"].tolist()


def shuffled_ids(d):
    """The columns are joints 2, 0, 3, 1 of the chain; row 1 says so."""
    d["kintree_table"] = np.array([[1, -1, 2, 0], [2, 0, 3, 1]])


CASES = [
    (weights_of_255, "weights", "has dtype uint8, not floats whose rows sum to 1"),
    (weights_of_one_joint, "weights", "has dtype int64, not floats"),
    (whole_template, "v_template", "has dtype int32, not floats"),
    (faces_from_1, "f", "counts vertices from 1 to 10, as OBJ files do"),
    (quads, "f", "looks like quads"),
    (turned("v_template", 1, 0), "v_template", "looks transposed"),
    (turned("weights", 1, 0), "weights", "looks transposed"),
    (turned("f", 1, 0), "f", "looks transposed"),
    (turned("J_regressor", 1, 0), "J_regressor", "looks transposed"),
    (turned("kintree_table", 1, 0), "kintree_table", "looks transposed"),
    (turned("shapedirs", 2, 0, 1), "shapedirs", "looks transposed"),
    (turned("shapedirs", 1, 2, 0), "shapedirs", "looks transposed"),
    (turned("posedirs", 2, 1, 0), "posedirs", "looks transposed"),
    (turned("J", 1, 0), "J", "looks transposed"),
    (batch("v_template"), "v_template", "looks like a batch of one"),
    (batch("posedirs"), "posedirs", "looks like a batch of one"),
    (as_smplx_keeps_posedirs, "posedirs", "looks flattened"),
    (flat_shapedirs, "shapedirs", "looks flattened"),
    (flat_template, "v_template", "looks flattened"),
    (parents_alone, "kintree_table", "has only the row of parents"),
    (list_of_faces, "f", "is a list, not an array"),
    (shuffled_ids, "kintree_table", "numbers the joints in another order"),
]


@pytest.mark.parametrize(
    ("change", "key", "looks"), CASES, ids=[case[0].__name__ for case in CASES]
)
def test_the_line_in_the_message_mends_it(small_model, change, key, looks):
    model = small_model()
    d = fields(model)
    change(d)
    with pytest.raises(ModelInvalidError, match=looks) as caught:
        check_model(dataclasses.replace(model, **d))
    error = caught.value
    assert error.key == key
    exec(error.hint.removeprefix("Fix it in numpy: "), {"np": np, "d": d})
    mended = dataclasses.replace(model, **d)
    check_model(mended)
    others = (weights_of_255, weights_of_one_joint, whole_template, faces_from_1, quads)
    if change not in (*others, shuffled_ids):
        np.testing.assert_array_equal(getattr(mended, key), getattr(model, key))
    if change is shuffled_ids:
        assert mended.kintree_table.tolist() == [[3, -1, 0, 1], [0, 1, 2, 3]]
    if change is weights_of_255:
        np.testing.assert_allclose(mended.weights, model.weights, atol=1 / 255)


def test_faces_from_1_only_where_they_reach_the_last(small_model):
    model: Model = small_model(f=np.array([[1, 2, 3], [4, 5, 11]]))
    with pytest.raises(ModelInvalidError, match=r"f\[1, 2\]: 11 is not a vertex index below 10"):
        check_model(model)


def test_keys_by_other_names_and_the_line_that_gives_them_theirs():
    keys = ["verts", "faces", "skinning_weight", "parents", "W"]
    with pytest.raises(ModelInvalidError, match="it lacks v_template, f, weights") as caught:
        check_keys(keys)
    d = dict.fromkeys(keys) | {"parents": np.array([-1, 0])}
    exec(caught.value.hint.removeprefix("Fix it in numpy: "), {"np": np, "d": d})
    assert {"v_template", "f", "weights", "kintree_table"} < set(d)
    assert d["kintree_table"].tolist() == [[-1, 0], [0, 1]]


def test_one_key_by_another_name_makes_no_model():
    with pytest.raises(ModelInvalidError, match="it lacks v_template, f") as caught:
        check_keys(["verts", "cam"])
    assert caught.value.hint.startswith("Take the model file")


MODEL = ["v_template", "f", "weights", "J_regressor", "kintree_table", "shapedirs", "posedirs"]


@pytest.mark.parametrize(
    ("keys", "what", "hint"),
    [
        (["poses", "trans", "betas", "mocap_framerate", "gender"], "a motion", "SMPLH_MALE.npz"),
        (["smpl_poses", "smpl_trans", "smpl_scaling"], "a motion", "evaluate takes motions"),
        (["body_pose", "global_orient", "betas", "camera_translation"], "the result of a fit", ""),
        (["pose_world", "trans_world", "verts"], "the result of a fit", "fitted with"),
        (["eigvec", "eigval"], "DMPL", "smplh/male/model.npz"),
        (["skin_template_v", "skin_weights", "osim_kintree_table", "posedirs"], "a SKEL model", ""),
        (
            ["smpla_shapedirs", "f", "weights"],
            "SMPL, SMPL-A or SMIL as packed by ROMP",
            "SMPL_NEUTRAL.pkl",
        ),
        (["lbs_weights", "posedirs", "faces_tensor"], "the state of a torch layer", "model file"),
        ([*MODEL, "lbs_weights", "parents"], "the state of a torch layer", "model file"),
        ([*MODEL, "extra_joints_index"], "SMPL, SMPL-A or SMIL as packed by ROMP", "smil_web.pkl"),
        ([*MODEL, "osim_kintree_table", "skin_template_v"], "a SKEL model", "SMPL_MALE.pkl"),
        (["lmk_face_idx", "lmk_b_coords"], "a table of landmarks", "--landmarks"),
        (["means", "covars", "weights"], "a prior over poses", "Take the model file"),
        (["indices", "indptr", "format", "shape", "data"], "a scipy.sparse matrix", "Take"),
    ],
)
def test_other_files_are_named_with_the_one_to_take(keys, what, hint):
    with pytest.raises(ModelInvalidError, match=f"this is {what}.*, not a body model") as caught:
        check_keys(keys)
    assert caught.value.hint and hint in caught.value.hint


def test_a_model_with_poses_beside_it_is_a_model():
    check_keys([*MODEL, "poses", "betas"])
    check_keys([*MODEL[:5], "poses", "betas"])  # zeros stand for the blend shapes

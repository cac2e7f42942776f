"""Files that people take for a model, by their keys, and which file they want."""

from __future__ import annotations

from collections.abc import Collection

TAKE_THE_MODEL = "Take the model file, such as SMPLH_MALE.npz or SMPL_NEUTRAL.pkl."
_FITTED = "Take the model file that it was fitted with, such as SMPLX_NEUTRAL.npz."

# Any of these keys; what the file is; what to do. The first row that fits is taken.
_KINDS = (
    (
        ("skin_template_v", "skel_template_v", "osim_kintree_table"),
        "a SKEL model (skin over a biomechanical skeleton), which stock smplx has no class for",
        "Take SMPL's own model, such as SMPL_MALE.pkl.",
    ),
    (
        ("smpla_shapedirs", "extra_joints_index"),
        "SMPL, SMPL-A or SMIL as packed by ROMP and BEV",
        "Take the file that it was made of: SMPL_NEUTRAL.pkl or smil_web.pkl.",
    ),
    (
        ("eigvec", "eigvecs"),
        "DMPL, the soft-tissue directions that go with a body model",
        "Take smplh/male/model.npz, which is beside dmpls/male/model.npz.",
    ),
    (
        ("lbs_weights",),
        "the state of a torch layer (state_dict), in other shapes and under other names",
        "Take the model file that the layer was made of.",
    ),
    (
        ("mesh_template", "skinning_weights", "mesh_pose_basis"),
        "a model converted for another loader",
        "Take the model file that it was converted from.",
    ),
    (
        ("lmk_face_idx", "static_lmk_faces_idx", "dynamic_lmk_faces_idx"),
        "a table of landmarks",
        "Use it with a model: --landmarks FILE.",
    ),
    (("covars", "precs"), "a prior over poses", TAKE_THE_MODEL),
    (
        ("poses", "smpl_poses", "pose_body", "root_orient", "fullpose"),
        "a motion",
        "Take the model file, such as SMPLH_MALE.npz; smplprep evaluate takes motions.",
    ),
    (
        (
            "body_pose",
            "global_orient",
            "camera_translation",
            "camera",
            "pred_pose",
            "pred_smpl_vertices",
            "thetas",
            "smpl_thetas",
            "transl",
            "betas",
            "pose_world",
            "pred_cam",
        ),
        "the result of a fit",
        _FITTED,
    ),
    (("trans", "mocap_framerate", "mocap_frame_rate"), "a motion", _FITTED),
    (("indptr", "format"), "a scipy.sparse matrix", TAKE_THE_MODEL),
)

# No model in SMPL's schema has these, whatever else is there.
_SURE = {"osim_kintree_table", "smpla_shapedirs", "extra_joints_index", "lbs_weights"}

# What others call SMPL's keys.
_SYNONYMS = {
    "v_template": ("vertices", "verts", "v", "template"),
    "f": ("faces", "F", "triangles", "faces_tensor"),
    "weights": ("skinning_weights", "skin_weights", "W"),
    "J_regressor": ("J_reg", "joint_regressor", "jregressor"),
}


def kind_of(keys: Collection[str]) -> tuple[str, str] | None:
    """What a file with these keys is, and what to do; None where they do not say."""
    for signs, what, hint in _KINDS:
        seen = [sign for sign in signs if sign in keys]
        if seen and ("v_template" not in keys or _SURE & {*seen}):
            return f"{what} ({', '.join(seen[:3])})", hint
    return None


def renamed(missing: Collection[str], keys: Collection[str]) -> str | None:
    """The line that gives missing keys their names, if the file has most of them by other names."""
    found = []
    for key in missing:
        for other in _SYNONYMS.get(key, ()):
            if other in keys:
                found.append(f'd["{key}"] = d.pop("{other}")')
                break
        if key == "kintree_table" and "parents" in keys:
            parents = 'd["parents"]'
            found.append(f'd["{key}"] = np.stack([{parents}, np.arange(len({parents}))])')
    most = 2 * len(found) > len(missing)
    return f"Fix it in numpy: {'; '.join(found)}" if most else None

"""Write stand-ins of SMPL, SMPL-X, MANO and FLAME, derived from the stand-in SMPL-H.

    python -m scripts.standins.make_family_standins OUT_DIR [--seed 0] [--shapes 20]

Laid out as stock smplx looks for them, each with every key of its official counterpart:
    smpl/SMPL_NEUTRAL.pkl              Python 2, chumpy, scipy.sparse
    smplx/SMPLX_NEUTRAL.npz            with pickled objects in it
    mano/MANO_LEFT.pkl, MANO_RIGHT.pkl
    flame/FLAME_NEUTRAL.pkl            and flame_static_embedding.pkl, flame_dynamic_embedding.npy
"""

from __future__ import annotations

import argparse
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import nnls

from scripts.standins import mesh_parts
from scripts.standins.make_standin import make_standin
from scripts.standins.python2_pickle import chumpy_ch, csc_matrix, dump_python2
from scripts.standins.standin_fields import FLOOR_RMS
from smplprep.records.families import FLAME, MANO, SMPLH, SMPLX

HEAD, NECK = 15, 12
HANDS = {"left": (20, *range(22, 37)), "right": (21, *range(37, 52))}
N_FACE, N_CONTOUR, N_ANGLES = 51, 17, 79  # landmarks of the face, and of its outline by angle

Arrays = dict[str, Any]


def make_smpl(body: Arrays) -> Arrays:
    """One joint for the fingers of each hand; the mesh is SMPL-H's."""
    fingers = [[*range(22, 37)], [*range(37, 52)]]
    columns = [[joint] for joint in range(22)] + fingers
    weights = np.stack([body["weights"][:, group].sum(axis=1) for group in columns], axis=1)
    first = [group[3] if len(group) > 1 else group[0] for group in columns]  # middle finger
    model = {key: value for key, value in body.items() if not key.startswith("hands_")}
    model |= {
        "J_regressor_prior": body["J_regressor_prior"][first],
        "J_regressor": body["J_regressor"][first],
        "J": body["J"][first],
        "kintree_table": table([*parents_of(body)[:22], 20, 21]),
        "weights": weights,
        "weights_prior": weights,
        "posedirs": features(body["posedirs"], first),
        "bs_type": "lrotmin",
        "bs_style": "lbs",
        "pose_training_info": {"gender": "neutral", "source": "stand-in"},
    }
    return model


def make_smplx(body: Arrays, n_shapes: int, rng: np.random.Generator) -> Arrays:
    """More vertices, and joints for the jaw and the eyes between the body's and the hands'."""
    faces, grow = mesh_parts.grown(body["f"].astype(np.int64), 6890, SMPLX.n_vertices)
    places = {SMPLH.landmarks[name]: vertex for name, vertex in SMPLX.landmarks.items()}
    order = mesh_parts.order_with(SMPLX.n_vertices, places)
    faces, grow = order.argsort()[faces], grow[order]
    verts = grow @ body["v_template"]
    joints = face_joints(body)
    weights = grow @ body["weights"]
    head, jaw, eyes = shared_head(weights[:, HEAD], verts, joints)
    weights = np.hstack([weights[:, :22], jaw, eyes, weights[:, 22:]])
    weights[:, HEAD] = head
    regressor = np.zeros((52, SMPLX.n_vertices))
    regressor[:, order.argsort()[:6890]] = body["J_regressor"]
    face_rows = [regressor_row(verts, joint) for joint in joints]
    posedirs = spread(grow, body["posedirs"])
    parents = parents_of(body)
    parents = [*parents[:22], HEAD, HEAD, HEAD, *np.where(parents[22:] > 21, parents[22:] + 3,
                                                          parents[22:])]  # fmt: skip
    landmarks = face_landmarks(verts, faces, verts[SMPLX.landmarks["nose"]], rng)
    return {
        "dynamic_lmk_bary_coords": landmarks["dynamic_lmk_bary_coords"],
        "hands_componentsl": body["hands_componentsl"],
        "ft": faces.astype(np.uint32),
        "f": faces.astype(np.uint32),
        "J_regressor": np.vstack([regressor[:22], face_rows, regressor[22:]]),
        "kintree_table": table(parents).astype(np.int64),
        "hands_coeffsr": body["hands_coeffsr"],
        "joint2num": np.array({name: k for k, (_, name) in enumerate(SMPLX.joints)}, object),
        "hands_meanl": body["hands_meanl"],
        "lmk_bary_coords": landmarks["lmk_bary_coords"],
        "hands_componentsr": body["hands_componentsr"],
        "weights": weights,
        "posedirs": with_face_features(posedirs, 21, rng),
        "dynamic_lmk_faces_idx": landmarks["dynamic_lmk_faces_idx"],
        "part2num": np.array({"global": 0, "head": 1}, object),
        "vt": verts[:, :2],
        "hands_coeffsl": body["hands_coeffsl"],
        "v_template": verts,
        "shapedirs": more_shapes(spread(grow, body["shapedirs"]), n_shapes, rng),
        "hands_meanr": body["hands_meanr"],
        "lmk_faces_idx": landmarks["lmk_faces_idx"],
        "allow_pickle": np.array(True),
    }


def make_mano(body: Arrays, side: str) -> Arrays:
    """One hand."""
    joints = list(HANDS[side])
    inside = np.isin(body["weights"].argmax(axis=1), joints)
    faces, used = mesh_parts.part_of(body["f"].astype(np.int64), inside)
    faces, grow = mesh_parts.grown(faces, len(used), MANO.n_vertices)
    renamed = {old: new for new, old in enumerate(used.tolist())}
    places = {
        renamed[SMPLH.landmarks[side[0] + name]]: vertex for name, vertex in MANO.landmarks.items()
    }
    order = mesh_parts.order_with(MANO.n_vertices, places)
    faces, grow = order.argsort()[faces], grow[order]
    verts = grow @ body["v_template"][used]
    weights = grow @ body["weights"][used][:, joints]
    regressor = np.stack([regressor_row(verts, body["J"][joint]) for joint in joints])
    parents = [-1, *(joints.index(parent) for parent in parents_of(body)[joints[1:]])]
    letter = side[0]
    return {
        "hands_coeffs": body[f"hands_coeffs{letter}"],
        "J_regressor": regressor,
        "f": faces.astype(np.uint32),
        "kintree_table": table(parents),
        "J": regressor @ verts,
        "weights": weights / weights.sum(axis=1, keepdims=True),
        "posedirs": spread(grow, features(body["posedirs"][used], joints)),
        "hands_mean": body[f"hands_mean{letter}"],
        "v_template": verts,
        "shapedirs": spread(grow, body["shapedirs"][used][..., :10]),
        "bs_type": "lrotmin",
        "bs_style": "lbs",
        "hands_components": body[f"hands_components{letter}"],
    }


def make_flame(body: Arrays, rng: np.random.Generator) -> tuple[Arrays, Arrays]:
    """The head and the neck, with 300 shape and 100 expression directions, and its landmarks."""
    inside = np.isin(body["weights"].argmax(axis=1), [HEAD, NECK])
    faces, used = mesh_parts.part_of(body["f"].astype(np.int64), inside)
    faces, grow = mesh_parts.grown(faces, len(used), FLAME.n_vertices)
    verts = grow @ body["v_template"][used]
    on_head = grow @ body["weights"][used, HEAD]
    joints = face_joints(body)
    head, jaw, eyes = shared_head(on_head, verts, joints)
    places = np.stack([body["J"][NECK], body["J"][HEAD], *joints])
    regressor = np.stack([regressor_row(verts, place) for place in places])
    posedirs = spread(grow, features(body["posedirs"][used], [NECK, HEAD]))
    nose = body["v_template"][SMPLH.landmarks["nose"]]
    model = {
        "f": faces.astype(np.uint32),
        "J_regressor": regressor,
        "kintree_table": table([-1, 0, 1, 1, 1]),
        "J": regressor @ verts,
        "weights": np.hstack([(1 - on_head)[:, None], head[:, None], jaw, eyes]),
        "posedirs": with_face_features(posedirs, 1, rng),
        "v_template": verts,
        "shapedirs": more_shapes(spread(grow, body["shapedirs"][used]), 400, rng),
        "bs_style": "lbs",
        "bs_type": "lrotmin",
    }
    return model, face_landmarks(verts, faces, nose, rng)


def parents_of(body: Arrays) -> np.ndarray:
    return body["kintree_table"][0].astype(np.int32).astype(np.int64)


def table(parents: list[int]) -> np.ndarray:
    """``kintree_table`` as the official files have it: the root's parent is 2**32 - 1."""
    return np.stack([parents, np.arange(len(parents))]).astype(np.uint32)


def spread(grow: Any, field: np.ndarray) -> np.ndarray:
    """A field (V, 3, n) over the new vertices."""
    return (grow @ field.reshape(len(field), -1)).reshape(grow.shape[0], *field.shape[1:])


def features(posedirs: np.ndarray, joints: list[int]) -> np.ndarray:
    """The pose features (V, 3, 9 (n - 1)) of these joints, the first of which is the root."""
    blocks = posedirs.reshape(len(posedirs), 3, -1, 9)
    return blocks[:, :, [joint - 1 for joint in joints[1:]]].reshape(len(posedirs), 3, -1)


def with_face_features(posedirs: np.ndarray, after: int, rng: np.random.Generator) -> np.ndarray:
    """Features of jaw and eyes put after those of ``after`` joints: the spurious floor alone."""
    floor = FLOOR_RMS * rng.standard_normal((len(posedirs), 3, 27))
    return np.concatenate([posedirs[..., : 9 * after], floor, posedirs[..., 9 * after :]], axis=2)


def more_shapes(shapedirs: np.ndarray, n_wanted: int, rng: np.random.Generator) -> np.ndarray:
    """Mixtures of the directions there are, ever smaller, after them."""
    n_more = max(n_wanted - shapedirs.shape[2], 0)
    mixture = rng.normal(size=(shapedirs.shape[2], n_more)) * 0.2 * 0.99 ** np.arange(n_more)
    return np.concatenate([shapedirs, shapedirs @ mixture], axis=2)[..., :n_wanted]


def face_joints(body: Arrays) -> np.ndarray:
    """(3, 3) places of the jaw, the left and the right eye."""
    verts, at = body["v_template"], SMPLH.landmarks
    jaw = (verts[at["lear"]] + verts[at["rear"]]) / 2 + [0.0, -0.04, 0.02]
    behind = [0.0, 0.0, -0.012]
    return np.stack([jaw, verts[at["leye"]] + behind, verts[at["reye"]] + behind])


def shared_head(
    head: np.ndarray, verts: np.ndarray, joints: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The head's weights (V,) shared with the jaw (V, 1), below it, and with the eyes (V, 2)."""
    below = np.clip((joints[0, 1] - verts[:, 1]) / 0.03, 0, 1)
    jaw = below * np.clip((verts[:, 2] - joints[0, 2]) / 0.04, 0, 1)
    apart = np.linalg.norm(verts[:, None] - joints[None, 1:], axis=2)
    eyes = np.clip(2 - apart / 0.012, 0, 1)
    shares = np.hstack([jaw[:, None], eyes])
    shares /= np.maximum(shares.sum(axis=1, keepdims=True), 1)
    given = head[:, None] * shares
    return head - given.sum(axis=1), given[:, :1], given[:, 1:]


def regressor_row(verts: np.ndarray, joint: np.ndarray, n_near: int = 120) -> np.ndarray:
    """(V,) a convex combination of the nearest vertices at the joint, or as near as can be."""
    near = np.linalg.norm(verts - joint, axis=1).argsort(kind="stable")[:n_near]
    even = np.full(n_near, 1 / n_near)
    share = 0.2
    aim = (joint - share * (even @ verts[near])) / (1 - share)
    corner = nnls(np.vstack([verts[near].T, np.ones(n_near)]), np.append(aim, 1.0))[0]
    row = np.zeros(len(verts))
    row[near] = share * even + (1 - share) * corner / corner.sum()
    return row


def face_landmarks(
    verts: np.ndarray, faces: np.ndarray, nose: np.ndarray, rng: np.random.Generator
) -> Arrays:
    """Points inside faces near the nose, and an outline for each of 79 angles of the neck."""
    distance = np.linalg.norm(verts[faces].mean(axis=1) - nose, axis=1)
    near = distance.argsort(kind="stable")

    def points(shape: tuple[int, ...]) -> np.ndarray:
        return rng.dirichlet([1.0, 1.0, 1.0], size=shape)

    return {
        "lmk_faces_idx": near[: 4 * N_FACE : 4].astype(np.uint32),
        "lmk_bary_coords": points((N_FACE,)),
        "dynamic_lmk_faces_idx": rng.choice(near[:400], (N_ANGLES, N_CONTOUR)),
        "dynamic_lmk_bary_coords": points((N_ANGLES, N_CONTOUR)),
    }


def write_pkl(path: Path, model: Arrays, *, chumpy: tuple[str, ...]) -> None:
    """Write as the official .pkl: Python 2, these keys as chumpy objects, sparse regressors."""
    values = dict(model)
    for key in chumpy:
        values[key] = chumpy_ch(model[key])
    for key in ("J_regressor", "J_regressor_prior"):
        if key in values:
            values[key] = csc_matrix(model[key])
    with path.open("wb") as file:
        dump_python2(values, file)


def write_npz(path: Path, arrays: Arrays) -> None:
    """Write as an older ``np.savez`` did, which also took ``allow_pickle`` for an array's name."""
    with zipfile.ZipFile(path, "w") as archive:
        for key, array in arrays.items():
            with archive.open(zipfile.ZipInfo(f"{key}.npy"), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asarray(array), allow_pickle=True)


def write_flame(folder: Path, model: Arrays, landmarks: Arrays) -> None:
    """FLAME and the two files that stock smplx wants beside it."""
    write_pkl(folder / "FLAME_NEUTRAL.pkl", model, chumpy=("v_template", "posedirs", "shapedirs"))
    static = {
        "lmk_face_idx": landmarks["lmk_faces_idx"],
        "lmk_b_coords": landmarks["lmk_bary_coords"],
    }
    write_pkl(folder / "flame_static_embedding.pkl", static, chumpy=())
    contour = {
        "lmk_face_idx": landmarks["dynamic_lmk_faces_idx"],
        "lmk_b_coords": landmarks["dynamic_lmk_bary_coords"],
    }
    np.save(folder / "flame_dynamic_embedding.npy", np.array(contour, object))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out_dir", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--shapes",
        type=int,
        default=20,
        help="SMPL-X's directions, expressions with them: 20, 300 or 400",
    )
    args = parser.parse_args()
    body, _ = make_standin(args.seed)
    rng = np.random.default_rng(args.seed)
    for name in ("smpl", "smplx", "mano", "flame"):
        (args.out_dir / name).mkdir(parents=True, exist_ok=True)
    keys = ("v_template", "weights", "posedirs", "shapedirs")
    write_pkl(args.out_dir / "smpl" / "SMPL_NEUTRAL.pkl", make_smpl(body), chumpy=keys)
    write_npz(args.out_dir / "smplx" / "SMPLX_NEUTRAL.npz", make_smplx(body, args.shapes, rng))
    for side in ("left", "right"):
        path = args.out_dir / "mano" / f"MANO_{side.upper()}.pkl"
        write_pkl(path, make_mano(body, side), chumpy=keys)
    write_flame(args.out_dir / "flame", *make_flame(body, rng))


if __name__ == "__main__":
    main()

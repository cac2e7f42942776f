"""Write full-size stand-in SMPL-H files from ``assets/cc0_body.npz``, faults included.

    python -m scripts.standins.make_standin OUT_DIR [--seed 0] [--only npz|nohands|pkl]
                                            [--compressed] [--dtype float64|float32]

Files, each with every key of its official counterpart:
    SMPLH_NEUTRAL.npz          as AMASS ships it
    SMPLH_NEUTRAL_NOHANDS.npz  without hands_*: stock smplx cannot load it
    SMPLH_NEUTRAL.pkl          as the official release has it: Python 2, chumpy, scipy.sparse
    SMPLH_NEUTRAL.truth.npz    what is spurious, for tests
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from scripts.standins import standin_fields as fields
from scripts.standins.python2_pickle import chumpy_ch, chumpy_select, csc_matrix, dump_python2

ASSETS = Path(__file__).resolve().parents[2] / "assets"
STEM = "SMPLH_NEUTRAL"
N_HIDDEN_SHAPES = 4  # shape directions that the .pkl's Select leaves out


def make_standin(
    seed: int = 0, dtype: str = "float64"
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """A stand-in model and its ground truth.

    Args:
        seed: same seed, same bytes.
        dtype: of every floating-point array of the model.

    Returns:
        model: every array of the AMASS .npz, in its order.
        truth: ``weights`` (V, J) float64, the genuine ones; ``weights_spurious`` (V, J) bool;
            ``posedirs_genuine`` (V, J-1) bool, where joint j+1 has a corrective that belongs (the
            dense floor lies everywhere); ``joints`` (J, 3), the rig's; ``seed``.
    """
    body = np.load(ASSETS / "cc0_body.npz")
    findings = json.loads((ASSETS / "findings.json").read_text())
    rng = np.random.default_rng(seed)
    verts, parents, names = body["v_template"], body["parents"], body["joint_names"].tolist()
    truth_weights = fields.true_weights(body["weights"], verts, body["f"], names, findings)
    weights, spurious = fields.contaminate_weights(
        truth_weights, verts, parents, names, findings, rng
    )
    counts = findings["j_regressor_nonzeros_per_joint"]
    j_regressor = fields.regressor(verts, body["joints"], truth_weights, counts, rng)
    normals = vertex_normals(verts, body["f"])
    posedirs, genuine = fields.correctives(
        verts, normals, body["joints"], parents, truth_weights, rng
    )
    posedirs += fields.dense_floor(verts, posedirs.shape[2], rng)
    hands = fields.hands(rng)
    prior = (j_regressor > 0) / np.count_nonzero(j_regressor, axis=1)[:, None]
    model = {
        "J_regressor_prior": prior,
        "f": body["f"],
        "J_regressor": j_regressor,
        # uint32, as in the official files: the root's parent is 2**32 - 1.
        "kintree_table": np.stack([parents, np.arange(len(parents))]).astype(np.uint32),
        "J": j_regressor @ verts,
        "weights_prior": truth_weights,
        "weights": weights,
        "vert_sym_idxs": body["vert_sym_idxs"],
        "posedirs": posedirs,
        "bs_style": np.array("lbs"),
        "v_template": verts,
        "shapedirs": body["shapedirs"].astype(np.float64),
        "bs_type": np.array("lrotmin"),
        **hands,
    }
    truth = {
        "weights": truth_weights,
        "weights_spurious": spurious,
        "posedirs_genuine": genuine,
        "joints": body["joints"],
        "seed": np.array(seed),
    }
    if dtype != "float64":
        model = {k: v.astype(dtype) if v.dtype.kind == "f" else v for k, v in model.items()}
    return model, truth


def vertex_normals(verts: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Area-weighted unit normals (V, 3)."""
    corners = verts[faces]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    out = np.zeros_like(verts)
    for corner in range(3):
        np.add.at(out, faces[:, corner], normal)
    return out / np.linalg.norm(out, axis=1, keepdims=True)


def without_hands(model: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The model without its ``hands_*`` arrays."""
    return {key: value for key, value in model.items() if not key.startswith("hands_")}


def write_npz(path: Path, arrays: dict[str, np.ndarray], *, compressed: bool = False) -> None:
    """Write as ``np.savez`` does; it dates every member 1980-01-01, so bytes repeat."""
    save = np.savez_compressed if compressed else np.savez
    save(path, allow_pickle=False, **arrays)


def write_pkl(path: Path, model: dict[str, np.ndarray], *, chumpy: bool = True) -> None:
    """Write as the official .pkl: a Python 2 pickle with chumpy and scipy.sparse objects.

    Args:
        chumpy: False leaves plain arrays in place of chumpy objects, for loaders without chumpy.
    """
    values: dict[str, Any] = dict(model)
    for key in ("J_regressor", "J_regressor_prior"):
        values[key] = csc_matrix(model[key])
    for key in ("bs_style", "bs_type"):
        values[key] = str(model[key])
    values["pose_training_info"] = {"gender": "neutral", "n_scans": 0, "source": "stand-in"}
    if chumpy:
        for key in ("v_template", "weights", "posedirs"):
            values[key] = chumpy_ch(model[key])
        values["shapedirs"] = _sliced(model["shapedirs"])
    with path.open("wb") as file:
        dump_python2(values, file)


def _sliced(shapedirs: np.ndarray) -> Any:
    """``shapedirs`` as chumpy keeps ``all_shapedirs[:, :, :B]``: the whole, and what to select."""
    n_shapes = shapedirs.shape[2]
    whole = np.concatenate([shapedirs, shapedirs[..., -N_HIDDEN_SHAPES:] / 2], axis=2)
    idxs = np.arange(whole.size).reshape(whole.shape)[..., :n_shapes].ravel()
    return chumpy_select(chumpy_ch(whole), idxs, shapedirs.shape)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out_dir", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=("npz", "nohands", "pkl"))
    parser.add_argument("--compressed", action="store_true", help="deflate the .npz files")
    parser.add_argument("--dtype", choices=("float64", "float32"), default="float64")
    args = parser.parse_args()
    args.out_dir.mkdir(parents=True, exist_ok=True)
    model, truth = make_standin(args.seed, args.dtype)
    if args.only in (None, "npz"):
        write_npz(args.out_dir / f"{STEM}.npz", model, compressed=args.compressed)
    if args.only in (None, "nohands"):
        path = args.out_dir / f"{STEM}_NOHANDS.npz"
        write_npz(path, without_hands(model), compressed=args.compressed)
    if args.only in (None, "pkl"):
        write_pkl(args.out_dir / f"{STEM}.pkl", model)
    write_npz(args.out_dir / f"{STEM}.truth.npz", truth, compressed=True)
    for path in sorted(args.out_dir.glob(f"{STEM}*")):
        print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()

"""Stock smplx: a model file loaded unchanged, and what its autograd says. Needs torch and smplx."""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import SmplprepError, install
from ..io.pickle.write import write_pickle
from ..jobs.loading import loading_obstacles
from ..records.file_keys import NEEDED
from ..records.model import Model

# Each class's pose parameters in the order of the joints, and how many joints each moves.
_FACE = {"jaw_pose": 1, "leye_pose": 1, "reye_pose": 1}
_FINGERS = {"left_hand_pose": 15, "right_hand_pose": 15}
POSE_PARTS = {
    "smpl": {"global_orient": 1, "body_pose": 23},
    "smplh": {"global_orient": 1, "body_pose": 21, **_FINGERS},
    "smplx": {"global_orient": 1, "body_pose": 21, **_FACE, **_FINGERS},
    "mano": {"global_orient": 1, "hand_pose": 15},
    "flame": {"global_orient": 1, "neck_pose": 1, **_FACE},
}
N_BETAS = 10  # that the classes take by default
# No two of them have as many joints.
PARTS_OF = {sum(parts.values()): parts for parts in POSE_PARTS.values()}


def require_torch(device: str = "cpu") -> Any:
    """The torch module, once it and smplx can be imported and the device is there.

    Raises:
        SmplprepError: a package is missing (the hint says how to install it), or the device is.
    """
    try:
        import smplx  # noqa: F401  (only whether it is there)
        import torch
    except ImportError as error:
        raise SmplprepError(
            f"this needs torch and smplx, and {error.name or 'one of them'} cannot be imported",
            hint=f"Install them (0.8 to 6 GB) with: {install('verify')}",
        ) from error
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise SmplprepError(
            f"this torch ({torch.__version__}) sees no CUDA device",
            hint="Use --device cpu, or install a torch built for this machine's CUDA.",
        )
    return torch


def has_stock_class(model: Model) -> bool:
    """Whether stock smplx has a class for the model: its family's, or SMPLH by its joints."""
    hands = all(getattr(model, key) is not None for key in NEEDED["smplh"])
    return model.family.name in POSE_PARTS or (model.n_joints == 52 and hands)


def stock_from_file(
    path: str | os.PathLike[str],
    container: str,
    *,
    family: str = "smplh",
    n_shapes: int = N_BETAS,
    device: str = "cpu",
) -> Any:
    """The family's class of a file as it stands, without PCA and mean pose, float32, its default.

    Stock smplx runs what a .pkl names: read the file with ``read_model`` first.

    Args:
        path: any name; stock smplx goes by ``container``, "npz" or "pkl".
        family: whose class; SMPLH for a model of no known family.
        n_shapes: shape directions in the file; stock smplx cannot pose fewer than it takes betas.

    Raises:
        ValueError: the class does not read this container.
    """
    if container == "h5" or (family == "smpl" and container != "pkl"):
        raise ValueError(f"smplx.{family.upper()} reads no .{container}; smplprep convert helps")
    if family == "flame":
        return stock_flame(path, device=device, ext=container)
    name, n_betas = family.upper() if family in POSE_PARTS else "SMPLH", min(n_shapes, N_BETAS)
    return stock_body(name, os.fspath(path), device=device, ext=container, num_betas=n_betas)


def stock_from_model(model: Model, *, device: str = "cpu") -> Any:
    """The class of a body in memory: ``smplx.SMPL``, ``SMPLH`` or ``SMPLX``; SMPLH for any other.

    Raises:
        SmplprepError: stock smplx cannot load it, for want of ``hands_*`` for example.
    """
    n_betas = min(model.shapedirs.shape[2], N_BETAS)
    if model.family.name == "smplx":  # whose class reads a file
        with tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/SMPLX.npz"
            entries = model.entries()
            arrays: Any = {k: v for k, v in entries.items() if isinstance(v, np.ndarray)}
            np.savez(path, **arrays)
            return stock_body("SMPLX", path, device=device, ext="npz", num_betas=n_betas)
    struct = SimpleNamespace(**model.entries())
    name = "SMPL" if model.family.name == "smpl" else "SMPLH"
    try:
        return stock_body(name, "", device=device, data_struct=struct, num_betas=n_betas)
    except AttributeError as error:
        lacks = loading_obstacles(model.family.name, "pkl", list(model.entries()))
        why, do = next(((row["why"], f"{row['do']}.") for row in lacks), (str(error), None))
        message = f"stock smplx cannot load this model: {why}"
        raise SmplprepError(message, path=model.source.path, hint=do) from error


def stock_flame(path: str | os.PathLike[str], *, device: str, ext: str) -> Any:
    """FLAME's class reads a folder, with landmarks beside the model; here they are one of ours."""
    landmark = {"lmk_face_idx": np.zeros(1, np.int64), "lmk_b_coords": np.full((1, 3), 1 / 3)}
    with tempfile.TemporaryDirectory() as folder:
        os.symlink(os.path.realpath(path), f"{folder}/FLAME_NEUTRAL.{ext}")  # noqa: PTH211
        with open(f"{folder}/flame_static_embedding.pkl", "wb") as file:  # noqa: PTH123
            write_pickle(landmark, file)
        return stock_body("FLAME", folder, device=device, ext=ext)


def stock_body(name: str, path: str, *, device: str, **source: Any) -> Any:
    """The class of this name, quietly."""
    torch = require_torch(device)
    import smplx

    # It prints a warning about the number of shape coefficients, which is as it should be; and
    # scipy deprecates the module that official pickles name.
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        hands = {} if name in ("SMPL", "FLAME") else {"use_pca": False, "flat_hand_mean": True}
        body = getattr(smplx, name)(path, dtype=torch.float32, **hands, **source)
    return body.to(device)


def stock_output(body: Any, pose: Any, betas: Any, transl: Any = None) -> Any:
    """What stock smplx makes of poses (N, J, 3) and betas (N, B), with a blank face.

    Its ``joints`` are the regressed ones and then the vertices that it appends. Without ``transl``
    (N, 3) the body stands at the origin.
    """
    import torch

    parts = PARTS_OF[pose.shape[1]]
    split = pose.split(list(parts.values()), dim=1)
    arguments = {name: part.flatten(1) for name, part in zip(parts, split, strict=True)}
    arguments["transl"] = torch.zeros_like(pose[:, 0]) if transl is None else transl
    if hasattr(body, "expression"):  # a default of its own has the wrong number of rows
        arguments["expression"] = body.expression.detach().expand(len(pose), -1)
    out = body(betas=betas, **arguments)
    chosen = body.vertex_joint_selector.extra_joints_idxs
    if out.joints.shape[1] < len(body.J_regressor) + len(chosen):
        # smplx 0.1.28 chooses MANO's finger tips and forgets to append them.
        out.joints = torch.cat([out.joints, out.vertices[:, chosen]], dim=1)
    return out


def autograd_jacobians(
    body: Any,
    pose: NDArray[np.float64],
    betas: NDArray[np.float64],
    points: Sequence[Mapping[int, float]] = (),
) -> NDArray[np.float64]:
    """(L, J, 3, 3) derivatives [l, j, i, c] of coordinate c of each of the L joints that stock
    smplx returns, and then of ``points``, with respect to component i of the rotation of joint j;
    meters per radian.

    One batch holds the pose L times; each copy is asked for one landmark.

    Args:
        body: from ``stock_from_file``.
        pose: (J, 3) axis-angle, radians.
        betas: (B,), B at least the module's; the rest is left out.
        points: of the skin, each as its vertices and their shares.
    """
    import torch

    like = {"dtype": body.v_template.dtype, "device": body.v_template.device}
    n_landmarks = len(body.J_regressor) + len(body.vertex_joint_selector.extra_joints_idxs)
    if body.name() == "SMPL-X":  # FLAME's one is ours, see stock_flame
        n_landmarks += len(body.lmk_faces_idx)
    n_landmarks += len(points)
    copies = torch.tensor(pose, **like).repeat(n_landmarks, 1, 1).requires_grad_()
    shape = torch.tensor(betas[: body.num_betas], **like).repeat(n_landmarks, 1)
    out = stock_output(body, copies, shape)
    joints = [out.joints[:, : n_landmarks - len(points)]]
    joints += [sum(share * out.vertices[:, [v]] for v, share in p.items()) for p in points]
    places = torch.cat(joints, dim=1)
    diagonal = torch.arange(n_landmarks, device=like["device"])
    slopes = [
        torch.autograd.grad(places[diagonal, diagonal, axis].sum(), copies, retain_graph=axis < 2)
        for axis in range(3)
    ]
    return torch.stack([slope for (slope,) in slopes], dim=-1).double().cpu().numpy()

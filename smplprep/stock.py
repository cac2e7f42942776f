"""Stock smplx: a model file loaded unchanged, and what its autograd says. Needs torch and smplx."""

from __future__ import annotations

import contextlib
import io
import os
import warnings
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import SmplprepError
from .model import Model

INSTALL = "pip install 'smplprep[verify]'"
# Where the joints of each of SMPLH's pose parameters stand in the full pose.
POSE_PARTS = {
    "global_orient": slice(0, 1),
    "body_pose": slice(1, 22),
    "left_hand_pose": slice(22, 37),
    "right_hand_pose": slice(37, 52),
}


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
            hint=f"Install them with: {INSTALL}",
        ) from error
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise SmplprepError(
            f"this torch ({torch.__version__}) sees no CUDA device",
            hint="Use --device cpu, or install a torch built for this machine's CUDA.",
        )
    return torch


def stock_from_file(path: str | os.PathLike[str], container: str, *, device: str = "cpu") -> Any:
    """``smplx.SMPLH`` of a file as it stands, without PCA and mean pose, float32, its own default.

    Stock smplx runs what a .pkl names: read the file with ``read_model`` first.

    Args:
        path: any name; stock smplx goes by ``container``, "npz" or "pkl".
    """
    return stock_smplh(os.fspath(path), device=device, ext=container)


def stock_from_model(model: Model, *, device: str = "cpu") -> Any:
    """``smplx.SMPLH`` of a model in memory.

    Raises:
        SmplprepError: stock smplx cannot load it, for want of ``hands_*`` for example.
    """
    struct = SimpleNamespace(**model.entries())
    try:
        return stock_smplh("", device=device, data_struct=struct)
    except AttributeError as error:
        raise SmplprepError(
            f"stock smplx cannot load this model: {error}",
            path=model.source.path,
            hint="smplprep inspect says what it lacks.",
        ) from error


def stock_smplh(path: str, *, device: str, **source: Any) -> Any:
    torch = require_torch(device)
    import smplx

    # It prints a warning about the number of shape coefficients, which is as it should be; and
    # scipy deprecates the module that official pickles name.
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        body = smplx.SMPLH(path, use_pca=False, flat_hand_mean=True, dtype=torch.float32, **source)
    return body.to(device)


def pose_arguments(pose: Any) -> dict[str, Any]:
    """SMPLH's pose parameters out of one tensor (N, 52, 3) of axis-angle vectors."""
    return {name: pose[:, part].flatten(1) for name, part in POSE_PARTS.items()}


def autograd_jacobians(
    body: Any, pose: NDArray[np.float64], betas: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(L, J, 3, 3) derivatives [l, j, i, c] of coordinate c of each of the L joints that stock
    smplx returns, with respect to component i of the rotation of joint j; metres per radian.

    One batch holds the pose L times; each copy is asked for one landmark.

    Args:
        body: from ``stock_from_file``.
        pose: (52, 3) axis-angle, radians.
        betas: (B,), B at least the module's; the rest is left out.
    """
    import torch

    like = {"dtype": body.v_template.dtype, "device": body.v_template.device}
    n_landmarks = len(body.J_regressor) + len(body.vertex_joint_selector.extra_joints_idxs)
    copies = torch.tensor(pose, **like).repeat(n_landmarks, 1, 1).requires_grad_()
    shape = torch.tensor(betas[: body.num_betas], **like).repeat(n_landmarks, 1)
    transl = torch.zeros(n_landmarks, 3, **like)
    joints = body(betas=shape, transl=transl, **pose_arguments(copies)).joints
    diagonal = torch.arange(n_landmarks, device=like["device"])
    slopes = [
        torch.autograd.grad(joints[diagonal, diagonal, axis].sum(), copies, retain_graph=axis < 2)
        for axis in range(3)
    ]
    return torch.stack([slope for (slope,) in slopes], dim=-1).double().cpu().numpy()

"""The checks of ``verify``, one function each: it returns its figure, or raises ``CheckError``.

Those that need the original are in ``original_checks``.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ..audit.support import landmark_support
from ..errors import ModelNotFoundError, ModelReadError, SmplprepError, shown
from ..geometry.kinematic_tree import parents_of
from ..geometry.poses import pose_set
from ..geometry.skinning import posed_vertices
from ..geometry.validation import MAX_SUM_ERROR
from ..io.read_model import read_model
from ..records.families import FAMILIES
from ..records.file_keys import STAMP_KEY
from ..records.model import Model
from ..report.read import read_report
from ..stock.load import has_stock_class, stock_from_file, stock_output
from ..transforms.policies.protected import protected_entries
from ..transforms.prune_weights import SUM_SLACK_EPS
from .subject import CheckError, NotApplicableError, Subject

N_FORWARD = 4  # poses in which stock smplx's vertices are compared with the audit's
FORWARD_MM = 0.01  # stock smplx computes in float32: a few 1e-4 mm


def check_report(subject: Subject) -> str:
    """There is a report of a clean."""
    path = subject.path.with_suffix(".report.json")
    try:
        report = read_report(path)
    except ModelNotFoundError as error:
        raise CheckError(
            f"no report beside it, {path.name}: verify checks a cleaned file, and smplprep clean "
            f"writes both"
        ) from error
    except ModelReadError as error:  # the line begins with the name, not with the folder
        raise CheckError(f"{path.name}: {error.message}") from error
    if report["options"] is None:
        raise CheckError(f"{path.name} compares two files; it is not a report of smplprep clean")
    if report["family"] not in FAMILIES:
        known = ", ".join(FAMILIES)
        raise CheckError(f"the family {shown(report['family'])!r} is not one of {known}")
    subject.report = report
    return f"{path.name}, written by smplprep {shown(report['smplprep_version'], 24)}"


def check_file(subject: Subject) -> str:
    """The file can be read and is a body model; what its rows sum to is another check's matter."""
    subject.model = read_model(
        subject.path,
        normalize_rows=True,
        family=subject.family,
        units=subject.units,
        limits=subject.limits,
    )
    source = subject.model.source
    return f"{source.container}, {source.n_bytes:,} bytes, family {subject.model.family.name}"


def check_sha256(subject: Subject) -> str:
    """The file is the one that the report describes."""
    return same_sha256(subject.model, subject.report["output"])


def same_sha256(model: Model, file: Mapping[str, Any]) -> str:
    """The SHA-256 of a model's file, which a report has to name."""
    found, claimed = str(model.source.sha256)[:16], shown(file["sha256"])[:16]
    if model.source.sha256 != file["sha256"]:
        raise CheckError(f"the file has {found}..., the report {claimed}...")
    return f"{found}..., as in the report"


def check_options(subject: Subject) -> str:
    """The stamp in the file names the report's options and input."""
    report = subject.report
    try:
        stamp = json.loads(str(subject.model.extras.get(STAMP_KEY)))
        options, input_sha256 = stamp["options"], stamp["input_sha256"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise CheckError(f"the file has no readable key {STAMP_KEY!r}") from error
    nothing_done = not any(change["rows_touched"] for change in report["changes"])
    if nothing_done and input_sha256 != report["input"]["sha256"]:
        return "the clean found nothing to do, so the file keeps an earlier stamp"
    if options != report["options"]:
        raise CheckError("the file's stamp and the report name different options")
    if input_sha256 != report["input"]["sha256"]:
        raise CheckError("the file's stamp and the report name different inputs")
    return f"{len(options)} options and the input's SHA-256, as in the report"


def check_arrays(subject: Subject) -> str:
    """Every key has the dtype and shape that the report gives it."""
    entries, claimed = subject.model.entries(), subject.report["output"]["keys"]
    keys = [row["key"] for row in claimed]
    if list(entries) != keys:
        wrong = sorted({*entries} ^ {*keys}) or ["their order"]
        raise CheckError(f"the keys differ from the report's: {shown(', '.join(wrong))}")
    for row in claimed:
        value, shape = entries[row["key"]], row["shape"]
        if shape is None or not isinstance(value, np.ndarray):
            continue  # a key that was not an array when the report was written, such as the stamp
        if (str(value.dtype), [*value.shape]) != (row["dtype"], shape):
            raise CheckError(
                f"{shown(row['key'])} is {value.dtype} {value.shape}, "
                f"in the report {shown(row['dtype'])} {shown(tuple(shape))}"
            )
    return f"{len(claimed)} keys with the report's dtypes and shapes"


def check_rows(subject: Subject) -> str:
    """Every row of weights sums to 1, within rounding of its dtype.

    A clean settles for a sum that is off by 4 eps, or by one for each of n weights, and adds it
    entry by entry in that dtype, which is off by (n - 1) / 2 more. A row that holds what the
    options keep may be as far off as it was in the original, with which "untouched" compares it.
    """
    weights = subject.model.weights
    off = np.abs(weights.sum(axis=1, dtype=np.float64) - 1.0)
    n = np.count_nonzero(weights, axis=1)
    bound = (np.maximum(SUM_SLACK_EPS, n) + n / 2) * float(np.finfo(weights.dtype).eps)
    kept = protected_entries(subject.model, subject.options)
    excused = np.zeros(len(weights), dtype=bool)
    if kept is not None:
        excused = (kept & (weights != 0)).any(axis=1) & (off > bound)
        excused &= off <= MAX_SUM_ERROR + bound
    excess = np.where(excused, 0.0, off / bound)
    worst = int(excess.argmax())
    figure = f"the largest error is {off[worst]:.2g} (vertex {worst})"
    figure += f"; rounding explains {bound[worst]:.2g}"
    if excess[worst] > 1:
        raise CheckError(figure)
    if excused.any():
        figure += (
            f"; {excused.sum()} rows hold kept weights and are off by {off[excused].max():.2g}"
        )
    return figure


def check_smplx(subject: Subject) -> str:
    """Stock smplx loads the file unchanged and holds the very numbers that the audit reads."""
    model = subject.stock
    if not has_stock_class(model):
        size = f"{model.n_vertices:,} vertices and {model.n_joints} joints"
        raise NotApplicableError(f"stock smplx has no class for {size}")
    parents = parents_of(model.kintree_table)
    with stock_verdict("it cannot load the file"):
        body = stock_from_file(
            subject.path,
            model.source.container,
            family=model.family.name,
            n_shapes=model.shapedirs.shape[2],
            device=subject.device,
        )
    flat = model.posedirs.reshape(-1, model.posedirs.shape[2]).T
    for name, array in (
        ("lbs_weights", model.weights),
        ("J_regressor", model.J_regressor),
        ("v_template", model.v_template),
        ("shapedirs", model.shapedirs[:, :, : body.num_betas]),
        ("posedirs", flat),
        ("parents", parents),
    ):
        loaded = getattr(body, name).cpu().numpy()
        if not np.array_equal(loaded, array.astype(loaded.dtype)):
            raise CheckError(f"its {name} is not what the file holds")
    subject.body = body
    name = type(body).__name__
    return (
        f"{name}, float32 on {subject.device}, {body.num_betas} betas; its buffers are the file's"
    )


def check_forward(subject: Subject) -> str:
    """Forward and backward are finite, and the vertices are those that the audit computes."""
    import torch

    names = subject.stock.joint_names("smplx")
    poses, betas = (values[:N_FORWARD] for values in pose_set(names, subject.body.num_betas))
    like = {"dtype": torch.float32, "device": subject.body.v_template.device}
    with stock_verdict("it cannot pose the body"), torch.no_grad():
        out = stock_output(subject.body, torch.tensor(poses, **like), torch.tensor(betas, **like))
    apart = out.vertices.double().cpu().numpy() - posed_vertices(subject.model, poses, betas)
    apart_mm = subject.model.mm * float(np.sqrt(np.square(apart).sum(axis=2)).max())
    figure = f"{N_FORWARD} poses, at most {apart_mm:.2g} mm from the audit's own skinning"
    if not apart_mm <= FORWARD_MM:  # so that NaN fails
        raise CheckError(figure)
    if not np.isfinite(subject.jacobians).all():
        raise CheckError("a gradient is not finite")
    return figure


def check_support(subject: Subject) -> str:
    """Autograd's support of each landmark is the audit's, joint by joint."""
    landmarks = subject.landmarks
    wanted = landmark_support(subject.stock, landmarks).either[:, subject.not_root]
    differ = subject.moved[:, subject.not_root] != wanted
    if differ.any():
        names = [landmarks[row].label for row in np.flatnonzero(differ.any(axis=1))]
        raise CheckError(f"autograd and the audit differ at {', '.join(names)}")
    n_points, n_rotations = wanted.shape
    return f"autograd agrees with the audit on {n_points} joints x {n_rotations} rotations"


def check_leaks(subject: Subject) -> str:
    """Outside its own chain every landmark's gradient is exactly zero."""
    landmarks = subject.landmarks
    outside = ~landmark_support(subject.stock, landmarks).expected & subject.not_root
    sizes_mm = subject.model.mm * np.sqrt(np.square(subject.jacobians).sum(axis=(2, 3)))
    leaking = np.flatnonzero((subject.moved & outside).any(axis=1))
    if leaking.size:
        raise CheckError(
            f"{leaking.size} landmarks leak, by up to {sizes_mm[outside].max():.2g} mm per radian: "
            + ", ".join(landmarks[row].label for row in leaking)
        )
    return f"{int(outside.sum())} gradients outside the landmarks' chains, all exactly 0"


@contextlib.contextmanager
def stock_verdict(message: str) -> Iterator[None]:
    """Whatever stock smplx raises over the file is the check's failure."""
    try:
        yield
    except SmplprepError:
        raise
    except Exception as error:
        raise CheckError(f"{message}: {type(error).__name__}: {shown(error, 160)}") from error

"""The checks of ``verify`` that need the original; see ``checks``."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import shown
from ..geometry.displacement import apart_mm, summary
from ..geometry.kinematic_tree import parents_of
from ..geometry.poses import pose_set_of
from ..geometry.same_topology import check_same_topology
from ..io.check_written import identical
from ..io.plain_arrays import h5_value, plain_array
from ..io.read_model import read_model
from ..jobs.merge_hands import COEFFICIENTS, KEYS
from ..records.file_keys import STAMP_KEY
from ..stock.skinning import StockSkinning
from ..transforms.policies.protected import protected_entries
from ..transforms.prune_weights import SUM_SLACK_EPS, frozen_entries
from ..transforms.sparsify_regressor import max_shift_mm, shape_basis
from .checks import same_sha256
from .subject import CheckError, NotApplicableError, Subject

REPORT_SLACK = 1e-4  # relative; the report's figures have six digits
JOINT_SLACK_MM = 1e-9
ROTATION_SLACK_MM = 1e-4  # stock smplx adds 1e-8 to each rotation vector before its length
POSES = 8  # at a time
HANDS = {key + side for key in (*KEYS, COEFFICIENTS) for side in "lr"}


def check_original(subject: Subject) -> str:
    """ORIGINAL is the file that the report names as its input."""
    assert subject.against is not None
    subject.original = read_model(
        subject.against,
        normalize_rows=True,
        fill_unweighted=True,
        family=subject.family,
        units=subject.units,
        limits=subject.limits,
    )
    figure = same_sha256(subject.original, subject.report["input"])
    check_same_topology(subject.original, subject.model)
    return figure


def check_untouched(subject: Subject) -> str:
    """What no step of the clean works on has the original's values, whatever key it is."""
    before, after = subject.pruned_from, subject.model
    src, dst = before.entries(), after.entries()
    changed = {*subject.changed, STAMP_KEY}
    added = dst.keys() - src.keys() - {STAMP_KEY}
    if "hands_meanl" in added:  # by --hands, with all that goes with it
        added -= HANDS
        changed |= HANDS
    if missing := sorted(src.keys() - dst.keys() - {STAMP_KEY}):
        raise CheckError(f"keys of the original that are missing: {', '.join(map(shown, missing))}")
    keys = [key for key in src if key not in changed]
    wrong = [key for key in keys if not same_values(src[key], dst[key], after.source.container)]
    if "posedirs" in changed:
        differs = before.posedirs != after.posedirs
        wrong += ["posedirs"] if (differs & (after.posedirs != 0)).any() else []
    if subject.options.shapedirs == "zero":
        wrong += ["shapedirs"] if after.shapedirs.any() else []
    elif "shapedirs" in changed and not identical(before.shapedirs, after.shapedirs):
        wrong.append("shapedirs")
    kept = protected_entries(subject.original, subject.options)
    kept = frozen_entries(before.weights, kept)
    if not np.array_equal(before.weights[kept], after.weights[kept]):
        wrong.append("weights that the options keep")
    if wrong:
        raise CheckError(f"different from the original: {', '.join(map(shown, wrong))}")
    if added:
        raise CheckError(f"keys that the original lacks: {', '.join(map(shown, sorted(added)))}")
    return f"{len(keys)} keys, and every corrective that was kept, are the original's"


def same_values(before: Any, after: Any, container: str) -> bool:
    """Bit for bit what the container of the cleaned file makes of the original's value."""
    if form := {"npz": plain_array, "h5": h5_value}.get(container):
        before, after = form(before), form(after)
    if isinstance(before, np.ndarray):  # a file may hold numbers in the other byte order
        before = before.astype(before.dtype.newbyteorder("="), copy=False)
    return identical(before, after)


def check_joints(subject: Subject) -> str:
    """No joint moved further, over the shape space, than the report claims; J is regressed."""
    before, after = subject.limited, subject.model
    delta = after.J_regressor.astype(np.float64) - before.J_regressor.astype(np.float64)
    shift = max_shift_mm(delta, shape_basis(before), before.mm)
    claimed = np.array([row["max_shift_mm"] for row in subject.report["regressor"]])
    if claimed.shape != shift.shape:
        raise CheckError(f"the report has {len(claimed)} joints, the file {len(shift)}")
    names = after.joint_names()
    bound = claimed * (1 + REPORT_SLACK) + max(JOINT_SLACK_MM, rounding_mm(after.J_regressor))
    failed = not (shift <= bound).all()  # so that NaN fails
    worst = int(((shift - bound) if failed else shift).argmax())
    figure = f"{names[worst]} moved by {shift[worst]:.2g} mm"
    figure += f", at most {bound[worst]:.2g} mm by the report"
    if failed:
        raise CheckError(figure)
    stale = stale_joints(subject)
    if stale.any():
        raise CheckError(
            f"J[{stale.argmax()}] is not where J_regressor puts {names[stale.argmax()]}"
        )
    return figure


def stale_joints(subject: Subject) -> NDArray[np.bool_]:
    """(J,) joints whose J is neither J_regressor @ v_template nor, as their row, the original's."""
    before, after = subject.pruned_from, subject.model
    if before.J is None or after.J is None:
        return np.zeros(after.n_joints, dtype=bool)
    apart = apart_mm(after.J, after.J_regressor.astype(np.float64) @ after.v_template, mm=after.mm)
    rounding = max(JOINT_SLACK_MM, rounding_mm(after.J), rounding_mm(after.J_regressor))
    as_it_was = (after.J_regressor == before.J_regressor).all(axis=1) & (after.J == before.J).all(1)
    return ~((apart <= rounding) | as_it_was)


def rounding_mm(array: NDArray) -> float:
    """The rounding error of a joint within a meter, from an array of these digits."""
    return 1000.0 * SUM_SLACK_EPS * float(np.finfo(array.dtype).eps)


def check_displacement(subject: Subject) -> str:
    """Over the pose set stock smplx moves the vertices as far as the report says."""
    parents = parents_of(subject.original.kintree_table)
    if (parents >= np.arange(len(parents))).any():
        raise NotApplicableError(
            "stock smplx poses parents first; here a child precedes its parent"
        )
    poses, betas = pose_set_of(subject.original)
    bodies = [
        StockSkinning(model, n_shapes=betas.shape[1], device=subject.device, dtype="float64")
        for model in (subject.original, subject.model)
    ]
    parts = []
    for start in range(0, len(poses), POSES):
        some = slice(start, start + POSES)
        pose, shape = bodies[0].tensor(poses[some]), bodies[0].tensor(betas[some])
        before, after = (body.vertices(pose, shape).cpu().numpy() for body in bodies)
        parts.append(apart_mm(before, after, mm=subject.model.mm).astype(np.float32))
    moved, claimed = summary(np.concatenate(parts).T), subject.report["displacement"]
    found = {"mean_mm": moved.mean_mm, "p99_mm": moved.p99_mm, "max_mm": moved.max_mm}
    text = ", ".join(f"{key[:-3]} {found[key]:.4g} ({claimed[key]:.4g})" for key in found)
    text = f"mm by stock smplx (by the report): {text}"
    vertex = claimed["max_vertex"]
    if vertex >= len(moved.vertex_max_mm):
        raise CheckError(f"the report's max_vertex is {vertex}, which is not a vertex")
    if not all(agree(found[key], claimed[key]) for key in found):
        raise CheckError(text)
    if not agree(float(moved.vertex_max_mm[vertex]), found["max_mm"]):
        raise CheckError(f"vertex {moved.max_vertex} moves most, in the report {vertex}")
    return text


def agree(found_mm: float, claimed_mm: float) -> bool:
    """Whether two distances are the same within the report's digits; NaN is not."""
    return abs(found_mm - claimed_mm) <= REPORT_SLACK * found_mm + ROTATION_SLACK_MM

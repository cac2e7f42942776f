"""The checks of ``verify`` that need the original; see ``verify_checks``."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..audit.support import landmark_table
from ..errors import shown
from ..geometry.displacement import displacements
from ..geometry.same_topology import check_comparable
from ..io.check_written import identical
from ..io.plain_arrays import h5_value, plain_array
from ..io.read_model import read_model
from ..jobs.merge_hands import COEFFICIENTS, KEYS
from ..jobs.pipeline import steps
from ..records.file_keys import STAMP_KEY
from ..records.model import Model
from ..records.rounding import tidy
from ..report.details import weights_histogram
from ..report.report import regressor_rows
from ..transforms.policies.protected import kept_entries
from ..transforms.prune_weights import SUM_SLACK_EPS, frozen_entries, prune_weights
from ..transforms.sparsify_regressor import max_shift_mm, shape_basis
from .claims import DISPLACEMENT_KEYS
from .figures import REPORT_SLACK, check_told, figures_of
from .subject import CheckError, Subject

JOINT_SLACK_MM = 1e-9
MOVED_MM = 1e-6  # vertices that move less did not move
HANDS = {key + side for key in (*KEYS, COEFFICIENTS) for side in "lr"}


def check_original(subject: Subject) -> str:
    """ORIGINAL is the file that the report names as its input."""
    assert subject.against is not None
    subject.original = read_model(
        subject.against, normalize_rows=True, family=subject.family, limits=subject.limits
    )
    found, wanted = subject.original.source.sha256, subject.promise.input_sha256
    if found != wanted:
        raise CheckError(f"it has {str(found)[:16]}..., the report's input {shown(wanted)[:16]}...")
    check_comparable(subject.original, subject.model)
    return f"{found[:16]}..., the report's input"


def check_untouched(subject: Subject) -> str:
    """What no step of the clean works on has the original's values, whatever key it is."""
    before, after = subject.start, subject.model
    was, now = before.entries(), after.entries()
    worked_on = {*subject.promise.worked_on, STAMP_KEY}
    added = now.keys() - was.keys() - {STAMP_KEY}
    if "hands_meanl" in added:  # by --hands, with all that goes with it
        added -= HANDS
        worked_on |= HANDS
    keys = [key for key in was if key not in worked_on]
    container = after.source.container
    missing = sorted(was.keys() - now.keys() - {STAMP_KEY})
    if missing:
        raise CheckError(f"the original's, but not here: {', '.join(map(shown, missing))}")
    wrong = [key for key in keys if not same_values(key, was[key], now[key], container)]
    if "posedirs" in worked_on:
        stayed = after.posedirs != 0
        wrong += ["posedirs"] if (stayed & (before.posedirs != after.posedirs)).any() else []
    if "shapedirs" in worked_on and after.shapedirs.any():
        wrong.append("shapedirs")
    if not kept_are_same(subject):
        wrong.append("weights that the options keep")
    if wrong:
        raise CheckError(f"not the original's: {', '.join(map(shown, wrong))}")
    if added:
        raise CheckError(f"not in the original: {', '.join(map(shown, sorted(added)))}")
    return f"{len(keys)} keys, and every corrective that stayed, are the original's"


def same_values(key: str, before: Any, after: Any, container: str) -> bool:
    """Bit for bit what the container of the cleaned file makes of the original's value."""
    if container != "pkl":
        held = h5_value if container == "h5" else plain_array
        before, after = held(before), held(after)
    return identical(native(before), native(after))


def native(value: Any) -> Any:
    """An array in the machine's byte order; anything else as it is."""
    if not isinstance(value, np.ndarray):
        return value
    return value.astype(value.dtype.newbyteorder("="), copy=False)


def kept_are_same(subject: Subject) -> bool:
    """Whether the weights that the options keep have their bits."""
    before, kept = subject.start.weights, kept_entries(subject.original, subject.options)
    kept = frozen_entries(before, kept)
    return np.array_equal(before[kept], subject.model.weights[kept])


def check_joints(subject: Subject) -> str:
    """No joint moved further, over the shape space, than the report promises; J is regressed."""
    before, after = subject.original, subject.model
    delta = after.J_regressor.astype(np.float64) - before.J_regressor.astype(np.float64)
    shift = max_shift_mm(delta, shape_basis(before))
    promised = np.array(subject.promise.max_shift_mm)
    if promised.shape != shift.shape:
        raise CheckError(f"the report has {len(promised)} joints, the file {len(shift)}")
    names = after.family.joint_names(after.n_joints)
    rounding = max(JOINT_SLACK_MM, rounding_mm(after.J_regressor))
    excess = shift - promised * (1 + REPORT_SLACK)
    failed = not (excess <= rounding).all()  # so that NaN fails
    worst = int((excess if failed else shift).argmax())
    bound = promised[worst] * (1 + REPORT_SLACK) + rounding
    figure = (
        f"{names[worst]} moved by {shift[worst]:.2g} mm; no more than {bound:.2g} mm was promised"
    )
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
    before, after = subject.cast, subject.model
    if before.J is None or after.J is None:
        return np.zeros(after.n_joints, dtype=bool)
    regressed = after.J_regressor.astype(np.float64) @ after.v_template
    apart_mm = 1000.0 * np.linalg.norm(after.J - regressed, axis=1)
    rounding = max(JOINT_SLACK_MM, rounding_mm(after.J), rounding_mm(after.J_regressor))
    as_it_was = (after.J_regressor == before.J_regressor).all(axis=1) & (after.J == before.J).all(1)
    return ~((apart_mm <= rounding) | as_it_was)


def rounding_mm(array: NDArray) -> float:
    """What the digits of an array that tells of joints leave open, of one within a meter."""
    return 1000.0 * SUM_SLACK_EPS * float(np.finfo(array.dtype).eps)


def check_displacement(subject: Subject) -> str:
    """Over the pose set the vertices moved as far as the report says, and that one most."""
    moved = displacements([subject.original, subject.model])[-1]
    found = moved.as_dict()
    if moved.max_mm <= MOVED_MM:  # which vertex that is, is a matter of rounding
        found = {key: found[key] for key in DISPLACEMENT_KEYS}
    told = subject.promise.displacement_mm
    texts = [f"{key[:-3]} {found[key]:.4g} ({told[key]:.4g})" for key in DISPLACEMENT_KEYS]
    check_told({"displacement": tidy(found)}, subject.promise)
    return "mm (as reported): " + ", ".join(texts)


def check_changes(subject: Subject) -> str:
    """What the report tells of the original, and of what changed, follows from the two files."""
    before, after = (subject.with_named(model) for model in (subject.original, subject.model))
    landmarks = landmark_table(before, after)
    names = before.family.joint_names(before.n_joints)
    stages = [subject.cast, subject.start, after]
    basis = shape_basis(subject.cast)
    shifts = np.sum([max_shift_mm(between(a, b), basis) for a, b in pairwise(stages)], axis=0)
    counts = vertex_counts(subject.cast), vertex_counts(after)
    found = figures_of(before, landmarks, "before", steps_saw=subject.cast) | {
        "landmarks": landmarks,
        "regressor": regressor_rows(names, *counts, shifts.tolist()),
        "weights_histogram": tidy(weights_histogram(before, after)),
        "rescued_rows": rescued_rows(subject),
    }
    check_told(found, subject.promise)
    return "counts, landmarks, joints and rescued rows of both files, as in the report"


def between(a: Model, b: Model) -> NDArray[np.float64]:
    """(J, V) what the regressor changed by."""
    return b.J_regressor.astype(np.float64) - a.J_regressor.astype(np.float64)


def vertex_counts(model: Model) -> list[int]:
    """How many vertices each joint is regressed from."""
    return [int(n) for n in np.count_nonzero(model.J_regressor, axis=1)]


def rescued_rows(subject: Subject) -> list[dict[str, int]]:
    """Rows that would have been left empty, by pruning once more."""
    preset = steps(subject.options, kept_entries(subject.original, subject.options))
    prune = next(step for step in preset if step.func is prune_weights)
    return list(prune(subject.start)[1].figures["rescued_rows"])

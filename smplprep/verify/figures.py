"""The report's figures made again from the files, with the code that made them, and compared."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..audit.landmark_sets import skin_landmarks
from ..audit.sensitivity import at_rest
from ..errors import shown
from ..records.model import Model
from ..records.rounding import tidy
from ..report.details import influence_counts
from ..report.report import summary_of
from ..transforms.localize_posedirs import entry_counts
from .claims import Promise
from .subject import CheckError

REPORT_SLACK = 1e-4  # relative; the report's figures have six digits
NOISE = 1e-9  # mm, or mm per radian; what rounding leaves of a figure that is 0
SHOWN_FIGURES = 3  # of those that differ


def figures_of(
    model: Model,
    landmarks: list[dict[str, Any]],
    moment: str,
    *,
    steps_saw: Model | None = None,
) -> dict[str, Any]:
    """Those figures of the report that one file alone tells, laid out as they are there.

    Args:
        model: the file, with the landmarks that the report tells of.
        landmarks: see ``landmark_table``.
        moment: "before" or "after".
        steps_saw: the model that the steps counted in, where floats were cast before them.
    """
    counted, source = steps_saw or model, model.source
    correctives = entry_counts(counted.correctives)
    counts = {
        "vertices": np.count_nonzero(counted.J_regressor, axis=1).tolist(),
        "correctives": int(np.count_nonzero(correctives)),
        "posedirs_nonzeros": int(correctives.sum()),
    }
    summary = summary_of(model, landmarks, moment, {moment: counts})
    return {
        "input" if moment == "before" else "output": {
            "bytes": source.n_bytes,
            "container": source.container,
        },
        "summary": {moment: tidy(summary | {"file_bytes": source.n_bytes})},
        "gradients": {moment: tidy(at_rest(model, skin_landmarks(model)).tolist())},
        "influences": {moment: influence_counts(model.weights)},
    }


def check_told(found: dict[str, Any], promise: Promise) -> None:
    """Raise CheckError unless the report tells the figures that were found."""
    wrong = list(differences(found, promise.told))
    if wrong:
        more = [f"and {len(wrong) - SHOWN_FIGURES} more"] if len(wrong) > SHOWN_FIGURES else []
        raise CheckError("; ".join([*wrong[:SHOWN_FIGURES], *more]))


def differences(found: Any, told: Any, name: str = "") -> Iterator[str]:
    """Where the report tells something else than was found; what was not looked for may differ.

    Args:
        found: plain data: dictionaries, lists, numbers and texts.
        told: the report's, which may be anything.
        name: of the place in the report.
    """
    if isinstance(found, dict) and isinstance(told, dict):
        for key, value in found.items():
            place = f"{name}.{key}" if name else key
            if key in told:
                yield from differences(value, told[key], place)
            else:
                yield f"the report lacks {place}"
    elif isinstance(found, list) and isinstance(told, list) and len(found) == len(told):
        for index, value in enumerate(found):
            yield from differences(value, told[index], f"{name}[{index}]")
    elif isinstance(found, list) and isinstance(told, list):
        yield f"{name} has {len(found)} entries, in the report {len(told)}"
    elif isinstance(found, dict | list) or not same_figure(found, told):
        yield f"{name} is {shown(found)}, in the report {shown(told)}"


def same_figure(found: Any, told: Any) -> bool:
    """Equal; of two floats, within the report's digits."""
    if isinstance(found, float) and isinstance(told, float):
        return math.isclose(found, told, rel_tol=REPORT_SLACK, abs_tol=NOISE)
    return bool(found == told)

"""The stamp, the one key of our own in a cleaned file.

It says version, options, the input's SHA-256, and which budgets were spent so far.
"""

from __future__ import annotations

import dataclasses
import json
import math
from typing import Any

from .. import __version__
from .file_keys import STAMP_KEY
from .model import Model
from .options import Options


def stamped(cleaned: Model, model: Model, options: Options) -> Model:
    """The cleaned model with its ``smplprep`` key: version, options and the input's SHA-256."""
    if cleaned is model and STAMP_KEY in model.extras:
        return model
    stamp = {
        "version": __version__,
        "options": options.as_dict(),
        "input_sha256": model.source.sha256,
    }
    if spent := budgets_spent(model, options):
        stamp["spent"] = spent
    text = json.dumps(stamp, sort_keys=True)
    extras = {key: value for key, value in cleaned.extras.items() if key != STAMP_KEY}
    return dataclasses.replace(cleaned, extras={**extras, STAMP_KEY: text})


def budgets_spent(model: Model, options: Options) -> dict[str, float]:
    """Option -> mm that cleans of this file may have spent of it, the one with ``options`` last."""
    spent = {}
    if options.budget_mm is not None:
        spent["budget_mm"] = max(options.budget_mm, spent_before(model, "budget_mm"))
    on_joints = spent_before(model, "regressor_budget_mm")
    if options.regressor == "exact":
        on_joints = max(on_joints, options.regressor_budget_mm or 0.0)
    return spent | ({"regressor_budget_mm": on_joints} if on_joints else {})


def spent_before(model: Model, option: str) -> float:
    """How much of a budget in mm earlier cleans of this file may have spent, by its stamp."""
    try:
        spent = float(json.loads(str(model.extras.get(STAMP_KEY)))["spent"][option])
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return 0.0
    return spent if math.isfinite(spent) and spent > 0 else 0.0


def stamped_option(model: Model, name: str) -> Any:
    """The option that an earlier clean of this file ran with; None where no stamp names it."""
    try:
        return json.loads(str(model.extras.get(STAMP_KEY)))["options"][name]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None

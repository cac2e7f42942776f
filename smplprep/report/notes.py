"""What a clean did not do, in sentences: leaks that stay, limits that could not be held."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .summary import millimetres
from .verdict import leaks

SHIFT_MM = 1e-3  # joints that move less than this did not move


def leaks_left(report: Mapping[str, Any]) -> str | None:
    """How many landmarks still leak, if any does.

    Args:
        report: ``Report.data``.
    """
    after = report["summary"]["after"]
    leaking, total = after["leaking_landmarks"], after["landmarks"]
    return f"{leaking} of {total} landmarks still {leaks(leaking)}" if leaking else None


def notes(report: Mapping[str, Any]) -> list[str]:
    """Sentences on what the options led to and the table does not show."""
    found = []
    if not any(change["rows_touched"] for change in report["changes"]):
        found.append("already clean; no step had anything to do, and every array was copied")
    most, limit = report["summary"]["after"]["influences_max"], report["options"]["max_influences"]
    if limit is not None and most > limit:
        found.append(f"some vertices keep {most} influences: kept weights, or the budget, ask it")
    for change in report["changes"]:
        if change["transform"] == "sparsify_regressor":
            found += joint_notes(change)
    return found


def joint_notes(change: Mapping[str, Any]) -> list[str]:
    """How far joints move in the shapes that ``exact`` does not hold them in."""
    options, shift_mm = change["options"], change["max_shift_mm"]
    if options["mode"] != "exact" or options["budget_mm"] is not None or shift_mm < SHIFT_MM:
        return []
    return [
        f"joints stay in place over the first {options['shapes']} shape directions; with all of "
        f"them at 3 standard deviations, one moves {millimetres(shift_mm)} mm"
    ]

"""What a clean did not do, in sentences: leaks that stay, limits that could not be held."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..records.options import flag_of
from .summary import millimeters
from .verdict import leaks

SHIFT_MM = 1e-3  # joints that move less than this did not move


def leaks_left(report: Mapping[str, Any]) -> str | None:
    """How many landmarks still leak and which options help, if any does.

    Args:
        report: ``Report.data`` of a clean.
    """
    after = report["summary"]["after"]
    leaking, total = after["leaking_landmarks"], after["landmarks"]
    if not leaking:
        return None
    helping = ways_out(report)
    help_ = f"; {' and '.join(helping)} help{'s' * (len(helping) == 1)}" if helping else ""
    which = f"{leaking} of {total} landmarks still {leaks(leaking)}"
    return f"{which}; smplprep audit says to what{help_}"


def ways_out(report: Mapping[str, Any]) -> list[str]:
    """The options that remove the leaks that stay, by what lets them stay."""
    options = report["options"]
    left = [row["after"] for row in report["landmarks"] if row["after"]["leaks"]]
    by_weights = [row for row in left if {*row["leaks"]} & {*row["weights"]}]
    by_posedirs = [row for row in left if {*row["leaks"]} & {*row["posedirs"]}]
    found = []
    if by_weights:
        found.append(larger_tolerance(options))
    if by_posedirs and options["posedirs"] == "keep":
        found.append("--posedirs local")
    elif not found and by_posedirs:  # they hang on their own chain, and hops lead beyond it
        found.append("a smaller --hops")
    return found


def larger_tolerance(options: Mapping[str, Any]) -> str:
    """What removes the weights that a landmark leaks through."""
    kept = [flag_of(field) for field in ("keep_joints", "keep_vertices") if options[field]]
    if options["policy"] == "islands":
        way = "--policy threshold"
    else:
        way = "a larger --tol (smplprep sweep says which)"
    return f"less in {' and '.join(kept)} or {way}" if kept else way


def notes(report: Mapping[str, Any]) -> list[str]:
    """Sentences on what the options led to and the table does not show."""
    found = []
    if not any(change["rows_touched"] for change in report["changes"]):
        found.append("already clean; no step had anything to do, and every array was copied")
    most, limit = report["summary"]["after"]["influences_max"], report["options"]["max_influences"]
    if limit is not None and most > limit:
        found.append(f"some vertices have {most} influences because their weights are kept")
    for change in report["changes"]:
        if change["transform"] == "sparsify_regressor":
            found += joint_notes(change)
    return found


def joint_notes(change: Mapping[str, Any]) -> list[str]:
    """How far joints move in the shapes that ``exact`` does not hold them in."""
    options, shift_mm = change["options"], change["max_shift_mm"]
    if options["mode"] != "exact" or shift_mm < SHIFT_MM:
        return []
    return [
        f"joints stay in place over the first {options['shapes']} shape directions; with all of "
        f"them at 3 standard deviations, one moves {millimeters(shift_mm)} mm"
    ]

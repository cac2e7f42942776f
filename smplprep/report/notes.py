"""What a clean did not do, in sentences: leaks that stay, limits that could not be held."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..records.options import flag_of
from .summary import millimeters
from .verdict import leaks

# A displacement above it, or such a weight or jump, is worth a look.
FAR_MM, LARGE_WEIGHT, LARGE_JUMP = 10.0, 0.1, 0.1
N_BETAS = 10  # that stock smplx takes by default
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
    return f"{which}; smplprep audit names the joints{help_}"


def far_moves(report: Mapping[str, Any]) -> list[str]:
    """Which vertex moves far, which weights went there, and what to do if they are genuine."""
    moved, options = report["displacement"], report["options"]
    if moved["max_mm"] <= FAR_MM:
        return []
    said = f"vertex {moved['max_vertex']} moves by up to {millimeters(moved['max_mm'])} mm"
    taken = report["removed"]["at_max_displacement"]
    by_weights = max(
        step["displacement"]["max_mm"] for step in report["changes"] if "weights" in step["field"]
    )
    if not taken or by_weights <= FAR_MM:
        return [said]
    weights = ", ".join(f"{row['joint']} ({row['weight']:.2g})" for row in taken)
    other = "a smaller --tol (smplprep sweep) or --policy islands"
    if options["policy"] == "islands":
        other = "--policy threshold"
    joints = ",".join(row["joint"] for row in taken)
    return [
        f"{said}, where weights of {weights} were removed; if they are genuine, use {other}, or "
        f"--keep-joints {joints}"
    ]


def warnings(report: Mapping[str, Any]) -> list[str]:
    """Sentences on single removals that are large.

    Args:
        report: ``Report.data`` of a clean.
    """
    found, gone = [], report["removed"]
    largest = gone["largest"]
    if largest and largest["weight"] > LARGE_WEIGHT:
        found.append(
            f"the largest weight removed is {largest['weight']:.2g}, of {largest['joint']} at "
            f"vertex {largest['vertex']}"
        )
    if gone["jump_raised_max"] > LARGE_JUMP:
        a, b = gone["jump_vertices"]
        found.append(
            f"the weights of the neighboring vertices {a} and {b} differ by "
            f"{gone['jump_raised_max']:.2g} more than before"
        )
    return found


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
        found.append("already clean: no step changed anything, and every array was copied")
    most, limit = report["summary"]["after"]["influences_max"], report["options"]["max_influences"]
    if limit is not None and most > limit:
        found.append(f"some vertices have {most} influences because their weights are kept")
    for change in report["changes"]:
        if change["transform"] == "sparsify_regressor":
            found += joint_notes(change)
        if change["transform"] == "limit_shapedirs":
            found += shape_notes(change)
    found += far_moves(report)
    if spared := report["removed"]["spared"]:
        found.append(
            f"{len(spared)} regions of weights look spurious and were kept, because the mesh would "
            "tear without them; the report lists them under removed.spared"
        )
    return found


def shape_notes(change: Mapping[str, Any]) -> list[str]:
    """What the shapes that ``--betas`` drops would have done."""
    n_betas, n_after = change["options"]["n_betas"], change["directions_after"]
    if not change["rows_touched"]:
        return [f"--betas {n_betas} changed nothing: the file has no more shape directions"]
    mean, most = (millimeters(change[f"lost_{key}_mm"]) for key in ("mean", "max"))
    found = [
        f"--betas {n_betas} moves vertices of shapes drawn from N(0, 1) by {mean} mm on average "
        f"and at most {most} mm"
    ]
    if n_after < N_BETAS:
        found.append(f"stock smplx needs num_betas={n_after}")
    if n_after > n_betas:
        found.append(
            f"shapedirs keeps {n_after} directions, since loaders find expressions by their place; "
            f"{change['directions_zeroed']} shapes before them are zero"
        )
    return found


def joint_notes(change: Mapping[str, Any]) -> list[str]:
    """How far joints move in the shapes that ``exact`` does not hold them in."""
    options, shift_mm = change["options"], change["max_shift_mm"]
    if options["mode"] == "exact" and options["shapes"] == 0 and not change["rows_touched"]:
        return [
            "J_regressor is unchanged: without shape directions, fewer vertices would give the "
            "same joints only for this one body (--regressor threshold reduces it all the same)"
        ]
    if options["mode"] != "exact" or shift_mm < SHIFT_MM:
        return []
    return [
        f"joints stay in place over the first {options['shapes']} shape directions; with all of "
        f"them at 3 standard deviations, one moves {millimeters(shift_mm)} mm"
    ]

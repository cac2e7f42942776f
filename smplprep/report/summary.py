"""The report as text for a terminal of 80 columns or more; plain, so that it can be piped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import LABEL_WIDTH, shown


def summary_text(report: Mapping[str, Any]) -> str:
    """The before/after table and the displacement of each step.

    Args:
        report: ``Report.data``.
    """
    lines = [*before_after(report), "", *displacement_lines(report)]
    if report["budget"]:
        lines += ["", *budget_sentences(report["budget"]), *leak_lines(report["budget"]["leaks"])]
    return "\n".join(lines)


def before_after(report: Mapping[str, Any]) -> list[str]:
    """What there was and what is left."""
    before, after = report["summary"]["before"], report["summary"]["after"]
    rows = [("", "before", "after")]
    rows += [(label, show(before), show(after)) for label, show in FIGURES]
    return [f"{label:<38}{was:>18}{now:>18}" for label, was, now in rows]


def displacement_lines(report: Mapping[str, Any]) -> list[str]:
    """How far the vertices moved, for each step that moved any, and in all."""
    poses = report["pose_set"]["poses"]
    lines = [f"{f'vertices moved over {poses} poses, mm':<38}{'mean':>12}{'p99':>12}{'max':>12}"]
    for change in report["changes"]:
        if change["displacement"]["max_mm"]:
            lines.append(displacement_line(f"  {change['transform']}", change["displacement"]))
    lines.append(displacement_line("  in all", report["displacement"]))
    return lines


def displacement_line(label: str, moved: Mapping[str, float]) -> str:
    figures = (moved["mean_mm"], moved["p99_mm"], moved["max_mm"])
    return f"{label:<38}" + "".join(f"{millimeters(figure):>12}" for figure in figures)


def budget_sentences(budget: Mapping[str, Any]) -> list[str]:
    """What the budget's bound is, what it let go, and which leaks stay."""
    weights, posedirs = budget["removals"]["weights"], budget["removals"]["posedirs"]
    lines = [
        f"Budget of {budget['budget_mm']:g} mm; within the joint limits, vertices move "
        f"at most {millimeters(budget['certified_mm'])} mm,",
        f"certified; the worst that was found is {millimeters(budget['worst_found_mm'])} mm.",
        f"Removed: {weights['made']:,} of {weights['wanted']:,} weights, "
        f"{posedirs['made']:,} of {posedirs['wanted']:,} correctives.",
    ]
    leaks = budget["leaks"]
    if leaks:
        lines += [
            f"{leaks_stay(len(leaks))} within the budget of {budget['budget_mm']:g} mm; "
            f"removing one more",
            f"would cost up to {millimeters(leaks[0]['cost_mm'])} mm.",
        ]
    return lines


def leaks_stay(count: int) -> str:
    return "1 leak stays" if count == 1 else f"{count:,} leaks stay"


def leak_lines(leaks: Sequence[Mapping[str, Any]]) -> list[str]:
    """The landmarks with leaks that stay, the dearest first."""
    if not leaks:
        return []
    rows: dict[str, list[Mapping[str, Any]]] = {}
    for leak in leaks:
        rows.setdefault(leak["landmark"], []).append(leak)
    lines = ["", f"{'leaks that stay':<16}{'count':>8}{'dearest':>20}{'through':>12}{'mm':>12}"]
    for landmark, found in list(rows.items())[:SHOWN_LANDMARKS]:
        first = found[0]
        lines.append(
            f"  {shown(landmark, LABEL_WIDTH):<14}{len(found):>8}{first['joint']:>20}"
            f"{first['channel']:>12}{millimeters(first['cost_mm']):>12}"
        )
    if len(rows) > SHOWN_LANDMARKS:
        lines.append(f"  and of {len(rows) - SHOWN_LANDMARKS} landmarks more, in the report")
    return lines


def change_lines(report: Mapping[str, Any]) -> list[str]:
    """One line for each step: what it dropped, and its other figures where they are short."""
    lines = []
    for change in report["changes"]:
        figures = {"entries_dropped": change["entries_dropped"]}
        figures |= {"rows_touched": change["rows_touched"]}
        extra = (key for key in change if key not in COUNTED)
        figures |= {key: change[key] for key in extra if isinstance(change[key], int | float)}
        figures |= {f"dropped by {rule}": n for rule, n in change.get(PER_RULE, {}).items()}
        figures |= {"paired_by": change["paired_by"]} if "paired_by" in change else {}
        lines.append(f"{change['transform']}:")
        lines += [
            f"  {key.replace('_', ' '):<36}{shown_count(value):>18}"
            for key, value in figures.items()
        ]
    if report["budget"] and report["budget"]["stays_per_joint"]:
        lines.append(f"{'stays, of joint':<38}{'weights':>18}{'correctives':>18}")
        lines += [
            f"  {row['joint']:<36}{row['weights']:>18,}{row['posedirs']:>18,}"
            for row in report["budget"]["stays_per_joint"]
        ]
    return lines


PER_RULE = "dropped_per_rule"
SHOWN_LANDMARKS = 6
COUNTED = ("entries_before", "entries_after", "entries_dropped", "rows_touched")


def shown_count(value: float | str) -> str:
    """A number with commas, or a word as it is."""
    return value if isinstance(value, str) else f"{value:,}"


def millimeters(value: float) -> str:
    """Three decimals, and no false zero."""
    return "0" if value == 0 else "< 0.001" if value < 0.0005 else f"{value:.3f}"


def megabytes(n_bytes: int | None) -> str:
    """10**6 bytes, as file managers count."""
    return "not written" if n_bytes is None else f"{n_bytes / 1e6:.1f} MB"


# Label of a row, and how its cell is made from one half of the report's summary.
FIGURES = (
    ("skinning weights, non-zeros", lambda s: f"{s['weights_nonzeros']:,}"),
    (
        "influences per vertex, mean (max)",
        lambda s: f"{s['influences_mean']:.2f} ({s['influences_max']})",
    ),
    ("regressor, non-zeros", lambda s: f"{s['regressor_nonzeros']:,}"),
    ("regressor vertices per joint, max", lambda s: f"{s['regressor_vertices_max']:,}"),
    ("pose correctives, vertex-joint pairs", lambda s: f"{s['correctives']:,}"),
    ("leaking landmarks", lambda s: f"{s['leaking_landmarks']} of {s['landmarks']}"),
    ("file size", lambda s: megabytes(s["file_bytes"])),
)

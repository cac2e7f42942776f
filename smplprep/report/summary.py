"""The report as text for a terminal of 80 columns or more; plain, so that it can be piped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def summary_text(report: Mapping[str, Any]) -> str:
    """The before/after table and the displacement of each step.

    Args:
        report: ``Report.data``.
    """
    return "\n".join([*before_after(report), "", *displacement_lines(report)])


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
    return lines + [displacement_line(f"  {label}", moved) for label, moved in displaced(report)]


def displaced(report: Mapping[str, Any]) -> list[tuple[str, Mapping[str, float]]]:
    """How far the vertices moved: by each step that moved any, and in all."""
    steps = [(change["transform"], change["displacement"]) for change in report["changes"]]
    return [*(step for step in steps if step[1]["max_mm"]), ("in all", report["displacement"])]


def displacement_line(label: str, moved: Mapping[str, float]) -> str:
    figures = (moved["mean_mm"], moved["p99_mm"], moved["max_mm"])
    return f"{label:<38}" + "".join(f"{millimeters(figure):>12}" for figure in figures)


def change_lines(report: Mapping[str, Any]) -> list[str]:
    """One line for each step: what it dropped, and its other figures where they are short."""
    lines = []
    for change in report["changes"]:
        figures = {"entries_dropped": change["entries_dropped"]}
        figures |= {"rows_touched": change["rows_touched"]}
        extra = (key for key in change if key not in COUNTED)
        figures |= {key: change[key] for key in extra if isinstance(change[key], int | float)}
        figures |= {f"removed by {rule}": n for rule, n in change.get(PER_RULE, {}).items()}
        figures |= {"paired_by": change["paired_by"]} if "paired_by" in change else {}
        if "energy_kept" in figures:
            figures["energy_kept"] = f"{figures['energy_kept']:.1%}"
        lines.append(f"{change['transform']}:")
        lines += [
            f"  {LABELS.get(key, key.replace('_', ' ')):<36}{shown_count(value):>18}"
            for key, value in figures.items()
        ]
    return lines


PER_RULE = "dropped_per_rule"
LABELS = {
    "entries_dropped": "entries removed",
    "rows_touched": "rows changed",
    "mass_dropped_mean": "weight removed per vertex, mean",
    "mass_dropped_max": "weight removed per vertex, max",
    "mass_dropped_max_vertex": "  at vertex",
    "mass_gained": "weight that only B has",
    "negative_entries_dropped": "negative entries removed",
    "max_shift_mm": "joints moved by at most, mm",
    "energy_kept": "part of their squared norm kept",
}
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
    (
        "leaking landmarks",
        lambda s: (
            f"{s['leaking_landmarks']} of {s['landmarks']}" if s["landmarks"] else "none known"
        ),
    ),
    ("file size", lambda s: megabytes(s["file_bytes"])),
)

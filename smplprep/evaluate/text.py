"""The result of an evaluation as text, in 80 columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import shown
from ..report.summary import millimeters
from .evaluation import count_of

KEYS = ("mean_mm", "p50_mm", "p99_mm", "max_mm")
BAR = 40


def evaluation_text(data: Mapping[str, Any]) -> str:
    """Tables of regions, of the histogram and of the worst frames; without what failed."""
    n_files = len(data["failed"]) + data["motions"]
    lines = [
        f"{data['frames']:,} frames of {data['motions']} of {count_of(n_files)} ({data['family']})"
    ]
    lines += ["", *region_lines(data), "", *histogram_lines(data["histogram"]), ""]
    lines.append(f"{'worst frames (one of every 128)':<48}{'frame':>9}{'vertex':>9}{'mm':>12}")
    for peak in data["worst_frames"]:
        figures = f"{peak['frame']:>9}{peak['vertex']:>9}{millimeters(peak['mm']):>12}"
        lines.append(f"  {tail(peak['file'], 45):<46}{figures}")
    return "\n".join(lines)


def region_lines(data: Mapping[str, Any]) -> list[str]:
    """One row for each region and one for all."""
    titles = "".join(f"{title:>11}" for title in ("mean", "p50", "p99", "max"))
    lines = [f"{'vertices moved, mm':<26}{'vertices':>10}{titles}"]
    rows = [*((f"  {row['region']}", row) for row in data["regions"]), ("  all", data["overall"])]
    for label, row in rows:
        cells = "".join(f"{millimeters(row[key]):>11}" for key in KEYS)
        lines.append(f"{label:<26}{row['vertices']:>10,}{cells}")
    return lines


def histogram_lines(rows: list[Mapping[str, Any]]) -> list[str]:
    """One bar for each doubling; the first is everything under 0.001 mm."""
    total = max(sum(row["distances"] for row in rows), 1)
    lines = [f"{'distances, mm':<26}{'share':>10}"]
    for row in rows:
        part = row["distances"] / total
        label = f"  {row['from_mm']:g} to {row['to_mm']:g}"
        lines.append(f"{label:<26}{100 * part:>9.3f}% {'#' * round(BAR * part)}".rstrip())
    return lines


def tail(label: str, width: int) -> str:
    """The end of a file's name, which says most."""
    label = shown(label, 240)
    return label if len(label) <= width else "..." + label[3 - width :]

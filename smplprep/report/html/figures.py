"""Plotly figures as plain data. plotly's own figure classes take a second to import.

Text, axes and grid get their colors from the page's style sheet, so that both themes and print
need no second figure.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from ...errors import LABEL_WIDTH, shown
from ...records.options import DEFINITIONS

BEFORE, AFTER = "#9a948c", "#3a7ec2"
EXPECTED = (
    "#cfe2f4",
    "#8dbbe3",
    "#2f76bd",
    "#0a2f5e",
)  # from the weakest gradient to the strongest
LEAK = ("#fbd7c0", "#f6a878", "#d2501c", "#741a02")
ALARM = "#c2340a"
FLOOR_MM = 1e-3  # smaller gradients are drawn as if they had this size, smaller shifts not at all

# A category, or plotly takes names that look like numbers for numbers.
JOINT_AXIS = {
    "type": "category",
    "tickangle": -90,
    "tickfont": {"size": 9.5},
    "dtick": 1,
    "showgrid": False,
}

Figure = dict[str, Any]
Report = Mapping[str, Any]


def figures(report: Report) -> dict[str, Figure]:
    """Every chart of the page by the id of its element; matrices only where landmarks are known."""
    labels = side_labels(report)
    found = {
        "chart-histogram": weights_histogram(report, labels),
        "chart-influences": influences(report, labels),
        "chart-joints": joints_chart(report),
    }
    if report["landmarks"]:
        for when in ("before", "after"):
            found[f"chart-gradients-{when}"] = gradient_matrix(report, when)
    return found


def side_labels(report: Report) -> tuple[str, str]:
    """What the two sides are called."""
    return ("Before", "After") if report["options"] else ("A", "B")


def side_phrases(report: Report) -> tuple[str, str]:
    """The same within a sentence."""
    return ("before", "after") if report["options"] else ("A", "B")


def change_of(report: Report, field: str) -> Mapping[str, Any]:
    """The last change that worked on this field of the model file; empty where none did."""
    return next((c for c in reversed(report["changes"]) if c["field"] == field), {})


def gradient_matrix(report: Report, when: str) -> Figure:
    """Landmarks x joints: blue where a joint may move the landmark, orange where it leaks."""
    gradients = report["gradients"]
    rows, kinds = gradients[when], gradient_kinds(report, when)
    ranges = gradient_ranges(report)
    shades = [
        [cell_shade(kind, value, ranges) for kind, value in zip(*row, strict=True)]
        for row in zip(kinds, rows, strict=True)
    ]
    heat = {
        "type": "heatmap",
        "x": [*map(plain, gradients["joints"])],
        "y": [plain(landmark["landmark"]) for landmark in report["landmarks"]],
        "z": shades,
        "text": kinds,
        "customdata": rows,
        "zmin": 0,
        "zmax": 3,
        "xgap": 1,
        "ygap": 1,
        "showscale": False,
        "hoverongaps": True,
        "colorscale": two_ramps(),
        "hovertemplate": "%{y}, %{x}<br>%{text}: %{customdata:.4g} mm per radian<extra></extra>",
    }
    layout = base_layout(height=16 * len(rows) + 122, left=86, bottom=92)
    layout["xaxis"] |= JOINT_AXIS
    layout["yaxis"] |= {
        "type": "category",
        "autorange": "reversed",
        "tickfont": {"size": 10.5},
        "tickvals": list(range(len(rows))),
        "ticktext": [plain(shown(row["landmark"], LABEL_WIDTH)) for row in report["landmarks"]],
        "showgrid": False,
    }
    return {"data": [heat], "layout": layout}


def gradient_kinds(report: Report, when: str) -> list[list[str]]:
    """ "none", "leak" or "expected" for each landmark and joint."""
    joints = report["gradients"]["joints"]
    kinds = []
    for landmark, row in zip(report["landmarks"], report["gradients"][when], strict=True):
        leaking = set(landmark[when]["leaks"])
        kinds.append(
            [
                "none" if not value else "leak" if joint in leaking else "expected"
                for joint, value in zip(joints, row, strict=True)
            ]
        )
    return kinds


def gradient_ranges(report: Report) -> dict[str, tuple[float, float]]:
    """log10 of the weakest and the strongest gradient of each kind, half a decade or more."""
    sizes: dict[str, set[float]] = {"none": set(), "leak": set(), "expected": set()}
    for when in ("before", "after"):
        for row in zip(gradient_kinds(report, when), report["gradients"][when], strict=True):
            for kind, value in zip(*row, strict=True):
                sizes[kind].add(math.log10(max(value, FLOOR_MM)))
    spans = {kind: (min(found), max(found)) for kind, found in sizes.items() if found}
    return {kind: (low, max(high, low + 0.5)) for kind, (low, high) in spans.items()}


def cell_shade(kind: str, value: float, ranges: Mapping[str, tuple[float, float]]) -> float | None:
    """0 to 1 for an expected gradient, 2 to 3 for a leak, each on its log scale; None for none."""
    if kind == "none":
        return None
    low, high = ranges[kind]
    strength = (math.log10(max(value, FLOOR_MM)) - low) / (high - low)
    return round(strength + (2 if kind == "leak" else 0), 3)


def gradient_ticks(report: Report, kind: str) -> list[tuple[float, str]]:
    """(place from 0 to 1, text) of round numbers on the matrices' scale of a kind."""
    low, high = gradient_ranges(report).get(kind, (0.0, 0.0))
    steps = (1, 2, 5) if high - low < 2 else (1,)
    sizes = [s * 10.0**power for power in range(math.floor(low), math.ceil(high)) for s in steps]
    inside = [size for size in sizes if low <= math.log10(size) <= high]
    return [((math.log10(size) - low) / (high - low), f"{size:g}") for size in inside]


def two_ramps() -> list[list[float | str]]:
    """The colors of ``cell_shade`` over 3, as plotly and matplotlib take them."""
    return [
        [round((start + index / 3) / 3, 6), color]
        for start, ramp in ((0, EXPECTED), (2, LEAK))
        for index, color in enumerate(ramp)
    ]


def weights_histogram(report: Report, labels: tuple[str, str]) -> Figure:
    """How many weights have which size, with the tolerance where one was used."""
    histogram = report["weights_histogram"]
    edges = histogram["log10_edges"]
    centers = [round((low + high) / 2, 6) for low, high in pairwise(edges)]
    spans = [f"10^{low:g} to 10^{high:g}" for low, high in pairwise(edges)]
    data = [
        bars(centers, histogram["before"], labels[0], BEFORE),
        bars(centers, histogram["after"], labels[1], AFTER),
    ]
    for trace in data:
        trace["width"] = (edges[1] - edges[0]) * (0.92 if trace["name"] == labels[0] else 0.5)
        trace["customdata"] = spans
        trace["hovertemplate"] = "%{customdata}<br>%{y:,} weights<extra>%{fullData.name}</extra>"
    layout = base_layout(height=320)
    used = [i for i, n in enumerate(histogram["before"]) if n or histogram["after"][i]]
    tolerance = used_tolerance(report)
    first = math.floor(edges[used[0]]) if used else -4
    if tolerance:  # room for its label
        first = min(first, math.floor(math.log10(tolerance)) - 1)
    decades = list(range(first, 1))
    layout["xaxis"] |= {
        "title": {"text": "weight (log scale)"},
        "range": [first - 0.1, 0.15],
        "tickvals": decades,
        "ticktext": ["1" if d == 0 else f"10<sup>{d}</sup>" for d in decades],
        "showgrid": False,
    }
    layout["yaxis"] |= {"title": {"text": "weights"}}
    layout["barmode"] = "overlay"
    if tolerance:
        layout |= tolerance_line(tolerance)
    return {"data": data, "layout": layout}


def used_tolerance(report: Report) -> float | None:
    """The tolerance of the clean; None where its policy uses none, or the report is no clean's."""
    options = report["options"]
    needs = DEFINITIONS["tolerance"].needs
    applies = options and (needs is None or options[needs[0]] in needs[1])
    return options["tolerance"] if applies else None


def tolerance_line(tolerance: float) -> dict[str, Any]:
    at = math.log10(tolerance)
    line = {"color": ALARM, "width": 1.5, "dash": "dash"}
    return {
        "shapes": [
            {"type": "line", "x0": at, "x1": at, "yref": "paper", "y0": 0, "y1": 1, "line": line}
        ],
        "annotations": [
            {
                "x": at,
                "y": 1,
                "yref": "paper",
                "xanchor": "right",
                "yanchor": "top",
                "xshift": -5,
                "text": f"tolerance {tolerance:g}",
                "showarrow": False,
            }
        ],
    }


def influences(report: Report, labels: tuple[str, str]) -> Figure:
    """How many vertices hang on how many joints."""
    counts = report["influences"]
    n_most = max(len(counts["before"]), len(counts["after"]))
    data = []
    for when, label, color in zip(("before", "after"), labels, (BEFORE, AFTER), strict=True):
        filled = counts[when] + [0] * (n_most - len(counts[when]))
        trace = bars(list(range(1, n_most)), filled[1:], label, color)
        trace["hovertemplate"] = "%{x} influences: %{y:,} vertices<extra>%{fullData.name}</extra>"
        data.append(trace)
    layout = base_layout(height=320)
    layout["xaxis"] |= {"title": {"text": "influences"}, "showgrid": False}
    layout["xaxis"] |= {"dtick": 1} if n_most < 20 else {}
    layout["yaxis"] |= {"title": {"text": "vertices"}}
    return {"data": data, "layout": layout}


@dataclass(frozen=True)
class Panel:
    """One chart over the joints: an axis title, (values, name, color) of its bars, and a sentence.

    Without bars, nothing is drawn and the sentence says why.
    """

    title: str
    series: Sequence[tuple[Sequence[Any], str, str]]
    words: str


def joint_panels(report: Report) -> list[Panel]:
    """Removed weight, regressor vertices, shifts and energy kept; an even one has no bars."""
    rows = report["regressor"]
    before, after = side_labels(report)
    title = "removed weight" if report["options"] else "weight B lacks"
    removed, energy = mass_per_joint(report), energy_per_joint(report)[1:]
    shifts = [row["max_shift_mm"] for row in rows]
    vertices = [
        ([row[f"vertices_{when}"] for row in rows], label, color)
        for when, label, color in (("before", before, BEFORE), ("after", after, AFTER))
    ]
    return [
        Panel(
            title, [(removed, title, ALARM)], f"{title.capitalize()} is summed over the vertices."
        )
        if any(removed)
        else Panel(title, [], "No joint lost a weight."),
        Panel(
            "regressor vertices",
            vertices,
            "Regressor vertices are those that a joint is computed from.",
        ),
        Panel("shift, mm", [(shifts, "shift", ALARM)], "Shift is how far a joint moves.")
        if max(shifts, default=0) >= FLOOR_MM
        else Panel("shift, mm", [], f"No joint moves by {FLOOR_MM} mm or more."),
        Panel(
            "energy kept",
            [([None, *energy], "energy kept", AFTER)],
            "Energy kept is the part of the squared norm of a joint's pose correctives that stays.",
        )
        if not ({*energy} <= {0} or {*energy} <= {1})
        else Panel(
            "energy kept", [], f"{'All' if {*energy} <= {1} else 'No'} pose correctives stay."
        ),
    ]


def joints_chart(report: Report) -> Figure:
    """The panels that have bars, one below the other."""
    panels = [panel for panel in joint_panels(report) if panel.series]
    joints = [plain(row["joint"]) for row in report["regressor"]]
    layout = base_layout(height=164 * len(panels) + 92, left=62, bottom=92)
    layout["xaxis"] |= JOINT_AXIS | {"anchor": f"y{len(panels)}"}
    style = layout.pop("yaxis")
    data = []
    for number, panel in enumerate(panels, start=1):
        axis = "y" if number == 1 else f"y{number}"
        room = 1 / len(panels)
        domain = [1 - number * room + 0.02, 1 - (number - 1) * room - 0.03]
        layout[f"yaxis{axis[1:]}"] = style | {"title": {"text": panel.title}, "domain": domain}
        for values, name, color in panel.series:
            trace = bars(joints, values, name, color) | {"yaxis": axis}
            trace["hovertemplate"] = "%{x}: %{y:.4~g}<extra>%{fullData.name}</extra>"
            data.append(trace | {"showlegend": len(panel.series) > 1})
    return {"data": data, "layout": layout}


def mass_per_joint(report: Report) -> Sequence[float]:
    """Weight mass that each joint lost, summed over the vertices."""
    return change_of(report, "weights").get("mass_dropped_per_joint", [])


def energy_per_joint(report: Report) -> Sequence[float | None]:
    """Share of each joint's corrective energy that stayed; the root has no correctives."""
    return [None, *change_of(report, "posedirs").get("energy_kept_per_joint", [])]


def plain(text: str) -> str:
    """Text that plotly shows as it is: its labels know a few tags."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def bars(x: Sequence[Any], y: Sequence[Any], name: str, color: str) -> dict[str, Any]:
    return {"type": "bar", "x": x, "y": y, "name": name, "marker": {"color": color}}


def base_layout(*, height: int, left: int = 62, bottom: int = 52) -> dict[str, Any]:
    """Transparent, without a mode bar's furniture; colors of text and lines are the page's."""
    axis: dict[str, Any] = {"fixedrange": True, "zeroline": False, "automargin": False}
    return {
        "height": height,
        "margin": {"l": left, "r": 12, "t": 28, "b": bottom},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "system-ui, sans-serif", "size": 12},
        "legend": {"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom"},
        "hoverlabel": {"align": "left"},
        "dragmode": False,
        "bargap": 0.25,
        "xaxis": dict(axis),
        "yaxis": dict(axis) | {"rangemode": "tozero"},
    }

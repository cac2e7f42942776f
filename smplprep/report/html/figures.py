"""Plotly figures as plain data. plotly's own figure classes take a second to import.

Text, axes and grid get their colors from the page's style sheet, so that both themes and print
need no second figure.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from ...errors import LABEL_WIDTH, shown
from ...records.options import DEFINITIONS

BEFORE, AFTER = "#9a948c", "#3a7ec2"
RAMPS = {  # from the weakest gradient of a kind to the strongest
    "expected": ("#cfe2f4", "#8dbbe3", "#2f76bd", "#0a2f5e"),
    "leak": ("#fbd7c0", "#f6a878", "#d2501c", "#741a02"),
}
ALARM = "#c2340a"
FLOOR_MM = 1e-3  # smaller gradients are drawn as if they had this size, smaller shifts not at all

ENERGY = "Energy kept is the part of the squared norm of a joint's pose correctives that stays."

# A category, or plotly takes names that look like numbers for numbers.
JOINT_AXIS = {
    "type": "category",
    "tickangle": -90,
    "tickfont": {"size": 9.5},
    "dtick": 1,
    "showgrid": False,
}

WHEN = ("before", "after")
Figure = dict[str, Any]
Report = Mapping[str, Any]
Panel = tuple[str, Sequence[tuple[Sequence[Any], str, str]], str]


def figures(report: Report) -> dict[str, Figure]:
    """Every chart of the page by the id of its element; matrices only where landmarks are known."""
    labels = side_labels(report)
    found = {
        "chart-histogram": weights_histogram(report, labels),
        "chart-influences": influences(report, labels),
        "chart-joints": joints_chart(report),
    }
    matrices = gradient_matrices(report) if report["landmarks"] else {}
    return found | {f"chart-gradients-{when}": figure for when, figure in matrices.items()}


def side_labels(report: Report) -> tuple[str, str]:
    """What the two sides are called."""
    return ("Before", "After") if report["options"] else ("A", "B")


def side_phrases(report: Report) -> tuple[str, str]:
    """The same within a sentence."""
    return ("before", "after") if report["options"] else ("A", "B")


def change_of(report: Report, field: str) -> Mapping[str, Any]:
    """The last change that worked on this field of the model file; empty where none did."""
    return next((c for c in reversed(report["changes"]) if c["field"] == field), {})


def gradient_matrices(report: Report) -> dict[str, Figure]:
    """Landmarks x joints before and after: blue where a joint may move the landmark, orange where
    it leaks, each on a log scale of its own.
    """
    joints = [*map(plain, report["gradients"]["joints"])]
    layout = base_layout(height=16 * len(report["landmarks"]) + 122, left=86, bottom=92)
    layout["xaxis"] |= JOINT_AXIS
    layout["yaxis"] |= {
        "type": "category",
        "autorange": "reversed",
        "tickfont": {"size": 10.5},
        "tickvals": list(range(len(report["landmarks"]))),
        "ticktext": [plain(shown(row["landmark"], LABEL_WIDTH)) for row in report["landmarks"]],
        "showgrid": False,
    }
    found: dict[str, Figure] = {when: {"data": [], "layout": layout} for when in WHEN}
    for kind, ramp in RAMPS.items():
        sizes = {when: gradient_sizes(report, when, kind) for when in WHEN}
        known = [
            size for rows in sizes.values() for row in rows for size in row if size is not None
        ]
        if not known:
            continue
        for when in WHEN:
            heat = {
                "type": "heatmap",
                "name": kind,
                "x": joints,
                "y": [plain(row["landmark"]) for row in report["landmarks"]],
                "z": sizes[when],
                "customdata": report["gradients"][when],
                "zmin": min(known),
                "zmax": max(*known, min(known) + 0.5),
                "xgap": 1,
                "ygap": 1,
                "showscale": False,
                "hoverongaps": False,
                "colorscale": [[index / 3, color] for index, color in enumerate(ramp)],
                "hovertemplate": "%{y}, %{x}<br>%{customdata:.4g} mm per radian"
                "<extra>%{fullData.name}</extra>",
            }
            found[when]["data"].append(heat)
    return found


def gradient_sizes(report: Report, when: str, kind: str) -> list[list[float | None]]:
    """log10 of each landmark's gradient by each joint; None for zero and for the other kind."""
    joints, rows = report["gradients"]["joints"], report["gradients"][when]
    found = []
    for landmark, row in zip(report["landmarks"], rows, strict=True):
        leaks = {*landmark[when]["leaks"]}
        found.append(
            [
                round(math.log10(max(value, FLOOR_MM)), 3)
                if value and (joint in leaks) == (kind == "leak")
                else None
                for joint, value in zip(joints, row, strict=True)
            ]
        )
    return found


def gradient_ticks(heat: Mapping[str, Any]) -> list[tuple[float, str]]:
    """(place from 0 to 1, text) of round numbers on the scale of a matrix."""
    low, high = heat["zmin"], heat["zmax"]
    steps = (1, 2, 5) if high - low < 2 else (1,)
    sizes = [s * 10.0**power for power in range(math.floor(low), math.ceil(high)) for s in steps]
    places = [((math.log10(size) - low) / (high - low), f"{size:g}") for size in sizes]
    return [place for place in places if 0 <= place[0] <= 1]


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
    label = {"text": f"tolerance {tolerance:g}", "showarrow": False, "xanchor": "right"}
    return {
        "shapes": [
            {"type": "line", "x0": at, "x1": at, "yref": "paper", "y0": 0, "y1": 1, "line": line}
        ],
        "annotations": [label | {"x": at, "y": 1, "yref": "paper", "yanchor": "top", "xshift": -5}],
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


def joint_panels(report: Report) -> list[Panel]:
    """Charts over the joints: title, (values, name, color) of the bars, and a sentence.

    One whose bars would all be the same has none, and the sentence says why.
    """
    rows, labels = report["regressor"], side_labels(report)
    title = "removed weight" if report["options"] else "weight B lacks"
    removed, energy = mass_per_joint(report), energy_per_joint(report)[1:]
    shifts = [row["max_shift_mm"] for row in rows]
    vertices = [
        ([row[f"vertices_{when}"] for row in rows], label, color)
        for when, label, color in zip(WHEN, labels, (BEFORE, AFTER), strict=True)
    ]
    panels: list[Panel] = [
        (title, [(removed, title, ALARM)], f"{title.capitalize()} is summed over the vertices."),
        ("regressor vertices", vertices, "A joint is computed from its regressor vertices."),
        ("shift, mm", [(shifts, "shift", ALARM)], "Shift is how far a joint moves."),
        ("energy kept", [([None, *energy], "energy kept", AFTER)], ENERGY),
    ]
    if not any(removed):
        panels[0] = (title, [], "No joint lost a weight.")
    if max(shifts, default=0) < FLOOR_MM:
        panels[2] = ("", [], f"No joint moves by {FLOOR_MM} mm or more.")
    if {*energy} <= {1} or not any(energy):
        panels[3] = ("", [], f"{'All' if any(energy) else 'No'} pose correctives stay.")
    return panels


def joints_chart(report: Report) -> Figure:
    """The panels that have bars, one below the other."""
    panels = [panel for panel in joint_panels(report) if panel[1]]
    joints = [plain(row["joint"]) for row in report["regressor"]]
    layout = base_layout(height=164 * len(panels) + 92, left=62, bottom=92)
    layout["xaxis"] |= JOINT_AXIS | {"anchor": f"y{len(panels)}"}
    style = layout.pop("yaxis")
    data = []
    for number, (title, series, _) in enumerate(panels, start=1):
        axis = "y" if number == 1 else f"y{number}"
        room = 1 / len(panels)
        domain = [1 - number * room + 0.02, 1 - (number - 1) * room - 0.03]
        layout[f"yaxis{axis[1:]}"] = style | {"title": {"text": title}, "domain": domain}
        for values, name, color in series:
            trace = bars(joints, values, name, color) | {"yaxis": axis}
            trace["hovertemplate"] = "%{x}: %{y:.4~g}<extra>%{fullData.name}</extra>"
            data.append(trace | {"showlegend": len(series) > 1})
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

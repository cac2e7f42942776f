"""The page's sections: what stands in the places of page.html, bodies.html and landmarks.html."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...records.options import flag_of
from ..summary import FIGURES, displaced, millimeters
from ..verdict import cost, verdict
from .cells import exact, number, short, table
from .figures import (
    WHEN,
    Figure,
    Report,
    change_of,
    energy_per_joint,
    gradient_ticks,
    joint_panels,
    mass_per_joint,
    side_labels,
    side_phrases,
    used_tolerance,
)
from .markup import Html, html

SCALE = (
    '<span>{}, mm per radian</span><i style="background: linear-gradient(90deg, {})"></i>'
    '<span class="ticks">{}</span>\n'
)
DOTS = (
    '<span class="dots"><i class="dot leak"></i>landmark that leaks'
    '<i class="dot good"></i>landmark that does not</span>'
)
BODY = (
    "<figure><figcaption>{label}{dots}</figcaption>"
    '<div class="stage" id="stage-{when}" role="img" aria-label="The body {phrase}, colored as '
    'chosen above"></div><img class="still" id="still-{when}" alt="">'
    '<div class="legend" id="legend-{when}"></div></figure>\n'
)
MATRIX = (
    '<figure><figcaption>{label}</figcaption><div class="scroll" tabindex="0" role="region" '
    'aria-label="Gradient matrix, {label}"><div class="chart wide" style="min-width: {width}px" '
    'id="chart-gradients-{when}" role="img" aria-label="Landmarks by joints. The table below has '
    'the numbers."></div></div></figure>\n'
)
PRIVATE = (
    "This page holds the model's mesh and skinning weights. Share it only with people whom the "
    "model's license allows to have them."
)


def asset(name: str) -> Html:
    """A file of this folder, which is ours."""
    return Html(Path(__file__).with_name(name).read_text("utf-8"))


def sections(report: Report, charts: Mapping[str, Figure]) -> dict[str, Any]:
    """The fields of page.html that a report fills."""
    before, after = side_labels(report)
    pose_set, tolerance = report["pose_set"], used_tolerance(report)
    rules = [
        rule for change in report["changes"] for rule in change.get("dropped_per_rule", {}).items()
    ]
    removed = ", ".join(f"{short(n)} by {rule.replace('_', ' ')}" for rule, n in rules)
    return {
        "version": report["smplprep_version"],
        "kind": "report" if report["options"] else "comparison",
        "verdict": verdict(report),
        "cost": cost_line(report),
        "bodies": bodies(report),
        "before": before,
        "after": after.lower() if report["options"] else after,
        "summary": summary_tables(report),
        "files": files(report),
        "options": [
            html("<div><dt>{}</dt><dd>{}</dd></div>", flag_of(key), option(value))
            for key, value in (report["options"] or {}).items()
        ],
        "landmarks": landmarks(report, charts),
        "rules": [html('<p class="lead" id="rules">Weights removed: {}.</p>', removed)]
        * bool(rules),
        "tolerance": f", with the tolerance {tolerance} drawn in" if tolerance else "",
        "panels": " ".join(words for _, _, words in joint_panels(report)),
        "width": chart_width(report),
        "joints": joint_table(report),
        "vertices": vertex_tables(report),
        "remarks": [html("<li>{}</li>", sentence) for sentence in report["remarks"]],
        "poses": pose_set["poses"],
        "joint_limits": pose_set["joint_limits"],
        "max_beta": short(pose_set["max_abs_beta"]),
        "private": PRIVATE if report["viewer"] else "",
    }


def cost_line(report: Report) -> Html:
    """How far vertices moved, with a link to the one that moved most."""
    said, most = cost(report), report["displacement"]["max_vertex"]
    if not report["moved_most"]:
        return html("{}.", said)
    if not report["viewer"]:
        return html('{}: <a href="#moved-most-title">see which vertices</a>.', said)
    return html('{}: <a href="#body" data-vertex="{}">see why</a>.', said, most)


def bodies(report: Report) -> Html:
    """Both bodies, with the controls above them and their legends below."""
    if not report["viewer"]:
        return html("<p>This model has too many vertices or weights to be drawn in a web page.</p>")
    removed = "removed weights" if report["options"] else "weights the other lacks"
    modes = {
        "default": f"{removed}, displacement",
        "removed": removed,
        "displacement": "displacement",
        "influences": "number of influences",
        "joint": "weight of one joint",
    }
    return html(
        asset("bodies.html"),
        modes=choices(modes),
        joints=choices(dict(enumerate(report["viewer"]["joints"]))),
        worst=report["displacement"]["max_pose"],
        poses=report["pose_set"]["poses"],
        figures=both_sides(report, BODY, dots=html(DOTS if report["landmarks"] else "")),
    )


def choices(labels: Mapping[Any, str]) -> list[Html]:
    return [html('<option value="{}">{}</option>', *item) for item in labels.items()]


def chart_width(report: Report) -> int:
    """Pixels that the names of all joints take; a chart scrolls where there are fewer."""
    return 60 + 10 * len(report["gradients"]["joints"])


def both_sides(report: Report, part: str, **fields: Any) -> list[Html]:
    """A part of the page for each of the two models."""
    named = zip(WHEN, side_labels(report), side_phrases(report), strict=True)
    return [html(part, when=w, label=label, phrase=p, **fields) for w, label, p in named]


def summary_tables(report: Report) -> list[Html]:
    """The counts before and after, and how far each step moved the vertices."""
    halves = [report["summary"][when] for when in WHEN]
    keys = ("mean_mm", "p99_mm", "max_mm")
    counts = [
        (label, [html('<td class="number">{}</td>', show(half)) for half in halves])
        for label, show in FIGURES
    ]
    moved = [
        (label, [number(step[key], millimeters(step[key])) for key in keys])
        for label, step in displaced(report)
    ]
    caption = f"Vertices moved over {report['pose_set']['poses']} poses, mm"
    return [
        summary_table("before-after", "Counts", side_labels(report), counts),
        summary_table("displacement", caption, ("mean", "p99", "max"), moved),
    ]


def summary_table(
    name: str, caption: str, columns: Sequence[str], rows: Sequence[tuple[str, list[Html]]]
) -> Html:
    return html(
        '<table id="{}"><caption>{}</caption><thead><tr><td></td>{}</tr></thead>\n'
        "<tbody>\n{}</tbody></table>\n",
        name,
        caption,
        [html('<th scope="col" class="number">{}</th>', column) for column in columns],
        [html('<tr><th scope="row">{}</th>{}</tr>\n', *row) for row in rows],
    )


def files(report: Report) -> list[Html]:
    """The command that repeats the run, and both files."""
    names = ("Input", "Output") if report["options"] else ("A", "B")
    found = zip(names, (report["input"], report["output"]), strict=True)
    command = html('<p>Command: <code id="command">{}</code></p>\n', report["command"])
    return [command] * bool(report["command"]) + [
        html(
            '<p class="file">{}: <b>{}</b>{}<br><span class="hash">SHA-256 {}</span></p>\n',
            name,
            file["name"] or f".{file['container']}",
            "" if file["bytes"] is None else f", {short(file['bytes'])} bytes",
            file["sha256"] or "unknown",
        )
        for name, file in found
        if file
    ]


def option(value: Any) -> str:
    if isinstance(value, list):
        return (", ".join(map(str, value)) if len(value) < 9 else str(len(value))) or "none"
    if value is None or isinstance(value, bool):
        return {None: "none", True: "yes", False: "no"}[value]
    return str(value)


def landmarks(report: Report, charts: Mapping[str, Figure]) -> Html:
    """The two matrices with their scale, and the table of landmarks."""
    if not report["landmarks"]:
        return html("<p>No landmarks are known for this kind of model.</p>")
    heats = charts["chart-gradients-before"]["data"]
    columns = {"landmark": "text", "vertex": "number"}
    for title in ("leaks, {}", "strongest leak, {}, mm/rad", "skinned to, {}"):
        kind = "list" if title.startswith("skinned") else "number"
        columns |= {title.format(phrase): kind for phrase in side_phrases(report)}
    rows = [
        [
            row["landmark"],
            exact(row["vertex"]),
            *(leak_cell(row[when]["leaks"]) for when in WHEN),
            *(number(strongest_leak(report, index, when)) for when in WHEN),
            *(", ".join(row[when]["joints"]) for when in WHEN),
        ]
        for index, row in enumerate(report["landmarks"])
    ]
    return html(
        asset("landmarks.html"),
        scales=[*map(scale, heats)],
        matrices=both_sides(report, MATRIX, width=chart_width(report)),
        table=table("landmarks", "Landmarks", columns, rows),
    )


def scale(heat: Mapping[str, Any]) -> Html:
    """The colors of the matrices' cells of one kind."""
    tick = '<span style="left:{}%">{}</span>'
    ticks = [html(tick, round(100 * at, 2), text) for at, text in gradient_ticks(heat)]
    return html(SCALE, heat["name"], ", ".join(color for _, color in heat["colorscale"]), ticks)


def leak_cell(joints: Sequence[str]) -> Html:
    cell = '<td class="number leaking" title="{0}"><data value="{1}">{1}</data></td>'
    return html(cell, ", ".join(joints), len(joints)) if joints else number(0)


def strongest_leak(report: Report, index: int, when: str) -> float:
    """The largest gradient of a landmark over the joints that it leaks from."""
    sizes = dict(zip(report["gradients"]["joints"], report["gradients"][when][index], strict=True))
    return max((sizes[joint] for joint in report["landmarks"][index][when]["leaks"]), default=0)


def joint_table(report: Report) -> Html:
    """Everything that is known per joint."""
    columns = {"joint": "text", "removed weight": "number"}
    columns |= {f"regressor vertices, {phrase}": "number" for phrase in side_phrases(report)}
    columns |= {"shift, mm": "number", "corrective energy kept": "number"}
    mass, energy = mass_per_joint(report), energy_per_joint(report)
    rows = []
    for index, row in enumerate(report["regressor"]):
        removed, kept = (each[index] if index < len(each) else None for each in (mass, energy))
        shift = number(row["max_shift_mm"], millimeters(row["max_shift_mm"]))
        counts = (removed, row["vertices_before"], row["vertices_after"])
        rows.append([row["joint"], *map(number, counts), shift, number(kept)])
    return table("joints", "Joints", columns, rows)


def vertex_tables(report: Report) -> list[Html]:
    """The vertices that move most, and those whose weights needed more than the policy."""
    moved, rescued = report["moved_most"], report["rescued_rows"]
    normalized = change_of(report, "weights").get("normalized_rows", [])
    joints = report["gradients"]["joints"]
    of_moved = {"vertex": "number", "at most, mm": "number", "heaviest joint": "text"}
    return [
        table(
            "moved-most",
            f"The {len(moved)} vertices that move most",
            of_moved | {"landmark": "text"},
            [
                [exact(row["vertex"]), number(row["max_mm"]), row["joint"], row["landmark"] or ""]
                for row in moved
            ],
            "No vertex moved.",
        ),
        table(
            "rescued",
            f"{len(rescued)} vertices would have lost all their weights, so the largest became 1",
            {"vertex": "number", "joint": "text"},
            [[exact(row["vertex"]), joints[row["joint"]]] for row in rescued],
            "No vertex would have lost all its weights.",
        ),
        table(
            "normalized",
            f"Input weights of {len(normalized)} vertices did not sum to 1 and were rescaled",
            {"vertex": "number", "sum": "number"},
            [[exact(row["vertex"]), exact(row["sum"])] for row in normalized],
            "No input weights had to be rescaled to sum to 1.",
        ),
    ]

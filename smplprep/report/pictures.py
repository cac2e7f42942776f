"""The report's key figures and the sweep as pictures for papers and READMEs, by matplotlib."""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import LABEL_WIDTH, SmplprepError, install, shown
from ..io.output_place import check_output
from ..io.replace_file import replacing
from .html.figures import (
    AFTER,
    ALARM,
    BEFORE,
    gradient_matrices,
    joint_panels,
    side_labels,
    used_tolerance,
)
from .viewer import dense_rows, unpacked

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Report = Mapping[str, Any]
INK, MUTED, GOOD = "#1d1c1a", "#635f59", "#1d5fa6"
SKIN = ["#c6c2bb", "#ecd3a4", "#eda64d", "#d9621f", "#a32309", "#5c0b12"]
LIGHT = np.array([-0.4, 0.5, 0.75]) / np.linalg.norm([-0.4, 0.5, 0.75])
FORMATS = (".png", ".svg", ".pdf")


def draw_report(report: Report) -> dict[str, Figure]:
    """Figures by kind: body, gradients, weights, joints; those that the model has data for."""
    found = {"weights": draw_weights(report), "joints": draw_joints(report)}
    if report["landmarks"]:
        found["gradients"] = draw_gradients(report)
    if report["viewer"]:
        found["body"] = draw_bodies(report)
    return found


def check_picture(
    target: str | os.PathLike[str],
    *,
    force: bool = False,
    inputs: Sequence[str | os.PathLike[str]] = (),
) -> None:
    """Raise SmplprepError unless a picture can be drawn, and written to the target."""
    picture_format(target)
    new_figure(1, 1)
    check_output(target, force=force, inputs=inputs)


def picture_format(target: str | os.PathLike[str]) -> str:
    """What the target's ending asks for.

    Raises:
        SmplprepError: an ending other than .png, .svg and .pdf.
    """
    ending = Path(target).suffix.lower()
    if ending not in FORMATS:
        raise SmplprepError(f"a picture ends in one of {', '.join(FORMATS)}", path=target)
    return ending[1:]


def write_picture(
    figure: Figure,
    target: str | os.PathLike[str],
    *,
    force: bool = False,
    inputs: Sequence[str | os.PathLike[str]] = (),
) -> None:
    """Write a figure as its target's ending says; the file is whole or not there.

    Raises:
        SmplprepError: an ending other than .png, .svg and .pdf.
    """
    buffer = io.BytesIO()
    with warnings.catch_warnings():  # letters that the font lacks are drawn as boxes
        warnings.simplefilter("ignore", UserWarning)
        figure.savefig(buffer, format=picture_format(target), dpi=150)
    with replacing(target, force=force, inputs=inputs) as file:
        file.write(buffer.getvalue())
        file.commit()


def label_of(name: str) -> str:
    """A name as a label; matplotlib would read what stands between two $ as a formula."""
    return shown(name, LABEL_WIDTH).replace("$", r"\$")


def new_figure(width: float, height: float) -> Figure:
    """An empty figure, inches; no window system and no global state."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise SmplprepError("pictures need matplotlib", hint=install("report")) from error
    return Figure(figsize=(width, height), layout="constrained")


def draw_bodies(report: Report) -> Figure:
    """Both bodies from the front, colored by the weight that the other lacks."""
    figure = new_figure(11, 5.6)
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LinearSegmentedColormap, Normalize

    viewer = report["viewer"]
    weights = {
        when: dense_rows(viewer["weights"][when], len(viewer["joints"]))
        for when in ("before", "after")
    }
    missing = {
        "before": np.where(weights["after"] == 0, weights["before"], 0).sum(axis=1),
        "after": np.where(weights["before"] == 0, weights["after"], 0).sum(axis=1),
    }
    top = max(float(mass.max()) for mass in missing.values()) or 1.0
    faces = unpacked(viewer["faces"]).astype(np.intp)
    colors = ScalarMappable(Normalize(0, top), LinearSegmentedColormap.from_list("skin", SKIN))
    panels = figure.subplots(1, 2, sharex=True, sharey=True)
    for panel, when, label in zip(panels, ("before", "after"), side_labels(report), strict=True):
        body = unpacked(viewer["rest"][when] or viewer["rest"]["before"])
        paint(panel, body, faces, colors.to_rgba(missing[when][faces].mean(axis=1))[:, :3])
        for row in report["landmarks"]:
            if row["vertex"] is None:  # a point on a face
                continue
            color = ALARM if row[when]["leaks"] else GOOD
            place = body[row["vertex"], :2]
            panel.scatter(*place, s=26, color=color, edgecolors="white", linewidths=0.8, zorder=3)
        panel.set_title(label, color=INK, loc="left")
    bar = figure.colorbar(colors, ax=list(panels), shrink=0.6, pad=0.01)
    bar.set_label("removed weight" if report["options"] else "weight the other lacks")
    return figure


def paint(panel: Any, body: NDArray, faces: NDArray, colors: NDArray) -> None:
    """Paint a body from the front, shaded: the faces that look at us, from back to front.

    Args:
        body: (V, 3) vertices.
        faces: (F, 3) their corners.
        colors: (F, 3) red, green and blue of each face, or (3,) of all, in [0, 1].
    """
    from matplotlib.collections import PolyCollection

    corners = body[faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    front = np.flatnonzero(normals[:, 2] > 0)
    order = front[np.argsort(corners[front, :, 2].mean(axis=1))]
    shade = 0.62 + 0.38 * np.clip(normals[order] @ LIGHT, 0, 1)
    shaded = np.broadcast_to(colors, (len(faces), 3))[order] * shade[:, None]
    outlines = list(corners[order][:, :, :2])
    panel.add_collection(
        PolyCollection(outlines, facecolors=shaded, edgecolors="face", linewidths=0.3)
    )
    panel.autoscale_view()
    panel.set_aspect("equal")
    panel.axis("off")


def draw_gradients(report: Report) -> Figure:
    """The two matrices of landmarks and joints."""
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.patches import Patch

    matrices = gradient_matrices(report)
    figure = new_figure(13, 4.6)
    panels = figure.subplots(1, 2, sharey=True)
    joints = [label_of(name) for name in report["gradients"]["joints"]]
    labels = [label_of(row["landmark"]) for row in report["landmarks"]]
    for panel, when, label in zip(panels, ("before", "after"), side_labels(report), strict=True):
        for heat in matrices[when]["data"]:
            panel.pcolormesh(
                np.array(heat["z"], dtype=np.float64),
                cmap=LinearSegmentedColormap.from_list(heat["name"], heat["colorscale"]),
                vmin=heat["zmin"],
                vmax=heat["zmax"],
                edgecolors="white",
                linewidth=0.6,
            )
        panel.set_xticks(np.arange(len(joints)) + 0.5, joints, rotation=90, fontsize=6)
        panel.set_yticks(np.arange(len(labels)) + 0.5, labels, fontsize=7)
        panel.set_title(label, color=INK, loc="left")
        plain(panel)
    panels[0].invert_yaxis()
    keys = [Patch(color=GOOD, label="expected"), Patch(color=ALARM, label="leak")]
    panels[1].legend(handles=keys, frameon=False, ncols=2, loc="lower right", bbox_to_anchor=(1, 1))
    return figure


def draw_weights(report: Report) -> Figure:
    """How large the weights are, and how many each vertex has."""
    histogram, counts = report["weights_histogram"], report["influences"]
    figure = new_figure(11, 3.4)
    sizes, influences = figure.subplots(1, 2)
    edges = np.array(histogram["log10_edges"])
    for when, label, color, width in both(report):
        centers, wide = (edges[1:] + edges[:-1]) / 2, np.diff(edges)
        sizes.bar(centers, histogram[when], wide * width, color=color, label=label)
        shift = -0.2 if when == "before" else 0.2
        places = np.arange(1, len(counts[when])) + shift
        influences.bar(places, counts[when][1:], 0.4, color=color, label=label)
    if tolerance := used_tolerance(report):
        at = np.log10(tolerance)
        sizes.axvline(at, color=ALARM, linestyle="--", linewidth=1.2, label="tolerance")
    sizes.set_xlabel("weight, log10")
    sizes.set_ylabel("weights")
    influences.set_xlabel("influences")
    influences.set_ylabel("vertices")
    used = np.flatnonzero(np.array(histogram["before"]) + np.array(histogram["after"]))
    if used.size:
        sizes.set_xlim(edges[used[0]] - 0.2, 0.1)
    for panel in (sizes, influences):
        plain(panel)
        panel.legend(frameon=False)
    return figure


def draw_joints(report: Report) -> Figure:
    """The page's charts over the joints that have bars."""
    panels = [panel for panel in joint_panels(report) if panel[1]]
    names = [label_of(row["joint"]) for row in report["regressor"]]
    figure = new_figure(11, 1 + 2 * len(panels))
    axes = figure.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0]
    for axis, (title, series, _) in zip(axes, panels, strict=True):
        width = 0.8 / len(series)
        for index, (values, label, color) in enumerate(series):
            places = np.arange(len(names)) + (index - (len(series) - 1) / 2) * width
            heights = [value or 0.0 for value in values]
            axis.bar(places, heights, width, color=color, label=label)
        axis.set_ylabel(title)
        if len(series) > 1:
            axis.legend(frameon=False)
        plain(axis)
    axes[-1].set_xticks(np.arange(len(names)), names, rotation=90, fontsize=7)
    return figure


def draw_sweep(data: Mapping[str, Any]) -> Figure:
    """Displacement and leaks over the tolerance, where it gets steep, and the recommendation."""
    from matplotlib.ticker import MaxNLocator

    rows = [row for row in data["rows"] if row["tolerance"] > 0]
    tolerances = [row["tolerance"] for row in rows]
    figure = new_figure(8, 4.6)
    panel = figure.subplots()
    for key, label, color in (
        ("max_mm", "max", BEFORE),
        ("p99_mm", "p99", AFTER),
        ("mean_mm", "mean", GOOD),
    ):
        heights = [row[key] for row in rows]
        panel.plot(tolerances, heights, color=color, marker="o", markersize=3.5, label=label)
    panel.set_xscale("log")
    panel.set_yscale("symlog", linthresh=0.1)
    panel.set_ylim(0, 1.6 * max((row["max_mm"] for row in rows), default=1.0) or 1.0)
    panel.set_xlabel("tolerance")
    panel.set_ylabel("vertices move, mm")
    leaks = panel.twinx()
    heights = [row["leaking_landmarks"] for row in rows]
    leaks.step(tolerances, heights, color=ALARM, where="post", label="leaking landmarks")
    leaks.set_ylim(0, max(data["landmarks"], 1) * 1.05)
    leaks.set_ylabel("leaking landmarks", color=ALARM)
    leaks.yaxis.set_major_locator(MaxNLocator(integer=True))
    if (steep := data["steep_beyond"]) is not None:
        panel.axvline(steep, color=MUTED, linestyle=":", label=f"steep beyond {steep:g}")
    if data["recommended"] is not None:
        label = f"recommended {data['recommended']:g}"
        panel.axvline(data["recommended"], color=INK, linestyle="--", label=label)
    panel.legend(frameon=False, loc="upper left", bbox_to_anchor=(0, 1.13), ncols=5, fontsize=8)
    panel.spines["top"].set_visible(False)
    leaks.spines["top"].set_visible(False)
    return figure


def both(report: Report) -> list[tuple[str, str, str, float]]:
    """("before" or "after", label, color, width of its bars) of the two."""
    labels = side_labels(report)
    return [("before", labels[0], BEFORE, 0.92), ("after", labels[1], AFTER, 0.5)]


def plain(panel: Any) -> None:
    panel.spines[["top", "right"]].set_visible(False)
    panel.tick_params(colors=MUTED)

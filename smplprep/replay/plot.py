"""The replay as a picture: how far each unseen joint drifted, and the bodies side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..records.families import BODY_JOINTS
from ..records.model import Model
from ..report.pictures import new_figure, paint
from .replay import Fit, Scene

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLORS = ("#c8553d", "#2f6f8f")  # raw, cleaned; distinct for the color-blind, too


def draw_replay(model: Model, scene: Scene, fits: dict[str, Fit]) -> Figure:
    """The fits as a picture.

    Args:
        model: whose faces and landmarks are drawn.
        fits: heading -> fit, at most two.

    Raises:
        SmplprepError: matplotlib is missing.
    """
    figure = new_figure(13, 6.5)
    from matplotlib.colors import to_rgb

    panels = figure.subplots(1, 1 + len(fits), width_ratios=[1.15] + [1.0] * len(fits))
    draw_drift(panels[0], scene, fits)
    span = np.concatenate([fitted.vertices for fitted in fits.values()])[:, :2]
    for panel, (name, fitted), color in zip(panels[1:], fits.items(), COLORS, strict=False):
        paint(panel, fitted.vertices, model.f.astype(np.intp), np.array(to_rgb(color)))
        points = fitted.landmarks[:, :2].T
        panel.scatter(*points, s=22, color="white", edgecolors="black", zorder=3)
        panel.set_title(name)
        panel.set_xlim(span[:, 0].min() - 0.05, span[:, 0].max() + 0.05)
        panel.set_ylim(span[:, 1].min() - 0.05, span[:, 1].max() + 0.05)
    seen = ", ".join(landmark.name for landmark in scene.visible)
    figure.suptitle(f"Fitted to {seen} alone")
    return figure


def draw_drift(panel: Any, scene: Scene, fits: dict[str, Fit]) -> None:
    """Bars: degrees that each unseen joint turned, one color for each fit."""
    joints = np.flatnonzero(scene.unseen)
    rows = np.arange(len(joints))
    height = 0.8 / len(fits)
    for k, ((name, fitted), color) in enumerate(zip(fits.items(), COLORS, strict=False)):
        turned = fitted.turned_deg[joints]
        place = rows + (k - (len(fits) - 1) / 2) * height
        panel.barh(place, turned, height=height, color=color, label=name)
        for y, angle in zip(place, turned, strict=True):
            text = "0" if angle == 0 else f"{angle:.1f}"
            panel.annotate(text, (angle, y), (3, 0), textcoords="offset points", va="center",
                           fontsize=8, color=color)  # fmt: skip
    panel.set_yticks(rows, [BODY_JOINTS[joint][0] for joint in joints])
    panel.invert_yaxis()
    panel.margins(x=0.12)
    panel.set_xlabel("degrees")
    panel.set_title("How far each unseen joint turned")
    panel.legend(loc="lower right")
    panel.spines[["top", "right"]].set_visible(False)

"""Draw the pictures of ``docs/policies.md``: one region of the body for each way to fail.

python -m scripts.studies.draw_policies [OUT_DIR]
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from scripts.studies import policies as study
from smplprep.report.pictures import INK, new_figure, write_picture
from smplprep.transforms.prune_weights import prune_weights

KINDS = (  # of a vertex, the later the worse: its label, color and size
    ("every weight as it should be", "#9fb0c2", 3),
    ("genuine weight lost", "#e08a00", 12),
    ("spurious weight still there", "#c1121f", 12),
)
PANELS = (
    ("input", None),
    ("threshold 0.01", {"tolerance": 1e-2}),
    ("islands", {"policy": "islands"}),
)
# File -> regime, middle of the region (a landmark or a joint), half its size in meters, and the
# axes of the picture: front (x, y) or from above (x, -z), and the one that looks at us.
PICTURES = {
    "policy-large": ("far, of any size", "nose", 0.14, (0, 1, 2)),
    "policy-near": ("near in the tree, far on the mesh", "left_middle1", 0.11, (0, 2, 1)),
    "policy-small": ("genuine small ones around every joint", "left_hip", 0.22, (0, 1, 2)),
    "policy-fading": ("fading out of the region", "left_shoulder", 0.2, (0, 1, 2)),
}


def draw(regime: str, center: str, half: float, axes: tuple[int, int, int]):
    """One figure: the region before and after each policy, a dot for each vertex."""
    from matplotlib.collections import PolyCollection

    case = study.case_of(regime, 0)
    model = case.model
    across, up, depth = axes
    view = model.v_template * [1, 1, -1] if up == 2 else model.v_template
    middle = middle_of(center)[[across, up]] * ([1, -1] if up == 2 else [1, 1])
    flat = view[:, [across, up]]
    facing = faces_towards(model, depth)
    shown = np.zeros(model.n_vertices, dtype=bool)
    shown[facing] = True
    shown &= (np.abs(flat - middle) <= half).all(axis=1)
    inside = facing[(np.abs(flat[facing] - middle) <= 1.3 * half).all(axis=(1, 2))]
    order = np.argsort(model.v_template[inside][:, :, depth].mean(axis=1))
    figure = new_figure(8.6, 2.7)
    panels = figure.subplots(1, len(PANELS), sharex=True, sharey=True)
    for panel, (title, chosen) in zip(panels, PANELS, strict=True):
        weights = model.weights if chosen is None else prune_weights(model, **chosen)[0].weights
        stays = (case.spurious & (weights > 0)).any(axis=1)
        lost = (~case.spurious & (model.weights > 0) & (weights == 0)).any(axis=1)
        kind = np.where(stays, 2, np.where(lost, 1, 0))
        skin = PolyCollection(
            list(flat[inside[order]]), facecolors="#f3efe9", edgecolors="#d8d2c8", linewidths=0.3
        )
        panel.add_collection(skin)
        for index, (label, color, size) in enumerate(KINDS):
            dots = flat[shown & (kind == index)]
            panel.scatter(*dots.T, s=size, color=color, label=label, linewidths=0, zorder=2)
        panel.set_title(title, color=INK, loc="left", fontsize=10)
        panel.set_xlim(middle[0] - half, middle[0] + half)
        panel.set_ylim(middle[1] - half, middle[1] + half)
        panel.set_aspect("equal")
        panel.axis("off")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
    return figure


def middle_of(name: str) -> np.ndarray:
    """Where a landmark or a joint (by smplx's name) is, at rest."""
    model = study.body()
    if name in model.family.landmarks:
        return model.v_template[model.family.landmarks[name]]
    joint = model.family.joint_names(model.n_joints, "smplx").index(name)
    return model.J_regressor[joint] @ model.v_template


def faces_towards(model, depth: int) -> np.ndarray:
    """The faces whose outside looks along the axis ``depth``."""
    corners = model.v_template[model.f]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    return model.f[normals[:, depth] > 0].astype(np.intp)


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "docs")
    for name, picture in PICTURES.items():
        write_picture(draw(*picture), folder / f"{name}.png", force=True)
        print(folder / f"{name}.png")


if __name__ == "__main__":
    main()

"""Draw the slips that ``islands`` takes from the rigs of ``docs/policies.md``, before and after.

python -m scripts.studies.draw_rigs [OUT_DIR]

One column for each rig whose vertices move farther than ``SLIP_MM``: the surroundings of the worst
vertex in its worst pose, as painted and cleaned. Red dots carry weights that go.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from scripts.studies import rigs
from smplprep.geometry.poses import pose_set_of
from smplprep.geometry.skinning import posing, skin_block, unposed_block
from smplprep.report.pictures import INK, new_figure, write_picture

SLIP = "#c1121f"
RADIUS = 0.06  # of the body's extent


def posed(name: str, weights: np.ndarray, pose: int) -> np.ndarray:
    """(V, 3) the rig in one pose of the pose set."""
    model = rigs.rig(name)
    poses, betas = pose_set_of(model)
    ready = posing(model, poses[pose : pose + 1], betas[pose : pose + 1])
    parts = np.array_split(np.arange(model.n_vertices), 40)
    found = [skin_block(weights[part], unposed_block(model, part, ready), ready) for part in parts]
    return np.concatenate(found)[:, :, 0]


def worst_pose(name: str, vertex: int, before: np.ndarray, after: np.ndarray) -> int:
    """The pose in which the vertex moves most."""
    model, part = rigs.rig(name), np.array([vertex])
    ready = posing(model, *pose_set_of(model))
    unposed = unposed_block(model, part, ready)
    apart = [skin_block(weights[part], unposed, ready) for weights in (before, after)]
    return int(np.square(apart[1] - apart[0]).sum(axis=1)[0].argmax())


def draw(names: list[str]):
    """The figure: one column for each rig."""
    from matplotlib.collections import PolyCollection

    figure = new_figure(2.6 * len(names), 5.2)
    panels = figure.subplots(2, len(names), squeeze=False)
    for column, name in enumerate(names):
        before, after = rigs.rig(name).weights, rigs.cleaned(name, "islands")
        gone = ((before > 0) & (after == 0)).any(axis=1)
        vertex = int(rigs.moved_mm(name, before, after).argmax())
        pose = worst_pose(name, vertex, before, after)
        faces = rigs.rig(name).f.astype(np.intp)
        shapes = [posed(name, weights, pose) for weights in (before, after)]
        radius = RADIUS * float(np.ptp(shapes[1], axis=0).max())
        middle = shapes[1][vertex]
        near = shapes[1][np.linalg.norm(shapes[1] - middle, axis=1) <= radius]
        axes = np.linalg.svd(near - near.mean(axis=0), full_matrices=False)[2]
        for row, (points, title) in enumerate(zip(shapes, ("as painted", "islands"), strict=True)):
            flat = (points - middle) @ axes.T
            inside = faces[(np.abs(flat[faces][..., :2]) <= 1.5 * radius).all(axis=(1, 2))]
            inside = inside[np.argsort(flat[inside][..., 2].mean(axis=1))]
            panel = panels[row][column]
            panel.add_collection(
                PolyCollection(
                    list(flat[inside][..., :2]),
                    facecolors="#f3efe9",
                    edgecolors="#b8b0a4",
                    linewidths=0.3,
                )
            )
            panel.scatter(*flat[gone][:, :2].T, s=5, color=SLIP, linewidths=0, zorder=2)
            panel.set_title(f"{name}, {title}", color=INK, loc="left", fontsize=9)
            panel.set_xlim(-radius, radius)
            panel.set_ylim(-radius, radius)
            panel.set_aspect("equal")
            panel.axis("off")
    return figure


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "docs")
    names = [name for name in rigs.RIGS if any(slip.mm > rigs.SLIP_MM for slip in rigs.slips(name))]
    write_picture(draw(names), folder / "policy-slips.png", force=True)
    print(folder / "policy-slips.png", *names)


if __name__ == "__main__":
    main()

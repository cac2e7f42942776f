"""Draw each slip of ``docs/policies.md`` that moves a vertex by more than ``SLIP_MM``.

python -m scripts.studies.draw_rigs [OUT_DIR]

Two panels for each: what surrounds the vertex that moves most, in its worst pose, as painted and
below it cleaned. Red dots carry weights of the joint that go. The camera looks at the surface from
outside, but across the way that the vertex moves.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from scripts.studies import rigs
from smplprep.geometry.mesh import vertex_normals
from smplprep.geometry.pieces import mean_edges
from smplprep.geometry.poses import pose_set_of
from smplprep.geometry.skinning import posing, skin_block, unposed_block
from smplprep.report.pictures import INK, new_figure, write_picture

SLIP = "#c1121f"
COLUMNS = 8
N_EDGES, N_WAYS = 3, 2  # a panel reaches so many edges and so many times the way from its middle


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


def draw(slips: list[rigs.Slip]):
    """The figure: one pair of panels for each."""
    n_rows = 2 * -(-len(slips) // COLUMNS)
    figure = new_figure(1.25 * COLUMNS, 1.37 * n_rows)
    panels = figure.subplots(n_rows, COLUMNS, squeeze=False)
    for panel in panels.flat:
        panel.axis("off")
    for index, slip in enumerate(slips):
        row, column = divmod(index, COLUMNS)
        draw_slip(panels[2 * row : 2 * row + 2, column], slip)
    return figure


def draw_slip(panels, slip: rigs.Slip) -> None:
    """Its two panels, the one above the other."""
    from matplotlib.collections import PolyCollection

    before, after = rigs.rig(slip.rig).weights, rigs.cleaned(slip.rig, "islands")
    joint = rigs.joint_names(slip.rig).index(slip.joint)
    gone = (before[:, joint] > 0) & (after[:, joint] == 0)
    pose = worst_pose(slip.rig, slip.vertex, before, after)
    shapes = [posed(slip.rig, weights, pose) for weights in (before, after)]
    faces, middle = rigs.rig(slip.rig).f.astype(np.intp), shapes[1][slip.vertex]
    way = shapes[0][slip.vertex] - middle
    half = N_EDGES * mean_edges(rigs.mesh(slip.rig))[slip.vertex] + N_WAYS * np.linalg.norm(way)
    across = way / np.linalg.norm(way)
    outward = vertex_normals(shapes[1], faces)[slip.vertex]
    outward -= outward @ across * across
    outward /= np.linalg.norm(outward)
    axes = np.stack([across, np.cross(outward, across), outward])
    for panel, points, title in zip(
        panels, shapes, (f"{slip.rig}: {slip.joint}", f"cleaned: {slip.mm:.0f} mm"), strict=True
    ):
        flat = (points - middle) @ axes.T
        inside = faces[(np.abs(flat[faces]) <= 1.6 * half).all(axis=(1, 2))]
        inside = inside[np.argsort(flat[inside][..., 2].mean(axis=1))]
        panel.add_collection(
            PolyCollection(
                list(flat[inside][..., :2]),
                facecolors="#f3efe9",
                edgecolors="#b8b0a4",
                linewidths=0.3,
            )
        )
        dots = flat[gone & (np.abs(flat) <= 1.6 * half).all(axis=1), :2]
        panel.scatter(*dots.T, s=6, color=SLIP, linewidths=0, zorder=2)
        panel.set_title(title, color=INK, loc="left", fontsize=6)
        panel.set_xlim(-half, half)
        panel.set_ylim(-half, half)
        panel.set_aspect("equal")


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "docs")
    slips = [slip for name in rigs.RIGS for slip in rigs.slips(name) if slip.mm > rigs.SLIP_MM]
    write_picture(draw(slips), folder / "policy-slips.png", force=True)
    print(folder / "policy-slips.png", len(slips))


if __name__ == "__main__":
    main()

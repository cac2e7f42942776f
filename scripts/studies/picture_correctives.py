"""Draw the border of a cut: the skin where leaving a corrective out tears it most.

    python -m scripts.studies.picture_correctives docs/correctives.png

One regime, one pose, one region: the true model, the cut by hops, and the cut with a taper.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from matplotlib import colormaps
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LightSource, Normalize
from matplotlib.figure import Figure
from mpl_toolkits.mplot3d.art3d import Poly3DCollection

from scripts.standins.make_standin import vertex_normals
from scripts.studies.corrective_regimes import REGIMES, floor
from scripts.studies.correctives import VARIANTS, Bench, as_blocks
from smplprep.geometry.displacement import apart_mm
from smplprep.geometry.poses import pose_set
from smplprep.geometry.skinning import posed_vertices
from smplprep.records.model import Model

REGIME = "long tails"
SHOWN = ("hops 2", "hops 2, taper")
RADIUS = 0.09  # meters around the worst edge, at rest
ZOOM = 0.55
MOST_MM = 10.0  # of the colors


def bodies_of(bench: Bench, n_poses: int) -> dict[str, np.ndarray]:
    """ "true" and each variant shown -> (N, V, 3) meters."""
    rng = np.random.default_rng(0)
    genuine, *_ = REGIMES[REGIME](bench.body, rng)
    given = bench.model.with_arrays(
        posedirs=genuine + floor(bench.body, np.random.default_rng([0, 1]))
    )
    names = bench.model.family.joint_names(bench.model.n_joints, "smplx")
    poses, betas = pose_set(names, 1, n_poses=n_poses)

    def of(model: Model) -> np.ndarray:
        return posed_vertices(model, poses, 0 * betas)

    found = {"true": of(bench.model.with_arrays(posedirs=genuine))}
    for name in SHOWN:
        factors = VARIANTS[name](given, bench.body)[:, None, :, None]
        kept = (as_blocks(given.posedirs) * factors).reshape(genuine.shape)
        found[name] = of(given.with_arrays(posedirs=kept))
    return found


def worst_border(
    true: np.ndarray, other: np.ndarray, edges: np.ndarray
) -> tuple[int, np.ndarray, float]:
    """The pose and the edge (2,) across which the error jumps most, and the jump in mm."""
    error = other - true
    jump = apart_mm(error[:, edges[:, 0]], error[:, edges[:, 1]])
    pose, edge = np.unravel_index(int(jump.argmax()), jump.shape)
    return int(pose), edges[edge], float(jump.max())


def upright(points: np.ndarray) -> np.ndarray:
    """(..., 3) with z up, as matplotlib has it, where the body has y."""
    return np.stack([points[..., 0], -points[..., 2], points[..., 1]], axis=-1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("picture", type=Path)
    args = parser.parse_args()
    bench = Bench(seed=0, n_poses=1)
    found = bodies_of(bench, 64)
    pose, edge, jump = worst_border(found["true"], found[SHOWN[0]], bench.body.edges)
    center = bench.body.verts[edge].mean(axis=0)
    faces = bench.model.f.astype(np.int64)
    inside = (np.linalg.norm(bench.body.verts - center, axis=1) < RADIUS)[faces].all(axis=1)
    eye = vertex_normals(found["true"][pose], faces)[edge].sum(axis=0)
    middle = upright(found["true"][pose][edge].mean(axis=0))
    figure = Figure(figsize=(9.5, 4.0), layout="constrained")
    scale = ScalarMappable(Normalize(0, MOST_MM), colormaps["YlOrRd"])
    panels = []
    for index, (name, verts) in enumerate(found.items()):
        panel = figure.add_subplot(1, len(found), index + 1, projection="3d")
        error = apart_mm(verts[pose], found["true"][pose])[faces[inside]].mean(axis=1)
        skin = Poly3DCollection(
            upright(verts[pose][faces[inside]]),
            facecolors=scale.to_rgba(error),
            edgecolors="#00000050",
            linewidths=0.4,
            shade=True,
            lightsource=LightSource(azdeg=60, altdeg=50),
        )
        panel.add_collection3d(skin)
        for axis, at in zip("xyz", middle, strict=True):
            getattr(panel, f"set_{axis}lim")(at - ZOOM * RADIUS, at + ZOOM * RADIUS)
        x, y, z = upright(eye)
        elevation, azimuth = np.arctan2(z, np.hypot(x, y)), np.arctan2(y, x)
        panel.view_init(elev=np.degrees(elevation), azim=np.degrees(azimuth))
        panel.set_axis_off()
        _, _, worst = worst_border(found["true"], verts, bench.body.edges)
        panel.set_title(name if index == 0 else f"{name}: {worst:.1f} mm across one edge", size=10)
        panels.append(panel)
    figure.colorbar(scale, ax=panels, label="mm from the true model", shrink=0.7)
    figure.savefig(args.picture, dpi=110)
    names = bench.model.family.joint_names(bench.model.n_joints)
    at = [names[joint] for joint in bench.model.weights[edge].argmax(axis=1)]
    print(f"pose {pose}, vertices {edge.tolist()} on {at}: {jump:.2f} mm")


if __name__ == "__main__":
    main()

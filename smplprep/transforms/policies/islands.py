"""A joint moves one region of the mesh: small weights of it elsewhere are spurious.

The evidence is geometry alone, so that the tree of the joints may be any. Where it is thin, weights
stay.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...geometry.kinematic_tree import parents_of
from ...geometry.mesh import Mesh, distinct, mesh_of
from ...geometry.pieces import followed
from ...records.model import Model
from .guard import spared_by_guard
from .regions import Regions, pairs_of, regions_of

# A second region as high and as heavy as this, next to the main one, is the joint's own: both ears.
SECOND_PEAK, SECOND_MASS = 0.5, 0.1
# A weight that large shows in every pose: its maker meant it.
STRONG = 0.11
# Roughness of what fades into its surroundings, on the joint's piece of the mesh and on another.
SMOOTH, SMOOTH_APART = 0.5, 0.7
# How near the joint's own region what it moves may lie apart from it, in lengths of its bones or in
# sizes of the region; and what can be the tail of the region beyond a gap: nearer, and that small.
NEAR, NEAR_TAIL, TAIL_SIZE = 2.0, 1.0, 0.5


def islands(model: Model) -> tuple[NDArray[np.bool_], list[dict[str, Any]]]:
    """(V, J) the weights of each joint that lie off its region, and what the guard spared of them.

    The regions of a joint are the connected parts of the mesh on which it has weights. Its own are:

    - the main one, and any that is about as strong;
    - those where it has the largest weight of some vertex;
    - on a smaller piece of the mesh (an eye, hair, clothes) those next to its own on the piece that
      this one follows;
    - those near its own: strong ones, small ones that fade like a tail, and any that fades on a
      piece on which nothing is its own;
    - strong ones that fade, wherever they are.

    Every other one is an island and goes, but for those of which ``spared_by_guard`` says that the
    mesh would suffer.

    Args:
        model: ``weights`` (V, J), ``f``, ``v_template``, ``J_regressor`` and ``kintree_table``.
    """
    weights = np.maximum(model.weights, 0).astype(np.float64)
    mesh = mesh_of(model.v_template, model.f, weights)
    regions = regions_of(weights, mesh)
    own = alone_own(regions)
    if mesh.piece.any():
        add_followers(own, regions, mesh)
    add_near(own, regions, mesh, bone_lengths(model))
    stay, listed = spared_by_guard(model, weights, mesh, regions, ~own)
    return regions.mask(~own & ~stay), listed


def alone_own(regions: Regions) -> NDArray[np.bool_]:
    """(R,) regions that are their joint's own whatever is around them."""
    first = regions.main_of
    second = (regions.peak >= SECOND_PEAK * regions.peak[first]) & (
        regions.mass >= SECOND_MASS * regions.mass[first]
    )
    strong_and_smooth = (regions.peak > STRONG) & (regions.roughness <= SMOOTH)
    return regions.main | regions.leads | second | strong_and_smooth


def add_followers(own: NDArray[np.bool_], regions: Regions, mesh: Mesh) -> None:
    """Mark the regions that follow an own one of their joint on a larger piece."""
    pairs = regions.region_of[pairs_of(regions.entry, followed(mesh))]
    while True:
        pairs = pairs[~own[pairs[:, 0]]]
        new = pairs[own[pairs[:, 1]], 0]
        if not len(new):
            return
        own[new] = True


def add_near(
    own: NDArray[np.bool_], regions: Regions, mesh: Mesh, bones: NDArray[np.float64]
) -> None:
    """Mark the regions that are near an own one of their joint, as far as they may be genuine.

    The size of the joint's main region is the root mean square distance of its weight from its
    center. Ways go over the mesh, and through the air to pieces on which the joint has no own one.
    """
    size = regions.radii(mesh.points)[regions.main_of]
    strong = regions.peak > STRONG
    small = regions.size <= TAIL_SIZE * regions.size[regions.main_of]
    over_mesh = ~own & (strong | (small & (regions.roughness <= SMOOTH)))
    longest = np.where(strong, NEAR * np.maximum(size, bones[regions.joint]), NEAR_TAIL * size)
    through_air = ~own & (strong | (regions.roughness <= SMOOTH_APART)) & mesh.piece.any()
    near = np.zeros_like(own)
    for joint in distinct(regions.joint[over_mesh | through_air]):
        entries = slice(*np.searchsorted(regions.joint_of, [joint, joint + 1]))
        vertex, region = regions.vertex_of[entries], regions.region_of[entries]
        sources, asked = vertex[own[region]], over_mesh[region]
        if asked.any():
            way = mesh.ways(sources, longest[region[asked]].max())[vertex[asked]]
            near[region[asked][way <= longest[region[asked]]]] = True
        asked = through_air[region] & ~np.isin(mesh.piece[vertex], mesh.piece[sources])
        if asked.any():
            from scipy.spatial import cKDTree

            away = cKDTree(mesh.points[sources]).query(mesh.points[vertex[asked]])[0]
            near[region[asked][away <= NEAR * size[region[asked]]]] = True
    own |= near


def bone_lengths(model: Model) -> NDArray[np.float64]:
    """(J,) the longest way from each joint to its parent or to a child, meters."""
    joints = model.J_regressor.astype(np.float64) @ model.v_template
    parents = parents_of(model.kintree_table)
    child = np.flatnonzero(parents >= 0)
    length = np.sqrt(np.square(joints[child] - joints[parents[child]]).sum(axis=1))
    longest = np.zeros(len(parents))
    np.maximum.at(longest, child, length)
    np.maximum.at(longest, parents[child], length)
    return longest

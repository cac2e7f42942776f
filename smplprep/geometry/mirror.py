"""Which vertex and which joint is whose mirror image: x points to the subject's left.

Joints pair by their names. Vertices pair by the file's own ``vert_sym_idxs`` where that is sound,
else by where they lie.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import SmplprepError
from ..records.model import Model
from .kinematic_tree import parents_of
from .mesh import edges_of

KEY = "vert_sym_idxs"
FLIP = np.array([-1.0, 1.0, 1.0])
# A table whose pairs lie further from each other's image than this share of the body's height (or
# span) is wrong: 35 mm on a body, where templates are asymmetric by millimeters.
MAX_APART = 0.02
# A pair needs no neighbors to vouch for it when it lies this near, in its shortest edges.
CERTAIN = 0.1
MAX_ROUNDS = 30


@dataclass(frozen=True, eq=False)
class Mirror:
    """The two pairings, each its own inverse.

    Attributes:
        vertices: (V,) each vertex's mirror image; itself on the midline, and where it has none.
        paired: (V,) whether the vertex has a mirror image (on the midline: itself).
        joints: (J,) each joint's.
        source: what the vertices were paired by: "vert_sym_idxs" or "geometry".
        unsound: why it was not ``vert_sym_idxs``; None where it was.
    """

    vertices: NDArray[np.intp]
    paired: NDArray[np.bool_]
    joints: NDArray[np.intp]
    source: str
    unsound: str | None

    def of_weights(self, weights: NDArray) -> NDArray:
        """(V, J) the mirror image of the weights; a row without one stands in for it."""
        return weights[self.vertices][:, self.joints]

    def of_regressor(self, regressor: NDArray) -> NDArray:
        """(J, V) the mirror image of the regressor."""
        return regressor[self.joints][:, self.vertices]

    def has_image(self, regressor: NDArray) -> NDArray[np.bool_]:
        """(J,) whether all vertices of the joint's row, and of its image's, have mirror images.

        Half of a row cannot be mirrored: the other half would pull the joint to its side.
        """
        whole = ~(regressor[:, ~self.paired] != 0).any(axis=1)
        return np.asarray(whole & whole[self.joints])


def mirror_of(model: Model) -> Mirror:
    """The mirror images in a model.

    Args:
        model: of a family whose joints have names.

    Raises:
        SmplprepError: the joints have no names, or no left and right among them; or the kinematic
            tree is not symmetric.
    """
    joints = mirrored_joints(model)
    unsound = why_unsound(model)
    if unsound is None:
        vertices = np.asarray(model.extras[KEY]).astype(np.intp)
        paired = np.ones(model.n_vertices, dtype=bool)
        return Mirror(vertices, paired, joints, KEY, None)
    vertices = pairs_by_geometry(model.v_template.astype(np.float64), model.f.astype(np.intp))
    paired = vertices >= 0
    vertices = np.where(paired, vertices, np.arange(model.n_vertices))
    return Mirror(vertices, paired, joints, "geometry", unsound)


def mirrored_joints(model: Model) -> NDArray[np.intp]:
    """(J,) the joint with "left" in its name for the one with "right" there, and the reverse."""
    path = model.source.path
    if not model.family.joints:
        raise SmplprepError(
            "its joints have no known names, so it is not known which of them mirror each other",
            path=path,
        )
    names = model.family.joint_names(model.n_joints, "smplx")
    place = {name: joint for joint, name in enumerate(names)}
    swap = {"left": "right", "right": "left"}
    images = [place["_".join(swap.get(word, word) for word in name.split("_"))] for name in names]
    if images == list(range(model.n_joints)):
        raise SmplprepError(
            f"{model.family.name} has only one side, so it cannot be symmetric", path=path
        )
    joints = np.array(images, dtype=np.intp)
    parents = parents_of(model.kintree_table)
    differs = np.flatnonzero(np.append(joints, -1)[parents] != parents[joints])
    if differs.size:
        raise SmplprepError(
            f"{names[differs[0]]} and its mirror image have parents that do not mirror each other",
            path=path,
            key="kintree_table",
        )
    return joints


def why_unsound(model: Model) -> str | None:
    """What is wrong with the file's own table of mirror images; None if nothing is."""
    table, n_vertices = model.extras.get(KEY), model.n_vertices
    if table is None:
        return f"the file has no {KEY}"
    if not isinstance(table, np.ndarray) or table.dtype.kind not in "iu":
        return f"{KEY} is not an array of integers"
    if table.shape != (n_vertices,):
        return f"{KEY} has shape {table.shape}, not ({n_vertices},)"
    outside = np.flatnonzero((table < 0) | (table >= n_vertices))
    if outside.size:
        return f"{KEY}[{outside[0]}]: {table[outside[0]]} is not a vertex index below {n_vertices}"
    unmatched = np.flatnonzero(table[table] != np.arange(n_vertices))
    if unmatched.size:
        there = table[unmatched[0]]
        return f"{KEY}[{unmatched[0]}] is {there}, but {KEY}[{there}] is {table[there]}"
    template = model.v_template.astype(np.float64)
    middle = np.median(template[:, 0] + template[table, 0]) / 2
    apart = np.linalg.norm(mirrored(template, middle) - template[table], axis=1)
    if apart.max() > MAX_APART * np.ptp(template, axis=0).max():
        worst = int(apart.argmax())
        return (
            f"{KEY}[{worst}]: vertex {table[worst]} is {1000 * apart[worst]:.1f} mm from the "
            f"mirror image of vertex {worst}"
        )
    return None


def mirrored(points: NDArray[np.float64], middle: float) -> NDArray[np.float64]:
    """(V, 3) the points on the other side of the plane x = ``middle``."""
    return points * FLIP + [2 * middle, 0.0, 0.0]


def pairs_by_geometry(template: NDArray[np.float64], faces: NDArray[np.intp]) -> NDArray[np.intp]:
    """(V,) the vertex nearest to each one's mirror image, if that is mutual; -1 for none.

    An arm that hangs a degree lower than the other is farther from its image than fingers are from
    each other. So a pair counts once the two vertices' neighbors are paired to neighbors, too,
    and what lies further out is looked for where those pairs lead, round by round.

    Args:
        template: (V, 3) meters.
        faces: (F, 3).
    """
    from scipy.spatial import cKDTree  # a tenth of a second that other cleans need not pay

    tree, each = cKDTree(template), np.arange(len(template))
    start, end = both_ways(edges_of(faces, len(template)))
    shortest = np.full(len(template), np.inf)
    np.minimum.at(shortest, start, np.linalg.norm(template[start] - template[end], axis=1))
    middle = float(template[:, 0].min() + template[:, 0].max()) / 2
    offset = np.zeros_like(template)
    good = np.zeros(len(template), dtype=bool)
    nearest = each
    for _ in range(MAX_ROUNDS):
        distance, nearest = tree.query(mirrored(template, middle) + offset)
        mutual = nearest[nearest] == each
        certain = mutual & (distance < CERTAIN * shortest)
        before, good = good, mutual
        for _ in range(2):  # the second time, only by neighbors who were vouched for themselves
            good = certain | (good & (vouched(start, end, nearest, good) >= 0.5))
        good &= good[nearest]
        if np.array_equal(good, before) or not good.any():
            break
        middle = float(np.median((template[:, 0] + template[nearest, 0])[good] / 2))
        misses = np.where(good[:, None], template[nearest] - mirrored(template, middle), 0.0)
        offset = mean_around(start, end, misses, good)
    return np.where(good, nearest, -1)


def both_ways(edges: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Start and end of every edge (E, 2), in both directions, in order."""
    start, end = np.concatenate([edges, edges[:, ::-1]]).T
    order = np.lexsort((end, start))
    return start[order], end[order]


def vouched(
    start: NDArray[np.intp],
    end: NDArray[np.intp],
    image: NDArray[np.intp],
    good: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """(V,) the share of a vertex's edges whose image, between good pairs, is an edge, too."""
    n_vertices = len(image)
    edges = start * n_vertices + end  # in order
    wanted = image[start] * n_vertices + image[end]
    place = np.minimum(np.searchsorted(edges, wanted), len(edges) - 1)
    kept = good[start] & good[end] & (edges[place] == wanted)
    n_edges = np.bincount(start, minlength=n_vertices)
    return np.bincount(start, kept, n_vertices) / np.maximum(n_edges, 1)


def mean_around(
    start: NDArray[np.intp],
    end: NDArray[np.intp],
    values: NDArray[np.float64],
    good: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """(V, 3) mean of the values, zero where not good, over each vertex and its good neighbors."""
    n_good = np.bincount(start, good[end], len(good)) + good
    sums = [np.bincount(start, axis[end], len(good)) + axis for axis in values.T]
    return np.stack(sums, axis=1) / np.maximum(n_good, 1)[:, None]

"""Symmetrize: weights, regressor and correctives become the mean of what they are on both sides.

A model learnt from scans leans to one side by chance; fitted to a mirrored image, it then gives
another pose than the mirrored one. The template and the shape directions stay as they are.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ..geometry.mirror import Mirror, mirror_of
from ..geometry.poses import MAX_SHAPES
from ..geometry.skinning import blocks
from ..records.change import Change
from ..records.model import Model
from .localize_posedirs import entry_counts
from .sparsify_regressor import max_shift_mm, regressor_and_joints, shape_basis

FIELDS = ("weights", "J_regressor", "posedirs")
ROUNDING_EPS = 16  # relative, of the dtype
SHIFT_MM = 1e-2  # joints that the mean moves by less keep their rows
# In a mirrored pose a joint's rotation R becomes S R S, S = diag(-1, 1, 1), so these of the nine
# features R - I change their sign; and of a vertex's offset, x does.
FEATURE_SIGNS = np.outer([-1, 1, 1], [-1, 1, 1]).ravel()
SIGNS = np.outer([-1, 1, 1], FEATURE_SIGNS)[:, None, :]  # (3, 1, 9)


def symmetrize(model: Model) -> tuple[Model, Change]:
    """Make ``weights``, ``J_regressor`` and ``posedirs`` their own mirror images.

    It runs first, and no later step knows of it. What holds after them:

    - Pruned weights stay symmetric up to rounding, localized correctives exactly. The exceptions
      are vertices that the options keep on one side only, and vertices on the midline where a step
      must choose between two equal weights (``max_influences``, a rescued row): the lower joint
      stays. With ``max_influences=2`` that is so at 15 of the 120 midline vertices of the stand-in.
    - ``sparsify_regressor`` solves the rows of the two sides apart. On the stand-in the joints
      still mirror each other within 1e-9 m in every shape, but 12 of the 52 rows use vertices that
      are not the mirror images of those of the other side's row.
    - On a symmetric template, cleaning twice gives the bytes of cleaning once, but for those
      exceptions. Where the sides of the template differ, a second clean may average the rows of the
      regressor again: with 1 mm of noise on every vertex of the stand-in, joints move by 0.15 mm.

    Args:
        model: of a family with a left and a right side.

    Returns:
        The new model and its Change, with the asymmetry of each field before and after (see
        ``asymmetry``), how far joints moved, and how vertices were paired. Vertices without a
        mirror image keep their rows; so do, in the regressor, a joint that uses such a vertex and
        its mirror image.

    Raises:
        SmplprepError: see ``mirror_of``.
    """
    mirror = mirror_of(model)
    correctives, n_correctives = mean_correctives(model, mirror)
    basis = shape_basis(model)
    before = {key: getattr(model, key) for key in FIELDS}
    after = {
        "weights": mean_weights(model.weights, mirror),
        "J_regressor": mean_regressor(model.J_regressor, mirror, basis),
        "posedirs": correctives,
    }
    shift = after["J_regressor"].astype(np.float64) - before["J_regressor"]
    shift_mm = max_shift_mm(shift, basis, model.mm)
    touched = {
        key: (before[key] != after[key]).reshape(len(before[key]), -1).any(axis=1) for key in FIELDS
    }
    changed = {key: after[key] for key in FIELDS if touched[key].any()}
    if "J_regressor" in changed:
        rows = touched["J_regressor"]
        changed |= regressor_and_joints(model, after["J_regressor"], rows, basis[:, :, 0])
    done = model.with_arrays(**changed) if changed else model
    return done, Change(
        transform="symmetrize",
        field=", ".join(FIELDS),
        options={},
        entries_before=sum(int(np.count_nonzero(array)) for array in before.values()),
        entries_after=sum(int(np.count_nonzero(array)) for array in after.values()),
        rows_touched=sum(int(np.count_nonzero(rows)) for rows in touched.values()),
        figures={
            "paired_by": mirror.source,
            "vert_sym_idxs_unsound": mirror.unsound,
            "vertices_without_mirror_image": int(np.count_nonzero(~mirror.paired)),
            "joints_left_asymmetric": int(np.count_nonzero(~mirror.has_image(model.J_regressor))),
            **asymmetry(model, mirror, "before"),
            **asymmetry(done, mirror, "after"),
            "vertices_before": np.count_nonzero(before["J_regressor"], axis=1).tolist(),
            "correctives_before": n_correctives,
            "posedirs_nonzeros_before": int(np.count_nonzero(before["posedirs"])),
            "max_shift_mm": float(shift_mm.max()),
            "max_shift_mm_per_joint": shift_mm.tolist(),
        },
    )


def mean_weights(weights: NDArray, mirror: Mirror) -> NDArray:
    """(V, J) the mean of the weights and their mirror image, row by row.

    Rows without a mirror image are unchanged, and so are those that differ from it by rounding: a
    mirrored row has its joints in another order, so that its sum is rounded otherwise.
    """
    image = mirror.of_weights(weights)
    rounding = ROUNDING_EPS * np.finfo(weights.dtype).eps * np.maximum(abs(weights), abs(image))
    differs = mirror.paired & (abs(weights - image) > rounding).any(axis=1)
    return np.where(differs[:, None], (weights + image) / 2, weights)


def mean_regressor(regressor: NDArray, mirror: Mirror, basis: NDArray[np.float64]) -> NDArray:
    """(J, V) the mean of the regressor and its mirror image, row by row.

    Rows without a mirror image are unchanged, and so are those whose joint the mean would not move
    on the template or the first ``MAX_SHAPES`` shape directions of ``basis``.
    """
    mean = (regressor + mirror.of_regressor(regressor)) / 2
    shift = mean.astype(np.float64) - regressor
    moves = max_shift_mm(shift, basis[:, :, : 1 + MAX_SHAPES]) > SHIFT_MM
    rows = mirror.has_image(regressor) & (moves | moves[mirror.joints])
    return np.where(rows[:, None], mean, regressor)


def mean_correctives(model: Model, mirror: Mirror) -> tuple[NDArray, int]:
    """The mean of ``posedirs`` and its mirror image, and how many correctives there were before."""
    found = np.empty_like(model.posedirs)
    n_correctives = 0
    for block, rows, images in correctives_and_images(model, mirror):
        n_correctives += int(np.count_nonzero(entry_counts(rows)))
        kept = np.where(mirror.paired[block, None, None, None], (rows + images) / 2, rows)
        found[block] = kept.reshape(found[block].shape)
    return found, n_correctives


def correctives_and_images(
    model: Model, mirror: Mirror
) -> Iterator[tuple[slice, NDArray, NDArray]]:
    """Blocks of vertices, their (b, 3, J-1, 9) correctives and the mirror images of these."""
    correctives = model.correctives
    joints = mirror.joints[1:] - 1
    signs = SIGNS.astype(correctives.dtype)
    for block in blocks(model.n_vertices):
        there = correctives[mirror.vertices[block]]
        yield block, correctives[block], there[:, :, joints] * signs


def asymmetry(model: Model, mirror: Mirror, when: str) -> dict[str, float]:
    """Maximum and root mean square of how far each field is from its mirror image.

    Of a vertex's weights it is the Euclidean distance of the two rows; of a joint's regressor, how
    far apart the two rows place the joint on the template; of the correctives, how far apart they
    move a vertex for each feature of size 1. What has no mirror image is left out.
    """
    of_weights = np.linalg.norm(model.weights - mirror.of_weights(model.weights), axis=1)
    regressor = model.J_regressor.astype(np.float64)
    apart = (regressor - mirror.of_regressor(regressor)) @ model.v_template
    of_joints = model.mm * np.linalg.norm(apart, axis=1)
    largest, squares = 0.0, 0.0
    for block, rows, images in correctives_and_images(model, mirror):
        square = np.square(rows - images).sum(axis=1, dtype=np.float64)[mirror.paired[block]]
        largest = max(largest, float(square.max(initial=0.0)))
        squares += float(square.sum())
    n_features = int(np.count_nonzero(mirror.paired)) * model.posedirs.shape[2]
    found = {
        "weights": max_and_rms(of_weights[mirror.paired]),
        "regressor_mm": max_and_rms(of_joints[mirror.has_image(regressor)]),
        "correctives_mm": (
            model.mm * math.sqrt(largest),
            model.mm * math.sqrt(squares / max(n_features, 1)),
        ),
    }
    return {
        f"asymmetry_{name}_{which}_{when}": figure
        for name, figures in found.items()
        for which, figure in zip(("max", "rms"), figures, strict=True)
    }


def max_and_rms(distances: NDArray[np.floating]) -> tuple[float, float]:
    """Maximum and root mean square; 0 of nothing."""
    squares = np.square(distances, dtype=np.float64)
    return float(distances.max(initial=0.0)), math.sqrt(squares.sum() / max(len(squares), 1))

"""Localize the pose blend shapes: a joint's corrective stays only on the vertices around it.

As shipped, every joint's corrective touches every vertex, so a loss on any vertex turns every
joint, whatever the skinning weights say.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..geometry.kinematic_tree import in_line_within, leaf_siblings, parents_of
from ..geometry.skinning import blocks
from ..geometry.two_threads import thread_map
from ..records.change import Change
from ..records.model import Model
from ..records.options import PosedirsMode, checked


def localize_posedirs(
    model: Model, *, mode: PosedirsMode = "local", hops: int = 2
) -> tuple[Model, Change]:
    """Zero the correctives of joints that a vertex does not hang on.

    With exact zeros there, the pose of a far joint has no gradient at the vertex at all.

    Args:
        model: ``posedirs`` (V, 3, 9(J-1)); run after ``prune_weights``, whose zeros decide.
        mode: "local" keeps at vertex v the corrective of joint j when v is skinned to j, or to an
            ancestor or descendant of j within ``hops`` edges (see ``local_correctives`` for jaw
            and eyes, and docs/correctives.md for what else was tried); "zero" keeps none; "keep"
            all.
        hops: edges of the kinematic tree, 0 or more.

    Returns:
        The new model (same shape and dtype) and its Change, with the energy (squared norm) kept.

    Raises:
        SmplprepError: an unknown mode or a negative number of hops.

    Source: docs/correctives.md in the repository; after the sparse correctives of STAR (Osman et
        al. 2020), without its training.
    """
    checked("posedirs", mode)
    checked("hops", hops)
    correctives = model.correctives
    parts = list(blocks(model.n_vertices))
    counts = np.concatenate(list(thread_map(lambda part: entry_counts(correctives[part]), parts)))
    present = counts != 0
    keep = np.full(present.shape, mode == "keep")
    if mode == "local":
        keep = local_correctives(model, hops)
    drops = ~keep & present
    energy = np.zeros(present.shape)  # where nothing goes, all is kept, however much that is
    if drops.any():
        local = np.zeros(correctives.shape, correctives.dtype)

        def localize(part: slice) -> None:
            energy[part] = block_energy(correctives[part])
            vertices, joints = np.nonzero(keep[part])
            local[part][vertices, :, joints] = correctives[part][vertices, :, joints]

        for _ in thread_map(localize, parts):
            pass
        model = model.with_arrays(posedirs=local.reshape(model.posedirs.shape))
    total = energy.sum(axis=0)
    kept = (energy * keep).sum(axis=0)
    return model, Change(
        transform="localize_posedirs",
        field="posedirs",
        options={"mode": mode, "hops": hops},
        entries_before=int(counts.sum()),
        entries_after=int(counts[keep].sum()),
        rows_touched=int(np.count_nonzero(drops.any(axis=1))),
        figures={
            "correctives_before": int(np.count_nonzero(present)),
            "correctives_after": int(np.count_nonzero(present & keep)),
            "energy_kept": float(kept.sum() / total.sum()) if total.sum() else 1.0,
            "energy_kept_per_joint": np.divide(
                kept, total, out=np.ones_like(total), where=total > 0
            ).tolist(),
        },
    )


def entry_counts(correctives: NDArray) -> NDArray[np.int64]:
    """(V, J-1) non-zero entries of each vertex's corrective of each joint.

    Whether one is there is asked of its entries: the square of 1e-163 is zero, its gradient is not.
    """
    return np.einsum("vcjf->vj", correctives != 0, dtype=np.int64)


def block_energy(correctives: NDArray) -> NDArray[np.float64]:
    """(V, J-1) squared norm of each vertex's corrective of each joint, in square meters."""
    return np.einsum("vcjf,vcjf->vj", correctives, correctives, dtype=np.float64)


def local_correctives(model: Model, hops: int) -> NDArray[np.bool_]:
    """(V, J-1); whether vertex v is skinned to joint j+1 or to one in line with it, near enough.

    Jaw and eyes hang side by side on the head. Where a vertex hangs on one of them, the others'
    correctives go, or a lip would look at the eyes through its weight on the head.
    """
    parents = parents_of(model.kintree_table)
    hangs = (model.weights != 0).astype(np.float32)
    keep = hangs @ in_line_within(parents, hops).astype(np.float32) > 0
    leaves = leaf_siblings(parents)
    beside = ~in_line_within(parents, len(parents))[:, leaves]
    keep[:, leaves] &= (hangs[:, leaves] > 0) | ~(hangs @ beside.astype(np.float32) > 0)
    return keep[:, 1:]

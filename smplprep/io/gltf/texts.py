"""The texts of a .glb, and the sentences on what it cannot hold."""

from __future__ import annotations

import numpy as np

from ...geometry.displacement import displacements
from ...geometry.skinning import Skeleton
from ...records.model import Model
from ...records.texts import texts_of
from .arrays import morph_directions


def license_note(model: Model) -> str | None:
    """What the file itself says under keys such as license, licence or copyright."""
    texts = []
    for key, value in model.extras.items():
        if "licen" in key.lower() or "copyright" in key.lower():
            texts += texts_of(value)
    return "\n".join(texts) or None


def gltf_losses(model: Model, *, n_betas: int | None = None) -> list[str]:
    """Sentences on what of the model a .glb cannot hold, with figures where there are any."""
    directions = morph_directions(model, n_betas)
    notes = []
    if model.posedirs.any():
        flat = model.with_arrays(posedirs=np.zeros_like(model.posedirs))
        worst = displacements([model, flat])[-1].max_mm
        notes.append(
            "glTF cannot hold pose correctives; without them vertices are off by up to "
            f"{worst:.1f} mm over the pose set"
        )
    if directions.shape[2]:
        added = Skeleton.of(model, directions.shape[2]).directions
        shift = 1000 * float(np.linalg.norm(added, axis=1).max())
        notes.append(
            "morph targets do not move joints: the skeleton stays that of the mean shape, although "
            f"a beta of 1 would move a joint by up to {shift:.1f} mm"
        )
    n_more = int((np.count_nonzero(model.weights, axis=1) > 4).sum())
    if n_more:
        notes.append(
            f"{n_more} vertices have more than four influences; three.js and many engines use the "
            "first four alone: clean the model with --max-influences 4 first"
        )
    off = np.abs(model.weights.sum(axis=1, dtype=np.float64) - 1)
    if off.max() > 1e-5:
        notes.append(
            f"{int((off > 1e-5).sum())} skinning rows did not sum to 1 and are rescaled, "
            f"as glTF demands (worst: off by {off.max():.2g})"
        )
    return notes

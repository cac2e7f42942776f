"""Every tolerance at once: what each would cost and which leaks it would leave.

Vertices go by in blocks, and each block through the real transforms at every tolerance, while its
correctives are in the processor's cache. The figures are therefore those of ``clean``.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import __version__
from ..audit.landmark_sets import skin_landmarks
from ..audit.support import landmark_support
from ..errors import SmplprepError, shown
from ..geometry.displacement import Distances, apart_mm
from ..geometry.poses import N_POSES, pose_set_of
from ..geometry.skinning import BLOCK, blocks, posed_block, posing
from ..geometry.two_threads import thread_map
from ..records.change import Change
from ..records.landmark import Landmark
from ..records.model import Model
from ..records.options import Options
from ..records.rounding import rounded
from ..transforms.cast_floats import cast_floats
from ..transforms.localize_posedirs import localize_posedirs
from ..transforms.policies.protected import protected_entries
from ..transforms.prune_weights import prune_weights
from ..transforms.sparsify_regressor import sparsify_regressor
from ..transforms.symmetrize import symmetrize
from .progress import Watch, silent

DEFAULT_TOLERANCES = "1e-5:1e-1:20"
MAX_COUNT = 1000
DIGITS = 3  # significant, so that a tolerance of the sweep can be typed


def tolerances_of(text: str) -> list[float]:
    """The tolerances of "LOW:HIGH:COUNT", evenly spaced on a log scale, or of "0.001,0.01"."""
    try:
        if ":" in text:
            low, high, count = text.split(":")
            if int(count) > MAX_COUNT:
                raise ValueError("too many")
            first, last = (math.log10(float(end)) for end in (low, high))
            if not math.isfinite(last - first):
                raise ValueError("no end")
            logs = np.linspace(first, last, int(count))
            found = [float(f"{10.0**log:.{DIGITS}g}") for log in logs]
        else:
            found = [float(part) for part in text.split(",")]
    except ValueError as error:
        message = (
            f"{shown(text)!r} is neither LOW:HIGH:COUNT (up to {MAX_COUNT}) nor a list of numbers"
        )
        raise SmplprepError(message) from error
    if not found or not all(0.0 <= tolerance < 1.0 for tolerance in found):
        raise SmplprepError(f"{text!r} has a tolerance that is not in [0, 1)")
    return sorted(set(found))


def sweep(
    model: Model,
    tolerances: Sequence[float],
    options: Options | None = None,
    *,
    watch: Watch = silent,
) -> dict[str, Any]:
    """Clean a model at every tolerance and say what each costs.

    Args:
        model: any; it is not changed.
        tolerances: in rising order.
        options: of the weights, the regressor and the correctives; the others have no part in it.
        watch: called with how many vertices more are done.

    Returns:
        Plain data: ``rows`` (one for each tolerance), ``steep_beyond``, ``recommended`` and
        the input.
    """
    options = options or Options()
    require_threshold(options)
    protected = protected_entries(model, options)
    if options.symmetrize:
        model = symmetrize(model)[0]
    regressed = with_regressor(model, options)
    poses, betas = pose_set_of(model)
    ready = posing(model, poses, betas), posing(regressed, poses, betas)
    apart = [Distances(model.n_vertices, len(poses)) for _ in tolerances]

    def counted(block: slice) -> list[tuple[int, int, NDArray[np.float32]]]:
        """For each tolerance the weights that stay, the rows that keep one, and mm."""
        part, found = restricted(model, block), []
        before = posed_block(part, slice(None), ready[0])
        for tolerance in tolerances:
            pruned, change = pruned_at(part, block, tolerance, options, protected)
            after = posed_block(localized(pruned, options), slice(None), ready[1])
            moved = apart_mm(before, after, axis=1, mm=model.mm).astype(np.float32)
            found.append((change.entries_after, len(change.figures["rescued_rows"]), moved))
        return found

    nonzeros, rescued = np.zeros((2, len(tolerances)), dtype=np.int64)
    for found in thread_map(counted, blocks(model.n_vertices)):
        for index, (n_after, n_rescued, moved) in enumerate(found):
            nonzeros[index] += n_after
            rescued[index] += n_rescued
            apart[index].add(moved)
        watch(BLOCK)
    rows = []
    for index, tolerance in enumerate(tolerances):
        figures = apart[index].summary()
        rows.append(
            {
                "tolerance": tolerance,
                "leaking_landmarks": leaking_landmarks(model, tolerance, options, protected),
                "weights_nonzeros": int(nonzeros[index]),
                "mean_mm": rounded(figures.mean_mm),
                "p99_mm": rounded(figures.p99_mm),
                "max_mm": rounded(figures.max_mm),
                "rescued_rows": int(rescued[index]),
            }
        )
    landmarks = skin_landmarks(model)
    return {
        "smplprep_version": __version__,
        "family": model.family.name,
        "input_sha256": model.source.sha256,
        "options": {k: v for k, v in options.as_dict().items() if k != "tolerance"},
        "poses": N_POSES,
        "landmarks": len(landmarks),
        "rows": rows,
        "steep_beyond": steep_beyond(rows),
        "recommended": smallest_without_leak(rows) if landmarks else None,
    }


def recommended_tolerance(model: Model, options: Options) -> float:
    """The smallest tolerance of the default sweep that leaves no leak; fast, landmarks only.

    Raises:
        SmplprepError: no landmarks are known, or every tolerance leaves a leak.
    """
    require_threshold(options)
    if not skin_landmarks(model):
        raise SmplprepError(
            "no landmarks are known for this model, so no tolerance can be chosen by its leaks",
            hint="Give the tolerance as a number.",
        )
    if options.dtype != "same":  # a digit may lie between a weight and the tolerance
        model = cast_floats(model, dtype=options.dtype)[0]
    protected = protected_entries(model, options)
    if options.symmetrize:
        model = symmetrize(model)[0]
    for tolerance in tolerances_of(DEFAULT_TOLERANCES):
        if not leaking_landmarks(model, tolerance, options, protected):
            return tolerance
    raise SmplprepError(
        f"every tolerance of {DEFAULT_TOLERANCES} leaves a leak",
        hint="`smplprep sweep` shows how many; with --posedirs keep the correctives always leak.",
    )


def require_threshold(options: Options) -> None:
    """Raise unless the policy goes by the tolerance alone, vertex by vertex."""
    if options.policy != "threshold":
        raise SmplprepError(
            f"the policy {shown(options.policy)!r} does not depend on the tolerance alone, so "
            f"there is nothing to choose or sweep",
            hint="Leave out --tol auto, or use --policy threshold.",
        )


def pruned_at(
    part: Model,
    vertices: slice | list[int],
    tolerance: float,
    options: Options,
    protected: NDArray[np.bool_] | None,
) -> tuple[Model, Change]:
    """``prune_weights`` on a model restricted to these vertices."""
    return prune_weights(
        part,
        tolerance=tolerance,
        max_influences=options.max_influences,
        protected=None if protected is None else protected[vertices],
        removed_to=options.removed_to,
    )


def with_regressor(model: Model, options: Options) -> Model:
    """The model as ``sparsify_regressor`` leaves it, which no tolerance changes."""
    return sparsify_regressor(
        model,
        mode=options.regressor,
        tolerance=options.regressor_tolerance,
    )[0]


def localized(pruned: Model, options: Options) -> Model:
    return localize_posedirs(pruned, mode=options.posedirs, hops=options.hops)[0]


def leaking_landmarks(
    model: Model, tolerance: float, options: Options, protected: NDArray[np.bool_] | None
) -> int:
    """How many landmarks still leak after a clean at this tolerance."""
    landmarks = skin_landmarks(model)
    vertices = sorted({vertex for landmark in landmarks for vertex in landmark.blend})
    if not vertices:
        return 0
    pruned, _ = pruned_at(restricted(model, vertices), vertices, tolerance, options, protected)
    support = landmark_support(localized(pruned, options), renumbered(landmarks, vertices))
    return int(support.leaks.any(axis=1).sum())


def renumbered(landmarks: Sequence[Landmark], vertices: list[int]) -> list[Landmark]:
    """The landmarks on a model restricted to these vertices."""
    place = {vertex: index for index, vertex in enumerate(vertices)}
    return [
        Landmark(
            landmark.name,
            face=landmark.face,
            vertex=None if landmark.vertex is None else place[landmark.vertex],
            corners=tuple(place[vertex] for vertex in landmark.blend if landmark.corners),
            shares=tuple(landmark.blend.values()) if landmark.corners else (),
        )
        for landmark in landmarks
    ]


def restricted(model: Model, vertices: slice | list[int]) -> Model:
    """The model's arrays at these vertices alone; its faces and regressor no longer apply."""
    keys = ("v_template", "weights", "shapedirs", "posedirs")
    return dataclasses.replace(model, **{key: getattr(model, key)[vertices] for key in keys})


def smallest_without_leak(rows: Sequence[dict[str, Any]]) -> float | None:
    return next((row["tolerance"] for row in rows if not row["leaking_landmarks"]), None)


def steep_beyond(rows: Sequence[dict[str, Any]]) -> float | None:
    """The tolerance beyond which displacement starts to rise steeply; None without a rise.

    The point of the p99 curve, over the logarithm of the tolerance, that lies farthest below the
    straight line between its ends (Satopaa et al. 2011, "Finding a kneedle in a haystack").
    """
    rows = [row for row in rows if row["tolerance"] > 0]
    heights = np.array([row["p99_mm"] for row in rows])
    if len(rows) < 3 or heights[-1] <= heights[0]:
        return None
    logs = np.log10([row["tolerance"] for row in rows])
    across = (logs - logs[0]) / (logs[-1] - logs[0])
    up = (heights - heights[0]) / (heights[-1] - heights[0])
    return float(rows[int((across - up).argmax())]["tolerance"])


def sweep_text(data: dict[str, Any]) -> str:
    """The table and the two tolerances worth knowing, in 80 columns."""
    titles = ("tolerance", "leaking", "non-zeros", "mean mm", "p99 mm", "max mm", "rescued")
    lines = ["".join(f"{title:>11}" for title in titles)]
    for row in data["rows"]:
        cells = [f"{row['tolerance']:.3g}", f"{row['leaking_landmarks']}"]
        cells += [f"{row['weights_nonzeros']:,}"]
        cells += [f"{row[key]:.3f}" for key in ("mean_mm", "p99_mm", "max_mm")]
        cells += [f"{row['rescued_rows']:,}"]
        mark = " <" if row["tolerance"] == data["recommended"] else ""
        lines.append("".join(f"{cell:>11}" for cell in cells) + mark)
    lines += [
        "",
        f"leaking: landmarks of {data['landmarks']} that leak; mm: how far vertices move;",
        "rescued: vertices whose weights are all below it; they keep their largest one.",
        "",
    ]
    if data["recommended"] is None:
        lines.append("No tolerance of these is known to leave no leak.")
    else:
        lines.append(
            f"Recommended: --tol {data['recommended']:g}, the smallest of these without a leak."
        )
    if data["steep_beyond"] is not None:
        lines.append(f"Beyond {data['steep_beyond']:g}, vertices start to move much farther.")
    return "\n".join(lines)

"""The result of an evaluation as plain data.

No clock, host or path in it: the same input gives the same bytes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import __version__
from ..records.rounding import rounded
from .run import Measuring, Outcome
from .tally import MAX_UM, bin_edges, quantile_um

RESULT_VERSION = 1
# Doublings, because these are edges of the fine bins, too: 0.001 mm, 0.002, 0.004, ... 16 m.
EDGES_UM = [0, *(2**k for k in range(MAX_UM.bit_length() + 1))]


def result_data(measure: Measuring, outcome: Outcome) -> dict[str, Any]:
    """Everything that was found, JSON-ready; figures in the unit that their name ends with."""
    tally = outcome.tally
    sizes = [size * tally.frames for size in measure.region_sizes]
    everything = figures(
        tally.counts.sum(axis=0), int(tally.sums.sum()), int(tally.highest.max()), sum(sizes)
    )
    rows = zip(
        measure.regions, measure.region_sizes, tally.counts, tally.sums, tally.highest, strict=True
    )
    data = {
        "evaluation_version": RESULT_VERSION,
        "smplprep_version": __version__,
        "engine": measure.engine,
        "original_sha256": measure.inputs[0],
        "cleaned_sha256": measure.inputs[1],
        "family": measure.family,
        "motions": len(outcome.done),
        "frames": tally.frames,
        "overall": {"vertices": sum(measure.region_sizes)} | everything,
        "regions": [
            {"region": name, "vertices": size}
            | figures(counts, int(total), int(highest), size * tally.frames)
            for name, size, counts, total, highest in rows
        ],
        "histogram": histogram(tally.counts.sum(axis=0)),
        "worst_frames": [
            {"file": p.file, "frame": p.frame, "vertex": p.vertex, "mm": -p.minus_um / 1000}
            for p in tally.worst
        ],
        "failed": [{"file": k, "error": outcome.failed[k]} for k in sorted(outcome.failed)],
    }
    return rounded(data)


def figures(
    counts: NDArray[np.int64], total_um: int, highest_um: int, n_distances: int
) -> dict[str, float]:
    """Mean, quantiles and maximum in millimeters. No quantile is beyond the maximum."""
    found = {"mean_mm": total_um / max(n_distances, 1) / 1000}
    for percent in (50, 99):
        found[f"p{percent}_mm"] = min(quantile_um(counts, percent), highest_um) / 1000
    return found | {"max_mm": highest_um / 1000}


def histogram(counts: NDArray[np.int64]) -> list[dict[str, float | int]]:
    """How many distances lie between one edge and the next, up to the last that has any."""
    bins = np.searchsorted(bin_edges(), EDGES_UM)
    per_row = np.add.reduceat(np.append(counts, 0), np.minimum(bins[:-1], len(counts)))
    last = int(np.flatnonzero(per_row).max(initial=0))
    return [
        {"from_mm": low / 1000, "to_mm": high / 1000, "distances": int(count)}
        for low, high, count in zip(EDGES_UM, EDGES_UM[1:], per_row[: last + 1], strict=False)
    ]

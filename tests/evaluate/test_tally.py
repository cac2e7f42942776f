"""Tallies: quantiles within their resolution, and the same numbers in any order of merging."""

from __future__ import annotations

import json

import numpy as np
import pytest

from smplprep.evaluate.tally import (
    MAX_UM,
    N_BINS,
    N_WORST,
    Peak,
    Tally,
    bin_edges,
    bins_of,
    quantile_um,
)


def counted(um: np.ndarray) -> np.ndarray:
    return np.bincount(bins_of(um.astype(np.float32)), minlength=N_BINS)


def some_tally(seed: int) -> Tally:
    random = np.random.RandomState(seed)
    um = np.rint(10 ** random.uniform(0, 7, 500))
    peaks = [Peak(-int(random.randint(9)), "f", k, seed) for k in range(4)]
    return Tally(
        counts=np.stack([counted(um), counted(um[:9])]),
        sums=np.array([um.sum(), um[:9].sum()], dtype=np.int64),
        highest=np.array([um.max(), um[:9].max()], dtype=np.int64),
        frames=seed,
        worst=tuple(sorted(peaks)),
    )


def test_edges_are_where_the_bins_change():
    edges = bin_edges()
    whole = np.unique(np.concatenate([np.arange(5000), edges[:-1], edges[1:-1] - 1, [MAX_UM]]))
    bins = bins_of(whole.astype(np.float32))
    np.testing.assert_array_equal(bins, np.searchsorted(edges, whole, side="right") - 1)
    assert bins[0] == 0
    assert bins[whole == MAX_UM] == N_BINS - 1
    np.testing.assert_array_equal(np.unique(bins_of(np.arange(512, dtype=np.float32))).size, 512)


@pytest.mark.parametrize("percent", [1, 50, 99])
@pytest.mark.parametrize("high", [2, 500, 1e4, 1.6e7])
def test_quantiles_are_those_of_sorted_numbers_within_a_fifth_of_a_percent(percent, high):
    um = np.rint(np.random.RandomState(3).uniform(0, high, 1234))
    expected = np.sort(um)[-(-percent * len(um) // 100) - 1]
    tolerance = 0 if expected < 512 else 0.002 * expected
    assert abs(quantile_um(counted(um), percent) - expected) <= tolerance


def test_the_quantile_of_nothing_is_nothing():
    assert quantile_um(np.zeros(N_BINS, np.int64), 50) == 0


def test_any_order_of_merging_gives_the_same():
    found = []
    for order in (range(5), reversed(range(5)), (3, 1, 4, 0, 2)):
        total = Tally.empty(2)
        for seed in order:
            total.add(some_tally(seed))
        found.append(json.dumps(total.to_json()))
    assert len(set(found)) == 1
    assert len(json.loads(found[0])["worst"]) == N_WORST


def test_json_brings_it_back():
    tally = some_tally(5)
    again = Tally.from_json(json.loads(json.dumps(tally.to_json())))
    np.testing.assert_array_equal(again.counts, tally.counts)
    assert again.to_json() == tally.to_json()

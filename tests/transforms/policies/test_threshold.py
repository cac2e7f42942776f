"""threshold against a plain twin; its corner cases are prune_weights's."""

from __future__ import annotations

import numpy as np

from smplprep.transforms.policies.threshold import threshold


def test_removes_what_is_smaller_and_not_zero(small_model):
    weights = np.random.RandomState(0).dirichlet([0.3] * 4, 10)
    weights[0] = [0.1, 0.9, 0, 0]
    found = threshold(small_model(weights=weights), tolerance=0.1)
    expected = [[0 < value < 0.1 for value in row] for row in weights]
    assert found.tolist() == expected

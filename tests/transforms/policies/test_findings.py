"""The investigation's tables hold after a clean, whatever the policy."""

from __future__ import annotations

import numpy as np
import pytest

from smplprep import Options, clean
from smplprep.audit.landmark_sets import landmark_set
from smplprep.audit.support import landmark_support
from smplprep.records.options import DEFINITIONS


@pytest.fixture(scope="module", params=DEFINITIONS["policy"].kind.choices)
def cleaned(request, standin):
    return clean(standin, Options(policy=request.param))


def test_landmarks_hang_on_the_published_joints(cleaned, findings):
    rows = {row["landmark"]: row["after"] for row in cleaned[1].data["landmarks"]}
    for name, expected in findings["landmark_weight_support_after"].items():
        assert rows[name]["joints"] == expected
    assert not any(row["leaks"] for row in rows.values())


def test_gradients_have_the_published_support(cleaned, findings):
    model, _ = cleaned
    names = np.array(model.family.joint_names(model.n_joints))
    landmarks = landmark_set(model, "openpose25")
    support = landmark_support(model, landmarks).either
    for landmark, row in zip(landmarks, support, strict=True):
        published = findings["structural_gradient_support_after"][landmark.name]
        assert set(names[row]) == set(published) - {names[0]}, landmark.name

"""Joints and vertices that the user keeps."""

from __future__ import annotations

import numpy as np
import pytest

from smplprep import Options, SmplprepError
from smplprep.transforms.policies.protected import protected_entries


def test_nothing_named_is_no_mask(standin):
    assert protected_entries(standin, Options()) is None


def test_joints_go_by_either_name(standin):
    kept = protected_entries(standin, Options(keep_joints=("left_hip", "leftLeg")))
    assert np.flatnonzero(kept.all(axis=0)).tolist() == [1, 4]
    assert kept.sum() == 2 * 6890


def test_the_vocabularies_share_names_and_the_findings_win(standin):
    """spine1 is the second spine joint of the findings, and smplx's first."""
    kept = protected_entries(standin, Options(keep_joints=("spine1",)))
    assert np.flatnonzero(kept.all(axis=0)).tolist() == [6]


def test_an_unknown_joint_is_named_with_those_there_are(small_model):
    with pytest.raises(SmplprepError, match="'tail' is not a joint of this model") as error:
        protected_entries(small_model(), Options(keep_joints=("j1", "tail")))
    assert error.value.hint == "Its joints are j0, j1, j2, j3."


def test_a_vertex_out_of_range_is_named(small_model):
    kept = protected_entries(small_model(), Options(keep_vertices=(3, 9)))
    assert np.flatnonzero(kept.all(axis=1)).tolist() == [3, 9]
    with pytest.raises(SmplprepError, match="10 is not a vertex index below 10"):
        protected_entries(small_model(), Options(keep_vertices=(3, 10)))

"""Joints and vertices that the user keeps."""

from __future__ import annotations

import numpy as np
import pytest

from smplprep import Options, SmplprepError
from smplprep.geometry.mirror import mirror_of
from smplprep.jobs.pipeline import clean
from smplprep.transforms.policies.protected import kept_entries
from smplprep.transforms.symmetrize import symmetrize


def test_nothing_named_is_no_mask(standin):
    assert kept_entries(standin, Options()) is None


def test_joints_go_by_either_name(standin):
    kept = kept_entries(standin, Options(keep_joints=("left_hip", "leftLeg")))
    assert np.flatnonzero(kept.all(axis=0)).tolist() == [1, 4]
    assert kept.sum() == 2 * 6890


def test_the_vocabularies_share_names_and_the_findings_win(standin):
    """spine1 is the second spine joint of the findings, and smplx's first."""
    kept = kept_entries(standin, Options(keep_joints=("spine1",)))
    assert np.flatnonzero(kept.all(axis=0)).tolist() == [6]


def test_an_unknown_joint_is_named_with_those_there_are(small_model):
    with pytest.raises(SmplprepError, match="'tail' is no joint of this model") as error:
        kept_entries(small_model(), Options(keep_joints=("j1", "tail")))
    assert error.value.hint == "Its joints are j0, j1, j2, j3."


def test_a_vertex_out_of_range_is_named(small_model):
    kept = kept_entries(small_model(), Options(keep_vertices=(3, 9)))
    assert np.flatnonzero(kept.all(axis=1)).tolist() == [3, 9]
    with pytest.raises(SmplprepError, match="10 is no vertex of 10"):
        kept_entries(small_model(), Options(keep_vertices=(3, 10)))


def test_what_is_kept_of_one_half_is_kept_of_the_other(standin):
    """Or the image of a pruned row would be put in the place of a kept one."""
    mirror = mirror_of(standin)
    symmetric = symmetrize(standin)[0]
    small = ((symmetric.weights > 0) & (symmetric.weights < 1e-2)).any(axis=1)
    each = np.arange(standin.n_vertices)
    chosen = np.flatnonzero(small & (mirror.vertices < each))[-3:].tolist()
    chosen += np.flatnonzero(small & (mirror.vertices > each))[:3].tolist()
    options = Options(
        symmetrize=True, keep_vertices=tuple(chosen), regressor="keep", posedirs="keep"
    )
    cleaned = clean(standin, options)[0]
    assert cleaned.weights[chosen].tobytes() == symmetric.weights[chosen].tobytes()
    images = mirror.vertices[chosen]
    assert cleaned.weights[images].tobytes() == symmetric.weights[images].tobytes()
    assert np.count_nonzero(cleaned.weights) < np.count_nonzero(symmetric.weights)

"""What the policies must not do to sound rigs, and must find on them; and the page's tables."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from scripts.studies import policies, rigs

pytestmark = pytest.mark.slow

PAGE = Path(__file__).resolve().parents[2] / "docs" / "policies.md"


@pytest.mark.parametrize("policy", rigs.POLICIES)
@pytest.mark.parametrize("name", rigs.RIGS)
def test_no_policy_makes_a_sound_rigs_weights_jump(name, policy):
    assert rigs.raw(name, policy).jump <= 0.1


@pytest.mark.parametrize("name", rigs.RIGS)
def test_islands_moves_nothing_far_beyond_threshold_but_the_slips_on_the_page(name):
    before = rigs.rig(name).weights
    moved = [rigs.moved_mm(name, before, rigs.cleaned(name, policy)) for policy in rigs.POLICIES]
    beyond = np.flatnonzero(moved[1] > moved[0] + 5)
    gone = (before > 0) & (rigs.cleaned(name, "islands") == 0)
    listed = {(slip.joint, slip.weight) for slip in rigs.slips(name)}
    names = rigs.joint_names(name)
    for vertex in beyond:
        assert {names[joint] for joint in np.flatnonzero(gone[vertex])} <= {j for j, _ in listed}
    assert before[gone].max(initial=0) <= max(weight for _, weight in listed)
    assert sum(slip.vertices for slip in rigs.slips(name)) == gone.sum()


@pytest.mark.parametrize("name", rigs.RIGS)
def test_planted_faults_are_found_and_nothing_else(name):
    found = {(row.place, row.policy): row for row in rigs.rows(name)}
    for place in ("near", "far"):
        row = found[place, "islands"]
        assert row.recall_above >= 0.99
        assert row.precision >= 0.99
        assert row.mean_mm < 0.01
        assert row.jump <= 0.1
        assert found[place, "threshold"].recall_above == 0


@pytest.mark.parametrize("name", rigs.RIGS)
def test_faults_lie_where_they_are_said_to(name):
    genuine = rigs.truth(name)
    for place in rigs.PLACES:
        weights, spurious = rigs.planted(name, place)
        assert not (spurious & (genuine > 0)).any()
        sizes = weights[spurious]
        assert rigs.LOW <= sizes.min() < 1.5 * rigs.LOW
        assert 0.8 * rigs.HIGH < sizes.max() <= rigs.HIGH
        a, b = rigs.mesh(name).links.T
        beside = np.zeros_like(spurious)
        np.logical_or.at(beside, a, genuine[b] > 0)
        np.logical_or.at(beside, b, genuine[a] > 0)
        if place != "adjoining":
            assert not (beside & spurious).any()
        elif len(np.unique(rigs.mesh(name).piece)) == 1:
            assert beside[spurious].all()


@pytest.mark.parametrize("table", rigs.TABLES)
def test_the_page_shows_the_table(table):
    page = PAGE.read_text()
    assert policies.written_into(page, table, rigs.TABLES[table]()) == page

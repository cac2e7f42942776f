"""The bound is above every pose and shape within the limits, whatever two models differ by."""

from __future__ import annotations

from unittest import mock

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smplprep import localize_posedirs, prune_weights
from smplprep.budget.bound import Bound
from smplprep.budget.limit_ranges import largest_chords, term_ranges, terms_of_entries
from smplprep.budget.worst_case import worst_found
from smplprep.geometry.poses import MAX_BETA, joint_limits
from smplprep.geometry.skinning import posed_vertices, rotation_matrices

numbers = st.lists(st.floats(0, 1), min_size=3, max_size=3)


@settings(max_examples=300, deadline=None)
@given(low=numbers, high=numbers, share=numbers, flat=st.sets(st.integers(0, 2)))
def test_no_rotation_within_limits_leaves_its_ranges(low, high, share, flat):
    limits = 1.5 * np.pi * np.stack([-np.array(low), np.array(high)], axis=1)
    limits[list(flat)] = 0
    vector = limits[:, 0] + np.array(share) * (limits[:, 1] - limits[:, 0])
    turn = rotation_matrices(vector) - np.eye(3)
    assert np.linalg.norm(turn, 2) <= largest_chords(limits[None])[0] + 1e-12
    terms = np.linalg.solve(terms_of_entries(), turn.reshape(9))
    lowest, highest = term_ranges(limits[None])[:, 0]
    assert (lowest - 1e-12 <= terms).all()
    assert (terms <= highest + 1e-12).all()


def differing_models(build, seed: int, *, even: bool):
    """A small model and another that differs from it in every field that may differ."""
    random = np.random.RandomState(seed)
    rows = random.dirichlet(np.full(4, 0.5), size=(2, 10))
    if not even:
        rows *= 1 + 0.01 * random.standard_normal((2, 10, 1))
    # Far from the origin, what an uneven row does is larger than all else.
    far = random.choice([0.0, 10.0]) * random.standard_normal(3)
    before = build(weights=rows[0], v_template=build().v_template + far)
    noise = {
        key: getattr(before, key) + size * random.standard_normal(getattr(before, key).shape)
        for key, size in (("J_regressor", 1e-3), ("v_template", 1e-3), ("shapedirs", 1e-4))
    }
    posedirs = before.posedirs * (random.random_sample((10, 1, 27)) < 0.5)
    return before, before.with_arrays(weights=rows[1], posedirs=posedirs, **noise)


# The fixture is a function without state.
@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(seed=st.integers(0, 10**6), even=st.booleans(), data=st.data())
def test_no_pose_within_the_limits_exceeds_the_bound(small_model, seed, even, data):
    before, after = differing_models(small_model, seed, even=even)
    random = np.random.RandomState(seed)
    # Boxes of every size, some of them flat, so that joints about one axis occur.
    ends = random.uniform(0, np.pi, (4, 3, 2)) * (random.random_sample((4, 3, 2)) < 0.6) * [-1, 1]
    boxes = dict(zip(before.family.joint_names(4, "smplx"), ends, strict=True))
    with mock.patch("smplprep.geometry.poses.joint_limits", boxes.__getitem__):
        bound = Bound(before)
    certified = bound.mm(after.weights, bound.rest(after))
    # Half of the poses in corners, where the worst ones are.
    share = random.random_sample((200, 4, 3))
    share[::2] = np.round(share[::2])
    share[0, 0, 0] = data.draw(st.floats(0, 1))
    poses = ends[..., 0] + share * (ends[..., 1] - ends[..., 0])
    betas = random.uniform(-MAX_BETA, MAX_BETA, (200, 2))
    betas[::2] = MAX_BETA * np.sign(betas[::2])
    apart = posed_vertices(before, poses, betas) - posed_vertices(after, poses, betas)
    assert (1000 * np.linalg.norm(apart, axis=2).max(axis=0) <= certified + 1e-9).all()


@pytest.fixture(scope="module")
def cleaned(standin):
    return localize_posedirs(prune_weights(standin)[0])[0]


def test_nor_on_the_full_size_model(standin, cleaned):
    bound = Bound(standin)
    certified = bound.mm(cleaned.weights, bound.rest(cleaned))
    names = standin.family.joint_names(52, "smplx")
    limits = np.stack([joint_limits(name) for name in names])
    random = np.random.RandomState(3)
    ends = random.randint(0, 2, (40, 52, 3))
    poses = np.take_along_axis(limits[None], ends[..., None], axis=3)[..., 0]
    betas = random.choice([-MAX_BETA, MAX_BETA], (40, 16))
    apart = posed_vertices(standin, poses, betas) - posed_vertices(cleaned, poses, betas)
    worst = 1000 * np.linalg.norm(apart, axis=2).max(axis=0)
    assert (worst <= certified).all()
    # A bound of ten times the truth would hold as well, and be of little use.
    assert np.median(certified / worst) < 6


def test_what_the_search_finds_is_a_pose_that_the_bound_allows(standin, cleaned):
    bound = Bound(standin)
    certified = bound.mm(cleaned.weights, bound.rest(cleaned))
    vertices = np.argsort(-certified)[:2].tolist()
    found, vertex = worst_found(standin, cleaned, vertices)
    assert vertex in vertices
    assert 0.5 * certified[vertex] < found <= certified[vertex]
    assert worst_found(standin, cleaned, vertices) == (found, vertex)


def test_a_weight_that_moves_between_hinges_is_bounded_tightly(small_model):
    """One hinge, the vertex at a right angle to its axis: the chord is reached, in one pose."""
    weights = np.zeros((10, 4))
    weights[:, 0] = 1
    moved = weights.copy()
    moved[:, :2] = 0.5
    template = np.zeros((10, 3))
    template[:, 1] = np.arange(10)
    arrays = {"v_template": template, "shapedirs": np.zeros((10, 3, 2))}
    before = small_model(weights=weights, posedirs=np.zeros((10, 3, 27)), **arrays)
    hinge = np.array([[0, np.pi / 2], [0, 0], [0, 0]])
    with mock.patch("smplprep.geometry.poses.joint_limits", lambda _: hinge):
        bound = Bound(before)
    certified = bound.mm(moved, bound.rest(before))
    poses = np.zeros((1, 4, 3))
    poses[0, 1, 0] = np.pi / 2
    after = before.with_arrays(weights=moved)
    apart = posed_vertices(before, poses, np.zeros((1, 2))) - posed_vertices(
        after, poses, np.zeros((1, 2))
    )
    assert certified == pytest.approx(1000 * np.linalg.norm(apart[0], axis=1), abs=1e-9)


def test_a_model_is_at_no_distance_from_itself(standin):
    bound = Bound(standin)
    assert not bound.mm(standin.weights, bound.rest(standin)).any()


def test_a_row_whose_sum_changes_moves_a_vertex_as_far_as_it_is_from_the_origin(small_model):
    """Ten meters away, a hundredth more of weight is a hundred millimeters."""
    weights = np.zeros((10, 4))
    weights[:, 0] = 0.99
    template = small_model().v_template + np.array([10.0, 0, 0])
    before = small_model(weights=weights, v_template=template)
    after = before.with_arrays(weights=np.where(weights, 1.0, 0.0))
    bound = Bound(before)
    poses, betas = np.zeros((1, 4, 3)), np.zeros((1, 2))
    apart = posed_vertices(before, poses, betas) - posed_vertices(after, poses, betas)
    apart_mm = 1000 * np.linalg.norm(apart[0], axis=1)
    assert (apart_mm > 70).all()
    assert (apart_mm <= bound.mm(after.weights, bound.rest(after)) + 1e-9).all()

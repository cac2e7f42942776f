"""sparsify_regressor: the joints stay where they are, from fewer of their own vertices."""

from __future__ import annotations

import sys
from fractions import Fraction

import numpy as np
import pytest

from smplprep import ModelInvalidError, SmplprepError, sparsify_regressor
from smplprep.transforms.sparsify_regressor import (
    cheapest_basis,
    fixed,
    max_shift_mm,
    refined_solution,
    shape_basis,
    thresholded_row,
)


@pytest.fixture(scope="module")
def exact(standin):
    return sparsify_regressor(standin)


def plain_shift(before, after, betas):
    """Distance in meters of every joint between two models, in one shape, spelt out."""
    shape = before.v_template + before.shapedirs @ betas
    return np.linalg.norm((after.J_regressor - before.J_regressor) @ shape, axis=1)


def test_no_joint_moves_by_more_than_a_nanometre(standin, exact):
    sparse, change = exact
    for direction in np.eye(16):
        for beta in (0.0, 1.0, -3.0, 3.0):
            assert plain_shift(standin, sparse, beta * direction).max() <= 1e-9
    assert change.figures["max_shift_mm"] <= 1e-6


def test_hand_rows_have_at_most_52_vertices_and_no_row_gains_one(standin, exact):
    sparse, change = exact
    counts = np.count_nonzero(sparse.J_regressor, axis=1)
    assert counts[22:].max() <= 52
    assert not ((sparse.J_regressor != 0) & (standin.J_regressor == 0)).any()
    assert change.figures["vertices_after"] == counts.tolist()


def test_rows_that_are_sparse_already_keep_their_bits(standin, exact):
    sparse, _ = exact
    assert np.array_equal(sparse.J_regressor[:22], standin.J_regressor[:22])


def test_signs_and_sums_are_kept(standin, exact):
    sparse, _ = exact
    assert (sparse.J_regressor >= 0).all()
    assert np.allclose(sparse.J_regressor.sum(1), standin.J_regressor.sum(1), rtol=0, atol=1e-13)


def test_joints_follow_the_regressor(standin, exact):
    sparse, _ = exact
    assert np.allclose(sparse.J, sparse.J_regressor @ sparse.v_template, rtol=0, atol=1e-12)


def test_sparsifying_twice_is_sparsifying_once(exact):
    sparse, _ = exact
    again, change = sparsify_regressor(sparse)
    assert again is sparse
    assert change.nothing_to_do


def test_negative_entries_keep_their_sign(standin):
    regressor = standin.J_regressor.copy()
    used = np.flatnonzero(regressor[30])
    regressor[30, used[::3]] *= -0.25
    model = standin.with_arrays(J_regressor=regressor)
    sparse, _ = sparsify_regressor(model)
    assert np.count_nonzero(sparse.J_regressor[30]) <= 52
    assert ((np.sign(sparse.J_regressor[30]) == np.sign(regressor[30])) | (
        sparse.J_regressor[30] == 0
    )).all()  # fmt: skip
    assert plain_shift(model, sparse, np.full(16, 3.0))[30] <= 1e-9


def test_fewer_shape_directions_need_fewer_vertices_and_the_rest_is_reported(standin):
    sparse, change = sparsify_regressor(standin, max_shapes=10)
    assert np.count_nonzero(sparse.J_regressor, axis=1).max() <= 34
    ten = np.zeros(16)
    ten[:10] = 3.0
    assert plain_shift(standin, sparse, ten).max() <= 1e-9
    worst = plain_shift(standin, sparse, np.full(16, 3.0)).max()
    assert 1e-9 < worst <= change.figures["max_shift_mm"] / 1000


def test_threshold_reports_what_it_costs(standin):
    sparse, change = sparsify_regressor(standin, mode="threshold", tolerance=1e-2)
    kept = sparse.J_regressor
    assert np.allclose(kept.sum(1), standin.J_regressor.sum(1), rtol=0, atol=1e-12)
    assert kept.any(axis=1).all()
    worst = plain_shift(standin, sparse, np.full(16, 3.0)).max() * 1000
    assert worst <= change.figures["max_shift_mm"]
    assert change.figures["max_shift_mm"] > 1


def test_threshold_never_empties_a_row(small_model):
    sparse, _ = sparsify_regressor(small_model(), mode="threshold", tolerance=0.9)
    assert np.count_nonzero(sparse.J_regressor, axis=1).tolist() == [1, 1, 1, 1]
    assert np.allclose(sparse.J_regressor.sum(axis=1), 1)


def test_keep_returns_the_same_object(standin):
    assert sparsify_regressor(standin, mode="keep")[0] is standin


@pytest.mark.parametrize("n_shapes", [0, 2])
def test_without_shapes_exact_keeps_the_regressor(small_model, n_shapes):
    """Fewer vertices would give the same joints on this one body alone."""
    dense = np.random.RandomState(0).dirichlet(np.ones(10), 4)
    model = small_model(J_regressor=dense, shapedirs=np.zeros((10, 3, n_shapes)))
    kept, change = sparsify_regressor(model)
    assert kept is model
    assert change.options["shapes"] == 0
    fewer = sparsify_regressor(model, mode="threshold", tolerance=0.1)[0]
    assert np.count_nonzero(fewer.J_regressor) < 40


def test_a_joint_of_no_vertex_stays_one(small_model):
    regressor = small_model().J_regressor.copy()
    regressor[0] = 0
    for mode in ("exact", "threshold"):
        found = sparsify_regressor(small_model(J_regressor=regressor), mode=mode)[0]
        assert not found.J_regressor[0].any()


def test_the_shift_bound_holds_at_every_corner_of_a_small_shape_space(small_model):
    model = small_model()
    delta = np.random.RandomState(3).standard_normal((4, 10))
    bound = max_shift_mm(delta, shape_basis(model))
    corners = [np.array([a, b]) for a in (-3, 0, 3) for b in (-3, 0, 3)]
    shapes = [model.v_template + model.shapedirs @ beta for beta in corners]
    worst = np.max([np.linalg.norm(delta @ shape, axis=1) for shape in shapes], axis=0)
    assert (worst * 1000 <= bound).all()


def test_the_refined_solution_is_that_of_exact_fractions():
    """A plain twin: Cramer's rule in rational numbers, for a badly conditioned system."""
    matrix = np.array([[1.0, 1.0], [1.0, 1.0 + 2.0**-30]])
    target = np.array([0.75, 0.75 + 2.0**-32])
    (a, b), (c, d) = [[Fraction(x) for x in row] for row in matrix.tolist()]
    e, f = (Fraction(x) for x in target.tolist())
    exact = [(e * d - b * f) / (a * d - b * c), (a * f - e * c) / (a * d - b * c)]
    found = refined_solution(matrix, fixed(target) * (1 << 120))
    assert found.tolist() == [float(x) for x in exact]


def test_the_solver_prints_nothing_and_gives_no_basis_where_there_is_none(capfd):
    equations = np.array([[1.0, 1.0, 1.0], [0.0, 1.0, 3.0]])
    cost = np.array([2.0, 1.0, 1.0])
    assert cheapest_basis(cost, equations, np.array([1.0, 2.0])).tolist() == [1, 2]
    assert cheapest_basis(cost, equations, np.array([1.0, -1.0])).size == 0
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mode": "best"}, "must be one of exact, threshold, keep"),
        ({"mode": "threshold", "tolerance": 1.0}, "less than 1"),
    ],
)
def test_options_out_of_range_are_refused(small_model, options, message):
    with pytest.raises(SmplprepError, match=message):
        sparsify_regressor(small_model(), **options)


def test_the_threshold_leaves_nothing_for_a_second_run():
    """Negative entries go, so the rest is scaled down, and one falls under the tolerance."""
    row = np.array([1.0, 0.00101] + [-0.0009] * 20)
    once = thresholded_row(row, 1e-3)
    assert np.array_equal(thresholded_row(once, 1e-3), once)
    assert np.count_nonzero(once) == 1
    assert once.sum() == pytest.approx(row.sum(), rel=1e-12)


def test_the_threshold_turns_no_sign():
    """What stays sums to less than nothing, so the row cannot be scaled back to its own sum."""
    row = np.array([-0.05] + [0.009] * 117)
    assert np.array_equal(thresholded_row(row, 0.01), row)


def test_a_narrow_entry_equal_to_the_threshold_stays(small_model):
    regressor = small_model().J_regressor.astype(np.float32)
    regressor[0, :3] = (0.5, 0.49, 0.01)
    model = small_model(J_regressor=regressor)
    assert float(regressor[0, 2]) < 0.01
    sparse, _ = sparsify_regressor(model, mode="threshold", tolerance=0.01)
    assert sparse is model


@pytest.mark.parametrize(
    ("limit", "largest", "message"),
    [("MAX_ROW", 3, r"J_regressor\[0\] has 3 entries"), ("MAX_ENTRIES", 12, "has 12 entries")],
)
def test_linear_programs_are_counted_before_they_are_made(
    small_model, monkeypatch, limit, largest, message
):
    module = sys.modules["smplprep.transforms.sparsify_regressor"]
    monkeypatch.setattr(module, limit, largest)
    sparsify_regressor(small_model())
    monkeypatch.setattr(module, limit, largest - 1)
    monkeypatch.setattr(module, "basic_row", None)
    with pytest.raises(ModelInvalidError, match=message) as error:
        sparsify_regressor(small_model())
    assert error.value.key == "J_regressor"
    assert "--regressor keep" in error.value.hint
    sparsify_regressor(small_model(), mode="keep")

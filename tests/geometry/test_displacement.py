"""Displacements between stages against a plain computation."""

from __future__ import annotations

import numpy as np
import pytest

from smplprep.geometry.displacement import Distances, displacements
from smplprep.geometry.poses import pose_set
from smplprep.geometry.skinning import posed_vertices


def plain(a, b):
    poses, betas = pose_set(a.family.joint_names(a.n_joints, "smplx"), 2)
    return 1000 * np.linalg.norm(
        posed_vertices(a, poses, betas) - posed_vertices(b, poses, betas), axis=2
    )


def test_each_step_and_the_total(small_model):
    first = small_model()
    second = first.with_arrays(weights=np.full((10, 4), 0.25))
    third = second.with_arrays(posedirs=np.zeros((10, 3, 27)))
    moved = displacements([first, second, second, third])
    pairs = [(first, second), (second, second), (second, third), (first, third)]
    for found, (a, b) in zip(moved, pairs, strict=True):
        expected = plain(a, b)
        assert found.mean_mm == pytest.approx(expected.mean(), rel=1e-5)
        assert found.max_mm == pytest.approx(expected.max(), rel=1e-5)
        assert found.p99_mm == pytest.approx(np.sort(expected, axis=None)[633], rel=1e-5)
        assert np.allclose(found.vertex_max_mm, expected.max(axis=0), rtol=1e-5)
    assert plain(first, third)[moved[-1].max_pose, moved[-1].max_vertex] == pytest.approx(
        moved[-1].max_mm, rel=1e-5
    )


def test_regressor_and_shapes_count_too(small_model):
    first = small_model()
    for change in (
        {"J_regressor": first.J_regressor[::-1].copy()},
        {"shapedirs": np.zeros((10, 3, 2))},
    ):
        second = first.with_arrays(**change)
        assert displacements([first, second])[0].max_mm == pytest.approx(
            plain(first, second).max(), rel=1e-5
        )


def test_one_stage_stands_still(small_model):
    (total,) = displacements([small_model()])
    assert total.max_mm == total.mean_mm == 0


@pytest.mark.parametrize("n_vertices", [1, 3, 200, 999])
@pytest.mark.parametrize("order", ["random", "rising", "falling", "equal"])
def test_figures_are_those_of_all_distances_and_a_hundredth_is_kept(n_vertices, order):
    table = np.random.default_rng(0).random((n_vertices, 64), np.float32)
    if order == "equal":
        table[:] = 0.25
    elif order != "random":
        table = np.sort(table, axis=None).reshape(table.shape)[:: 1 if order == "rising" else -1]
    distances, held = Distances(*table.shape), 0
    for start in range(0, n_vertices, 7):
        distances.add(table[start : start + 7])
        held = max(held, sum(map(len, distances._top)))
    found = distances.summary()
    assert held <= 2 * (table.size // 100 + 1) + 7 * 64
    assert found.mean_mm == pytest.approx(table.mean(dtype=np.float64), rel=1e-12)
    assert found.p99_mm == np.percentile(table, 99, method="inverted_cdf")
    assert found.max_mm == table[found.max_vertex, found.max_pose] == table.max()
    assert (found.vertex_max_mm == table.max(axis=1)).all()

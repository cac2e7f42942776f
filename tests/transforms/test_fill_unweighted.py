"""Vertices without weights get those of the nearest weighted vertex over the mesh."""

from __future__ import annotations

import heapq

import numpy as np
import pytest

from smplprep import ModelInvalidError, Options, clean, read_model
from smplprep.geometry.mesh import edges_of
from smplprep.geometry.validation import check_model
from smplprep.jobs.clean_file import clean_file
from smplprep.transforms.fill_unweighted import fill_unweighted


def without_weights(model, vertices):
    weights = model.weights.copy()
    weights[vertices] = 0
    return model.with_arrays(weights=weights)


def plain_nearest(points, faces, weighted):
    """Dijkstra with a heap, from all weighted vertices at once."""
    neighbors = {vertex: set() for vertex in range(len(points))}
    for a, b in edges_of(faces, len(points)):
        neighbors[a].add(b)
        neighbors[b].add(a)
    way = dict.fromkeys(np.flatnonzero(weighted), 0.0)
    heap, source = [(0.0, v, v) for v in way], {}
    while heap:
        length, vertex, start = heapq.heappop(heap)
        if vertex in source:
            continue
        source[vertex] = start
        for other in neighbors[vertex]:
            step = float(np.linalg.norm(points[vertex] - points[other]))
            if length + step < way.get(other, np.inf):
                way[other] = length + step
                heapq.heappush(heap, (way[other], other, start))
    return source


def test_as_a_plain_search_over_the_mesh(standin):
    rng = np.random.default_rng(3)
    patch = np.linalg.norm(standin.v_template - standin.v_template[3000], axis=1) < 0.08
    model = without_weights(standin, patch | (rng.random(standin.n_vertices) < 0.1))
    filled, change = fill_unweighted(model)
    weighted = model.weights.any(axis=1)
    nearest = plain_nearest(model.v_template, model.f, weighted)
    for row in change.figures["filled_rows"]:
        np.testing.assert_array_equal(filled.weights[row["vertex"]], model.weights[row["from"]])
    same = [nearest[row["vertex"]] == row["from"] for row in change.figures["filled_rows"]]
    assert np.mean(same) > 0.99  # the rest are equally near, or lie at a seam
    np.testing.assert_array_equal(filled.weights[weighted], model.weights[weighted])
    assert change.rows_touched == np.count_nonzero(~weighted) > 700
    assert fill_unweighted(filled)[0] is filled


def test_a_piece_without_any_weight_takes_the_nearest_in_space(small_model):
    points = np.zeros((10, 3))
    points[:, 0] = np.arange(10)
    model = without_weights(small_model(v_template=points), [3, 4, 5])  # a triangle of its own
    _, change = fill_unweighted(model)
    assert [row["from"] for row in change.figures["filled_rows"]] == [2, 2, 6]


def test_nothing_to_do_is_the_same_model(small_model):
    model = small_model()
    same, change = fill_unweighted(model)
    assert same is model
    assert change.nothing_to_do


def test_their_number_and_the_first_ten_are_named(small_model):
    with pytest.raises(ModelInvalidError, match=r"2 vertices .* at all: 4, 7 \(") as caught:
        check_model(without_weights(small_model(), [4, 7]))
    assert caught.value.key == "weights"
    assert "--fill-unweighted" in caught.value.hint
    check_model(without_weights(small_model(), [4, 7]), fill_unweighted=True)
    with pytest.raises(ModelInvalidError, match="no vertex has any weight"):
        check_model(without_weights(small_model(), range(10)), fill_unweighted=True)


def test_the_first_ten_of_many(standin):
    with pytest.raises(ModelInvalidError, match=r"30 vertices have.*: 0, 1, .* 9 and 20 more"):
        check_model(without_weights(standin, range(30)))


@pytest.mark.parametrize("options", [{}, {"policy": "islands"}, {"dtype": "float32"}])
def test_a_rig_painted_by_hand(small_model, tmp_path, options):
    """Rows of any sum and vertices without weights: the two options together."""
    model = small_model()
    weights = model.weights * np.random.default_rng(1).uniform(0.6, 1.4, (10, 1))
    model = without_weights(model.with_arrays(weights=weights), [7])
    np.savez(tmp_path / "in.npz", **model.entries())
    with pytest.raises(ModelInvalidError, match="1 vertex has no weight at all: 7"):
        read_model(tmp_path / "in.npz", normalize_rows=True)
    with pytest.raises(ModelInvalidError, match=r"the row sums to .* and 7 more are off"):
        read_model(tmp_path / "in.npz", fill_unweighted=True)
    chosen = Options(fill_unweighted=True, **options)
    done = clean_file(
        tmp_path / "in.npz", tmp_path / "out.npz", chosen, normalize_rows=True, html=False
    )
    cleaned = read_model(tmp_path / "out.npz")
    np.testing.assert_allclose(cleaned.weights.sum(axis=1), 1, atol=1e-6)
    assert any("1 vertex without any weight" in note for note in done.report.data["remarks"])
    again, _ = clean(cleaned, chosen)
    np.testing.assert_array_equal(again.weights, cleaned.weights)

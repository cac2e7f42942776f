"""limit_shapedirs: the first shape directions stay, expressions stay where loaders look."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from smplprep import Options, SmplprepError, read_model, write_model
from smplprep.jobs.clean_file import clean_file
from smplprep.records.model import Model
from smplprep.report.notes import far_moves, notes
from smplprep.transforms.limit_shapedirs import limit_shapedirs


def with_directions(model: Model, n: int, family: str | None = None) -> Model:
    shapedirs = np.random.default_rng(0).normal(size=(model.n_vertices, 3, n))
    return dataclasses.replace(model, shapedirs=shapedirs, family_name=family)


def test_the_first_directions_stay(small_model):
    model = with_directions(small_model(), 12)
    limited, change = limit_shapedirs(model, n_betas=5)
    assert np.array_equal(limited.shapedirs, model.shapedirs[:, :, :5])
    assert limited.shapedirs.dtype == model.shapedirs.dtype
    assert (change.entries_dropped, change.rows_touched) == (10 * 3 * 7, 10)
    assert limit_shapedirs(limited, n_betas=5)[0] is limited


def test_more_than_there_are_changes_nothing(small_model):
    model = small_model()
    same, change = limit_shapedirs(model, n_betas=3)
    assert same is model
    assert change.nothing_to_do
    assert change.figures["lost_max_mm"] == 0


@pytest.mark.parametrize("family", ["smplx", "flame"])
@pytest.mark.parametrize(
    ("n_before", "n_betas", "n_after", "zeros", "expressions"),
    [
        (400, 10, 400, (10, 300), (300, 400)),
        (400, 300, 400, (300, 300), (300, 400)),
        (420, 16, 400, (16, 300), (300, 400)),
        (20, 5, 20, (5, 10), (10, 20)),
        (20, 10, 20, (10, 10), (10, 20)),
        (300, 10, 20, (10, 10), (10, 20)),
        (300, 100, 100, (100, 100), (10, 20)),
        (10, 4, 4, (4, 4), (0, 0)),
    ],
)
def test_expressions_stay_where_loaders_look(
    family, n_before, n_betas, n_after, zeros, expressions, small_model
):
    """Of 400 directions the last hundred, else those from ten to twenty."""
    model = with_directions(small_model(), n_before, family)
    limited, change = limit_shapedirs(model, n_betas=n_betas)
    assert limited.shapedirs.shape[2] == n_after
    n_first = min(n_betas, zeros[0])
    for kept in (slice(0, n_first), slice(*expressions)):
        assert np.array_equal(limited.shapedirs[:, :, kept], model.shapedirs[:, :, kept])
    assert not limited.shapedirs[:, :, slice(*zeros)].any()
    assert change.figures["directions_zeroed"] == zeros[1] - zeros[0]
    assert limit_shapedirs(limited, n_betas=n_betas)[0] is limited


def test_what_is_lost_is_that_of_normal_shapes(small_model):
    """Against a million shapes drawn by numpy: the mean distance is the same within a tenth."""
    model = with_directions(small_model(), 40)
    _, change = limit_shapedirs(model, n_betas=10)
    betas = np.random.default_rng(1).normal(size=(100_000, 30))
    lost = np.linalg.norm(np.tensordot(betas, model.shapedirs[:, :, 10:], (1, 2)), axis=2)
    assert change.figures["lost_mean_mm"] == pytest.approx(1000 * lost.mean(), rel=0.1)
    assert change.figures["lost_p99_mm"] == pytest.approx(1000 * np.quantile(lost, 0.99), rel=0.15)
    assert change.figures["lost_max_mm"] <= 1000 * lost.max()


def test_a_number_below_one_is_refused(small_model):
    with pytest.raises(SmplprepError, match="n_betas must be at least 1, got 0"):
        limit_shapedirs(small_model(), n_betas=0)


def test_a_clean_says_what_is_lost(small_model, tmp_path: Path):
    source = tmp_path / "source.npz"
    write_model(with_directions(small_model(), 12), source)
    done = clean_file(source, tmp_path / "out.npz", Options(n_betas=4), html=False)
    assert read_model(tmp_path / "out.npz").shapedirs.shape[2] == 4
    change = next(c for c in done.report.data["changes"] if c["transform"] == "limit_shapedirs")
    assert change["directions_before"] > change["directions_after"] == 4
    assert 0 < change["lost_mean_mm"] < change["lost_max_mm"]
    assert f"{change['lost_max_mm']:.3f} mm" in notes(done.report.data)[0]
    (far,) = far_moves(done.report.data)  # the shapes, not the weights, moved it
    assert far.endswith(" mm")
    again = clean_file(tmp_path / "out.npz", tmp_path / "2.npz", Options(n_betas=4), html=False)
    assert again.target.read_bytes() == (tmp_path / "out.npz").read_bytes()

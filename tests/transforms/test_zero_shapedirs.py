"""zero_shapedirs: zeros of the same shape, once."""

from __future__ import annotations

from smplprep.transforms.zero_shapedirs import zero_shapedirs


def test_zeroes_and_counts(small_model):
    model = small_model()
    zeroed, change = zero_shapedirs(model)
    assert zeroed.shapedirs.shape == model.shapedirs.shape
    assert zeroed.shapedirs.dtype == model.shapedirs.dtype
    assert not zeroed.shapedirs.any()
    assert (change.entries_dropped, change.rows_touched) == (60, 10)


def test_twice_is_once(small_model):
    once, _ = zero_shapedirs(small_model())
    assert zero_shapedirs(once)[0] is once

"""What is no body model is refused with the field and the index in the sentence."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from smplprep import ModelInvalidError
from smplprep.validate import check_keys, check_model


def changed(array, index, value):
    array = array.copy()
    array[index] = value
    return array


def broken(model, field, index, value):
    return dataclasses.replace(model, **{field: changed(getattr(model, field), index, value)})


@pytest.mark.parametrize(
    ("field", "index", "value", "message"),
    [
        ("weights", (3, 2), -0.25, r"weights\[3, 2\]: -0.25 is negative"),
        ("weights", (3, 2), np.nan, r"weights\[3, 2\]: nan is no number"),
        ("weights", 4, 0.0, r"weights\[4\]: the row of vertex 4 is all zero"),
        ("weights", (3, 3), 0.7, r"weights\[3\]: the row sums to"),
        ("posedirs", (1, 2, 3), np.inf, r"posedirs\[1, 2, 3\]: inf is no number"),
        ("v_template", (0, 1), -np.inf, r"v_template\[0, 1\]: -inf is no number"),
        ("J_regressor", 2, 0.0, r"J_regressor\[2\]: the row of joint 2 is all zero"),
        ("f", (2, 1), 10, r"f\[2, 1\]: 10 is no vertex of 10"),
    ],
)
def test_a_bad_value_is_named_by_its_index(small_model, field, index, value, message):
    with pytest.raises(ModelInvalidError, match=message) as error:
        check_model(broken(small_model(), field, index, value))
    assert error.value.key == field


@pytest.mark.parametrize(
    ("field", "array", "message"),
    [
        ("shapedirs", np.zeros((10, 2, 2)), r"\(10, 2, 2\).*ask for \(10, 3, any\)"),
        ("posedirs", np.zeros((10, 3, 36)), r"ask for \(10, 3, 27\)"),
        ("J_regressor", np.ones((10, 4)), r"ask for \(4, 10\)"),
        ("weights", np.ones((4, 10)), r"weights has shape \(4, 10\), joints first"),
        ("v_template", np.zeros(30), "not a table of rows"),
        ("v_template", np.zeros((0, 3)), "0 vertices"),
        ("weights", np.ones((10, 4), dtype=complex), "dtype complex128"),
        ("f", np.full((1, 3), 0.5), r"f\[0, 0\]: 0.5 is no vertex"),
        ("v_template", "nothing", "is a str, not an array"),
    ],
)
def test_shapes_and_dtypes_must_agree(small_model, field, array, message):
    with pytest.raises(ModelInvalidError, match=message):
        check_model(dataclasses.replace(small_model(), **{field: array}))


def test_a_row_that_does_not_sum_to_1_may_be_accepted(small_model):
    model = broken(small_model(), "weights", (3, 3), 0.7)
    check_model(model, normalise_rows=True)
    with pytest.raises(ModelInvalidError) as error:
        check_model(model)
    assert "--normalise-rows" in error.value.hint


def test_tiny_negatives_pass(small_model):
    check_model(broken(small_model(), "weights", (0, 3), -1e-7))


def test_a_file_without_the_keys_is_no_model():
    with pytest.raises(ModelInvalidError, match=r"m.npz: no weights in it.*keys: v_template, f"):
        check_keys(["v_template", "f"], path="m.npz")

"""What is not a body model is refused with the field and the index in the sentence."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from smplprep import ModelInvalidError, Options, SmplprepError, clean
from smplprep.geometry.shapes import MAX_DIRECTIONS, MAX_JOINTS, MAX_VERTICES, check_shapes
from smplprep.geometry.validation import check_keys, check_model


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
        ("weights", (3, 2), np.nan, r"weights\[3, 2\]: nan is not a finite number"),
        ("weights", 4, 0.0, "1 vertex has no weight at all: 4"),
        ("weights", (3, 3), 0.7, r"weights\[3\]: the row sums to"),
        ("posedirs", (1, 2, 3), np.inf, r"posedirs\[1, 2, 3\]: inf is not a finite number"),
        ("v_template", (0, 1), -np.inf, r"v_template\[0, 1\]: -inf is not a finite number"),
        ("f", (2, 1), 10, r"f\[2, 1\]: 10 is not a vertex index below 10"),
    ],
)
def test_a_bad_value_is_named_by_its_index(small_model, field, index, value, message):
    with pytest.raises(ModelInvalidError, match=message) as error:
        check_model(broken(small_model(), field, index, value))
    assert error.value.key == field


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, ">f8"])
def test_absurd_numbers_are_refused_and_large_ones_are_not(small_model, dtype):
    model, largest = small_model(), 6e4 if dtype == np.float16 else 1e9
    array = np.zeros((10, 3, 27), dtype)
    array[1, 2, 3] = largest
    check_model(dataclasses.replace(model, posedirs=array))
    if dtype != np.float16:  # which ends at 65504
        array[1, 2, 3] = -1.01e9
        with pytest.raises(ModelInvalidError, match=r"\[1, 2, 3\]: -1.*too large for a body"):
            check_model(dataclasses.replace(model, posedirs=array))


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_what_is_no_number_is_refused_in_every_width(small_model, dtype, value):
    array = np.zeros((10, 3, 27), dtype)
    array[1, 2, 3] = value
    with pytest.raises(ModelInvalidError, match=r"posedirs\[1, 2, 3\]: .* is not a finite number"):
        check_model(dataclasses.replace(small_model(), posedirs=array))


def test_sizes_that_no_body_has_are_refused_before_tables_are_made_of_them(small_model):
    model = small_model()
    many = MAX_VERTICES + 1
    with pytest.raises(ModelInvalidError, match="1000001 vertices; the limit is 1000000"):
        flat = np.broadcast_to(np.float16(1), (many, 3))
        check_model(dataclasses.replace(model, v_template=flat))
    many = MAX_JOINTS + 1
    with pytest.raises(ModelInvalidError, match=f"{many} joints; the limit is {MAX_JOINTS}"):
        check_model(dataclasses.replace(model, kintree_table=np.zeros((2, many))))
    shapes = np.zeros((10, 3, MAX_DIRECTIONS + 1), np.float16)
    with pytest.raises(ModelInvalidError, match="10001 shape directions; the limit is 10000"):
        check_model(dataclasses.replace(model, shapedirs=shapes))


def sized(model, n_vertices, n_joints, n_faces):
    """A model of that size that takes no memory."""

    def zeros(*shape):
        return np.broadcast_to(np.float32(0), shape)

    return dataclasses.replace(
        model,
        v_template=zeros(n_vertices, 3),
        f=zeros(n_faces, 3),
        weights=zeros(n_vertices, n_joints),
        J_regressor=zeros(n_joints, n_vertices),
        kintree_table=zeros(2, n_joints),
        shapedirs=zeros(n_vertices, 3, 10),
        posedirs=zeros(n_vertices, 3, 9 * (n_joints - 1)),
        J=None,
    )


@pytest.mark.parametrize(
    ("n_vertices", "n_joints", "n_faces"),
    [(300_000, 55, 600_000), (7_000, 300, 14_000), (1_000_000, 20, 2_000_000)],
)
def test_the_largest_models_that_there_are_pass(small_model, n_vertices, n_joints, n_faces):
    check_shapes(sized(small_model(), n_vertices, n_joints, n_faces))


@pytest.mark.parametrize(
    ("n_vertices", "n_joints", "n_faces", "message"),
    [
        (1_000_000, 21, 1, "21000000 vertices x joints; the limit is 20000000"),
        (20_000, 1001, 1, "20020000 vertices x joints; the limit is 20000000"),
        (10, 4, 4_000_001, "4000001 faces; the limit is 4000000"),
        (10, 50, 800_001, "40000050 faces x joints; the limit is 40000000"),
    ],
)
def test_products_of_sizes_are_bounded(small_model, n_vertices, n_joints, n_faces, message):
    """What no option raises: the time and memory of a command grow with them."""
    with pytest.raises(ModelInvalidError, match=message):
        check_shapes(sized(small_model(), n_vertices, n_joints, n_faces))


def test_a_family_that_nobody_knows_is_named(small_model):
    model = dataclasses.replace(small_model(), family_name="homer")
    with pytest.raises(SmplprepError, match="the family 'homer' is not one of smpl, smplh,"):
        check_model(model)


def test_no_shapes_and_one_joint_are_few_but_valid(small_model):
    bare = small_model(shapedirs=np.zeros((10, 3, 0)))
    lone = small_model(
        weights=np.ones((10, 1)),
        J_regressor=np.full((1, 10), 0.1),
        kintree_table=np.array([[-1], [0]]),
        posedirs=np.zeros((10, 3, 0)),
        J=None,
    )
    for model in (bare, lone):
        check_model(model)
        for options in ({}, {"policy": "islands"}, {"dtype": "float32"}):
            cleaned, report = clean(model, Options(**options))
            check_model(cleaned)
            assert np.isfinite(report.data["displacement"]["max_mm"])


@pytest.mark.parametrize(
    ("field", "array", "message"),
    [
        ("shapedirs", np.zeros((10, 2, 2)), r"\(10, 2, 2\).*require \(10, 3, any\)"),
        ("posedirs", np.zeros((10, 3, 36)), r"require \(10, 3, 27\)"),
        ("J_regressor", np.ones((10, 5)), r"require \(4, 10\)"),
        ("weights", np.ones((10, 5)), r"require \(10, 4\)"),
        ("v_template", np.zeros((10, 2)), r"v_template has shape \(10, 2\), but must have"),
        ("v_template", np.zeros((0, 3)), "0 vertices"),
        ("weights", np.ones((10, 4), dtype=complex), "dtype complex128"),
        ("f", np.full((1, 3), 0.5), r"f\[0, 0\]: 0.5 is not a vertex index"),
        ("v_template", "nothing", "is a str, not an array"),
    ],
)
def test_shapes_and_dtypes_must_agree(small_model, field, array, message):
    with pytest.raises(ModelInvalidError, match=message):
        check_model(dataclasses.replace(small_model(), **{field: array}))


def test_hands_that_stock_smplx_cannot_pose_are_refused(standin):
    short = dataclasses.replace(standin, hands_meanl=np.zeros(44))
    with pytest.raises(ModelInvalidError, match=r"hands_meanl has shape \(44,\).*requires \(45,\)"):
        check_model(short)
    narrow = dataclasses.replace(standin, hands_componentsr=np.zeros((10, 30)))
    with pytest.raises(ModelInvalidError, match=r"hands_componentsr .*requires \(any, 45\)"):
        check_model(narrow)
    check_model(dataclasses.replace(standin, hands_componentsr=np.zeros((10, 45))))


def test_a_row_that_does_not_sum_to_1_may_be_accepted(small_model):
    model = broken(small_model(), "weights", (3, 3), 0.7)
    check_model(model, normalize_rows=True)
    with pytest.raises(ModelInvalidError) as error:
        check_model(model)
    assert "--normalize-rows" in error.value.hint


def test_tiny_negatives_pass(small_model):
    check_model(broken(small_model(), "weights", (0, 3), -1e-7))


def test_a_file_without_the_keys_is_no_model():
    missing = "it lacks weights, J_regressor, kintree_table"
    with pytest.raises(ModelInvalidError, match=rf"{missing}.*keys: v_template, f"):
        check_keys(["v_template", "f"])

"""Sparse matrices as plain data; scipy is the oracle for what is right."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis.extra import numpy as nps
from numpy.typing import NDArray

from smplprep.errors import ModelReadError
from smplprep.io.sparse import LAYOUTS, check_sparse, densify, sparsify
from smplprep.records.contents import DEFAULT_LIMITS, Limits, Sparse

DENSE = np.array([[0, 0.5, 0.5, 0], [1, 0, 0, 0], [0, 0, 0, 2.0]])


def record(layout: str, dense: NDArray = DENSE) -> Sparse:
    matrix = getattr(sp, f"{layout}_matrix")(dense)
    if layout == "coo":
        return Sparse(layout, matrix.data, matrix.row, matrix.col, matrix.shape)
    return Sparse(layout, matrix.data, matrix.indices, matrix.indptr, matrix.shape)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", ["f4", "f8", "i4", "u1", "?"])
def test_to_dense(layout: str, dtype: str) -> None:
    dense = densify(record(layout, DENSE.astype(dtype)), limits=DEFAULT_LIMITS)
    assert dense.dtype == np.dtype(dtype)
    assert not dense.flags.writeable
    np.testing.assert_array_equal(dense, DENSE.astype(dtype))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2", "u4", "u8", "i8"])
def test_indices_of_any_width(layout: str, dtype: str) -> None:
    dense = np.zeros((3, 300))
    dense[2, 7] = 4
    sparse = record(layout, dense)
    indices, indptr = sparse.indices.astype(dtype), sparse.indptr.astype(dtype)
    narrow = dataclasses.replace(sparse, indices=indices, indptr=indptr)
    np.testing.assert_array_equal(densify(narrow, limits=DEFAULT_LIMITS), dense)


def test_entries_at_one_place_add_up() -> None:
    row, column, data = np.array([1, 0, 1, 1]), np.array([2, 0, 2, 2]), np.array([1.0, 5, 2, 4])
    coo = sp.coo_matrix((data, (row, column)), (2, 3))
    np.testing.assert_array_equal(
        densify(Sparse("coo", data, row, column, (2, 3)), limits=DEFAULT_LIMITS), coo.toarray()
    )
    csr = Sparse("csr", data[[1, 0, 2, 3]], np.array([0, 2, 2, 2]), np.array([0, 1, 4]), (2, 3))
    np.testing.assert_array_equal(densify(csr, limits=DEFAULT_LIMITS), coo.toarray())


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0), (2, 2)])
def test_nothing_in_it(layout: str, shape: tuple[int, int]) -> None:
    assert densify(record(layout, np.zeros(shape)), limits=DEFAULT_LIMITS).shape == shape


@given(nps.arrays(np.float32, nps.array_shapes(min_dims=2, max_dims=2, min_side=0)))
def test_there_and_back(dense: NDArray) -> None:
    found = sparsify(dense)
    expected = sp.csc_matrix(dense)
    assert (found.layout, found.shape) == ("csc", dense.shape)
    assert (found.indices.dtype, found.indptr.dtype) == (np.int32, np.int32)
    for name in ("data", "indices", "indptr"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
    np.testing.assert_array_equal(densify(found, limits=DEFAULT_LIMITS), dense)


def changed(layout: str, **changes: object) -> Sparse:
    arrays = {name: np.asarray(value) for name, value in changes.items() if name != "shape"}
    return dataclasses.replace(record(layout), **(changes | arrays))


@pytest.mark.parametrize(
    ("sparse", "fault"),
    [
        (changed("csc", indptr=[1, 1, 2, 3, 4]), "indptr starts at 1, not 0"),
        (changed("csc", indptr=[0, 3, 2, 3, 4]), "indptr falls at 2"),
        (changed("csc", indptr=np.array([0, 3, 2, 3, 4], np.uint32)), "indptr falls at 2"),
        (changed("csc", indptr=[0, 1, 2, 3, 9]), "indptr ends at 9, not at 4"),
        (changed("csc", indptr=[0, 1, 2, 3, 3]), "indptr ends at 3, not at 4"),
        (changed("csc", indptr=[0, 4]), "indptr has 2 entries, not 5"),
        (changed("csc", indptr=[]), "indptr is not a row of integers"),
        (changed("csr", indptr=[0, 1, 2, 3, 4]), "indptr has 5 entries, not 4"),
        (changed("csc", indices=[1, 0, 3, 2]), "indices[2] is 3, not below 3"),
        (changed("csr", indices=[1, 0, 4, 2]), "indices[2] is 4, not below 4"),
        (changed("csc", indices=[1, 0, -1, 2]), "indices[2] is -1, not below 3"),
        (changed("csc", indices=[1.0, 0.0, 1.0, 2.0]), "indices is not a row of integers"),
        (changed("csc", indices=[[1, 0, 1, 2]]), "indices is not a row of integers"),
        (changed("csc", indices=[1, 0, 1]), "4 values with 3 indices"),
        (changed("csc", data=["a"] * 4), "data is not a row of numbers"),
        (changed("csc", data=1.0), "data is not a row of numbers"),
        (changed("csc", shape=(3, 2**62)), "indptr has 5 entries, not 4611686018427387905"),
        (changed("csc", shape=(3,)), "shape (3,) is not two-dimensional"),
        (changed("csc", shape=(3, -4)), "shape (3, -4) is not two-dimensional"),
        (changed("csc", shape=(3, True)), "shape (3, True) is not two-dimensional"),
        (changed("coo", indices=[0, 1, 2, 3]), "row[3] is 3, not below 3"),
        (changed("coo", indptr=[0, 1, 2, -4]), "column[3] is -4, not below 4"),
        (changed("coo", indptr=[0, 1, 2]), "4 values with 3 columns"),
        (dataclasses.replace(record("csc"), layout="lil"), "an unknown layout"),
    ],
    ids=str,
)
def test_what_scipy_would_believe(sparse: Sparse, fault: str) -> None:
    with pytest.raises(ModelReadError) as caught:
        check_sparse(sparse, offset=7)
    error = caught.value
    assert error.message == f"damaged {sparse.layout} matrix: {fault}"
    assert error.offset == 7
    with pytest.raises(ModelReadError):
        densify(sparse, limits=DEFAULT_LIMITS)


def test_a_small_matrix_that_would_be_huge() -> None:
    empty = np.zeros(0, np.int32)
    huge = Sparse("coo", np.zeros(0), empty, empty, (2**40, 2**40))
    with pytest.raises(ModelReadError, match="when dense; the limit is 1073741824"):
        densify(huge, limits=DEFAULT_LIMITS)
    with pytest.raises(ModelReadError, match="of 96 bytes when dense; the limit is 95"):
        densify(record("csc"), limits=Limits(array_bytes=95))
